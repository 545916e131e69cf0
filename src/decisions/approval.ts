/**
 * The one place where an APPROVE comes into being.
 *
 * A reply that approves can only be built from an `Approval`, and an `Approval` only by `grant`, which takes a
 * verified request, a complete verdict of the policy and the live release that gave it, and checks each again.
 * A test holds that nobody but `decide` calls it.
 */

import type { LiveRelease } from "../policy/live.ts";
import type { Verdict } from "../policy/verdict.ts";
import { VerifiedRequest } from "./request.ts";

const granted = new WeakSet<Approval>();

export class Approval {
  readonly requestId: string;

  private constructor(requestId: string) {
    this.requestId = requestId;
  }

  /**
   * @throws Error where anything is missing; the caller answers REJECT with `INTERNAL`.
   */
  static grant(request: VerifiedRequest, verdict: Verdict, live: LiveRelease): Approval {
    const { document } = request.input;
    const complete =
      request instanceof VerifiedRequest &&
      verdict.outcome === "approved" &&
      verdict.reasons.length === 0 &&
      verdict.approvals.length > 0 &&
      live.isServing() &&
      document.request.id.length > 0;
    if (!complete)
      throw new Error("an approval needs a verified request, a complete verdict and a live release");
    const approval = new Approval(document.request.id);
    granted.add(approval);
    return approval;
  }

  /** Whether a value was made by `grant`: a look-alike made by a cast is not. */
  static isGenuine(value: unknown): value is Approval {
    return value instanceof Approval && granted.has(value);
  }
}
