/**
 * The ledger, opened: its parts put together.
 *
 * It opens also where it can't be used. Then `health` says why, everything fails at once, and opening is tried
 * again with the probes of `health.ts`: a probe first opens what is not open, then reads, then writes.
 */
import { join } from "node:path";
import { type FactShape, shapeId } from "../input/fact-shape.ts";
import { messageOf } from "../thrown.ts";
import { Anchor } from "./anchor.ts";
import type { Checkpoints } from "./checkpoint.ts";
import { toLedgerError } from "./database.ts";
import { DiskSpace, type SpaceCheck } from "./disk.ts";
import { FactCache } from "./fact-cache.ts";
import { Health } from "./health.ts";
import {
  type AcceptedPrice,
  type Appended,
  type EntryType,
  type Ledger,
  type LedgerCode,
  LedgerError,
  type LedgerHealth,
  type NewEntry,
  type Snapshot,
  type StoredAnswer,
  type StoredEntry,
  type StoredFlag,
} from "./ledger.ts";
import { LedgerLockedError, ServeLock } from "./lock.ts";
import { connectReading, openDatabase } from "./open-database.ts";
import { Reader } from "./reader.ts";
import { Upkeep, type UpkeepOptions } from "./upkeep.ts";
import { Writer } from "./writer.ts";

/**
 * `health` each time that it changes, `checkpoint_failed` where the head could not be signed or kept, `kept` after
 * bodies were compressed or pruned, `keep_failed` where they could not be.
 */
export type LedgerEvent =
  | { readonly type: "health"; readonly health: LedgerHealth }
  | { readonly type: "checkpoint_failed"; readonly message: string }
  | { readonly type: "kept"; readonly compressed: number; readonly pruned: number }
  | { readonly type: "keep_failed"; readonly message: string };

export interface LedgerOptions {
  /** The state directory; it is there. */
  readonly directory: string;
  /** Bytes that must be free on its disk for the server to be ready. */
  readonly minFreeBytes: number;
  /** Entries from one checkpoint to the next. */
  readonly checkpointEvery: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onEvent: (event: LedgerEvent) => void;
  /** Opens what signs and keeps checkpoints; what it rejects with, the ledger fails with. */
  readonly checkpoints?: (directory: string) => Promise<Checkpoints>;
  /** How long bodies are kept; absent: for good, as they are. */
  readonly upkeep?: UpkeepOptions;
}

/** @throws LedgerLockedError where another process serves from this directory; nothing else. */
export async function openLedger(options: LedgerOptions): Promise<SqliteLedger> {
  const ledger = new SqliteLedger(options);
  await ledger.open();
  return ledger;
}

