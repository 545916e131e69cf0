/**
 * What OPA answered to the very same question before, for as long as this process runs: a folder under development is
 * built again and again with one rule changed. Nothing of it is on disk, where somebody else could write an answer,
 * and a build would pass on its word.
 */
import { createHash } from "node:crypto";
import { RecentMap } from "../../recent-map.ts";

/** A syntax tree takes 70 KB: this is at most 70 MB, after a thousand changes of rules. */
const MAX_ANSWERS = 1000;

export class Remembered<Answer> {
  readonly #answers = new RecentMap<string, Answer>(MAX_ANSWERS);

  /**
   * @param question - everything that the answer hangs on, texts of files included; known by its SHA-256.
   * @param ask - whose errors are not remembered.
   */
  async of(question: readonly string[], ask: () => Promise<Answer>): Promise<Answer> {
    const key = createHash("sha256").update(JSON.stringify(question)).digest("base64");
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = await ask();
    this.#answers.set(key, answer);
    return answer;
  }
}
