/** How a transaction came about, by the numbers that version 1 of Cobo's API has for it (`transaction_type`). */
import type { Document } from "../input/document.ts";

type Initiator = NonNullable<NonNullable<Document["initiator"]>["type"]>;
type Replacement = NonNullable<NonNullable<NonNullable<Document["transaction"]>["replaces"]>["how"]>;

const BY_API: readonly number[] = [102, 103, 105, 303, 304, 305, 308, 310];
const BY_WEB: readonly number[] = [100, 104, 106, 108, 300, 309, 311];
const FROM_OUTSIDE: readonly number[] = [107, 307];
const SPEED_UPS: readonly number[] = [103, 104, 308, 309];
const DROPS: readonly number[] = [105, 106, 310, 311];
const RESENDS: readonly number[] = [108];
export const STAKES: readonly number[] = [500, 501];

/** `transaction.type` by operation, in the words of version 2 where it has them. */
export const TYPE_BY_OPERATION: ReadonlyMap<number, string> = new Map([
  [100, "Withdrawal"],
  [200, "ContractCall"],
  [201, "Mint"],
  [202, "Burn"],
  [300, "MessageSign"],
]);

/** Who asked for it; absent where the number doesn't tell. */
export function initiatorTypeOf(way: number): Initiator | undefined {
  if (BY_API.includes(way)) return "API";
  if (BY_WEB.includes(way)) return "Web";
  return FROM_OUTSIDE.includes(way) ? "External" : undefined;
}

/** What it does to the transaction that it replaces; absent where it replaces none. */
export function replacementOf(way: number): Replacement | undefined {
  if (SPEED_UPS.includes(way)) return "speed_up";
  if (RESENDS.includes(way)) return "resend";
  return DROPS.includes(way) ? "drop" : undefined;
}

/** The document's `transaction.type`; absent for an operation that nobody knows. */
export function typeOfOperation(operation: number | undefined, way: number): string | undefined {
  if (STAKES.includes(way)) return "Stake";
  return operation === undefined ? undefined : TYPE_BY_OPERATION.get(operation);
}
