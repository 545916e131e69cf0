/**
 * What EVM transactions and calls do: each call by what is known of its method, and the calls in it, down to a limit.
 * Whatever isn't understood is an `unknown` effect.
 */
import type { Effect } from "../../input/document.ts";
import { extended } from "../../input/extended.ts";
import type { Knowledge } from "../../policy/assets.ts";
import type { EvmCall, Place } from "./call.ts";
import { coins } from "./holdings.ts";
import { DELEGATECALL, type SafeTransaction, safeRefund } from "./safe-calls.ts";
import type { EvmTransaction } from "./transaction.ts";
import { finished, Unwrapping } from "./unwrapping.ts";

/** Gas of one blob (EIP-4844). */
const GAS_PER_BLOB = 131_072n;

/** What an authorization of EIP-7702 is called, which no method grants. */
const AUTHORIZATION = "authorization(EIP-7702)";

/** What blobs are called: of what they hold only the hashes are signed. */
const BLOBS = "blobs(EIP-4844)";

/** Hex digits: as much as a transaction may have. */
const MAX_DATA = 2 + 2 * 128 * 1024;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const NOT_HEX = /[^0-9a-f]/;

/**
 * What a transaction does. The last effect is its fee.
 *
 * @param at - `chain`, `from`: the sender, and `depth` 0.
 */
export function effectsOfTransaction(
  transaction: EvmTransaction,
  at: Place,
  knowledge: Knowledge,
): readonly Effect[] {
  const grants = transaction.authorizations.map(({ authority, address }) =>
    finished({ type: "admin", from: authority, to: address }, at.depth, { method: AUTHORIZATION }),
  );
  const { to, value, data, gasLimit, blobHashes } = transaction;
  const blobs = finished({ type: "unknown", from: at.from }, at.depth, { method: BLOBS });
  const place = extended(at, { transaction: { sender: at.from, gasLimit } });
  return [
    ...grants,
    ...effectsOfCall({ to, value, data }, place, knowledge),
    ...(blobHashes.length === 0 ? [] : [blobs]),
    feeOf(transaction, at, knowledge),
  ];
}

/** The most that the transaction can cost: never what it is likely to. */
function feeOf(transaction: EvmTransaction, { chain, from, depth }: Place, knowledge: Knowledge): Effect {
  const price = transaction.maxFeePerGas ?? transaction.gasPrice ?? 0n;
  const blobGas = GAS_PER_BLOB * BigInt(transaction.blobHashes.length);
  const most = transaction.gasLimit * price + blobGas * (transaction.maxFeePerBlobGas ?? 0n);
  return finished({ type: "fee", from, ...coins(knowledge, chain, most) }, depth, {});
}

/**
 * What a call does, the calls in it included.
 *
 * @param call - from anywhere: what isn't an address or bytes in lower case is an `unknown` effect.
 * @returns never empty.
 */
export function effectsOfCall(call: EvmCall, at: Place, knowledge: Knowledge): readonly Effect[] {
  if (!isWellFormed(call)) return [finished({ type: "unknown", from: at.from }, at.depth, {})];
  const unwrapping = new Unwrapping(knowledge);
  unwrapping.read(call, at);
  return unwrapping.effects;
}

/**
 * What a Safe does once enough of its owners have signed: the call in its name, one deeper than `at`, and the refund.
 *
 * @param at - where the Safe's transaction is made; its `from` is of no matter.
 * @returns never empty.
 */
export function effectsOfSafeTransaction(
  transaction: SafeTransaction,
  safe: string,
  at: Place,
  knowledge: Knowledge,
): readonly Effect[] {
  const { to, value, data, operation } = transaction;
  if (operation > DELEGATECALL) return [finished({ type: "unknown", from: safe, to }, at.depth, {})];
  const place = { ...at, from: safe, depth: at.depth + 1, delegated: operation === DELEGATECALL };
  const refund = safeRefund(transaction, safe, at, knowledge);
  const effects = effectsOfCall({ to, value, data }, place, knowledge);
  return refund === undefined ? effects : [...effects, finished(refund, at.depth, {})];
}

function isWellFormed({ to, value, data }: EvmCall): boolean {
  return (
    (to === undefined || ADDRESS.test(to)) &&
    value >= 0n &&
    data.length <= MAX_DATA &&
    data.length % 2 === 0 &&
    data.startsWith("0x") &&
    !NOT_HEX.test(data.slice(2))
  );
}
