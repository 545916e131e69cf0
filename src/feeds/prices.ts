/**
 * The prices in force, by token.
 *
 * What the file states of a token is held against the last accepted price of it:
 *
 *     stated ── no price, zero, negative, from the future, stale ──> refused
 *        │
 *        ├── no newer than the accepted one: that one stays
 *        ├── ten times it or more, a tenth or less ──> refused, waiting ── accept(reason, who) ──┐
 *        └── all else, and a token never seen ─────────────────────────────────────────────> accepted
 *
 * A token that is refused has no price, however fresh the accepted one is and however often the file repeats
 * itself: nobody knows which of the two is right. It has one again when the file states one that can be accepted.
 * A token that the file leaves out, and all tokens while the file cannot be read, keep what was accepted until it
 * is stale. What is accepted is in the store before it is quoted: a restart forgets no step.
 */
import { type Price, parsePrice } from "../input/pricing.ts";
import { Turns } from "../turns.ts";
import { FeedError, problemOf } from "./feed-error.ts";
import { readPrices, type StatedPrice, type Statement } from "./price-file.ts";
import type { AcceptedPrice, PriceStore } from "./price-store.ts";
import { WatchedFile } from "./watched-file.ts";

type OnAlarm = (code: string, message: string) => void;

/** How far ahead of this clock a price may be. */
const FUTURE_TOLERANCE_MS = 60_000;
/** From this factor on, up or down, a step wants an operator. */
const STEP = 10n;
const FROM_FUTURE = "from the future";
/** An alarm names so many tokens. */
const NAMED_TOKENS = 10;

/**
 * A token whose price in the file is refused.
 *
 * @property waiting - the step that an operator may accept.
 */
interface Refused {
  readonly problem: string;
  readonly waiting?: StatedPrice;
}

/**
 * @property tokens - how many have a price that is accepted and not stale.
 * @property loaded_at - when the file was last read, milliseconds since the epoch.
 * @property error - why the file as it stands could not be read.
 * @property refused - the tokens whose price in the file is refused; `usd` where an operator may accept it.
 * @property stale - tokens whose accepted price is older than `prices.max_age`.
 */
export interface PricesStatus {
  readonly path: string;
  readonly tokens: number;
  readonly loaded_at?: number;
  readonly error?: string;
  readonly refused: readonly { readonly token: string; readonly problem: string; readonly usd?: string }[];
  readonly stale: readonly string[];
}

