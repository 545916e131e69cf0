/**
 * The ledger's head, signed and kept outside of it: what makes it known when the ledger's end was cut off or an
 * older copy put in its place. A ledger that was found behind its anchor is not checkpointed, so that the anchor
 * still says what is missing, until an operator accepts its head.
 */
import type { WriterAnswer } from "./writer-protocol.ts";

/** Who signs checkpoints and keeps them; hashes in hex. */
export interface Checkpoints {
  /** The newest that is kept. */
  readonly anchored: { readonly seq: number; readonly hash: string } | undefined;
  /** @param at - milliseconds since the epoch. @returns the signed statement. */
  sign(seq: number, hash: string, at: number): string;
  /** Adds it to what is kept. */
  publish(statement: string): Promise<void>;
}

type LedgerHead = Extract<WriterAnswer, { ok: true }>["head"];

export interface AnchorParts {
  readonly checkpoints: Checkpoints | undefined;
  /** A checkpoint each time that so many entries more are on the disk. */
  readonly every: number;
  readonly now: () => number;
  /** Keeps a statement in the ledger too. */
  readonly save: (seq: number, at: number, statement: string) => Promise<unknown>;
  readonly failed: (error: unknown) => void;
}

export class Anchor {
  readonly #parts: AnchorParts;
  #behind: { readonly message: string } | undefined;
  #head: LedgerHead = { seq: 0, hash: "" };
  #last = 0;
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
   * @param hashAt - the hash of an entry, `undefined` where there is none.
   */
  compare(head: LedgerHead, hashAt: (seq: number) => string | undefined): void {
    this.#head = head;
    const anchored = this.#parts.checkpoints?.anchored;
    if (anchored === undefined) return;
    this.#last = anchored.seq;
    const found = hashAt(anchored.seq);
    if (found === anchored.hash) return;
    const message =
      found === undefined
        ? `the ledger ends at entry ${head.seq}, but entry ${anchored.seq} was checkpointed`
        : `entry ${anchored.seq} of the ledger is not the one that was checkpointed`;
    this.#behind = { message };
  }

  /** Entries are on the disk up to this head. */
  committed(head: LedgerHead): void {
    this.#head = head;
    if (this.#behind !== undefined || head.seq - this.#last < this.#parts.every) return;
    void this.checkpoint();
  }

  /** The anchor follows the ledger again. */
  accept(): Promise<void> {
    this.#behind = undefined;
    this.#last = 0;
    return this.checkpoint();
  }

  /** Signs the head, if it is not the one signed last; resolves when it is kept, or could not be. */
  checkpoint(): Promise<void> {
    const { checkpoints, now } = this.#parts;
    const head = this.#head;
    if (checkpoints === undefined || this.#behind !== undefined || head.seq <= this.#last) return this.#line;
    this.#last = head.seq;
    this.#line = this.#line.then(async () => {
      try {
        const at = now();
        const statement = checkpoints.sign(head.seq, head.hash, at);
        await this.#parts.save(head.seq, at, statement);
        await checkpoints.publish(statement);
      } catch (error) {
        this.#parts.failed(error);
      }
    });
    return this.#line;
  }
}
