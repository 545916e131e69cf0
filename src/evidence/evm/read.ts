/** An EVM transaction: decoded, held against the words, and what it does. */
import { hexBytes } from "../hex-bytes.ts";
import { type Found, type Reading, senderOf } from "../reading.ts";
import { compareTransaction } from "./compare.ts";
import { effectsOfTransaction } from "./effects.ts";
import { decodeTransaction } from "./transaction.ts";

/**
 * @param unsigned - hex, `0x` optional.
 * @throws Undecodable
 */
export function readEvmTransaction(reading: Reading, unsigned: string): Found {
  const { document, knowledge, comparison } = reading;
  const transaction = decodeTransaction(hexBytes(unsigned));
  compareTransaction(document, transaction, knowledge, comparison);
  const at = { chain: document.transaction?.chain, from: senderOf(reading), depth: 0 };
  const effects = effectsOfTransaction(transaction, at, knowledge);
  return { effects: [...effects] };
}
