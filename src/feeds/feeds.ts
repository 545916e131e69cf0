/** Lists and prices from files of the config: loaded at the start, watched, and laid into each document. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Document } from "../input/document.ts";
import { extended } from "../input/extended.ts";
import { priceDocument } from "../input/pricing.ts";
import { type ListStatus, Lists } from "./lists.ts";
import type { AcceptedPrice, PriceStore } from "./price-store.ts";
import { Prices, type PricesStatus } from "./prices.ts";

/** How long a start waits for files to be read. */
const START_WAIT_MS = 1_000;
/** How often the files are looked at; a change is read at the second look. */
const POLL_MS = 2_000;

/** The part of the config that feeds come from: paths, and the greatest age of a price in milliseconds. */
export interface FeedsConfig {
  readonly lists?: Readonly<Record<string, string>> | undefined;
  readonly prices?: { readonly file: string; readonly max_age: number } | undefined;
}

/**
 * @property store - where accepted prices outlive the process.
 * @property now - milliseconds since the epoch.
 */
export interface FeedsOptions {
  readonly store: PriceStore;
  readonly onAlarm: (code: string, message: string) => void;
  readonly now: () => number;
  readonly pollMs?: number;
}

/** @property prices - absent where none are configured. */
export interface FeedsStatus {
  readonly lists: readonly ListStatus[];
  readonly prices?: PricesStatus;
}

export class Feeds {
  readonly #lists: Lists;
  readonly #prices: Prices | undefined;
  readonly #pollMs: number;
  readonly #timers = new Map<Lists | Prices, NodeJS.Timeout>();
  #closed = false;

  /** Nothing is read before it is started. */
  constructor({ lists = {}, prices }: FeedsConfig, options: FeedsOptions) {
    const { store, onAlarm, now, pollMs = POLL_MS } = options;
    this.#lists = new Lists({ paths: lists, onAlarm, now });
    this.#prices = prices && new Prices({ path: prices.file, maxAgeMs: prices.max_age, store, onAlarm, now });
    this.#pollMs = pollMs;
  }

  /**
   * Reads all files, then keeps looking at them. What cannot be read is an alarm and stands in the status: the
   * list or the prices are then absent. A list of a million addresses takes seconds: after a moment the start goes
   * on without it, and it is absent until it is read. Never rejects.
   */
  static async start(config: FeedsConfig, options: FeedsOptions): Promise<Feeds> {
    const feeds = new Feeds(config, options);
    await feeds.start();
    return feeds;
  }

  /** {@link Feeds.start}, for who has other things to start meanwhile. */
  async start(): Promise<void> {
    const waited = new AbortController();
    const moment = sleep(START_WAIT_MS, undefined, { signal: waited.signal }).catch(() => {});
    await Promise.race([this.reload(), moment]);
    waited.abort();
    this.#watch(this.#lists);
    if (this.#prices !== undefined) this.#watch(this.#prices);
  }

  /** The document with dollars and list hits. What a price's age is measured from is the document's own clock. */
  enrich(document: Document): Document {
    const prices = this.#prices;
    const priced =
      prices === undefined
        ? document
        : priceDocument(document, (token) => prices.quote(token, document.now.ms));
    const lists = this.#lists.hits(priced);
    return lists === undefined ? priced : extended(priced, { lists });
  }

  /** Reads all files now, changed or not. Never rejects. @returns what is wrong, a line each; empty: nothing. */
  async reload(): Promise<readonly string[]> {
    const [problem, problems] = await Promise.all([this.#prices?.reload(), this.#lists.reload()]);
    return problem === undefined ? problems : [`prices: ${problem}`, ...problems];
  }

  /** An operator's act: see `Prices.accept`. Undefined also where no prices are configured. */
  async acceptPrice(token: string, reason: string, who: string): Promise<AcceptedPrice | undefined> {
    return await this.#prices?.accept(token, reason, who);
  }

  /** Whether every list was read once. */
  areListsRead(): boolean {
    return this.#lists.status().every(({ loaded_at }) => loaded_at !== undefined);
  }

  status(): FeedsStatus {
    const prices = this.#prices?.status();
    return { lists: this.#lists.status(), ...(prices === undefined ? {} : { prices }) };
  }

  /** Stops looking; what is loaded stays. Resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all([this.#lists.settled(), this.#prices?.settled()]);
  }

  /** Each by itself: a long list keeps no price waiting. */
  #watch(feed: Lists | Prices): void {
    if (this.#closed) return;
    const timer = setTimeout(() => void feed.poll().then(() => this.#watch(feed)), this.#pollMs);
    timer.unref();
    this.#timers.set(feed, timer);
  }
}
