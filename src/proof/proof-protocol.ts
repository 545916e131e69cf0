/** What the host and the two threads of a proof say to each other: see `proof-aside.ts`. */
import type { MessagePort } from "node:worker_threads";
import type { Evaluation } from "../policy/evaluation.ts";
import type { FactQuery } from "../policy/fact-queries.ts";
import {
  LateReleaseError,
  PassingReleaseError,
  type Release,
  ReleaseError,
  type ReleaseStep,
  type Runnable,
} from "../policy/release.ts";
import type { Entrypoint } from "../policy/rule-index.ts";
import type { GuardContext } from "./guard.ts";

/**
 * The reading thread's work.
 *
 * @property sha256 - of the archive, in hex. @property givesWay - to all other threads, where the system can.
 * @property parsed - where it tells the proving thread what is to be proven, a `Provable`.
 */
export interface ReadingOrder {
  readonly archive: Uint8Array;
  readonly sha256: string;
  readonly givesWay: boolean;
  readonly parsed: MessagePort;
}

/** The proving thread's. @property parsed - where it hears what is to be proven. */
export interface ProvingOrder {
  readonly context: GuardContext;
  readonly givesWay: boolean;
  readonly parsed: MessagePort;
}

/** How long a refusal holds: a `ReleaseError`, a `PassingReleaseError`, a `LateReleaseError`. */
type Lasts = "always" | "passing" | "late";

export interface Refused {
  readonly type: "refused";
  readonly step: ReleaseStep;
  readonly message: string;
  readonly lasts: Lasts;
}

/** `unpacked` comes first, and `read` when all was checked; `refused` in the place of any of them ends it. */
export type FromReading =
  | { readonly type: "unpacked"; readonly runnable: Runnable }
  | { readonly type: "read"; readonly release: Release }
  | Refused;

/** When it is told to prove it has many a question for the engine, and at last says `proven`, or `refused`. */
export type FromProving =
  | { readonly type: "ask"; readonly id: number; readonly entrypoint: Entrypoint; readonly input: string }
  | { readonly type: "proven" }
  | Refused;

/** @property queries - what the release's rules ask of history: its engine has said so. */
export type ToProving =
  | { readonly type: "prove"; readonly queries: readonly FactQuery[]; readonly activatedAt: number }
  | { readonly type: "answer"; readonly id: number; readonly evaluation: Evaluation };

const REFUSALS: Readonly<
  Record<Lasts, new (...about: ConstructorParameters<typeof ReleaseError>) => ReleaseError>
> = {
  always: ReleaseError,
  passing: PassingReleaseError,
  late: LateReleaseError,
};

/** A refusal as a message can carry it. */
export function refusedOf(error: ReleaseError): Refused {
  const isPassing = error instanceof PassingReleaseError;
  const lasts = error instanceof LateReleaseError ? "late" : isPassing ? "passing" : "always";
  return { type: "refused", step: error.step, message: error.message, lasts };
}

/** And as it was. */
export function refusalOf({ step, message, lasts }: Refused): ReleaseError {
  return new REFUSALS[lasts](step, message);
}
