/** Bytes that are not what they are said to be. The message is for people: what was expected, and where. */
export class Undecodable extends Error {
  override readonly name = "Undecodable";
}
