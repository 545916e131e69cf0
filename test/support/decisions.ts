/** For the tests: decisions as the desk writes them, without a release that makes them. */
import { hash } from "node:crypto";
import { decisionId } from "../../src/decisions/decision-id.ts";
import { decisionEntry } from "../../src/decisions/entry.ts";
import { movementsOf, transactionNamesOf } from "../../src/decisions/movements.ts";
import { VerifiedRequest } from "../../src/decisions/request.ts";
import { nowMembers } from "../../src/input/clock.ts";
import type { Document } from "../../src/input/document.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Outcome } from "../../src/policy/verdict.ts";

interface DecisionParts {
  readonly at?: number;
  readonly requestId?: string;
  readonly wallet?: string;
  readonly organization?: string;
  readonly outcome?: Outcome;
  /** Rule and code of the one reason; none where it is approved. */
  readonly reason?: readonly [rule: string, code: string];
  readonly transaction?: Partial<NonNullable<Document["transaction"]>>;
}

let made = 0;

/** Durable when it resolves with the decision's id. An approval reserves one ETH. */
export async function decided(ledger: Ledger, parts: DecisionParts = {}): Promise<string> {
  made += 1;
  const at = parts.at ?? Math.max(Date.now(), ledger.newestAt());
  const { outcome = "approved", reason = ["limits/daily", "DAILY_LIMIT"] } = parts;
  const id = decisionId();
  const identity = hash("sha256", String(made), "hex");
  const document: Document = {
    ...{ version: 1, kind: "transaction_signing", group: "transfer", channel: "tss.v2" },
    request: { id: parts.requestId ?? `request-${made}`, source: "node-1", received_at: at },
    now: nowMembers(at, "UTC"),
    organization: { id: parts.organization ?? "org" },
    wallet: { id: parts.wallet ?? "wallet-1" },
    transaction: {
      id: `t-${made}`,
      chain: "ETH",
      token: "ETH",
      destinations: [{ address: "0xto", amount: { token: "ETH", units: "1", usd_micros: "3000" } }],
      ...parts.transaction,
    },
  };
  const request = new VerifiedRequest({
    ...{ input: { document, raw: "{}" }, identity, token: `token-${made}`, participants: [] },
    ...{ startedAt: 0, normalizeMs: 0 },
  });
  const isApproved = outcome === "approved";
  const [rule, code] = reason;
  const { durable } = ledger.append(
    decisionEntry({
      decision: {
        ...{ id, at, channel: document.channel, kind: document.kind, source: "node-1" },
        request_id: document.request.id,
        outcome,
        action: isApproved ? "APPROVE" : "REJECT",
        reasons: isApproved
          ? []
          : [{ rule, code, message: "too much", severity: "high", consequence: "deny" }],
        ...{ alerts: [], input_sha256: request.inputDigest(), facts: {} },
        timings: { normalize: 0, evaluate: 0, explain: 0, total: 0 },
      },
      request,
      answers: true,
      movements: isApproved ? movementsOf(document, identity) : undefined,
      takesOver: [],
      names: transactionNamesOf(document),
    }),
  );
  await durable;
  return id;
}
