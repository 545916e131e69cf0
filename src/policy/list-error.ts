/** Why a list was not taken: the steps in their order, and the error that names one. */
import { messageOf } from "../thrown.ts";
import { PassingReleaseError, ReleaseError } from "./release.ts";
import { StepError } from "./step-error.ts";

/** The steps of a list that is signed, in their order: see `feeds/list-activation.ts`. */
export const LIST_STEPS = [
  "source",
  "download",
  "statement",
  "signatures",
  "payload",
  "audience",
  "list",
  "unread",
  "sequence",
  "time",
  "quarantine",
  "digest",
  "content",
  "store",
  "ledger",
] as const;
export type ListStep = (typeof LIST_STEPS)[number];

/**
 * Why a list did not come into force.
 *
 * @property isPassing - what refused it is not the candidate, and passes: the very same one may be good a moment later.
 */
export class ListError extends StepError<ListStep> {
  override readonly name = "ListError";
  readonly isPassing: boolean;

  constructor(
    step: ListStep,
    message: string,
    how: { readonly isPassing?: boolean; readonly cause?: unknown } = {},
  ) {
    super(step, message, how.cause);
    this.isPassing = how.isPassing === true;
  }

  /** What was thrown on the way: by a step that lists share with releases, or by what nobody thought of. */
  static of(error: unknown): ListError {
    if (error instanceof ListError) return error;
    if (!(error instanceof ReleaseError)) {
      const message = messageOf(error);
      return new ListError("source", message, { isPassing: true, cause: error });
    }
    const step = LIST_STEPS.find((known) => known === error.step) ?? "source";
    const isPassing = error instanceof PassingReleaseError;
    return new ListError(step, error.message, { isPassing, cause: error });
  }
}

/** What this machine could not keep: it passes. */
export function listStoreError(what: string, cause: unknown): ListError {
  const why = messageOf(cause);
  return new ListError("store", `${what}: ${why}`, { isPassing: true, cause });
}
