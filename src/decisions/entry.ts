/**
 * What the ledger keeps of a decision, and how it is read again. The row is canonical JSON: whoever checks the
 * chain hashes it as it stands, so nothing in it may have two spellings. Timings are whole microseconds there.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../input/canonical-json.ts";
import type { Refusal } from "../input/refusal.ts";
import type { NewEntry, NewMovements, TransactionNames } from "../ledger/ledger.ts";
import { decisionRowSchema as storedDecision } from "../ledger/rows.ts";
import type { Reason } from "../policy/verdict.ts";
import type { Decision, Timings } from "./decision.ts";
import { governedBy } from "./governed.ts";
import type { VerifiedRequest } from "./request.ts";

/** A token larger than this is kept by its digest alone where the request around it was unusable. */
const MAX_UNUSABLE_TOKEN = 64 * 1024;

/**
 * @property answers - whether this is from now on the answer to its request.
 * @property movements - what the approval reserves; absent where it is none.
 * @property takesOver - numbers of the movements that are released by it: see `takeover.ts`.
 * @property names - of its transaction.
 */
export interface DecisionRecord {
  readonly decision: Decision;
  readonly request: VerifiedRequest;
  readonly answers: boolean;
  readonly movements: NewMovements | undefined;
  readonly takesOver: readonly number[];
  readonly names: TransactionNames | undefined;
}

export function decisionEntry(record: DecisionRecord): NewEntry {
  const { decision, request, answers, movements, takesOver, names } = record;
  const { at } = decision;
  const { identity, token, document } = request;
  const governs = governedBy(document, decision);
  const row = canonicalJson({
    type: "decision",
    ...decision,
    timings: microseconds(decision.timings),
    identity,
    answers,
    wallet: document.wallet?.id,
    token_sha256: token === undefined ? undefined : hash("sha256", token, "hex"),
    transaction: names,
    signing: movements?.signing,
    slot: movements?.slot,
    movements: movements?.rows,
    takes_over: takesOver.length === 0 ? undefined : takesOver,
    sources: governs?.addresses,
  });
  return {
    type: "decision",
    id: decision.id,
    at,
    row,
    decision: {
      source: decision.source,
      requestId: decision.request_id,
      identity,
      isAnswer: answers,
      outcome: decision.outcome,
      ...(document.wallet === undefined ? {} : { wallet: document.wallet.id }),
      rules: [
        ...new Set(
          [...decision.reasons, ...decision.alerts].flatMap(({ rule, code }) =>
            rule === undefined ? [code] : [rule, code],
          ),
        ),
      ],
      ...(names === undefined ? {} : { transaction: names }),
    },
    body: { document: request.text, ...(token === undefined ? {} : { token }) },
    ...(movements === undefined ? {} : { movements }),
    ...(takesOver.length === 0 ? {} : { transition: { movements: takesOver, state: "released" } }),
    ...(governs === undefined ? {} : { governs }),
  };
}

/**
 * An answer to a good token around a request that can't be used.
 *
 * @param at - milliseconds: when it takes its place in the ledger, not before the newest entry.
 */
export function refusalEntry(
  id: string,
  refusal: Refusal,
  asked: { readonly source: string; readonly requestId: string; readonly token: string },
  at: number,
): NewEntry {
  const row = canonicalJson({
    type: "refusal",
    id,
    at,
    source: asked.source,
    request_id: asked.requestId,
    code: refusal.code,
    message: refusal.message,
    token_sha256: hash("sha256", asked.token, "hex"),
  });
  const keeps = asked.token.length <= MAX_UNUSABLE_TOKEN;
  return { type: "refusal", id, at, row, ...(keeps ? { body: { token: asked.token } } : {}) };
}

function microseconds({ normalize, evaluate, explain, total }: Timings): Timings {
  return {
    normalize: Math.round(normalize * 1000),
    evaluate: Math.round(evaluate * 1000),
    explain: Math.round(explain * 1000),
    total: Math.round(total * 1000),
  };
}

/** A decision as its row has it. */
export const decisionRowSchema = storedDecision.extend({
  timings: z.object({ normalize: z.int(), evaluate: z.int(), explain: z.int(), total: z.int() }),
});
export type DecisionRow = z.infer<typeof decisionRowSchema>;
type StoredReason = DecisionRow["reasons"][number];

/** The decision that a row tells of. */
export function decisionOfRow(row: DecisionRow): Decision {
  const { action, release, lists } = row;
  const { normalize, evaluate, explain, total } = row.timings;
  return {
    id: row.id,
    at: row.at,
    channel: row.channel,
    kind: row.kind,
    source: row.source,
    request_id: row.request_id,
    outcome: row.outcome,
    ...(action === undefined ? {} : { action }),
    reasons: row.reasons.map(reasonOfRow),
    alerts: row.alerts.map(reasonOfRow),
    ...(release === undefined ? {} : { release }),
    input_sha256: row.input_sha256,
    facts: row.facts,
    ...(lists === undefined ? {} : { lists }),
    timings: {
      normalize: normalize / 1000,
      evaluate: evaluate / 1000,
      explain: explain / 1000,
      total: total / 1000,
    },
  };
}

function reasonOfRow({ rule, code, message, severity, consequence, values, absent }: StoredReason): Reason {
  return {
    ...(rule === undefined ? {} : { rule }),
    code,
    message,
    severity,
    consequence,
    ...(values === undefined ? {} : { values }),
    ...(absent === undefined ? {} : { absent }),
  };
}
