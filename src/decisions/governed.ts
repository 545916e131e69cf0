/**
 * Which addresses are watched: those that a co-signer asked us to pay from. What leaves one of them later without a
 * decision of ours is alarmed (design 3.3), so the answer to the question does not matter, and a refusal governs as
 * much as an approval.
 */
import type { Document } from "../input/document.ts";
import { hasProvenPayments, paymentsOf } from "../input/payments.ts";
import type { NewEntry } from "../ledger/ledger.ts";
import type { Decision } from "./decision.ts";

/** Refused because it is not for this server to decide, or because it contradicts what was asked before. */
const NOT_OURS: ReadonlySet<string> = new Set(["OUT_OF_SCOPE", "NOT_A_PARTICIPANT", "CHANGED_REQUEST"]);

/**
 * What a decision puts under watch. A push and a confirmation put nothing there: Cobo signs those of all its customers
 * with one key, so they do not show that an address is ours.
 *
 * @returns the declared addresses and, where the bytes were read, those they pay from; undefined where none is known.
 *   Which wallet they are of is a claim of whoever asks: it is believed where it was approved.
 */
export function governedBy(
  document: Document,
  { channel, outcome, reasons }: Pick<Decision, "channel" | "outcome" | "reasons">,
): NewEntry["governs"] {
  if (channel !== "tss.v2" && channel !== "tss.v1") return undefined;
  if (reasons.some(({ code, rule }) => rule === undefined && NOT_OURS.has(code))) return undefined;
  const addresses = new Set<string>();
  for (const { address } of document.transaction?.sources ?? []) {
    if (address !== undefined) addresses.add(address);
  }
  if (hasProvenPayments(document)) {
    for (const { from } of paymentsOf(document)) if (from !== undefined) addresses.add(from);
  }
  if (addresses.size === 0) return undefined;
  const { wallet } = document;
  return wallet === undefined || outcome !== "approved"
    ? { addresses: [...addresses] }
    : { addresses: [...addresses], wallet: wallet.id };
}
