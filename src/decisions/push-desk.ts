/**
 * From a push message whose sender is proven to an entry that is on the disk: nothing is answered before.
 *
 * The messages of one transaction are taken one after the other; those of different ones side by side. A message
 *
 * - that the ledger has, byte for byte, is **repeated**: it changes nothing, and is answered as before;
 * - that nobody can read is kept as it is, and flagged;
 * - that is late (`push-story.ts`) is kept, and moves nothing. It is not judged, since the newer one was, but where it
 *   names somebody whom that one did not;
 * - else is judged by the rules with the facts of this moment. Where they can't be asked it is `pending`, flagged
 *   `UNDECIDED`, and judged again later: `push-backlog.ts`. What the host itself finds is flagged all the same.
 *
 * A deposit is in the ledger once, as movements of its first message; each further message moves these on. A
 * withdrawal's messages move on what was approved, and add nothing.
 *
 * A deposit takes a ticket, as a request does: who comes after it counts it, be it a request or another deposit. It
 * waits for none itself: whatever an earlier request is answered, the deposit has happened.
 */
import { z } from "zod";
import { extended } from "../input/extended.ts";
import type { Ledger, NewFlag, Snapshot } from "../ledger/ledger.ts";
import { PUSH_OUTCOMES, type PushOutcome } from "../ledger/rows.ts";
import { type Assets, knowledgeOf } from "../policy/assets.ts";
import { entryTime } from "./decision-clock.ts";
import { pushId } from "./decision-id.ts";
import { type Bench, inTime } from "./desk.ts";
import type { Freezes } from "./freeze.ts";
import type { Operations } from "./operations.ts";
import { type Findings, type PushRecord, pushEntry } from "./push-entry.ts";
import { explainedFlags, illegal, undecided, unreadable } from "./push-findings.ts";
import { aboutOf, alarmCritical, hostFlag, raisedOf, ruleFlags } from "./push-flags.ts";
import { type Known, knownOf, type Moves, movesOf } from "./push-history.ts";
import { type JudgedPush, judgePush, type PushJudgement } from "./push-judge.ts";
import type { Push, ReadPush, UnreadPush } from "./push-message.ts";
import { type Story, statementOf, type Told, tell } from "./push-story.ts";
import { PushTurns } from "./push-turns.ts";
import { type Reconciled, reconcile } from "./reconcile.ts";
import { VerifiedRequest } from "./request.ts";
import type { Shadow } from "./shadow.ts";
import { Ticket, type Tickets } from "./tickets.ts";

/**
 * @property onUnapproved - what a withdrawal that nobody approved does besides its flag and its alarm.
 * @property decisionMs - how long a push may take.
 * @property onFlag - a flag was raised, by the entry of this id, and is on the disk.
 * @property onTaken - a push is on the disk. `cause` is what went wrong inside where it is `pending`, for the log alone.
 */
export interface PushDeskOptions {
  readonly ledger: Ledger;
  readonly tickets: Tickets;
  readonly freezes: Freezes;
  readonly operations: Operations;
  readonly onUnapproved: "flag" | "freeze";
  readonly decisionMs: number;
  readonly onAlarm: (code: string, message: string) => void;
  readonly onFlag: (flag: NewFlag, entry: string) => void;
  readonly onTaken: (taken: Taken, push: Push, cause?: unknown) => void;
  /** Is shown what is judged; absent: nobody is. */
  readonly shadow?: Pick<Shadow, "see" | "taken">;
}

/**
 * @property flags - those that were raised now. @property repeated - the ledger had it already.
 * @property late - an earlier message tells of a later time.
 */
export interface Taken {
  readonly id: string;
  readonly outcome: PushOutcome;
  readonly flags: readonly NewFlag[];
  readonly repeated: boolean;
  readonly late: boolean;
}

/** What the ledger and the message together say, before any rule is asked. */
interface Met {
  readonly known: Known;
  readonly told: Told | undefined;
  readonly reconciled: Reconciled;
  readonly moves: Moves;
}

type Held = (until: Promise<unknown>) => void;

/** Half of the time is for the rules: what they have not said by then is `pending`, and has to be written down. */
const JUDGING_SHARE = 0.5;

