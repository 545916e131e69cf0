/**
 * `POST /confirm/withdrawal`: Cobo asks before it pays, and is answered `ok` or `deny`.
 *
 * A confirmation goes the way of a callback: the same request (key and id, and what will be paid) gets the same
 * answer, and counts once. `ok` is made of an `Approval` and nothing else; a freeze is looked at once more at the last
 * moment. What is no decision has no answer: our own failure is 503, and Cobo asks again. A well signed message that
 * can't be used as a confirmation is denied, once that is written down.
 */
import type { ServerResponse } from "node:http";
import { Approval } from "../../decisions/approval.ts";
import type { Decided } from "../../decisions/decide.ts";
import { decisionId } from "../../decisions/decision-id.ts";
import type { Bench, DecisionDesk } from "../../decisions/desk.ts";
import { VerifiedRequest } from "../../decisions/request.ts";
import type { Document, Enriched } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { leavingOf } from "../leaving.ts";
import { confirmationIdentity, normalizeConfirmation } from "./normalize.ts";
import { contextOf, type Signed } from "./signed.ts";
import { parsePush, UnreadablePush } from "./wire.ts";

export type Answer = "ok" | "deny";

export interface ConfirmationOptions {
  readonly desk: DecisionDesk;
  readonly enrich: (document: Document) => Enriched;
  readonly zone: string;
  readonly events: {
    decided(decided: Decided): void;
    unusable(refusal: Refusal, source: string, id: string): void;
  };
}

/**
 * Anybody who was shown a message of Cobo's can send it here as often as he likes. So many that were denied as unusable
 * are remembered, and not written down again.
 */
const MAX_UNUSABLE = 10_000;

export class Confirmations {
  readonly #options: ConfirmationOptions;
  /** Why, by the message's identity; the oldest first. */
  readonly #unusableSince = new Map<string, string>();

  constructor(options: ConfirmationOptions) {
    this.#options = options;
  }

  /**
   * @param outgoing - what the answer goes out by.
   * @returns undefined where the failure is ours.
   * @throws LedgerError, Refusal where a refusal could not be written down, or our clock is behind the ledger.
   */
  async answer(signed: Signed, bench: Bench, outgoing: ServerResponse): Promise<Answer | undefined> {
    const { desk, events } = this.#options;
    const at = desk.now();
    let request: VerifiedRequest;
    try {
      request = this.#read(signed, at, bench);
    } catch (error) {
      if (error instanceof UnreadablePush) return await this.#unusable(signed, error.refusal);
      if (error instanceof Refusal) return await this.#unusable(signed, error);
      throw error;
    }
    const decided = await desk.answer(request, bench);
    events.decided(decided);
    const answer = answerTo(decided);
    if (answer !== "ok") return answer;
    const frozen = desk.letLeave(request, leavingOf(outgoing));
    if (frozen === undefined) return answer;
    const refused = await desk.refuseLate(request, frozen, bench);
    events.decided(refused);
    return answerTo(refused);
  }

  /** @throws UnreadablePush, Refusal: it can't be used as a confirmation. */
  #read(signed: Signed, at: number, { live }: Bench): VerifiedRequest {
    const { enrich, zone } = this.#options;
    const { body, envelope, startedAt } = signed;
    const parsed = parsePush(body, "either");
    const { document, raw } = normalizeConfirmation(parsed, contextOf(signed, at, zone, live));
    return new VerifiedRequest({
      input: { ...enrich(document), raw },
      identity: confirmationIdentity(parsed),
      token: envelope,
      participants: [],
      startedAt,
      normalizeMs: performance.now() - startedAt,
    });
  }

  /** @throws LedgerError, Refusal `OVERLOADED` */
  async #unusable({ source, identity, envelope }: Signed, refusal: Refusal): Promise<Answer> {
    const { desk, events } = this.#options;
    if (this.#unusableSince.get(identity) === refusal.message) return "deny";
    const id = decisionId();
    events.unusable(refusal, source, id);
    await desk.unusable(id, refusal, { source, requestId: identity, token: envelope });
    this.#unusableSince.set(identity, refusal.message);
    const [oldest] = this.#unusableSince.keys();
    if (this.#unusableSince.size > MAX_UNUSABLE && oldest !== undefined) this.#unusableSince.delete(oldest);
    return "deny";
  }
}

function answerTo({ decision, approval }: Decided): Answer | undefined {
  if (decision.outcome === "failed") return undefined;
  return approval === undefined ? "deny" : okTo(approval);
}

/** @throws TypeError for anything that a decision didn't make. */
function okTo(approval: Approval): Answer {
  if (!Approval.isGenuine(approval)) throw new TypeError("only a decision's approval can be answered");
  return "ok";
}
