/**
 * From a verified request to a decision that is on the disk: nothing is answered before.
 *
 * The same request (node and request id, and what will be signed) gets the same answer and counts once. A request
 * on this desk is
 *
 * - **being decided**: whoever asks the same meanwhile waits for that decision, and is judged after it where an
 *   approval was of a document that is not the same; whoever asks something else under its id is refused with
 *   `CHANGED_REQUEST`, and the first goes on;
 * - **answered**: a stored REJECT is repeated. A stored APPROVE is repeated while nothing freezes it, it is younger
 *   than `reissueMs`, what it reserved is still counted (an operator may have released it), and the document is
 *   the same but for what drifts; else the request is judged anew, its own
 *   movements left out, and what comes of it is the answer from then on: another approval, or a stricter answer. The
 *   approval of a confirmation that a signing has taken over is repeated whatever its age: it is history;
 * - **failed**: a failure of ours is written down but answers nothing: the next try is judged as if it were the
 *   first.
 *
 * How two requests that spend from one limit are kept apart is told in `tickets.ts`, how a confirmation and what is
 * signed for it count once in `takeover.ts`.
 */
import { Refusal } from "../input/refusal.ts";
import { type Ledger, LedgerError, type StoredAnswer, type TransactionNames } from "../ledger/ledger.ts";
import { isCounted } from "../ledger/movement-rows.ts";
import type { LiveRelease } from "../policy/live.ts";
import { Approval } from "./approval.ts";
import {
  type DecideContext,
  type Decided,
  decidedOf,
  type Judgement,
  judgeInTime,
  outcomeOf,
  refused,
} from "./decide.ts";
import { decisionNow, entryTime } from "./decision-clock.ts";
import { isSameButForDrift } from "./drift.ts";
import { type DecisionRow, decisionEntry, decisionOfRow, decisionRowSchema, refusalEntry } from "./entry.ts";
import { answerFacts } from "./facts.ts";
import type { Freezes, Leaving } from "./freeze.ts";
import { movementsOf, transactionNamesOf } from "./movements.ts";
import { Passing } from "./passing.ts";
import type { VerifiedRequest } from "./request.ts";
import type { Shadow, ShadowSight } from "./shadow.ts";
import { Confirming, isTakenOver, takenOver } from "./takeover.ts";
import type { Ticket, Tickets } from "./tickets.ts";

export interface DeskOptions {
  readonly ledger: Ledger;
  readonly freezes: Freezes;
  /** Those of the push desk too: a deposit on its way is counted as an approval is. */
  readonly tickets: Tickets;
  readonly scope: DecideContext["scope"];
  readonly decisionMs: number;
  /** How long a stored approval is repeated, milliseconds. */
  readonly reissueMs: number;
  /** The machine's clock, milliseconds since the epoch. */
  readonly clock: () => number;
  readonly onAlarm: (code: string, message: string) => void;
  /** Is shown what is decided; absent: nobody is. */
  readonly shadow?: Pick<Shadow, "see" | "decided">;
}

/** The release that decides, taken once for each request. */
export interface Bench {
  readonly live: LiveRelease | undefined;
  readonly refusedStep: string | undefined;
}

interface Deciding {
  readonly request: VerifiedRequest;
  readonly decided: Promise<Decided>;
}

interface Unwritten {
  readonly identity: string;
  /** Resolves when it is on the disk, or never will be. */
  readonly settled: Promise<unknown>;
}

/** What is known of a request when it comes: its answer, that one is on its way, or nothing. */
type Known = Partial<Unwritten> & { readonly stored?: StoredAnswer };

/** So many requests that asked something else under an id are remembered: who repeats one is told what he was told. */
const MAX_CHANGED = 1_000;

/** In the last round nothing is assumed: the earlier requests are settled, and this one is judged alone. */
const LAST_ROUND = 3;

export class DecisionDesk {
  readonly #options: DeskOptions;
  readonly #tickets: Tickets;
  readonly #deciding = new Passing<Deciding>();
  readonly #confirming = new Confirming();
  /** By id and identity; the oldest first. */
  readonly #refusedAsChanged = new Map<string, Decided>();
  /** The answers that are on their way to the disk, also those that came too late for their own request. */
  readonly #unwritten = new Passing<Unwritten>();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#tickets = options.tickets;
    options.ledger.gather(() => this.#tickets.isAnyOpen());
  }

