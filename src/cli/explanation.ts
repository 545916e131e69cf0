/** A decision in words, for somebody who was woken up for it: the answer first, then why, then what to do. */
import { z } from "zod";
import type { FullDecision, FullEntry, MovementItem } from "../ledger/query-types.ts";
import type { DecisionRow } from "../ledger/rows.ts";
import { evidenceLines } from "./explanation-evidence.ts";
import { amountSchema, amountText, listLines, plain, reasonLines } from "./explanation-lines.ts";

const documentSchema = z.looseObject({
  organization: z.looseObject({ id: z.string(), name: z.string().optional() }).optional(),
  wallet: z.looseObject({ id: z.string(), name: z.string().optional() }).optional(),
  initiator: z.looseObject({ id: z.string().optional(), type: z.string().optional() }).optional(),
  evidence: z.unknown().optional(),
  transaction: z
    .looseObject({
      id: z.string().optional(),
      cobo_id: z.string().optional(),
      business_id: z.string().optional(),
      type: z.string().optional(),
      chain: z.string().optional(),
      destinations: z
        .array(z.looseObject({ address: z.string().optional(), amount: amountSchema.optional() }))
        .optional(),
    })
    .optional(),
});

/** Lines for people. No character of a request or a rule may steer a terminal. */
export function explanation(found: FullDecision): string {
  const { decision } = found;
  const lines = [
    `${decision.outcome.toUpperCase()}  ${decision.kind.replaceAll("_", " ")}  ${decision.id}`,
    "",
    ...askedLines(found),
    "",
    ...whyLines(decision),
    ...movementLines(found),
    "",
    ...nextSteps(found).map((step, at) => `${at === 0 ? "next      " : "          "}${step}`),
  ];
  return plain(lines);
}

