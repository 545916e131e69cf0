/** EVM transactions and calldata for tests, made with ethers: the second implementation that ours is held against. */
import { encodeRlp, Interface, type RlpStructuredDataish, Transaction, type TransactionLike } from "ethers";
import type { EvmCall, Hex, Place } from "../../src/evidence/evm/call.ts";
import { effectsOfCall, effectsOfTransaction } from "../../src/evidence/evm/effects.ts";
import { decodeTransaction } from "../../src/evidence/evm/transaction.ts";
import { Undecodable } from "../../src/evidence/undecodable.ts";
import { amountFromUnits } from "../../src/input/amounts.ts";
import type { Amount, Effect } from "../../src/input/document.ts";
import type { Knowledge } from "../../src/policy/assets.ts";

/** An address of one repeated byte, as `5a`. */
export function address(byte: string): string {
  return `0x${byte.repeat(20)}`;
}

export const SENDER = address("a1");
export const PAYEE = address("b2");
export const OTHER = address("c3");
export const USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7";
export const SAFE = address("5a");
export const MULTISEND = "0x9641d764fc13c8b624c04430c7356c1c7c8102e2";
export const MULTICALL = "0xca11bde05977b3631167028862be2a173976ca11";
export const PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3";
export const COLLECTION = address("71");
export const EDITIONS = address("55");
const ZERO = address("00");

export const KNOWLEDGE: Knowledge = {
  tokens: {
    ETH: { chain: "ETH", decimals: 18 },
    ETH_USDT: { chain: "ETH", contract: USDT, decimals: 6 },
  },
  chains: { ETH: { family: "evm", id: 1 } },
  contracts: {
    ETH: {
      [MULTISEND]: { kind: "multisend" },
      [COLLECTION]: { kind: "erc721" },
      [EDITIONS]: { name: "editions" },
    },
  },
  methods: {},
};

export const PLACE: Place = { chain: "ETH", from: SENDER, depth: 0 };

/** @param signature - as ethers reads it, without `function`. */
export function calldata(signature: string, ...values: readonly unknown[]): Hex {
  const name = signature.slice(0, signature.indexOf("("));
  return lowered(new Interface([`function ${signature}`]).encodeFunctionData(name, values));
}

export function lowered(hex: string): Hex {
  return `0x${hex.slice(2).toLowerCase()}`;
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), "hex"));
}

/** A transaction of any type, EIP-1559 on Ethereum where nothing else is said, as unsigned bytes. */
export function unsigned(transaction: TransactionLike): Uint8Array {
  const base = {
    type: 2,
    chainId: 1,
    nonce: 7,
    gasLimit: 100_000,
    maxFeePerGas: 30,
    maxPriorityFeePerGas: 1,
  };
  return bytesOf(Transaction.from({ ...base, ...transaction }).unsignedSerialized);
}

export type Item = string | readonly Item[];

/** RLP of items, after a type byte unless it is 0. */
export function encoded(type: number, items: readonly Item[]): Uint8Array {
  const rlp = encodeRlp(structured(items));
  return bytesOf(type === 0 ? rlp : `0x0${type}${rlp.slice(2)}`);
}

function structured(item: Item): RlpStructuredDataish {
  return typeof item === "string" ? item : item.map(structured);
}

/** One call of a packed `multiSend`. */
export function packed(operation: number, to: string, value: bigint, data: Hex): string {
  const word = (number: bigint | number) => number.toString(16).padStart(64, "0");
  const size = (data.length - 2) / 2;
  return `${operation.toString(16).padStart(2, "0")}${to.slice(2)}${word(value)}${word(size)}${data.slice(2)}`;
}

/** `multiSend` of calls as {@link packed} makes them. */
export function multiSend(...calls: readonly string[]): Hex {
  return calldata("multiSend(bytes)", `0x${calls.join("")}`);
}

interface SafeCall {
  readonly to: string;
  readonly value?: bigint;
  readonly data?: Hex;
  readonly operation?: number;
  readonly safeTxGas?: bigint;
  readonly baseGas?: bigint;
  readonly gasPrice?: bigint;
  readonly gasToken?: string;
  readonly refundReceiver?: string;
}

export const EXEC_TRANSACTION =
  "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)";

export function execTransaction(call: SafeCall): Hex {
  return calldata(
    EXEC_TRANSACTION,
    call.to,
    call.value ?? 0n,
    call.data ?? "0x",
    call.operation ?? 0,
    call.safeTxGas ?? 0n,
    call.baseGas ?? 0n,
    call.gasPrice ?? 0n,
    call.gasToken ?? ZERO,
    call.refundReceiver ?? ZERO,
    `0x${"11".repeat(65)}`,
  );
}

/** The effects of a call of `SENDER`. */
export function effectsOf(to: string | undefined, data: Hex, call: Partial<EvmCall & Place> = {}) {
  const { value = 0n, ...place } = call;
  return effectsOfCall({ to, value, data }, { ...PLACE, ...place }, KNOWLEDGE);
}

/** The effects of the bytes of a transaction of `SENDER`, its fee last. */
export function effectsOfBytes(bytes: Uint8Array, knowledge: Knowledge = KNOWLEDGE): readonly Effect[] {
  return effectsOfTransaction(decodeTransaction(bytes), PLACE, knowledge);
}

/** An effect without the words of its call, for what tests compare. */
export function bare(effects: readonly Effect[]): readonly Partial<Effect>[] {
  return effects.map(({ arguments: _, method: __, selector: ___, ...effect }) => effect);
}

export function usdt(units: bigint): Amount {
  return amountFromUnits("ETH_USDT", units.toString(), 6);
}

export function eth(wei: bigint): Amount {
  return amountFromUnits("ETH", wei.toString(), 18);
}

/** What decoding or reading throws; undefined where it throws nothing. */
export function refusal(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof Undecodable) return error.message;
    throw error;
  }
  return undefined;
}

/** A transfer of 5 of the smallest unit to {@link PAYEE}, as calldata. */
export const TRANSFER = calldata("transfer(address,uint256)", PAYEE, 5);

/** The effect of coin that is sent. */
export const paid = (wei: bigint, from: string, to: string, depth: number) => ({
  type: "transfer",
  asset: "ETH",
  from,
  to,
  amount: eth(wei),
  depth,
});

/** The effect of {@link TRANSFER}, called on USDT. */
export const sent = (from: string, depth: number) => ({
  type: "transfer",
  asset: "ETH_USDT",
  from,
  to: PAYEE,
  amount: usdt(5n),
  depth,
});

export const called = (from: string, to: string, depth: number) => ({ type: "call", from, to, depth });