  /**
   * The time of the next decision, milliseconds since the epoch.
   *
   * @throws Refusal `CLOCK_BEHIND`
   */
  now(): number {
    return decisionNow(this.#options.clock(), this.#options.ledger.newestAt());
  }

  /** Decides, or repeats what was decided; on the disk when it resolves. Never rejects. */
  async answer(request: VerifiedRequest, bench: Bench): Promise<Decided> {
    const key = keyOf(request);
    for (let first = this.#deciding.get(key); first !== undefined; first = this.#deciding.get(key)) {
      if (first.request.identity !== request.identity) return await this.#changed(request, bench);
      const decided = await first.decided;
      // What was approved of another story says nothing of this one.
      if (decided.approval === undefined || isSameStory(request, first.request, bench)) return decided;
    }
    let known: Known;
    try {
      known = this.#known(request);
    } catch (error) {
      return this.#failed(request, error, bench);
    }
    // It takes no place on the desk: who asks as before meanwhile is not asking something else.
    if (known.identity !== undefined && known.identity !== request.identity) {
      return await this.#changed(request, bench);
    }
    const deciding = { request, decided: this.#decide(request, known, bench) };
    this.#deciding.set(key, deciding);
    this.#confirming.add(request.document, deciding.decided);
    try {
      return await deciding.decided;
    } finally {
      this.#deciding.delete(key);
    }
  }

  /**
   * The last moment before an approval leaves: refused by a freeze that came meanwhile, or on its way. Where this
   * gives a refusal, {@link DecisionDesk.refuseLate} is the answer.
   */
  letLeave(request: VerifiedRequest, leaving: Leaving): Refusal | undefined {
    return this.#options.freezes.letLeave(request.document, leaving);
  }

  /** The approval never left: the stricter answer is the stored one from here on. */
  async refuseLate(request: VerifiedRequest, refusal: Refusal, bench: Bench): Promise<Decided> {
    try {
      return await this.#record(request, refused(outcomeOf(refusal), refusal), bench);
    } catch (error) {
      return this.#failed(request, error, bench);
    }
  }

  /**
   * Writes down the refusal of what could not be read as a request.
   *
   * @throws LedgerError where that can't be done; Refusal `OVERLOADED` where the disk takes too long.
   */
  async unusable(
    id: string,
    refusal: Refusal,
    asked: { readonly source: string; readonly requestId: string; readonly token: string },
  ): Promise<void> {
    const { ledger, clock, decisionMs } = this.#options;
    const at = entryTime(clock(), ledger);
    await inTime(ledger.append(refusalEntry(id, refusal, asked, at)).durable, decisionMs, decisionMs);
  }

  /** @throws LedgerError */
  #known(request: VerifiedRequest): Known {
    const unwritten = this.#unwritten.get(keyOf(request));
    if (unwritten !== undefined) return unwritten;
    const stored = this.#stored(request);
    return stored === undefined ? {} : { identity: stored.identity, stored };
  }

  /** @throws LedgerError */
  #stored({ document }: VerifiedRequest): StoredAnswer | undefined {
    return this.#options.ledger.answer(document.request.source, document.request.id);
  }

  async #decide(request: VerifiedRequest, known: Known, bench: Bench): Promise<Decided> {
    try {
      let { stored } = known;
      if (known.settled !== undefined) {
        await this.#inTime(request, known.settled);
        stored = this.#stored(request);
      }
      const repeated = stored === undefined ? undefined : this.#repeat(request, stored, bench);
      return repeated ?? (await this.#judgeAfterConfirming(request, bench));
    } catch (error) {
      return this.#failed(request, error, bench);
    }
  }

  /** The stored answer, where it still holds. */
  #repeat(request: VerifiedRequest, stored: StoredAnswer, { live }: Bench): Decided | undefined {
    const row = decisionRowSchema.parse(JSON.parse(stored.row));
    const decision = decisionOfRow(row);
    if (row.action !== "APPROVE") return { decision, repeated: true };
    const isFrozen = () => this.#options.freezes.refusalOf(request.document) !== undefined;
    const isTooOld = () => live?.age.refusalAt(request.document.now.ms) !== undefined;
    if (live === undefined || isTooOld() || isFrozen()) return undefined;
    if (!this.#holds(request, row, stored, live) && !this.#isTakenOver(row)) return undefined;
    return { decision, approval: Approval.grant(request, { type: "stored", row }, live), repeated: true };
  }