/** Any other entry: a request that could not be read, a freeze, an operator's act. */
export function entryWords({ seq, hash, entry, request }: FullEntry): string {
  const { type, id, at, ...members } = entry;
  const lines = [
    `${type.toUpperCase()}  ${id}`,
    "",
    `at        ${new Date(at).toISOString()}, entry ${seq}, ${hash}`,
    ...Object.entries(members).map(
      ([name, value]) => `${name.padEnd(9)} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    ),
    ...(request === undefined ? [] : ["", `request   ${request}`]),
    ...(type === "refusal"
      ? [
          "",
          "next      nothing was decided, and nothing approved: docs/reasons.md says what this code means; who is mended asks anew",
        ]
      : []),
  ];
  return plain(lines);
}

function askedLines({ decision, document, seq, hash }: FullDecision): string[] {
  const { release } = decision;
  const known = documentSchema.safeParse(document).data;
  const named = (thing: { readonly id: string; readonly name?: string | undefined }) =>
    thing.name === undefined ? thing.id : `${thing.name} (${thing.id})`;
  const { organization, wallet, initiator, transaction } = known ?? {};
  const { destinations = [] } = transaction ?? {};
  return [
    `asked     ${new Date(decision.at).toISOString()} by ${decision.source}, request ${decision.request_id}`,
    ...(document === undefined ? ["          what was asked is pruned: only its digest is left"] : []),
    ...(organization === undefined ? [] : [`          organization ${named(organization)}`]),
    ...(wallet === undefined ? [] : [`          wallet ${named(wallet)}`]),
    ...(initiator === undefined ? [] : [`          initiator ${initiator.type ?? ""} ${initiator.id ?? ""}`]),
    ...(transaction === undefined
      ? []
      : [
          `          transaction ${transaction.id ?? transaction.cobo_id ?? transaction.business_id ?? "without an id"}, ${transaction.type ?? ""} on ${transaction.chain ?? ""}`,
        ]),
    ...destinations.map(
      ({ address, amount }) => `          to ${address ?? "an unknown address"}: ${amountText(amount)}`,
    ),
    ...(known === undefined ? [] : evidenceLines(known.evidence)),
    `answered  ${answerOf(decision)}, in ${((decision.timings["total"] ?? 0) / 1_000).toFixed(1)} ms${decision.answers ? "" : "; not kept as the request's answer"}`,
    release === undefined
      ? "release   none was live"
      : `release   ${release.revision}, sequence ${release.sequence}, ${release.sha256}`,
    ...listLines(decision.lists),
    `ledger    entry ${seq}, ${hash}`,
  ];
}

function whyLines(decision: DecisionRow): string[] {
  const { reasons, alerts, facts } = decision;
  return [
    ...(reasons.length === 0 ? ["why       every requirement was met, and a rule approved"] : []),
    ...reasons.flatMap((reason) => reasonLines("refused", reason)),
    ...alerts.flatMap((alert) => reasonLines("noted", alert)),
    ...Object.entries(facts).map(([rule, answers]) => `history   ${rule}: ${JSON.stringify(answers)}`),
  ];
}

function movementLines({ movements, acts }: FullDecision): string[] {
  return [
    ...movements.map(
      (movement) =>
        `moves     ${movementText(movement)}: ${movement.state} (movement ${movement.number}, entry ${movement.entry})`,
    ),
    ...acts.map(
      ({ act, by, reason, at }) => `act       ${act} by ${by} at ${new Date(at).toISOString()}: ${reason}`,
    ),
  ];
}

function movementText({ direction, units, token, destination, usd_micros }: MovementItem): string {
  const dollars = usd_micros === undefined ? "no price" : `${(Number(usd_micros) / 1e6).toFixed(2)} USD`;
  return `${direction} ${units ?? "unknown"} units of ${token ?? "?"} to ${destination ?? "?"}, ${dollars}`;
}

/** Codes of the host that a person can do something about. */
const STEPS: Readonly<Record<string, string>> = {
  FROZEN:
    "a freeze is in force, countersign status shows it: once its cause is gone, countersign unfreeze ID --reason WHY, or remove the file FREEZE",
  CHANGED_REQUEST:
    "the node asked for something else under the same id: find out why before anything is retried",
  EVIDENCE_MISMATCH:
    "the request says one thing and its bytes do another: sign nothing of it, find out who made it, freeze the wallet meanwhile",
  OUT_OF_SCOPE: "organization, vault or wallet is not in the config's scope",
  NOT_A_PARTICIPANT: "the node asked for a task that it has no part in: look at its config and ours",
  NO_RULE_APPROVES: "nothing forbids it, but no rule approves this kind of request: the policy needs one",
  POLICY_ABSENT: "no release is live: countersign status tells at which step the newest was refused",
  POLICY_ERROR: "the policy failed: the log has the rule; mend it and build a release",
  POLICY_TIMEOUT: "a rule ran too long: the log has the release; mend it",
  OVERLOADED: "the server was too slow: look at the metrics, then retry the transaction",
  CLOCK_BEHIND: "this machine's clock ran behind the ledger: mend the clock, then retry",
  LEDGER_BEHIND: "the ledger ends before its anchor: see docs/ledger.md before anything is unfrozen",
  LEDGER_FULL: "the disk is full: make room, then retry",
  LEDGER_UNAVAILABLE: "the ledger could not be written: look at the disk and the log, then retry",
  LEDGER_CORRUPT: "the ledger's file is damaged: run countersign ledger verify",
};

function nextSteps({ decision, movements }: FullDecision): string[] {
  const { outcome, reasons, id } = decision;
  if (outcome === "approved") {
    const held = movements.some(({ state }) => state === "reserved");
    return held
      ? ["nothing; if it never reached the chain, countersign release TRANSACTION gives its limits back"]
      : ["nothing"];
  }
  const steps = new Set(reasons.flatMap(({ code }) => STEPS[code] ?? []));
  if (reasons.some(({ absent }) => absent !== undefined)) {
    steps.add("a rule could not see what it needs: that refuses, whatever the amount");
  }
  if (outcome === "held") steps.add("a person decides; a new request is judged anew");
  if (steps.size === 0 && outcome === "denied") {
    steps.add("if this should pass, change the policy's data, and see first what else would pass:");
    steps.add("countersign replay --release NEXT");
  }
  if (outcome === "failed") steps.add("a failure of ours: the same request may be sent again");
  return steps.size === 0 ? [`countersign explain ${id} --json has all of it`] : [...steps];
}

/** In the words of whoever asked: a node, or Cobo. */
function answerOf({ action, channel }: FullDecision["decision"]): string {
  if (channel !== "confirm.waas1" || action === undefined) return action ?? "no action";
  return action === "APPROVE" ? "ok" : "deny";
}
