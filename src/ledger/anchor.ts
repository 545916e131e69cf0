/**
 * The ledger's head, signed and kept outside of it: what makes it known when the ledger's end was cut off or an
 * older copy put in its place. A ledger that was found behind its anchor is not checkpointed, so that the anchor
 * still says what is missing, until an operator accepts its head.
 */
import type { Checkpoints } from "./checkpoint.ts";
import type { Reader } from "./reader.ts";
import type { WriterAnswer } from "./writer-protocol.ts";

type LedgerHead = Extract<WriterAnswer, { ok: true }>["head"];

export interface AnchorParts {
  /** A checkpoint each time that so many entries more are on the disk. */
  readonly every: number;
  readonly now: () => number;
  /** Keeps a statement in the ledger too. */
  readonly save: (seq: number, at: number, statement: string) => Promise<unknown>;
  readonly failed: (error: unknown) => void;
}

/**
 * @property resumed - an operator took this head for the right one, though the anchor knows a later one.
 * @property outside - in the anchor alone: the ledger is another one.
 */
interface How {
  readonly resumed?: true;
  readonly outside?: true;
}

export class Anchor {
  readonly #parts: AnchorParts;
  #checkpoints: Checkpoints | undefined;
  #behind: { readonly message: string } | undefined;
  #head: LedgerHead = { seq: 0, hash: "" };
  /** The newest entry that a checkpoint was asked for, and the newest that is kept. */
  #asked = 0;
  #kept = 0;
  /** Checkpoints are made one after the other. */
  #line: Promise<void> = Promise.resolve();

  constructor(parts: AnchorParts) {
    this.#parts = parts;
  }

  get behind(): { readonly message: string } | undefined {
    return this.#behind;
  }

  /**
   * Compares a ledger that was opened with the anchor.
   *
   * @param ledger - the hash of an entry, `undefined` where there is none, and how many checkpoints it keeps.
   */
  compare(
    checkpoints: Checkpoints | undefined,
    head: LedgerHead,
    ledger: Pick<Reader, "hashAt" | "checkpoints">,
  ): void {
    this.#checkpoints = checkpoints;
    this.#head = head;
    if (checkpoints === undefined) return;
    const { anchored } = checkpoints;
    if (anchored === undefined) {
      // The first may have been kept in the ledger and, by a crash, not in the anchor.
      if (ledger.checkpoints() > 1) {
        this.#behind = { message: "the anchor is empty or gone, but the ledger was checkpointed" };
      }
      return;
    }
    this.#asked = anchored.seq;
    this.#kept = anchored.seq;
    const found = ledger.hashAt(anchored.seq);
    if (found === anchored.hash) return;
    const message =
      found === undefined
        ? `the ledger ends at entry ${head.seq}, but entry ${anchored.seq} was checkpointed`
        : `entry ${anchored.seq} of the ledger is not the one that was checkpointed`;
    this.#behind = { message };
  }

  /**
   * Whether a ledger that was opened again has the newest entry that is known of it. Where it has not, the anchor is
   * told of that entry, so that the next start is behind it.
   *
   * @param hashAt - the hash of an entry, `undefined` where there is none.
   */
  async isSame(hashAt: (seq: number) => string | undefined): Promise<boolean> {
    const { seq, hash } = this.#head;
    if (seq === 0 || hashAt(seq) === hash) return true;
    this.#line = this.#line.then(() => this.#keep(this.#head, { outside: true }));
    await this.#line;
    return false;
  }

  /** Entries are on the disk up to this head. */
  committed(head: LedgerHead): void {
    this.#head = head;
    if (head.seq - this.#asked >= this.#parts.every) void this.checkpoint();
  }

  /** The anchor follows the ledger again. */
  accept(): Promise<void> {
    this.#behind = undefined;
    this.#kept = 0;
    return this.checkpoint({ resumed: true });
  }

  /** Resolves when nothing is signed or kept any more. */
  async close(): Promise<void> {
    await this.#line;
    await this.#checkpoints?.close();
  }

  /** Signs the head, unless it was the last one kept; resolves when it is kept, or could not be. */
  checkpoint(how: How = {}): Promise<void> {
    const head = this.#head;
    this.#asked = head.seq;
    this.#line = this.#line.then(() => this.#keep(head, how));
    return this.#line;
  }

  async #keep({ seq, hash }: LedgerHead, { resumed, outside }: How): Promise<void> {
    const { now, save, failed } = this.#parts;
    const checkpoints = this.#checkpoints;
    if (checkpoints === undefined || this.#behind !== undefined || seq <= this.#kept) return;
    try {
      const at = now();
      const statement = checkpoints.sign(seq, hash, at, resumed);
      if (outside === undefined) await save(seq, at, statement);
      await checkpoints.publish(statement);
      this.#kept = seq;
    } catch (error) {
      failed(error);
    }
  }
}
