/**
 * A request's token without its two layers of base64: four sevenths of its length, and a page less to be written
 * for a decision. The form is taken only where it gives back the very text; a token that is spelled as no node
 * spells it is left to be stored as it is.
 *
 * The form: four lengths (header, before, after: 16 bits each; data: 32 bits; big-endian), then the header's text,
 * the claims' JSON before and after the value of `package_data`, that value's bytes, and the signature's.
 */

const LENGTHS = 10;
const MAX_TEXT = 0xffff;
const MEMBER = '"package_data":"';

/** Where claims are decoded: they are needed no longer than it takes to copy them. */
let scratch = Buffer.allocUnsafeSlow(16_384);

/**
 * @param target - as long as the token, at least.
 * @returns how many bytes of it were written; `undefined` where the token is of another kind.
 */
export function compactToken(token: string, target: Buffer): number | undefined {
  const first = token.indexOf(".");
  const second = token.indexOf(".", first + 1);
  if (first < 0 || second < 0) return undefined;
  if (scratch.length < token.length) scratch = Buffer.allocUnsafeSlow(token.length);
  const claims = decode(token.slice(first + 1, second), "base64url", scratch, 0);
  if (claims === undefined) return undefined;
  const text = scratch.toString("latin1", 0, claims);
  const member = text.indexOf(MEMBER);
  const from = member + MEMBER.length;
  const to = text.indexOf('"', from);
  if (member < 0 || to < 0) return undefined;
  if (Math.max(first * 3, from, claims - to) > MAX_TEXT) return undefined;

  let at = LENGTHS;
  const header = target.write(token.slice(0, first), at);
  at += header;
  at += scratch.copy(target, at, 0, from);
  at += scratch.copy(target, at, to, claims);
  const data = decode(text.slice(from, to), "base64", target, at);
  if (data === undefined) return undefined;
  at += data;
  const signature = decode(token.slice(second + 1), "base64url", target, at);
  if (signature === undefined) return undefined;
  target.writeUInt16BE(header, 0);
  target.writeUInt16BE(from, 2);
  target.writeUInt16BE(claims - to, 4);
  target.writeUInt32BE(data, 6);
  return at + signature;
}

/** Claims are put together here: memory of their own for each token costs as much as all the rest. */
let room = Buffer.alloc(64 * 1024);

/** The token of which {@link compactToken} made this. */
export function tokenOf(compact: Buffer): string {
  let at = LENGTHS;
  const take = (length: number) => {
    at += length;
    return compact.subarray(at - length, at);
  };
  const header = take(compact.readUInt16BE(0));
  const before = take(compact.readUInt16BE(2));
  const after = take(compact.readUInt16BE(4));
  const data = take(compact.readUInt32BE(6));
  const encoded = data.toString("base64");
  const length = before.length + encoded.length + after.length;
  if (length > room.length) room = Buffer.alloc(2 * length);
  room.set(before);
  room.write(encoded, before.length, "latin1");
  room.set(after, before.length + encoded.length);
  const claims = room.toString("base64url", 0, length);
  return `${header.toString()}.${claims}.${compact.subarray(at).toString("base64url")}`;
}

/**
 * Decodes what has one spelling only: other letters, other padding and bits that mean nothing are refused. The
 * decoder leaves out what it doesn't know, and knows the letters of both alphabets.
 *
 * @returns how many bytes were written; `undefined` where the same bytes are spelled otherwise.
 */
function decode(
  text: string,
  encoding: "base64" | "base64url",
  target: Buffer,
  at: number,
): number | undefined {
  const foreign = encoding === "base64" ? ["-", "_"] : ["+", "/", "="];
  if (foreign.some((letter) => text.includes(letter))) return undefined;
  if (at + text.length > target.length) return undefined;
  const length = target.write(text, at, encoding);
  const end = Math.floor(Math.max(text.length - 1, 0) / 4) * 4;
  const last = target.toString(encoding, at + (end / 4) * 3, at + length);
  return last === text.slice(end) ? length : undefined;
}
