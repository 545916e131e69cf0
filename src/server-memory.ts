/** What the server remembers with: the ledger, and the parts of the decision that stand on it. */
import { join } from "node:path";
import type { ReadinessCheck } from "./admin/app.ts";
import type { Config } from "./config.ts";
import { entryTime } from "./decisions/decision-clock.ts";
import { DecisionDesk } from "./decisions/desk.ts";
import { Freezes } from "./decisions/freeze.ts";
import { LedgerLists } from "./decisions/list-history.ts";
import { noteEntry } from "./decisions/note.ts";
import { Operations } from "./decisions/operations.ts";
import { PushDesk, type Taken } from "./decisions/push-desk.ts";
import type { Push } from "./decisions/push-message.ts";
import { LedgerReleases } from "./decisions/release-history.ts";
import { Shadow, type ShadowEvent } from "./decisions/shadow.ts";
import { needsHistory } from "./decisions/shadow-facts.ts";
import { Tickets } from "./decisions/tickets.ts";
import type { PriceStore } from "./feeds/price-store.ts";
import { Refusal } from "./input/refusal.ts";
import { openCheckpoints } from "./ledger/checkpoint.ts";
import { type EntryType, LedgerError } from "./ledger/ledger.ts";
import { LedgerQueries } from "./ledger/ledger-queries.ts";
import { openLedger, type SqliteLedger } from "./ledger/open.ts";
import type { FactQuery } from "./policy/fact-queries.ts";
import { type Telemetry, tellOfFlag, tellOfPush } from "./server-telemetry.ts";
import type { Alarms } from "./telemetry/alarms.ts";
import { VERSION } from "./version.ts";

export class Memory {
  readonly ledger: SqliteLedger;
  readonly freezes: Freezes;
  readonly tickets = new Tickets();
  readonly desk: DecisionDesk;
  readonly pushes: PushDesk;
  readonly operations: Operations;
  readonly releases: LedgerReleases;
  readonly lists: LedgerLists;
  /** Where a candidate judges what is decided. */
  readonly shadow: Shadow;
  /** For people; it reads the file by itself. */
  readonly history: LedgerQueries;
  readonly #alarms: Alarms;
  #onTaken: (taken: Taken, push: Push) => void = () => {};
  #onShadow: (event: ShadowEvent) => void = () => {};
  #queries: () => readonly FactQuery[] = () => [];