const NOT_JUDGED: PushJudgement = { outcome: "clear", reasons: [], alerts: [] };
const NOT_RECONCILED: Reconciled = { approved: [] };

const storedSchema = z.object({ id: z.string(), outcome: z.enum(PUSH_OUTCOMES), late: z.boolean() });

export class PushDesk {
  /** For who judges one again: its transaction must not be told more meanwhile. */
  readonly turns = new PushTurns();
  readonly #options: PushDeskOptions;

  constructor(options: PushDeskOptions) {
    this.#options = options;
  }

  /**
   * Takes a message; it is on the disk, and what has to be frozen is frozen, when this resolves.
   *
   * @throws LedgerError where it can't be kept; Refusal `OVERLOADED` where that takes too long: it may be kept all the
   *   same, and is `repeated` when it is sent again.
   */
  async take(push: Push, bench: Bench): Promise<Taken> {
    const keys = [push.identity, ...(push.names?.names ?? [])];
    return await this.turns.run(
      keys,
      (before) => this.#inTime(push, before),
      async (held) => {
        const stored = this.#options.ledger.read((snapshot) => snapshot.push(push.identity));
        if (stored !== undefined) {
          const { id, outcome, late } = storedSchema.parse(JSON.parse(stored.row));
          return this.#taken({ id, outcome, flags: [], repeated: true, late }, push);
        }
        return push.readable ? await this.#takeRead(push, bench, held) : await this.#takeUnread(push, held);
      },
    );
  }

