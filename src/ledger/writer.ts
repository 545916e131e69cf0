/**
 * The writing side as the host sees it: a thread that has one order at a time, and a line of what waits for it.
 *
 * An entry **waits** until the thread has answered its last order, is then **sent** with all others that wait, in
 * one group with one flush of the disk, and ends with its number or its error. Other orders take turns with the
 * groups, so that neither holds up the other. Where an order fails, `failed` is told, and what waits fails with it.
 *
 * A thread that ended by itself may have written what it was sent, or not: the disk says which, by the ids. A new
 * thread is started by the next order.
 */
import type { Worker } from "node:worker_threads";
import { startThread } from "../thread.ts";
import type { CommittedEntry } from "./fact-cache.ts";
import { LedgerError, type NewEntry } from "./ledger.ts";
import type { OrderedEntry, WriterAnswer, WriterBoot, WriterOrder } from "./writer-protocol.ts";

type Good = Extract<WriterAnswer, { ok: true }>;

interface WaitingEntry extends OrderedEntry {
  readonly resolve: (seq: number) => void;
  readonly reject: (error: LedgerError) => void;
}

interface WaitingOrder {
  readonly order: Exclude<WriterOrder, { type: "append" | "close" }>;
  readonly resolve: (answer: Good) => void;
  readonly reject: (error: LedgerError) => void;
}

/** What the thread has: a group of entries, or another order. */
type Sent = { readonly group: readonly WaitingEntry[] } | WaitingOrder;

export interface WriterListener {
  /** An order failed: nothing can be written until a probe succeeds. */
  failed(error: LedgerError): void;
  /** These entries are on the disk, up to this head; in their order; one that can't be written counts nothing. */
  committed(entries: readonly CommittedEntry[], head: Good["head"]): void;
  /** The number of an entry that may have been written: `undefined` where it was not. */
  seqOf(id: string): number | undefined;
}

/** A group's rows are held in memory at both ends. */
const MAX_GROUP = 256;
/** A group of so many shares a flush well enough. */
const GOOD_GROUP = 16;
/** How long a group waits for others that are about to come, milliseconds. */
const GATHER_MS = 3;

export class Writer {
  readonly #boot: WriterBoot;
  readonly #listener: WriterListener;
  #thread: Worker | undefined;
  #entries: WaitingEntry[] = [];
  #orders: WaitingOrder[] = [];
  #sent: Sent | undefined;
  #flushing = false;
  #isMoreComing: () => boolean = () => false;
  #gathering: NodeJS.Timeout | undefined;
  #ordersFirst = true;
  #idle: (() => void)[] = [];

  constructor(boot: WriterBoot, listener: WriterListener) {
    this.#boot = boot;
    this.#listener = listener;
  }

