/** What rules and host say of a request: outcome, reasons, and the verdict they make. */
import type { Severity } from "../severity.ts";

/** `failed` is a failure of ours: it refuses, and it is never stored as an answer. */
export type Outcome = "approved" | "denied" | "held" | "unapproved" | "failed";

/** What comes of a requirement that is not fulfilled, the least first. */
export const CONSEQUENCES = ["alert", "hold", "deny"] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

/**
 * One reason of a decision, for people.
 *
 * @property rule - `<group>/<rule>`; absent where the host itself refused.
 * @property code - the rule's code, or a {@link HostCode}.
 * @property values - what was compared, as the rule or the invariant states it.
 * @property absent - the document paths that the rule reads and that were not there.
 */
export interface Reason {
  readonly rule?: string;
  readonly code: string;
  readonly message: string;
  readonly severity: Severity;
  readonly consequence: Consequence;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly absent?: readonly string[];
}

/**
 * @property reasons - why it is not `approved`; empty where it is. The most severe first.
 * @property alerts - requirements that were not fulfilled and refuse nothing.
 * @property approvals - the approvals that counted, whatever the outcome.
 * @property refusedRules - the rules named by reasons and alerts, for `countersign/explain`.
 */
export interface Verdict {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly approvals: readonly { readonly rule: string; readonly code: string }[];
  readonly refusedRules: readonly string[];
}
