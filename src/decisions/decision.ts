/** The shape of a decision: what is logged, answered and, later, stored. */
import type { Channel, Kind, ListVersions } from "../input/document.ts";
import type { ReleaseIdentity } from "../policy/release.ts";
import type { Outcome, Reason } from "../policy/verdict.ts";

/** Milliseconds by phase, as measured for this decision. */
export interface Timings {
  readonly normalize: number;
  readonly evaluate: number;
  readonly explain: number;
  readonly total: number;
}

/**
 * @property id - `d_` and a ULID.
 * @property at - milliseconds since the epoch: the document's `now.ms`.
 * @property action - absent where the answer carries none.
 * @property input_sha256 - hex digest of the evaluated document's text.
 * @property facts - the answers to the rules' history queries that this decision saw.
 * @property lists - which content of each list it saw.
 */
export interface Decision {
  readonly id: string;
  readonly at: number;
  readonly channel: Channel;
  readonly kind: Kind;
  readonly source: string;
  readonly request_id: string;
  readonly outcome: Outcome;
  readonly action?: "APPROVE" | "REJECT";
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly release?: ReleaseIdentity;
  readonly input_sha256: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly lists?: ListVersions;
  readonly timings: Timings;
}
