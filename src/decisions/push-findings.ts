/** What the host itself finds of a push, whatever the rules say, and the keys by which it is flagged once. */
import type { FlagCode } from "../input/refusal.ts";
import type { Snapshot } from "../ledger/ledger.ts";
import type { HostFinding } from "./push-flags.ts";
import type { PushJudgement } from "./push-judge.ts";
import type { UnreadPush } from "./push-message.ts";
import type { Problem } from "./push-story.ts";

/**
 * What nobody understands of an address that is paid from here may be a withdrawal that nobody approved.
 *
 * @throws LedgerError where the ledger can't be read.
 */
export function unreadable(
  { source, problem, marks, identity }: UnreadPush,
  snapshot: Snapshot,
): HostFinding {
  const own = marks.find(
    ({ kind, role, value }) =>
      kind === "address" && role === "sender" && snapshot.governed(value) !== undefined,
  );
  const of = own === undefined ? "" : `, and names ${own.value}, which is paid from here`;
  return {
    code: "UNREADABLE_PUSH",
    severity: own === undefined ? "high" : "critical",
    message: `a message that ${source} signed is not understood${of}: ${problem}`,
    values: { source, problem, message_sha256: identity },
  };
}

export function illegal({ key, severity, message, values }: Problem): HostFinding {
  return { code: "ILLEGAL_TRANSITION", severity, message, key: illegalKey(key), values };
}

function illegalKey(problem: string): string {
  return `ILLEGAL_TRANSITION ${problem}`;
}

/** @param push - its id: each push that waits has a flag of its own. */
export function undecided({ reasons: [reason] }: PushJudgement, push: string): HostFinding {
  return {
    code: "UNDECIDED",
    severity: "high",
    message: `not judged yet: ${reason?.code ?? ""} ${reason?.message ?? ""}`.trim(),
    key: undecidedKey(push),
    ...(reason === undefined ? {} : { values: { code: reason.code } }),
  };
}

function undecidedKey(push: string): string {
  return `UNDECIDED ${push}`;
}

/**
 * The open flags of problems that a later message explained.
 *
 * @param problems - their keys. @param transactions - the ledger's numbers.
 * @returns their ids.
 * @throws LedgerError where the ledger can't be read.
 */
export function explainedFlags(
  problems: readonly string[],
  transactions: readonly number[],
  snapshot: Snapshot,
): readonly string[] {
  return openFlags(problems.map(illegalKey), transactions, snapshot);
}

/** The open flag of a push that waited, as an id; empty where there is none. @throws LedgerError */
export function undecidedFlags(
  push: string,
  transactions: readonly number[],
  snapshot: Snapshot,
): readonly string[] {
  return openFlags([undecidedKey(push)], transactions, snapshot);
}

/** The open flags of a code, as ids. @throws LedgerError where the ledger can't be read. */
export function openFlagsOf(
  code: FlagCode,
  transactions: readonly number[],
  snapshot: Snapshot,
): readonly string[] {
  return transactions
    .flatMap((transaction) => snapshot.flagsOf(transaction))
    .filter((flag) => flag.resolved === undefined && flag.rule === undefined && flag.code === code)
    .map(({ id }) => id);
}

function openFlags(
  keys: readonly string[],
  transactions: readonly number[],
  snapshot: Snapshot,
): readonly string[] {
  if (keys.length === 0) return [];
  return transactions
    .flatMap((transaction) => snapshot.flagsOf(transaction))
    .filter(({ key, resolved }) => resolved === undefined && key !== undefined && keys.includes(key))
    .map(({ id }) => id);
}