  /** @returns the entry's number in the chain, when it is on the disk. */
  append(order: number, entry: NewEntry): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ order, entry, resolve, reject });
      this.#flushSoon();
    });
  }

  ask(order: WaitingOrder["order"]): Promise<Good> {
    return new Promise((resolve, reject) => {
      this.#orders.push({ order, resolve, reject });
      this.#flushSoon();
    });
  }

  /** @param isMoreComing - whether entries will be appended in a moment: a group waits a little for them. */
  gather(isMoreComing: () => boolean): void {
    this.#isMoreComing = isMoreComing;
  }

  /** Whether nothing waits, and nothing is on its way. */
  get isIdle(): boolean {
    return this.#sent === undefined && this.#entries.length === 0 && this.#orders.length === 0;
  }

  /** All that waits fails, but for what was sent. */
  drop(error: LedgerError): void {
    for (const { reject } of this.#entries.splice(0)) reject(error);
    for (const { reject } of this.#orders.splice(0)) reject(error);
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (!this.isIdle) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
      });
    }
  }

  /** Ends the thread when it has nothing left to do. It is never terminated: see `database.ts`. */
  async close(): Promise<void> {
    await this.idle();
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    const order: WriterOrder = { type: "close" };
    thread.ref();
    await new Promise<void>((resolve) => {
      thread.once("exit", () => resolve());
      thread.postMessage(order);
    });
  }

  #flushSoon(): void {
    if (this.#flushing || this.#sent !== undefined) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** A flush costs as much as ten entries: it is worth a moment of waiting, where others are known to come. */
  #gathers(): boolean {
    const count = this.#entries.length;
    if (count === 0 || count >= GOOD_GROUP || this.#orders.length > 0 || !this.#isMoreComing()) return false;
    this.#gathering ??= setTimeout(() => {
      this.#flush(true);
    }, GATHER_MS);
    return true;
  }

  #flush(isGathered = false): void {
    if (this.#sent !== undefined || (!isGathered && this.#gathers())) return;
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const turn = this.#ordersFirst || this.#entries.length === 0 ? this.#orders.shift() : undefined;
    this.#ordersFirst = turn === undefined;
    if (turn !== undefined) {
      this.#send(turn, turn.order);
    } else if (this.#entries.length > 0) {
      const group = this.#entries.splice(0, MAX_GROUP);
      this.#send({ group }, { type: "append", entries: group.map(({ order, entry }) => ({ order, entry })) });
    } else {
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  #send(sent: Sent, order: WriterOrder): void {
    this.#sent = sent;
    try {
      this.#thread ??= this.#spawn();
    } catch (error) {
      this.#fail(new LedgerError("LEDGER_UNAVAILABLE", "the system has no thread for the ledger", error));
      return;
    }
    this.#thread.ref();
    this.#thread.postMessage(order);
  }

  #spawn(): Worker {
    const thread = startThread("#ledger-writer-worker", {
      workerData: this.#boot,
      name: "ledger-writer",
      stdout: true,
      stderr: true,
    });
    thread.on("message", (answer: WriterAnswer) => {
      if (thread === this.#thread) this.#answered(answer);
    });
    let cause: unknown;
    thread.on("error", (error: unknown) => {
      cause = error;
    });
    thread.on("exit", () => {
      if (thread === this.#thread) this.#lost(cause);
    });
    thread.unref();
    return thread;
  }

  #answered(answer: WriterAnswer): void {
    this.#thread?.unref();
    if (!answer.ok) {
      this.#fail(new LedgerError(answer.code, answer.message));
      return;
    }
    const sent = this.#sent;
    this.#sent = undefined;
    if (sent !== undefined && "group" in sent) this.#wrote(sent.group, answer);
    else sent?.resolve(answer);
    this.#flush();
  }

  #wrote(group: readonly WaitingEntry[], { outcomes, head }: Good): void {
    const committed: CommittedEntry[] = [];
    for (const [at, { order, entry, resolve, reject }] of group.entries()) {
      const outcome = outcomes[at];
      if (typeof outcome === "object") {
        const { counted, changed } = outcome;
        committed.push({ order, entry, counted, changed });
        resolve(outcome.seq);
      } else {
        committed.push({ order, entry, counted: "none", changed: false });
        reject(new LedgerError("LEDGER_UNAVAILABLE", `the entry cannot be written: ${outcome}`));
      }
    }
    this.#listener.committed(committed, head);
  }

  /** What was sent is not on the disk. */
  #fail(error: LedgerError): void {
    const sent = this.#sent;
    this.#sent = undefined;
    this.#listener.failed(error);
    if (sent === undefined) return;
    for (const { reject } of "group" in sent ? sent.group : [sent]) reject(error);
    this.#flush();
  }

  #lost(cause: unknown): void {
    this.#thread = undefined;
    const error = new LedgerError("LEDGER_UNAVAILABLE", "the thread that writes the ledger ended", cause);
    const sent = this.#sent;
    if (sent !== undefined && "group" in sent) {
      this.#sent = { group: sent.group.filter((entry) => !this.#isWritten(entry)) };
    }
    this.#fail(error);
  }

  #isWritten({ entry, resolve }: WaitingEntry): boolean {
    try {
      const seq = this.#listener.seqOf(entry.id);
      if (seq !== undefined) resolve(seq);
      return seq !== undefined;
    } catch {
      return false;
    }
  }
}