  private constructor(config: Config, telemetry: Telemetry, ledger: SqliteLedger) {
    const { alarms } = telemetry;
    this.#alarms = alarms;
    this.ledger = ledger;
    this.freezes = new Freezes(join(config.state_dir, "FREEZE"));
    this.operations = new Operations(ledger, this.freezes, Date.now);
    this.releases = new LedgerReleases(ledger, Date.now);
    this.lists = new LedgerLists(ledger, Date.now);
    this.history = new LedgerQueries(join(config.state_dir, "ledger.db"));
    const now = () => this.releases.now();
    this.shadow = new Shadow(ledger, now, (event) => this.#onShadow(event));
    this.desk = new DecisionDesk({
      ledger,
      freezes: this.freezes,
      tickets: this.tickets,
      shadow: this.shadow,
      scope: config.scope,
      decisionMs: config.limits.decision,
      reissueMs: config.limits.reissue,
      clock: Date.now,
      onAlarm: (code, message) => alarms.raise(code, message),
    });
    this.pushes = new PushDesk({
      ledger,
      tickets: this.tickets,
      freezes: this.freezes,
      operations: this.operations,
      shadow: this.shadow,
      onUnapproved: config.push.on_unapproved_withdrawal,
      decisionMs: config.limits.decision,
      onAlarm: (code, message) => alarms.raise(code, message),
      onFlag: (flag) => tellOfFlag(telemetry, flag),
      onTaken: (taken, push, cause) => {
        tellOfPush(telemetry, taken, push, cause);
        this.#onTaken(taken, push);
      },
    });
  }

  /**
   * Opens the ledger of `state_dir`. A ledger that can't be used is no error here: everything is refused until it
   * can, with its code.
   *
   * @throws LedgerLockedError where another process serves on this state.
   */
  static async open(config: Config, telemetry: Telemetry): Promise<Memory> {
    const { alarms, log } = telemetry;
    let recovered = (): void => {};
    const ledger = await openLedger({
      directory: config.state_dir,
      minFreeBytes: config.ledger.min_free,
      checkpointEvery: config.ledger.checkpoint_every,
      now: Date.now,
      checkpoints: openCheckpoints,
      upkeep: { keepMs: config.ledger.retain_inputs },
      onEvent: (event) => {
        if (event.type === "checkpoint_failed") alarms.raise("CHECKPOINT_FAILED", event.message);
        else if (event.type === "keep_failed") alarms.raise("RETENTION_FAILED", event.message);
        else if (event.type === "kept") log.retained(event.compressed, event.pruned);
        else if (event.health.ok) recovered();
        else alarms.raise(event.health.code ?? "LEDGER_UNAVAILABLE", event.health.detail);
      },
    });
    const memory = new Memory(config, telemetry, ledger);
    // A flood leaves few entries: each tenth, hundredth, … of the same is written down.
    alarms.onRaised(({ code, message, count }) => {
      if (Number.isInteger(Math.log10(count))) memory.note("alarm", { code, message });
    });
    memory.note("mark", { mark: "start", message: `countersign ${VERSION}` });
    memory.#restore();
    recovered = () => memory.#restore();
    return memory;
  }

  /** @param listener - is told of each push that is on the disk. */
  followPushes(listener: (taken: Taken, push: Push) => void): void {
    this.#onTaken = listener;
  }

  /** @param listener - is told of what happens in the shadow. */
  followShadow(listener: (event: ShadowEvent) => void): void {
    this.#onShadow = listener;
  }

  /** @param queries - what the live release asks of history: prepared again where the ledger was away. */
  keepPrepared(queries: () => readonly FactQuery[]): void {
    this.#queries = queries;
  }

  /** Where accepted prices outlive the process; an operator's act is an entry of its own. */
  prices(): PriceStore {
    return {
      load: async () => [...this.ledger.acceptedPrices()].map(([token, price]) => ({ token, ...price })),
      save: async (prices) => {
        for (const { token, usd, act } of prices) {
          if (act !== undefined) {
            await this.operations.acceptedPrice(token, usd, { by: act.who, reason: act.reason });
          }
        }
        await this.ledger.savePrices(new Map(prices.map(({ token, usd, at }) => [token, { usd, at }])));
      },
    };
  }

  /** Before a release goes live: history is added up for what its rules ask. */
  async prepare(queries: readonly FactQuery[]): Promise<void> {
    try {
      await this.ledger.keepShapes(shapesOf(queries));
    } catch (error) {
      // Without the ledger nothing is approved anyway; when it is back this is done again.
      if (!(error instanceof LedgerError)) throw error;
    }
  }

  /** Notes what happened to the server itself; where the ledger can't be written, the log has it. */
  note(type: Extract<EntryType, "alarm" | "mark">, members: Readonly<Record<string, unknown>>): void {
    const at = entryTime(Date.now(), this.ledger);
    this.ledger.append(noteEntry(type, at, members)).durable.catch(() => {});
  }

  checks(): ReadinessCheck[] {
    const { ok, code, detail } = this.ledger.health();
    const space = this.ledger.space();
    const frozen = this.freezes.list();
    return [
      { name: "ledger", ok, detail: code === undefined ? detail : `${code}: ${detail}` },
      { name: "ledger_space", ok: space.ok, detail: space.detail },
      {
        name: "ledger_anchor",
        ok: frozen.every(({ code: why }) => why === undefined),
        detail: frozen.find(({ code: why }) => why !== undefined)?.reason ?? "not behind",
      },
      this.#clockCheck(),
    ];
  }

  #clockCheck(): ReadinessCheck {
    try {
      this.desk.now();
      return { name: "clock", ok: true, detail: "not behind the ledger" };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { name: "clock", ok: false, detail: `${error.code}: ${error.message}` };
    }
  }

  async close(): Promise<void> {
    this.note("mark", { mark: "stop", message: `countersign ${VERSION}` });
    await this.history.close();
    await this.ledger.close();
  }

  /** When the ledger can be read: at the start, or when it could not be read then. */
  #restore(): void {
    const behind = this.ledger.behindAnchor;
    if (behind !== undefined) this.#alarms.raise("LEDGER_BEHIND", behind.message);
    try {
      this.operations.restore();
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      return;
    }
    this.ledger.keepShapes(shapesOf(this.#queries())).catch(() => {});
  }
}

function shapesOf(queries: readonly FactQuery[]): FactQuery["shape"][] {
  return queries.filter(needsHistory).map(({ shape }) => shape);
}
