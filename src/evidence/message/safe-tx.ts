/** Safe's transactions, as their owners sign them: a call that the Safe makes once enough of them have. */
import { z } from "zod";
import type { Effect } from "../../input/document.ts";
import { effectsOfCall } from "../evm/effects.ts";
import { DELEGATECALL, type SafeTransaction, safeRefund } from "../evm/safe-calls.ts";
import { finished } from "../evm/unwrapping.ts";
import { type MessageReader, messageReader, type SignedMessage } from "./signed-message.ts";
import type { TypedDataReading } from "./typed-data.ts";

/** Since 1.3.0, and before. */
const DOMAINS: ReadonlySet<string> = new Set([
  "EIP712Domain(uint256 chainId,address verifyingContract)",
  "EIP712Domain(address verifyingContract)",
]);

function typeWith(gasMember: string): string {
  return `SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 ${gasMember},uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)`;
}

const call = {
  to: z.string(),
  value: z.bigint(),
  data: z.templateLiteral(["0x", z.string()]),
  operation: z.bigint(),
};
const refund = { gasPrice: z.bigint(), gasToken: z.string(), refundReceiver: z.string() };

/** Since 1.0.0; before, `dataGas`. */
const READERS: ReadonlyMap<string, MessageReader> = new Map([
  [typeWith("baseGas"), messageReader(z.object({ ...call, ...refund, baseGas: z.bigint() }), effectsOf)],
  [
    typeWith("dataGas"),
    messageReader(
      z.object({ ...call, ...refund, dataGas: z.bigint() }),
      ({ dataGas, ...rest }, signed, safe) => effectsOf({ ...rest, baseGas: dataGas }, signed, safe),
    ),
  ],
]);

/**
 * The Safe's call and the calls in it, then what the Safe pays for the gas. Absent for an operation that no Safe
 * knows.
 */
function effectsOf(
  transaction: SafeTransaction,
  { reading, signing, chain, knowledge }: SignedMessage,
  safe: string,
): readonly Effect[] | undefined {
  const { to, value, data, operation } = transaction;
  if (operation > DELEGATECALL) return undefined;
  const at = reading.chainId === undefined ? signing.chain : chain;
  const place = { chain: at, from: safe, depth: 1, delegated: operation === DELEGATECALL };
  const effects = effectsOfCall({ to, value, data }, place, knowledge);
  const refund = safeRefund(transaction, safe, place, knowledge);
  return refund === undefined ? effects : [...effects, finished(refund, 0, { method: reading.messageType })];
}

/** Reads a SafeTx in the domain that Safes have; absent for anything else. */
export function safeReader({ domainType, messageType }: TypedDataReading): MessageReader | undefined {
  return DOMAINS.has(domainType) ? READERS.get(messageType) : undefined;
}