  async #takeRead(push: ReadPush, bench: Bench, held: Held): Promise<Taken> {
    const { ledger, tickets } = this.#options;
    const id = pushId();
    const assets = knowledgeOf(bench.live?.hostData);
    const met = ledger.read((snapshot) => meet(push, id, assets, snapshot));
    const ticket = this.#ticketOf(push, met);
    try {
      const judged = await this.#judge(push, met, ticket, bench);
      const { order, durable, taken, frozen } = this.#record(push, id, met, judged, bench);
      ticket.reserve(order);
      held(durable.catch(() => ticket.drop()).finally(() => tickets.forget(ticket)));
      await this.#inTime(push, Promise.all([durable, frozen]));
      const { request, judgement, sight } = judged;
      this.#options.shadow?.taken(sight, request, judgement, id, request.document.now.ms);
      return this.#taken(taken, push, judgement.cause);
    } finally {
      if (ticket.state === "open") {
        ticket.drop();
        tickets.forget(ticket);
      }
    }
  }

  /** Only what is new to the ledger is counted by others before it is there. */
  #ticketOf({ input, names }: ReadPush, { moves }: Met): Ticket {
    const { ms } = input.document.now;
    if (moves.adds === undefined || moves.adds.state === "released") return new Ticket(moves.own, ms, names);
    return this.#options.tickets.take(moves.own, ms, names);
  }

  async #judge(push: ReadPush, { told }: Met, ticket: Ticket, bench: Bench): Promise<JudgedPush> {
    const { input, identity, envelope, startedAt } = push;
    const { deposit } = input.document;
    const previously = told?.previously;
    const document =
      previously === undefined
        ? input.document
        : extended(input.document, { deposit: extended(deposit ?? {}, { previously }) });
    const request = new VerifiedRequest({
      input: { document, raw: input.raw },
      identity,
      token: envelope,
      participants: [],
      startedAt,
      normalizeMs: performance.now() - startedAt,
    });
    if (told?.late === true && !told.informs) return { request, judgement: NOT_JUDGED };
    const { ledger, tickets, decisionMs, shadow } = this.#options;
    return await judgePush(request, ticket, bench, {
      ledger,
      tickets,
      limitMs: decisionMs * JUDGING_SHARE,
      shadow,
    });
  }

  /** @throws LedgerError where what is flagged already can't be read. */
  #record(push: ReadPush, id: string, met: Met, { request, judgement }: JudgedPush, { live }: Bench) {
    const { ledger } = this.#options;
    const { document } = request;
    const { told, reconciled, moves, known } = met;
    const about = aboutOf(document, live);
    const found = [
      ...(told?.problems ?? []).map(illegal),
      ...(reconciled.finding === undefined ? [] : [reconciled.finding]),
    ];
    const waiting = judgement.outcome === "pending" ? [undecided(judgement, id)] : [];
    const all = [
      ...[...found, ...waiting].map((finding) => hostFlag(finding, about)),
      ...(judgement.outcome === "flagged" ? ruleFlags(document, about, judgement.reasons, live) : []),
    ];
    const { flags, resolves } = ledger.read((snapshot) => ({
      flags: raisedOf(all, push.names, snapshot),
      resolves: explainedFlags(told?.explained ?? [], known.transactions, snapshot),
    }));
    const isUnapproved = flags.some(({ code }) => code === "UNAPPROVED_WITHDRAWAL");
    const frozen = isUnapproved ? this.#freeze(reconciled) : undefined;
    const isClean = found.length === 0 || judgement.outcome === "pending";
    const outcome = isClean ? judgement.outcome : "flagged";
    const { reasons, alerts } = judgement;
    const findings: Findings = {
      outcome,
      reasons,
      alerts,
      flags,
      resolves,
      request,
      release: told?.late === true && !told.informs ? undefined : live?.identity,
    };
    const { kind, deposit } = document;
    const story = told?.story ?? known.story;
    const late = told?.late ?? false;
    const record = { id, push, kind, status: deposit?.status, late, story, moves, findings };
    return { frozen, ...this.#append(record, document.now.ms) };
  }

  async #takeUnread(push: UnreadPush, held: Held): Promise<Taken> {
    const { ledger } = this.#options;
    const id = pushId();
    const { names, marks } = push;
    const { story, flags } = ledger.read((snapshot) => ({
      story: knownOf(names, snapshot).story,
      flags: raisedOf([hostFlag(unreadable(push, snapshot), { marks })], names, snapshot),
    }));
    const findings: Findings = { outcome: "flagged", reasons: [], alerts: [], flags, resolves: [] };
    const { durable, taken } = this.#append({ id, push, late: false, story, findings }, push.now.ms);
    held(durable.catch(() => {}));
    await this.#inTime(push, durable);
    return this.#taken(taken, push);
  }

  /** @param now - milliseconds, the message's own clock. */
  #append(record: Omit<PushRecord, "at">, now: number) {
    const { ledger } = this.#options;
    const { id, late, findings } = record;
    const { outcome, flags } = findings;
    const { order, durable } = ledger.append(pushEntry({ at: entryTime(now, ledger), ...record }));
    alarmCritical(flags, this.#options.onAlarm);
    return { order, durable, taken: { id, outcome, flags, repeated: false, late } };
  }

  /** In force at once; see `Operations.freeze`. One that was not answered in time is sent again: once is enough. */
  #freeze({ finding }: Reconciled): Promise<unknown> | undefined {
    const { onUnapproved, freezes, operations } = this.#options;
    if (finding === undefined || onUnapproved === "flag") return undefined;
    const act = { by: "countersign", reason: `${finding.code}: ${finding.message}` };
    const isFrozen = freezes.list().some(({ by, reason }) => by === act.by && reason === act.reason);
    return isFrozen ? undefined : operations.freeze(finding.scope, act);
  }

  #taken(taken: Taken, push: Push, cause?: unknown): Taken {
    for (const flag of taken.flags) this.#options.onFlag(flag, taken.id);
    this.#options.onTaken(taken, push, cause);
    return taken;
  }

  async #inTime({ startedAt }: Push, waited: Promise<unknown>): Promise<void> {
    const { decisionMs } = this.#options;
    await inTime(waited, decisionMs - (performance.now() - startedAt), decisionMs);
  }
}

/** @throws LedgerError */
function meet({ input, names, identity }: ReadPush, id: string, assets: Assets, snapshot: Snapshot): Met {
  const { document } = input;
  const known = knownOf(names, snapshot);
  const statement = statementOf(document);
  const told = statement && tell(known.story, statement, id);
  const story: Story | undefined = told?.story ?? known.story;
  // A late message is held against it too: the order of arrival must not decide whether somebody is alarmed.
  const reconciled =
    document.kind === "withdrawal"
      ? reconcile({ document, hash: story?.claims.hash, assets, ...known }, snapshot)
      : NOT_RECONCILED;
  const moves = movesOf(document, names, identity, known, story, reconciled.approved);
  return { known, told, reconciled, moves };
}