export class SqliteLedger implements Ledger {
  readonly #options: LedgerOptions;
  readonly #path: string;
  readonly #health: Health;
  readonly #writer: Writer;
  readonly #anchor: Anchor;
  readonly #space: DiskSpace;
  readonly #upkeep: Upkeep | undefined;
  #lock: ServeLock | undefined;
  #reader: Reader | undefined;
  #facts: FactCache | undefined;
  #checkpoints: Checkpoints | undefined;
  #isOpened = false;
  #order = 0;
  #newestAt = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#path = join(options.directory, "ledger.db");
    this.#space = new DiskSpace(options.directory, options.minFreeBytes);
    this.#health = new Health(
      (failed) => this.#probe(failed),
      (health) => options.onEvent({ type: "health", health }),
    );
    this.#writer = new Writer(
      { path: this.#path },
      {
        failed: (error) => this.#failed(error),
        committed: (entries, head) => {
          this.#facts?.committed(entries, head.seq);
          this.#anchor.committed(head);
        },
        seqOf: (id) => this.#reader?.seqOf(id),
      },
    );
    this.#anchor = new Anchor({
      every: options.checkpointEvery,
      now: options.now,
      save: (seq, at, statement) => this.#writer.ask({ type: "checkpoint", seq, at, statement }),
      failed: (error) =>
        options.onEvent({
          type: "checkpoint_failed",
          message: messageOf(error),
        }),
    });
    this.#upkeep = options.upkeep && this.#keepUp(options.upkeep);
  }

  #keepUp(options: UpkeepOptions): Upkeep {
    const { now, onEvent } = this.#options;
    return new Upkeep(options, {
      now: () => Math.min(now(), this.#newestAt),
      isWell: () => this.#isOpened && this.#health.error === undefined,
      isIdle: () => this.#writer.isIdle,
      keep: async (plainBefore, prunedBefore) => {
        const { kept } = await this.#writer.ask({ type: "retain", plainBefore, prunedBefore });
        return kept ?? { compressed: 0, pruned: 0, done: true };
      },
      kept: (pass) => onEvent({ type: "kept", ...pass }),
      failed: ({ message }) => onEvent({ type: "keep_failed", message }),
    });
  }

  /** @throws LedgerLockedError */
  async open(): Promise<void> {
    try {
      this.#lock = new ServeLock(this.#options.directory);
      await this.#openDatabase();
    } catch (error) {
      if (error instanceof LedgerLockedError) {
        this.#space.close();
        await this.#upkeep?.close();
        throw error;
      }
      this.#failed(toLedgerError(error));
    }
  }

  get behindAnchor(): { readonly message: string } | undefined {
    return this.#anchor.behind;
  }

  health(): LedgerHealth {
    return this.#health.now();
  }

  /** Whether the disk has the room that it must have: writing goes on where it has not. */
  space(): SpaceCheck {
    return this.#space.check();
  }

  newestAt(): number {
    return this.#newestAt;
  }

  answer(source: string, requestId: string): StoredAnswer | undefined {
    return this.#readable().answer(source, requestId);
  }

  read<T>(work: (snapshot: Snapshot) => T): T {
    return this.#readable().read(work);
  }

  entriesOf(types: readonly EntryType[]): readonly StoredEntry[] {
    return this.#readable().entriesOf(types);
  }

  openFlags(code: string, limit: number): readonly StoredFlag[] {
    return this.#readable().openFlags(code, limit);
  }

  flag(id: string): StoredFlag | undefined {
    return this.#readable().flag(id);
  }

  newestOf(...question: Parameters<Ledger["newestOf"]>): readonly StoredEntry[] {
    return this.#readable().newestOf(...question);
  }

  seqOf(id: string): number | undefined {
    return this.#readable().seqOf(id);
  }

  entry(seq: number): ReturnType<Ledger["entry"]> {
    return this.#readable().entry(seq);
  }

  acceptedPrices(): ReadonlyMap<string, AcceptedPrice> {
    return this.#readable().acceptedPrices();
  }

  append(entry: NewEntry): Appended {
    this.#order += 1;
    const order = this.#order;
    const error = this.#health.error ?? this.#refusal(entry);
    if (error === undefined) this.#newestAt = entry.at;
    const durable = error === undefined ? this.#writer.append(order, entry) : Promise.reject(error);
    // Who doesn't wait for it must not end the process by it.
    durable.catch(() => {});
    return { order, durable };
  }

  gather(isMoreComing: () => boolean): void {
    this.#writer.gather(isMoreComing);
  }

  async keepShapes(shapes: readonly FactShape[]): Promise<void> {
    const texts = [...new Set(shapes.map(shapeId))];
    while (this.#readable().readyOf(texts).length < texts.length) {
      const error = this.#health.error;
      if (error !== undefined) throw error;
      await this.#writer.ask({ type: "keep", shapes: texts });
    }
  }

  async savePrices(prices: ReadonlyMap<string, AcceptedPrice>): Promise<void> {
    this.#readable();
    await this.#writer.ask({ type: "prices", prices });
  }

  async acceptHead(): Promise<void> {
    this.#readable();
    await this.#anchor.accept();
  }

  async close(): Promise<void> {
    await this.#upkeep?.close();
    await this.#writer.idle();
    if (this.#health.error === undefined) await this.#anchor.checkpoint();
    await this.#anchor.close();
    this.#health.close();
    this.#space.close();
    await this.#writer.close();
    this.#reader?.close();
    this.#reader = undefined;
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** @throws LedgerError where the ledger can't be used. */
  #readable(): Reader {
    const error = this.#health.error;
    if (error !== undefined) throw error;
    if (this.#reader === undefined) throw new LedgerError("LEDGER_UNAVAILABLE", "the ledger is not open");
    return this.#reader;
  }

  #refusal(entry: NewEntry): LedgerError | undefined {
    if (entry.at >= this.#newestAt) return undefined;
    return new LedgerError("LEDGER_UNAVAILABLE", "an entry is older than the newest of the ledger");
  }

  #failed(error: LedgerError): void {
    this.#facts?.forget();
    this.#health.fail(error);
    this.#writer.drop(error);
  }

  /** Opens what is not open, reads, and writes. */
  async #probe(failed: LedgerCode): Promise<void> {
    try {
      this.#lock ??= new ServeLock(this.#options.directory);
      await this.#openDatabase();
    } catch (error) {
      throw toLedgerError(error);
    }
    await this.#writer.ask({ type: "probe", full: failed === "LEDGER_FULL" });
  }

  /** A connection for reading: the first one of the process does what has to be done once. */
  async #openDatabase(): Promise<void> {
    this.#reader?.close();
    this.#reader = undefined;
    const { checkpoints, directory } = this.#options;
    const opened = this.#isOpened ? undefined : await openDatabase(this.#path);
    if (opened !== undefined) this.#checkpoints ??= await checkpoints?.(directory);
    const connection = opened?.connection ?? connectReading(this.#path);
    this.#facts ??= new FactCache(opened?.head.seq ?? 0);
    const reader = new Reader(connection, this.#facts, (error) => this.#failed(error));
    reader.probe();
    if (opened === undefined && !(await this.#anchor.isSame((seq) => reader.hashAt(seq)))) {
      reader.close();
      throw new LedgerError(
        "LEDGER_CORRUPT",
        "the ledger's file is not the one that was opened: entries are gone",
      );
    }
    this.#reader = reader;
    if (opened === undefined) return;
    const { seq, hash, at } = opened.head;
    this.#isOpened = true;
    this.#newestAt = Math.max(this.#newestAt, at);
    this.#anchor.compare(this.#checkpoints, { seq, hash: hash.toString("hex") }, reader);
    // Not waited for; what it finds is in `health`.
    this.#writer.ask({ type: "check" }).catch(() => {});
  }
}
