/** Lists and prices of the config: loaded at the start, looked at again and again, and laid into each document. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Document, Enriched } from "../input/document.ts";
import { extended } from "../input/extended.ts";
import { priceDocument } from "../input/pricing.ts";
import type { ListStatus } from "./list-status.ts";
import { Lists, type ListsOptions } from "./lists.ts";
import type { AcceptedPrice, PriceStore } from "./price-store.ts";
import { Prices, type PricesStatus } from "./prices.ts";

/** How long a start waits for files to be read. */
const START_WAIT_MS = 1_000;
/** How often the files are looked at; a change is read at the second look. */
const POLL_MS = 2_000;
/** How often it is looked whether a signed list has become too old. Documents look by themselves. */
const AGE_MS = 1_000;

/**
 * The part of the config that feeds come from: paths of lists that nobody signs, and the greatest age of a price in
 * milliseconds. Lists that are no paths are signed: what they need is among the options.
 */
export interface FeedsConfig {
  readonly lists?: Readonly<Record<string, unknown>> | undefined;
  readonly prices?: { readonly file: string; readonly max_age: number } | undefined;
}

/**
 * @property store - where accepted prices outlive the process.
 * @property now - milliseconds since the epoch.
 */
export interface FeedsOptions extends Omit<ListsOptions, "paths"> {
  readonly store: PriceStore;
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
  #ages: NodeJS.Timeout | undefined;
  #closed = false;

  /** Nothing is read before it is started. */
  constructor({ lists = {}, prices }: FeedsConfig, options: FeedsOptions) {
    const { store, pollMs = POLL_MS, ...others } = options;
    const { onAlarm, now } = others;
    this.#lists = new Lists({ ...others, paths: pathsOf(lists) });
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
    await inAMoment(Promise.all([this.#prices?.reload(), this.#lists.reload("unsigned")]));
    this.#watch(this.#lists);
    if (this.#prices !== undefined) this.#watch(this.#prices);
  }

  /**
   * The lists that are signed: to be called when it is known which release is live, since only what that one reads comes
   * into force. Resolves after a first look, or a moment.
   */
  async startSigned(): Promise<void> {
    this.#ages = setInterval(() => this.#lists.lookAtAges(), AGE_MS);
    this.#ages.unref();
    await inAMoment(this.#lists.start());
  }

  /** Another release is live. @param read - the lists that its rules read. Never rejects. */
  async setRead(read: readonly string[]): Promise<void> {
    await this.#lists.setRead(read);
  }

  /**
   * The document with dollars and list hits. What the age of a price and of a list is measured from is the document's
   * own clock.
   */
  enrich(document: Document): Enriched {
    const prices = this.#prices;
    const priced =
      prices === undefined
        ? document
        : priceDocument(document, (token) => prices.quote(token, document.now.ms));
    const hits = this.#lists.hits(priced);
    if (hits === undefined) return { document: priced };
    return { document: extended(priced, { lists: hits.lists }), lists: hits.versions };
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

  /** Whether no list is absent that rules may look into. */
  areListsRead(): boolean {
    return this.#lists.status().every(({ state }) => state !== "absent");
  }

  status(): FeedsStatus {
    const prices = this.#prices?.status();
    return { lists: this.#lists.status(), ...(prices === undefined ? {} : { prices }) };
  }

  /** Stops looking; what is loaded stays. Resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ages);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all([this.#lists.close(), this.#prices?.settled()]);
  }

  /** Each by itself: a long list keeps no price waiting. */
  #watch(feed: Lists | Prices): void {
    if (this.#closed) return;
    const timer = setTimeout(() => void feed.poll().then(() => this.#watch(feed)), this.#pollMs);
    timer.unref();
    this.#timers.set(feed, timer);
  }
}

function pathsOf(lists: Readonly<Record<string, unknown>>): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const [name, list] of Object.entries(lists)) if (typeof list === "string") paths[name] = list;
  return paths;
}

/** Resolves when the work ends, or after the time that a start waits. */
async function inAMoment(work: Promise<unknown>): Promise<void> {
  const waited = new AbortController();
  const moment = sleep(START_WAIT_MS, undefined, { signal: waited.signal }).catch(() => {});
  await Promise.race([work, moment]);
  waited.abort();
}
