/**
 * The ledger's answers to people, from a thread of its own: what they ask for may take long, and no request of a
 * node waits for it. The thread starts with the first question, and again after it was lost.
 */
import type { Worker } from "node:worker_threads";
import { startThread } from "../thread.ts";
import { LedgerError } from "./ledger.ts";
import type { Answer, Fault, NumberedQuestion, QueryBoot, Question } from "./query-protocol.ts";
import {
  type DecisionFilter,
  type DecisionItem,
  type FlagFilter,
  type FlagItem,
  type FullDecision,
  type FullTransaction,
  type OpenFlags,
  type Page,
  QueryError,
} from "./query-types.ts";
import type { StoredPage, StoredPageQuestion, StoredRange } from "./stored-decisions.ts";

const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };
/** People wait no longer, and a thread that takes longer is ended. */
const LIMIT_MS = 30_000;
/** More at once are turned away: each waits for those before it. */
const MAX_WAITING = 64;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Every method rejects with a `LedgerError` where the ledger cannot be read, or with a `QueryError`. */
export class LedgerQueries {
  readonly #boot: QueryBoot;
  readonly #limitMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #limit: NodeJS.Timeout | undefined;
  #number = 0;

  /** @param file - the ledger's. @param limitMs - how long one answer may take. */
  constructor(file: string, limitMs = LIMIT_MS) {
    this.#boot = { file };
    this.#limitMs = limitMs;
  }

  decisions(filter: DecisionFilter): Promise<Page<DecisionItem>> {
    return this.#ask({ type: "decisions", filter });
  }

  decision(id: string): Promise<FullDecision | undefined> {
    return this.#ask({ type: "decision", id });
  }

  flags(filter: FlagFilter): Promise<Page<FlagItem>> {
    return this.#ask({ type: "flags", filter });
  }

  openFlags(): Promise<OpenFlags> {
    return this.#ask({ type: "open_flags" });
  }

  transaction(name: string, organization?: string): Promise<FullTransaction | undefined> {
    return this.#ask({ type: "transaction", name, organization });
  }

  /** Where decisions of a time and later are. @param since - milliseconds since the epoch; absent: all of them. */
  storedRange(since: number | undefined): Promise<StoredRange> {
    return this.#ask({ type: "stored_range", since });
  }

  /** The newest decisions of a range, with their documents: people's questions come between two pages. */
  storedDecisions(page: StoredPageQuestion): Promise<StoredPage> {
    return this.#ask({ type: "stored_decisions", page });
  }

  /** What is asked is not answered any more. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#lost("the server stops");
    await worker?.terminate();
  }

  /** The thread answers each question with what the function of its type returns. */
  #ask<T>(question: Question): Promise<T> {
    if (this.#waiting.size >= MAX_WAITING) {
      return Promise.reject(new LedgerError("LEDGER_UNAVAILABLE", "too many questions at once"));
    }
    return new Promise<T>((resolve, reject) => {
      const worker = this.#started();
      this.#number += 1;
      const message: NumberedQuestion = { number: this.#number, question };
      this.#waiting.set(this.#number, { resolve: (result) => resolve(result as T), reject });
      worker.ref();
      worker.postMessage(message);
      if (this.#waiting.size === 1) this.#watch();
    });
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = startThread("#ledger-reader-worker", {
      workerData: this.#boot,
      name: "ledger-reader",
      resourceLimits: RESOURCE_LIMITS,
    });
    this.#worker = worker;
    worker.on("message", (answer: Answer) => this.#answered(answer));
    const lost = () => {
      if (this.#worker === worker) this.#lost("the thread that reads the ledger ended");
    };
    worker.on("error", lost);
    worker.on("exit", lost);
    return worker;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    this.#watch();
    if (answer.ok) waiting?.resolve(answer.result);
    else waiting?.reject(errorOf(answer.fault));
  }

  /** One is answered at a time: the limit counts anew with each. */
  #watch(): void {
    clearTimeout(this.#limit);
    if (this.#waiting.size === 0) {
      this.#worker?.unref();
      return;
    }
    this.#limit = setTimeout(() => {
      const worker = this.#worker;
      this.#lost(`no answer within ${this.#limitMs} ms`);
      void worker?.terminate();
    }, this.#limitMs);
  }

  #lost(message: string): void {
    clearTimeout(this.#limit);
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new LedgerError("LEDGER_UNAVAILABLE", message));
  }
}

function errorOf(fault: Fault): Error {
  if (fault.type === "query") return new QueryError(fault.code, fault.message);
  if (fault.type === "ledger") return new LedgerError(fault.code, fault.message);
  return new LedgerError("LEDGER_UNAVAILABLE", `the question could not be answered: ${fault.message}`);
}
