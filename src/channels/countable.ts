/** How much of one transaction can be counted. */
import type { Document } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";

/** 500 of each. What a chain relays may have some more of one kind; nobody pays so from a wallet. */
const MAX_PAIRS = 250_000;

/**
 * What is paid counts for each of its sources, so that the work grows with both.
 *
 * @throws Refusal `REQUEST_SCHEMA`
 */
export function assertCountable(transaction: Document["transaction"]): void {
  const sources = transaction?.sources?.length ?? 0;
  const destinations = transaction?.destinations?.length ?? 0;
  if (sources * destinations <= MAX_PAIRS) return;
  throw new Refusal(
    "REQUEST_SCHEMA",
    `${sources} sources and ${destinations} destinations are too many to be counted`,
  );
}
