/** What EVM transactions and calls do. */
import type { Effect } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import type { EvmCall, Place } from "./call.ts";
import type { EvmTransaction } from "./transaction.ts";

/**
 * What a transaction does. The last effect is its fee.
 *
 * @param at - `chain`, `from`: the sender, and `depth` 0.
 */
export function effectsOfTransaction(
  _transaction: EvmTransaction,
  _at: Place,
  _knowledge: Knowledge,
): readonly Effect[] {
  return [{ type: "unknown" }];
}

/** What a call does, the calls in it included. What can't be read is an `unknown` effect; nothing is left out. */
export function effectsOfCall(_call: EvmCall, _at: Place, _knowledge: Knowledge): readonly Effect[] {
  return [{ type: "unknown" }];
}
