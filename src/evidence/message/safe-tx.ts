/** Safe's transactions, as their owners sign them: a call that the Safe makes once enough of them have. */
import { z } from "zod";
import { effectsOfCall } from "../evm/effects.ts";
import { type MessageReader, messageReader } from "./signed-message.ts";
import type { TypedDataReading } from "./typed-data.ts";

/** Since 1.3.0, and before. */
const DOMAINS: ReadonlySet<string> = new Set([
  "EIP712Domain(uint256 chainId,address verifyingContract)",
  "EIP712Domain(address verifyingContract)",
]);

function typeWith(gasMember: string): string {
  return `SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 ${gasMember},uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)`;
}

/** Since 1.0.0, and before. */
const TYPES: ReadonlySet<string> = new Set([typeWith("baseGas"), typeWith("dataGas")]);

const safeTxSchema = z.object({
  to: z.string(),
  value: z.bigint(),
  data: z.templateLiteral(["0x", z.string()]),
  operation: z.bigint(),
});

const CALL = 0n;
const DELEGATECALL = 1n;

const safeTx = messageReader(safeTxSchema, ({ to, value, data, operation }, signed, safe) => {
  if (operation !== CALL && operation !== DELEGATECALL) return undefined;
  const { reading, signing, knowledge } = signed;
  const chain = reading.chainId === undefined ? signing.chain : signed.chain;
  const delegated = operation === DELEGATECALL;
  return effectsOfCall({ to, value, data }, { chain, from: safe, depth: 1, delegated }, knowledge);
});

/** Reads a SafeTx in the domain that Safes have; absent for anything else. */
export function safeReader({ domainType, messageType }: TypedDataReading): MessageReader | undefined {
  return TYPES.has(messageType) && DOMAINS.has(domainType) ? safeTx : undefined;
}
