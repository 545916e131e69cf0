/** What host and proof thread say to each other: see `proof-thread.ts`. */
import type { Evaluation } from "../policy/evaluation.ts";
import type { FactQuery } from "../policy/fact-queries.ts";
import type { Release, ReleaseStep, Runnable } from "../policy/release.ts";
import type { Entrypoint } from "../policy/rule-index.ts";
import type { GuardContext } from "./guard.ts";

/**
 * The thread's work.
 *
 * @property sha256 - of the archive, in hex. @property givesWay - to all other threads, where the system can.
 */
export interface ProofOrder {
  readonly archive: Uint8Array;
  readonly sha256: string;
  readonly context: GuardContext;
  readonly givesWay: boolean;
}

/** How long a refusal holds: a `ReleaseError`, a `PassingReleaseError`, a `LateReleaseError`. */
export type Lasts = "always" | "passing" | "late";

/**
 * `unpacked` comes first, and `read` when all the rest was checked. Then, when it is told to prove what it read, it has
 * many a question for the engine, and at last says `proven`. `refused` in the place of any of them ends it.
 */
export type FromProof =
  | { readonly type: "unpacked"; readonly runnable: Runnable }
  | { readonly type: "read"; readonly release: Release }
  | { readonly type: "ask"; readonly id: number; readonly entrypoint: Entrypoint; readonly input: string }
  | { readonly type: "proven" }
  | { readonly type: "refused"; readonly step: ReleaseStep; readonly message: string; readonly lasts: Lasts };

/** @property queries - what the release's rules ask of history: its engine has said so. */
export type ToProof =
  | { readonly type: "prove"; readonly queries: readonly FactQuery[]; readonly activatedAt: number }
  | { readonly type: "answer"; readonly id: number; readonly evaluation: Evaluation };
