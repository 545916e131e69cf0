/**
 * The host's own reason codes: a closed list. Rules bring codes of their own; no rule may use one of these.
 * `docs/reasons.md` explains each of them, and a test holds that page and this list together.
 */
export const HOST_CODES = [
  "TOKEN_MISSING",
  "TOKEN_MALFORMED",
  "TOKEN_ALGORITHM",
  "TOKEN_SIGNATURE",
  "TOKEN_EXPIRED",
  "TOKEN_NO_EXPIRY",
  "REQUEST_ENCODING",
  "REQUEST_JSON",
  "REQUEST_DUPLICATE_KEY",
  "REQUEST_TOO_DEEP",
  "REQUEST_SCHEMA",
  "REQUEST_TYPE_UNKNOWN",
  "REQUEST_LIST_LENGTHS",
  "REQUEST_TASK_MISMATCH",
  "KIND_UNKNOWN",
  "PAYLOAD_VERSION",
  "CHANGED_REQUEST",
  "OUT_OF_SCOPE",
  "NOT_A_PARTICIPANT",
  "FROZEN",
  "EVIDENCE_MISMATCH",
  "SIGNATURE_KIND",
  "NO_RULE_APPROVES",
  "HELD",
  "POLICY_ABSENT",
  "POLICY_STALE",
  "POLICY_EXPIRED",
  "POLICY_ERROR",
  "POLICY_TIMEOUT",
  "POLICY_SHAPE",
  "LEDGER_UNAVAILABLE",
  "LEDGER_FULL",
  "LEDGER_CORRUPT",
  "LEDGER_BEHIND",
  "CLOCK_BEHIND",
  "OVERLOADED",
  "INTERNAL",
] as const;

export type HostCode = (typeof HOST_CODES)[number];

/** The host's own flags: a closed list as well, explained in `docs/reasons.md`. No rule may use one of these. */
export const FLAG_CODES = [
  "UNAPPROVED_WITHDRAWAL",
  "UNDECIDED_SIGNING",
  "QUERY_MISMATCH",
  "QUERY_UNANSWERED",
  "UNREADABLE_PUSH",
  "ILLEGAL_TRANSITION",
  "UNDECIDED",
] as const;

export type FlagCode = (typeof FLAG_CODES)[number];

/** The `status` member of a callback reply: whose fault a refusal is. */
export type ReplyStatus = 0 | 10 | 20 | 30;

const STATUS_BY_PREFIX: readonly (readonly [prefix: string, status: ReplyStatus])[] = [
  ["TOKEN_", 20],
  ["REQUEST_", 10],
  ["KIND_UNKNOWN", 10],
  ["PAYLOAD_VERSION", 10],
  ["POLICY_", 30],
  ["LEDGER_", 30],
  ["CLOCK_BEHIND", 30],
  ["OVERLOADED", 30],
  ["INTERNAL", 30],
];

/** The reply status that goes with a host code (design 3.3). */
export function statusOf(code: HostCode): ReplyStatus {
  return STATUS_BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 0;
}

/**
 * A refusal by the host, thrown anywhere between the token and the answer. The message goes into the signed
 * reply and the log: it names members and codes, never a token, a key or a whole payload.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: HostCode;
  readonly values: Readonly<Record<string, unknown>> | undefined;

  constructor(code: HostCode, message: string, values?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.values = values;
  }
}