export interface PricesOptions {
  readonly path: string;
  readonly maxAgeMs: number;
  readonly store: PriceStore;
  readonly onAlarm: OnAlarm;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class Prices {
  readonly #options: PricesOptions;
  readonly #file: WatchedFile<ReadonlyMap<string, Statement>>;
  readonly #accepted = new Map<string, StatedPrice>();
  /** The tokens that the file named while this process ran: of others nobody expects a fresh price. */
  readonly #expected = new Set<string>();
  readonly #alarmedStale = new Set<string>();
  #refused: ReadonlyMap<string, Refused> = new Map();
  #storeLoaded = false;
  #loadedAt: number | undefined;
  #error: string | undefined;
  /** What is held against the last accepted price must not race another acceptance. */
  readonly #turns = new Turns();

  constructor(options: PricesOptions) {
    this.#options = options;
    this.#file = new WatchedFile({
      path: options.path,
      read: readPrices,
      take: (statements) => this.#take(statements),
      refuse: (problem) => {
        this.#error = problem;
        options.onAlarm(
          "PRICES_UNREADABLE",
          `${options.path}: ${problem}; what was accepted stays until it is stale`,
        );
      },
    });
  }

  /** Reads the file where it changed, and raises the alarm for what has become stale. Never rejects. */
  async poll(): Promise<void> {
    // What lies ahead of the clock is behind it some day.
    if ([...this.#refused.values()].some(({ problem }) => problem === FROM_FUTURE)) this.#file.again();
    await this.#turns.run(() => this.#file.poll());
    this.#watchAges();
  }

  /** Reads the file now. Never rejects. @returns what is wrong with it. */
  async reload(): Promise<string | undefined> {
    const problem = await this.#turns.run(() => this.#file.reload());
    this.#watchAges();
    return problem;
  }

  /**
   * A token's price: exact, accepted, not refused since, and at most `max_age` old.
   *
   * @param nowMs - milliseconds since the epoch.
   */
  quote(token: string, nowMs: number): Price | undefined {
    const accepted = this.#accepted.get(token);
    if (accepted === undefined || this.#refused.has(token)) return undefined;
    return this.#isTimely(accepted.at, nowMs) ? accepted.price : undefined;
  }

  /**
   * An operator's act: takes the step that waits for one.
   *
   * @param reason - why the price is right; must say something.
   * @param who - the operator's name.
   * @returns the price; undefined where no step of this token waits.
   * @throws {TypeError} without a reason; what the store throws where it does not keep it: nothing is accepted then.
   */
  async accept(token: string, reason: string, who: string): Promise<AcceptedPrice | undefined> {
    if (reason.trim() === "") throw new TypeError("a reason is required");
    return await this.#turns.run(async () => {
      const stated = this.#refused.get(token)?.waiting;
      if (stated === undefined) return undefined;
      const accepted = { token, usd: stated.usd, at: stated.at, act: { who, reason } };
      await this.#options.store.save([accepted]);
      this.#accepted.set(token, stated);
      this.#refused = new Map([...this.#refused].filter(([other]) => other !== token));
      return accepted;
    });
  }

  /** Resolves when nothing is read or stored any more. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  status(): PricesStatus {
    const now = this.#options.now();
    const stale = [...this.#expected].filter((token) => this.#isStale(token, now));
    return {
      path: this.#options.path,
      tokens: [...this.#accepted.keys()].filter((token) => this.quote(token, now) !== undefined).length,
      ...(this.#loadedAt === undefined ? {} : { loaded_at: this.#loadedAt }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
      refused: [...this.#refused].map(([token, { problem, waiting }]) => ({
        token,
        problem,
        ...(waiting === undefined ? {} : { usd: waiting.usd }),
      })),
      stale,
    };
  }

  async #take(statements: ReadonlyMap<string, Statement>): Promise<void> {
    await this.#loadStore();
    const now = this.#options.now();
    const refused = new Map<string, Refused>();
    const fresh = new Map<string, StatedPrice>();
    for (const [token, statement] of statements) {
      const verdict = statement.ok ? this.#judge(token, statement.stated, now) : statement;
      if (verdict === "accept" && statement.ok) fresh.set(token, statement.stated);
      else if (typeof verdict === "object") refused.set(token, verdict);
    }
    for (const token of statements.keys()) this.#expected.add(token);
    this.#alarm(refused);
    // What is refused has no price from here on, whether or not the store takes the others.
    const notYet = [...this.#refused].filter(([token]) => fresh.has(token));
    this.#refused = new Map([...refused, ...notYet]);
    if (fresh.size > 0) await this.#save(fresh);
    for (const [token, stated] of fresh) this.#accepted.set(token, stated);
    this.#refused = refused;
    this.#loadedAt = now;
    this.#error = undefined;
  }

  #judge(token: string, stated: StatedPrice, now: number): "accept" | "keep" | Refused {
    const last = this.#accepted.get(token);
    if (stated.at > now + FUTURE_TOLERANCE_MS) return { problem: FROM_FUTURE };
    // One that a clock which ran ahead has accepted is no newer than any.
    const newest = last !== undefined && last.at <= now + FUTURE_TOLERANCE_MS ? last : undefined;
    if (newest !== undefined && (stated.at < newest.at || isSame(stated, newest))) return "keep";
    if (now - stated.at > this.#options.maxAgeMs) return { problem: "stale" };
    if (last === undefined) return "accept";
    const step = stepOf(stated.price, last.price);
    return step === undefined ? "accept" : { problem: step, waiting: stated };
  }

  /** Without the last accepted prices every price would be a first one. */
  async #loadStore(): Promise<void> {
    if (this.#storeLoaded) return;
    let stored: readonly AcceptedPrice[];
    try {
      stored = await this.#options.store.load();
    } catch (error) {
      throw new FeedError(`the last accepted prices cannot be had: ${problemOf(error)}`);
    }
    for (const { token, usd, at } of stored) {
      const price = parsePrice(usd);
      if (price === undefined || price.value === 0n) {
        throw new FeedError(`the last accepted price of ${token} is none`);
      }
      this.#accepted.set(token, { usd, at, price });
    }
    this.#storeLoaded = true;
  }

  async #save(fresh: ReadonlyMap<string, StatedPrice>): Promise<void> {
    try {
      await this.#options.store.save([...fresh].map(([token, { usd, at }]) => ({ token, usd, at })));
    } catch (error) {
      throw new FeedError(`new prices cannot be stored: ${problemOf(error)}`);
    }
  }

  #isTimely(at: number, now: number): boolean {
    return at <= now + FUTURE_TOLERANCE_MS && now - at <= this.#options.maxAgeMs;
  }

  #isStale(token: string, now: number): boolean {
    const accepted = this.#accepted.get(token);
    return accepted !== undefined && !this.#refused.has(token) && now - accepted.at > this.#options.maxAgeMs;
  }

  #alarm(refused: ReadonlyMap<string, Refused>): void {
    const byProblem = new Map<string, string[]>();
    for (const [token, { problem }] of refused) {
      // It is looked at every few seconds, until its time has come.
      if (problem === FROM_FUTURE && this.#refused.get(token)?.problem === problem) continue;
      const tokens = byProblem.get(problem);
      if (tokens === undefined) byProblem.set(problem, [token]);
      else tokens.push(token);
    }
    for (const [problem, tokens] of byProblem) {
      this.#options.onAlarm("PRICE_REFUSED", `${this.#options.path}: ${problem}: ${named(tokens)}`);
    }
  }

  /** Once for each time that a price becomes stale. */
  #watchAges(): void {
    const now = this.#options.now();
    const newly: string[] = [];
    for (const token of this.#expected) {
      if (!this.#isStale(token, now)) this.#alarmedStale.delete(token);
      else if (!this.#alarmedStale.has(token)) {
        this.#alarmedStale.add(token);
        newly.push(token);
      }
    }
    if (newly.length > 0) {
      this.#options.onAlarm("PRICE_STALE", `${this.#options.path}: older than max_age: ${named(newly)}`);
    }
  }
}

function isSame(one: StatedPrice, other: StatedPrice): boolean {
  return one.at === other.at && one.usd === other.usd;
}

/** What is wrong with a step, if anything; exact. */
function stepOf(stated: Price, last: Price): string | undefined {
  const scale = Math.max(stated.scale, last.scale);
  const to = stated.value * 10n ** BigInt(scale - stated.scale);
  const from = last.value * 10n ** BigInt(scale - last.scale);
  if (to >= from * STEP) return "ten times or more of the last accepted price";
  return to * STEP <= from ? "a tenth or less of the last accepted price" : undefined;
}

function named(tokens: readonly string[]): string {
  const more = tokens.length - NAMED_TOKENS;
  const names = tokens.slice(0, NAMED_TOKENS).join(", ");
  return more > 0 ? `${names} and ${more} more` : names;
}
