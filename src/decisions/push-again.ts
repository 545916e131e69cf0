/**
 * A push judged once more: by a release that is live at last, or with what Cobo said when it was asked. The document is
 * the stored one, its prices, lists and facts are those of now, and what the rules find then is an entry of its own. The
 * push stays as it is; so do the flags that it raised, but for the one that says that it waits.
 */

import { nowMembers } from "../input/clock.ts";
import { type Deposit, type Document, documentSchema, type Enriched } from "../input/document.ts";
import { extended } from "../input/extended.ts";
import { type FlagCode, Refusal } from "../input/refusal.ts";
import {
  type EntryBody,
  type Ledger,
  LedgerError,
  type NewFlag,
  type StoredEntry,
} from "../ledger/ledger.ts";
import { type PushOutcome, type PushRow, parseRow } from "../ledger/rows.ts";
import { decodeSignedMessage } from "../ledger/signed-message.ts";
import { knowledgeOf } from "../policy/assets.ts";
import { decisionNow, entryTime } from "./decision-clock.ts";
import { judgementId } from "./decision-id.ts";
import { type Bench, inTime } from "./desk.ts";
import { type Findings, judgementEntry } from "./push-entry.ts";
import { openFlagsOf, undecidedFlags } from "./push-findings.ts";
import { aboutOf, alarmCritical, type HostFinding, hostFlag, raisedOf, ruleFlags } from "./push-flags.ts";
import { knownOf, movesOf } from "./push-history.ts";
import { judgePush } from "./push-judge.ts";
import type { PushTurns } from "./push-turns.ts";
import { reconcile } from "./reconcile.ts";
import { VerifiedRequest } from "./request.ts";
import { Ticket, type Tickets } from "./tickets.ts";

/**
 * @property turns - those of the push desk.
 * @property enrich - prices and list hits of now.
 * @property onFlag, onAlarm - as those of the push desk.
 */
export interface PushAgainOptions {
  readonly ledger: Ledger;
  readonly tickets: Tickets;
  readonly turns: PushTurns;
  readonly decisionMs: number;
  /** The machine's clock, milliseconds since the epoch. */
  readonly clock: () => number;
  readonly enrich: (document: Document) => Enriched;
  readonly onAlarm: (code: string, message: string) => void;
  readonly onFlag: (flag: NewFlag, entry: string) => void;
}

/**
 * @property why - `release` or `query`.
 * @property changes - what is known of the deposit besides what was pushed.
 * @property findings - what the host found besides what the rules find.
 * @property settles - open flags of this code, of the same transaction, are about nothing any more.
 */
export interface Again {
  readonly why: "release" | "query";
  readonly changes?: Partial<Deposit>;
  readonly findings?: readonly HostFinding[];
  readonly settles?: FlagCode;
}

/** @property id - of the judgement. */
export interface JudgedAgain {
  readonly id: string;
  readonly outcome: PushOutcome;
  readonly flags: readonly NewFlag[];
}

export class PushAgain {
  readonly #options: PushAgainOptions;

  constructor(options: PushAgainOptions) {
    this.#options = options;
  }

  /**
   * Judges a stored push again; what is found is on the disk when this resolves.
   *
   * @param id - of the push.
   * @throws LedgerError where it can't be read or written.
   * @throws Refusal where the rules can't be asked either, nothing is written then: try again later; `INTERNAL` where
   *   there is no such push, or nobody could read it, or its document is pruned: trying again is no use.
   */
  async judge(id: string, bench: Bench, again: Again): Promise<JudgedAgain> {
    const { ledger, turns, decisionMs } = this.#options;
    const seq = ledger.seqOf(id);
    const entry = seq === undefined ? undefined : ledger.entry(seq);
    const row = entry && pushRowOf(entry);
    const document = entry && documentOf(entry.body);
    if (entry === undefined || row === undefined || document === undefined) {
      throw new Refusal("INTERNAL", `${id} is no push whose document is kept`);
    }
    const startedAt = performance.now();
    return await turns.run(
      row.transaction?.names ?? [row.message_sha256],
      (before) => inTime(before, decisionMs, decisionMs),
      (held) => this.#judge({ row, document, body: entry.body, startedAt }, bench, again, held),
    );
  }

