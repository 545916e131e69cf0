/**
 * The words of a request held against the bytes, one member at a time.
 *
 * A member that the words state and the bytes contradict is a difference. A member that the words state and the
 * bytes can't be held against (its token is unknown, its amount has no exact units) leaves the comparison incomplete:
 * then nothing contradicts, but nothing is verified either.
 */
import type { Difference } from "../input/document.ts";

/** Calldata is shown up to here: a person compares the beginning. */
const MAX_SHOWN = 256;

export class Comparison {
  readonly differences: Difference[] = [];
  readonly #open: string[] = [];
  #incomplete = false;

  /** Whether all that the words state was compared. */
  get isComplete(): boolean {
    return !this.#incomplete;
  }

  /** What could not be compared, in words; absent where nothing was said. */
  get openWords(): string | undefined {
    return this.#open.length === 0 ? undefined : this.#open.join("; ");
  }

  /** Something is stated that the bytes can't be held against. @param why - for people, names the member. */
  leaveOpen(why?: string): void {
    this.#incomplete = true;
    if (why !== undefined) this.#open.push(shown(why));
  }

  /**
   * @param field - the path of the member in the document.
   * @param declared - as the words have it; absent where they don't mention what the bytes do.
   * @param decoded - as the bytes have it; absent where they have no such thing.
   */
  differ(field: string, declared: string | undefined, decoded: string | undefined): void {
    this.differences.push({
      field,
      ...(declared ? { declared: shown(declared) } : {}),
      ...(decoded ? { decoded: shown(decoded) } : {}),
    });
  }

  /** Compares a member that is stated; one that isn't is not compared. */
  same(field: string, declared: string | undefined, decoded: string | bigint | undefined): void {
    const text = typeof decoded === "bigint" ? decoded.toString() : decoded;
    if (declared !== undefined && declared !== text) this.differ(field, declared, text);
  }
}

function shown(value: string): string {
  return value.length <= MAX_SHOWN ? value : `${value.slice(0, MAX_SHOWN)}… (${value.length} characters)`;
}
