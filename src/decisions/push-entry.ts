/** What the ledger keeps of a push, and of one that was judged again. The rows are canonical JSON: see `entry.ts`. */
import { hash } from "node:crypto";
import { canonicalJson } from "../input/canonical-json.ts";
import type { Document } from "../input/document.ts";
import type { NewEntry, NewFlag, TransactionNames } from "../ledger/ledger.ts";
import type { PushOutcome } from "../ledger/rows.ts";
import type { ReleaseIdentity } from "../policy/release.ts";
import type { Reason } from "../policy/verdict.ts";
import type { Moves } from "./push-history.ts";
import type { Push } from "./push-message.ts";
import type { Story } from "./push-story.ts";
import type { VerifiedRequest } from "./request.ts";

/**
 * What was found of a push.
 *
 * @property flags - those that are raised; @property resolves - ids of those that are no more.
 * @property request - whose document was judged; absent where nobody could read it, or nothing was judged.
 * @property release - that judged it.
 */
export interface Findings {
  readonly outcome: PushOutcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly flags: readonly NewFlag[];
  readonly resolves: readonly string[];
  readonly request?: VerifiedRequest | undefined;
  readonly release?: ReleaseIdentity | undefined;
}

/**
 * @property at - milliseconds: not before the newest entry. @property kind, status - of the document.
 * @property story - with this message, for the next one.
 */
export interface PushRecord {
  readonly id: string;
  readonly at: number;
  readonly push: Push;
  readonly kind?: Document["kind"] | undefined;
  readonly status?: NonNullable<Document["deposit"]>["status"] | undefined;
  readonly late: boolean;
  readonly story: Story | undefined;
  readonly moves?: Moves | undefined;
  readonly findings: Findings;
}

export function pushEntry({
  id,
  at,
  push,
  kind,
  status,
  late,
  story,
  moves,
  findings,
}: PushRecord): NewEntry {
  const { channel, source, identity, envelope, names, readable } = push;
  const { adds, transition } = moves ?? {};
  const row = canonicalJson({
    type: "push",
    id,
    at,
    channel,
    kind,
    source,
    status,
    readable,
    late,
    message_sha256: identity,
    token_sha256: hash("sha256", envelope, "hex"),
    ...judged(findings),
    story,
    transaction: names,
    signing: adds?.signing,
    state: adds?.state,
    movements: adds?.rows,
    transition,
  });
  const document = findings.request?.text;
  return {
    type: "push",
    id,
    at,
    row,
    push: { source, identity, ...(names === undefined ? {} : { transaction: names }) },
    body: { token: envelope, ...(document === undefined ? {} : { document }) },
    ...(adds === undefined ? {} : { movements: adds }),
    ...(transition === undefined ? {} : { transition }),
    ...flagged(findings),
  };
}

/**
 * @property push - the id of the push that was judged again; @property names - that it has.
 * @property why - `release` or `query`.
 */
export interface JudgementRecord {
  readonly id: string;
  readonly at: number;
  readonly push: string;
  readonly why: string;
  readonly names: TransactionNames | undefined;
  readonly findings: Findings;
}

export function judgementEntry({ id, at, push, why, names, findings }: JudgementRecord): NewEntry {
  const row = canonicalJson({
    type: "judgement",
    id,
    at,
    push,
    why,
    transaction: names,
    ...judged(findings),
  });
  const document = findings.request?.text;
  return {
    type: "judgement",
    id,
    at,
    row,
    ...(names === undefined ? {} : { transaction: names }),
    ...(document === undefined ? {} : { body: { document } }),
    ...flagged(findings),
  };
}

function judged({ outcome, reasons, alerts, flags, resolves, request, release }: Findings) {
  return {
    outcome,
    reasons,
    alerts,
    flags,
    resolves,
    release,
    input_sha256: request?.inputDigest(),
    facts: request?.document.facts,
    lists: request?.input.lists,
  };
}

function flagged({ flags, resolves }: Findings): Pick<NewEntry, "flags" | "resolves"> {
  return {
    ...(flags.length === 0 ? {} : { flags }),
    ...(resolves.length === 0 ? {} : { resolves }),
  };
}
