/** For the tests: pushes as the desk keeps them, with findings of one's own instead of a release's. */
import { mkdirSync } from "node:fs";
import { flagId, pushId } from "../../src/decisions/decision-id.ts";
import { type Findings, pushEntry } from "../../src/decisions/push-entry.ts";
import { aboutOf } from "../../src/decisions/push-flags.ts";
import type { Push } from "../../src/decisions/push-message.ts";
import { statementOf, tell } from "../../src/decisions/push-story.ts";
import { VerifiedRequest } from "../../src/decisions/request.ts";
import type { Ledger, NewFlag } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open.ts";
import type { Reason } from "../../src/policy/verdict.ts";

/** A requirement that was not met. */
export const LISTED_SOURCE: Reason = {
  rule: "deposit/source",
  code: "DEPOSIT_SOURCE",
  message: "0xfrom is on the list of sanctions",
  severity: "critical",
  consequence: "deny",
  values: { list: "sanctions" },
};

/** The flag that goes with it. */
export function flagged(push: Push, reason: Partial<NewFlag> = {}): NewFlag {
  const about = push.readable ? aboutOf(push.input.document, undefined) : { marks: push.marks };
  const { rule, code, message, severity, values } = LISTED_SOURCE;
  return { id: flagId(), rule, code, message, severity, values, ...about, ...reason };
}

/** Durable when it resolves with the push's id. @param late - whether it tells of an earlier time than one before it. */
export async function told(
  ledger: Ledger,
  push: Push,
  found: Partial<Findings> = {},
  late = false,
): Promise<string> {
  const id = pushId();
  const { kind, deposit } = push.readable ? push.input.document : {};
  const statement = push.readable ? statementOf(push.input.document) : undefined;
  const request = push.readable
    ? new VerifiedRequest({
        ...{ input: push.input, identity: push.identity, participants: [] },
        ...{ startedAt: push.startedAt, normalizeMs: 0 },
      })
    : undefined;
  const findings: Findings = {
    ...{ outcome: "clear", reasons: [], alerts: [], flags: [], resolves: [], request },
    ...found,
  };
  const at = Math.max(Date.now(), ledger.newestAt());
  const story = statement && tell(undefined, statement, id).story;
  const record = { id, at, push, kind, status: deposit?.status, late, story, findings };
  await ledger.append(pushEntry(record)).durable;
  return id;
}

/** Writes into the ledger of a state directory before a server starts on it. */
export async function seeded<T>(directory: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ledger = await openLedger({
    ...{ directory, minFreeBytes: 0, checkpointEvery: 1_000, now: Date.now, onEvent: () => {} },
  });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}