  async #judge(
    { row, document: stored, body, startedAt }: Stored,
    bench: Bench,
    { why, changes, findings: found = [], settles }: Again,
    held: (until: Promise<unknown>) => void,
  ): Promise<JudgedAgain> {
    const { ledger, tickets, decisionMs, clock } = this.#options;
    const now = decisionNow(clock(), ledger.newestAt());
    const enriched = this.#renewed(stored, now, changes);
    const { document } = enriched;
    const { live } = bench;
    const asked = new VerifiedRequest({
      input: { ...enriched, raw: rawOf(body) },
      identity: row.message_sha256,
      participants: [],
      startedAt,
      normalizeMs: 0,
    });
    const assets = knowledgeOf(live?.hostData);
    const own = ledger.read((snapshot) => {
      const { transaction: names, message_sha256: identity } = row;
      const known = knownOf(names, snapshot);
      const { approved } = reconcile({ document, hash: undefined, assets, ...known }, snapshot);
      return movesOf(document, names, identity, known, known.story, approved).own;
    });
    const { request, judgement } = await judgePush(asked, new Ticket(own, now, row.transaction), bench, {
      ledger,
      tickets,
      limitMs: decisionMs,
    });
    if (judgement.outcome === "pending") throw stillWaiting(row.id, judgement.reasons[0], judgement.cause);
    const about = aboutOf(request.document, live);
    const all = [
      ...found.map((finding) => hostFlag(finding, about)),
      ...(judgement.outcome === "flagged" ? ruleFlags(document, about, judgement.reasons, live) : []),
    ];
    const { flags, resolves } = ledger.read((snapshot) => {
      const { transactions } = knownOf(row.transaction, snapshot);
      const settled = settles === undefined ? [] : openFlagsOf(settles, transactions, snapshot);
      return {
        flags: raisedOf(all, row.transaction, snapshot),
        resolves: [...undecidedFlags(row.id, transactions, snapshot), ...settled],
      };
    });
    const findings: Findings = {
      outcome: found.length > 0 ? "flagged" : judgement.outcome,
      reasons: judgement.reasons,
      alerts: judgement.alerts,
      flags,
      resolves,
      request,
      release: live?.identity,
    };
    return await this.#append(row, why, findings, now, held);
  }

  #renewed({ facts: _facts, lists: _lists, ...document }: Document, now: number, changes: Again["changes"]) {
    const deposit = extended(document.deposit ?? {}, changes ?? {});
    const renewed = extended(document, { now: nowMembers(now, document.now.zone), deposit });
    return this.#options.enrich(renewed);
  }

  async #append(
    { id: push, transaction: names }: PushRow,
    why: Again["why"],
    findings: Findings,
    now: number,
    held: (until: Promise<unknown>) => void,
  ): Promise<JudgedAgain> {
    const { ledger, decisionMs, onAlarm, onFlag } = this.#options;
    const { outcome, flags } = findings;
    const id = judgementId();
    const at = entryTime(now, ledger);
    const { durable } = ledger.append(judgementEntry({ id, at, push, why, names, findings }));
    held(durable.catch(() => {}));
    alarmCritical(flags, onAlarm);
    await inTime(durable, decisionMs, decisionMs);
    for (const flag of flags) onFlag(flag, id);
    return { id, outcome, flags };
  }
}

interface Stored {
  readonly row: PushRow;
  readonly document: Document;
  readonly body: EntryBody;
  readonly startedAt: number;
}

function pushRowOf({ row }: StoredEntry): PushRow | undefined {
  const parsed = parseRow(row);
  return parsed.type === "push" ? parsed : undefined;
}

/** @throws LedgerError where it is not what was stored. */
function documentOf({ document }: EntryBody): Document | undefined {
  if (document === undefined) return undefined;
  const parsed = documentSchema.safeParse(JSON.parse(document));
  if (parsed.success) return parsed.data;
  throw new LedgerError("LEDGER_CORRUPT", "a stored document is not readable", parsed.error);
}

/** The message's own text, for rules that read it. */
function rawOf({ token }: EntryBody): string {
  const message = token === undefined ? undefined : decodeSignedMessage(token);
  return message === undefined ? "{}" : Buffer.from(message.body).toString("utf8");
}

function stillWaiting(push: string, reason: { code: string; message: string } | undefined, cause: unknown) {
  const why = `${reason?.code ?? ""} ${reason?.message ?? ""}`.trim();
  return new Refusal("POLICY_ERROR", `${push} could not be judged: ${why}`, { code: reason?.code }, cause);
}
