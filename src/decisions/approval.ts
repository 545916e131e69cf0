/**
 * The one place where an APPROVE comes into being.
 *
 * A reply that approves can only be built from an `Approval`, and an `Approval` only by `grant`, which takes a
 * verified request, its grounds and the live release, and checks each again. The grounds are a complete verdict of
 * the policy on this very request, or the stored approval of it, which such a verdict once gave. A test holds that
 * nobody but the decision's own files calls it.
 */

import type { LiveRelease } from "../policy/live.ts";
import type { Verdict } from "../policy/verdict.ts";
import type { DecisionRow } from "./entry.ts";
import { VerifiedRequest } from "./request.ts";

const granted = new WeakSet<Approval>();

/** What an approval stands on. */
export type Grounds =
  | { readonly type: "verdict"; readonly verdict: Verdict }
  /** The answer that this request got before, as the ledger has it. */
  | { readonly type: "stored"; readonly row: DecisionRow };

export class Approval {
  readonly requestId: string;

  private constructor(requestId: string) {
    this.requestId = requestId;
  }

  /**
   * @throws Error where anything is missing; the caller answers REJECT with `INTERNAL`.
   */
  static grant(request: VerifiedRequest, grounds: Grounds, live: LiveRelease): Approval {
    const { document } = request;
    const complete =
      request instanceof VerifiedRequest &&
      (grounds.type === "verdict" ? isComplete(grounds.verdict) : isAnswerTo(request, grounds.row)) &&
      live.isServing() &&
      live.age.refusalAt(document.now.ms) === undefined &&
      document.request.id.length > 0;
    if (!complete)
      throw new Error("an approval needs a verified request, complete grounds and a live release");
    const approval = new Approval(document.request.id);
    granted.add(approval);
    return approval;
  }

  /** Whether a value was made by `grant`: a look-alike made by a cast is not. */
  static isGenuine(value: unknown): value is Approval {
    return value instanceof Approval && granted.has(value);
  }
}

function isComplete(verdict: Verdict): boolean {
  return verdict.outcome === "approved" && verdict.reasons.length === 0 && verdict.approvals.length > 0;
}

function isAnswerTo({ document, identity }: VerifiedRequest, row: DecisionRow): boolean {
  return (
    row.answers &&
    row.outcome === "approved" &&
    row.action === "APPROVE" &&
    row.reasons.length === 0 &&
    row.identity === identity &&
    row.request_id === document.request.id &&
    row.source === document.request.source &&
    row.kind === document.kind
  );
}