  #holds(
    { document }: VerifiedRequest,
    row: DecisionRow,
    { body }: StoredAnswer,
    live: LiveRelease,
  ): boolean {
    return (
      !live.index.reads_raw &&
      document.now.ms - row.at < this.#options.reissueMs &&
      this.#isCounted(row) &&
      body.document !== undefined &&
      isSameButForDrift(document, body.document)
    );
  }

  /** @throws LedgerError */
  #isTakenOver(row: DecisionRow): boolean {
    return this.#options.ledger.read((snapshot) => isTakenOver(row, snapshot));
  }

  /**
   * Whether what an approval said is in the ledger's sums. What another one said of the same bytes is not enough:
   * that may be less.
   *
   * @throws LedgerError
   */
  #isCounted({ signing, movements }: DecisionRow): boolean {
    if (signing === undefined || movements === undefined) return false;
    return this.#options.ledger.read((snapshot) => isCounted(snapshot.signed(signing), movements));
  }

  /** What is being confirmed is on the disk first, or refused. */
  #judgeAfterConfirming(request: VerifiedRequest, bench: Bench): Promise<Decided> {
    const names = transactionNamesOf(request.document);
    const judged = () => this.#judgeAndRecord(request, bench, names);
    const confirmed = this.#confirming.of(request.document, names);
    if (confirmed === undefined) return judged();
    const later = () => this.#inTime(request, confirmed).then(judged);
    return bench.live === undefined ? later() : bench.live.during(later);
  }

  async #judgeAndRecord(
    request: VerifiedRequest,
    bench: Bench,
    names: TransactionNames | undefined,
  ): Promise<Decided> {
    const { document, identity } = request;
    const ticket = this.#tickets.take(movementsOf(document, identity), document.now.ms, names);
    try {
      const judged = () => this.#judgeInTurn(request, ticket, bench);
      // Also while it waits between two rounds: its release has to be there for the next.
      const { asked, judgement, sight } = await (bench.live === undefined
        ? judged()
        : bench.live.during(judged));
      const decided = await this.#record(asked, judgement, bench, ticket);
      this.#options.shadow?.decided(sight, asked, decided.decision);
      return decided;
    } finally {
      // Only what has its place in the ledger stays counted, and that is forgotten by `#record`.
      if (ticket.state === "open") {
        ticket.drop();
        this.#tickets.forget(ticket);
      }
    }
  }

  /** Judges against history as it is, with every earlier request that may still be approved counted in. */
  async #judgeInTurn(
    request: VerifiedRequest,
    ticket: Ticket,
    bench: Bench,
  ): Promise<{
    readonly asked: VerifiedRequest;
    readonly judgement: Judgement;
    readonly sight: ShadowSight | undefined;
  }> {
    const { ledger, scope, decisionMs, freezes, shadow } = this.#options;
    const { live, refusedStep } = bench;
    const context: DecideContext = {
      live,
      refusedStep,
      scope,
      decisionMs,
      frozen: (document) => freezes.refusalOf(document),
    };
    for (let round = 1; ; round += 1) {
      if (round === LAST_ROUND) await this.#inTime(request, this.#tickets.turnOf(ticket));
      const { document } = request;
      const queries = bench.live?.factQueries(document.kind) ?? [];
      const { facts, assumed } = ledger.read((snapshot) => {
        ticket.takeOver(takenOver(document, ticket.movements, ticket.names, snapshot));
        return answerFacts(document, queries, ticket, this.#tickets.before(ticket), snapshot);
      });
      const sight = shadow?.see(document, live, ticket, this.#tickets.before(ticket));
      const asked = Object.keys(facts).length === 0 ? request : request.withFacts(facts);
      const judgement = await judgeInTime(asked, context);
      if (judgement.outcome === "failed") return { asked, judgement, sight };
      if (assumed.size > 0) {
        await this.#inTime(request, Promise.all([...assumed].map(({ settled }) => settled)));
      }
      if ([...assumed].every(({ state }) => state === "reserved")) return { asked, judgement, sight };
    }
  }

  /** @throws Refusal `OVERLOADED` where it takes longer than the decision may. */
  async #inTime(request: VerifiedRequest, waited: Promise<unknown>): Promise<void> {
    const { decisionMs } = this.#options;
    await inTime(waited, decisionMs - (performance.now() - request.startedAt), decisionMs);
  }

  /** Takes its place in the ledger, and resolves when it is on the disk. */
  async #record(
    request: VerifiedRequest,
    judgement: Judgement,
    { live }: Bench,
    ticket?: Ticket,
    answers: boolean = judgement.outcome !== "failed",
  ): Promise<Decided> {
    const { ledger } = this.#options;
    const at = entryTime(request.document.now.ms, ledger);
    const decided = decidedOf(request, judgement, live, at);
    const reserving = judgement.approval === undefined ? undefined : ticket;
    const { order, durable } = ledger.append(
      decisionEntry({
        decision: decided.decision,
        request,
        answers,
        movements: reserving?.movements,
        takesOver: reserving?.takesOver.map(({ number }) => number) ?? [],
        names: transactionNamesOf(request.document),
      }),
    );
    if (ticket !== undefined) this.#follow(ticket, reserving === undefined, order, durable);
    if (answers) this.#note(request, durable);
    await this.#inTime(request, durable);
    return decided;
  }

  /** An approval counts from the moment it has its place; where the disk refuses it, it never counted. */
  #follow(ticket: Ticket, isRefused: boolean, order: number, durable: Promise<unknown>): void {
    if (isRefused) {
      ticket.drop();
      this.#tickets.forget(ticket);
      return;
    }
    ticket.reserve(order);
    durable.catch(() => ticket.drop()).finally(() => this.#tickets.forget(ticket));
  }

  /** Until it is on the disk the ledger does not know the answer. */
  #note(request: VerifiedRequest, durable: Promise<unknown>): void {
    const key = keyOf(request);
    const settled = durable.catch(() => {});
    const unwritten = { identity: request.identity, settled };
    this.#unwritten.set(key, unwritten);
    void settled.then(() => {
      if (this.#unwritten.get(key) === unwritten) this.#unwritten.delete(key);
    });
  }

  async #changed(request: VerifiedRequest, bench: Bench): Promise<Decided> {
    const { source, id } = request.document.request;
    const known = `${keyOf(request)}\n${request.identity}`;
    const before = this.#refusedAsChanged.get(known);
    if (before !== undefined) return before;
    const message = `request ${id} of ${source} was asked before with other contents: a node never does that`;
    this.#options.onAlarm("CHANGED_REQUEST", message);
    try {
      const refusal = new Refusal("CHANGED_REQUEST", message, { source, identity: request.identity });
      const decided = await this.#record(request, refused("denied", refusal), bench, undefined, false);
      this.#refusedAsChanged.set(known, { decision: decided.decision, repeated: true });
      const [oldest] = this.#refusedAsChanged.keys();
      if (this.#refusedAsChanged.size > MAX_CHANGED && oldest !== undefined) {
        this.#refusedAsChanged.delete(oldest);
      }
      return decided;
    } catch (error) {
      return this.#failed(request, error, bench);
    }
  }

  /** What could not be decided or written down. It stands in the log alone. */
  #failed(request: VerifiedRequest, error: unknown, { live }: Bench): Decided {
    if (error instanceof LedgerError) {
      // A ledger that can't be used was alarmed once: a trace for each request could fill the very disk that is full.
      const cause = this.#options.ledger.health().ok ? error : undefined;
      return decidedOf(request, refused("failed", new Refusal(error.code, error.message), cause), live);
    }
    if (error instanceof Refusal) return decidedOf(request, refused("failed", error, error.cause), live);
    const internal = new Refusal("INTERNAL", "the decision could not be made");
    return decidedOf(request, refused("failed", internal, error), live);
  }
}

function keyOf({ document: { request } }: VerifiedRequest): string {
  return `${request.source}\n${request.id}`;
}

/** Whether two requests for one signature look the same to the rules, but for drift. */
function isSameStory(request: VerifiedRequest, other: VerifiedRequest, { live }: Bench): boolean {
  const sameRaw = live?.index.reads_raw !== true || request.input.raw === other.input.raw;
  return sameRaw && isSameButForDrift(request.document, other.text);
}

/** @throws Refusal `OVERLOADED` where it takes longer than what is left of the limit, in milliseconds. */
export async function inTime(waited: Promise<unknown>, leftMs: number, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Refusal("OVERLOADED", `no decision within ${limitMs} ms`)),
      Math.max(0, leftMs),
    );
  });
  try {
    await Promise.race([waited, late]);
  } finally {
    clearTimeout(timer);
  }
}
