/**
 * What a request says of an EVM transaction, held against its bytes: every declared member that stands in them, and
 * nothing in them that the words don't mention. Estimates are never compared.
 */
import type { Amount, Document } from "../../input/document.ts";
import { chainNumberOf, type Knowledge, tokenOf } from "../../policy/assets.ts";
import type { Comparison } from "../comparison.ts";
import { transferIn } from "./erc20-transfer.ts";
import type { EvmTransaction } from "./transaction.ts";

type Transaction = NonNullable<Document["transaction"]>;

/** @param comparison - gets what differs, and whether something stated could not be compared. */
export function compareTransaction(
  document: Document,
  bytes: EvmTransaction,
  knowledge: Knowledge,
  comparison: Comparison,
): void {
  compareHashes(document.signing?.hashes ?? [], [bytes.hash], comparison);
  const { transaction } = document;
  if (transaction === undefined) {
    comparison.leaveOpen("the request says nothing of a transaction");
    return;
  }
  compareChain(transaction.chain, bytes.chainId, knowledge, comparison);
  comparison.same("transaction.nonce", transaction.nonce, bytes.nonce);
  compareFee(transaction.fee, bytes, comparison);
  if (transaction.contract === undefined) compareTransfer(transaction, bytes, knowledge, comparison);
  else compareCall(transaction, transaction.contract, bytes, comparison);
}

/** The hashes that are signed are exactly those of the bytes: as many, in their order. */
export function compareHashes(
  signed: readonly string[],
  expected: readonly string[],
  comparison: Comparison,
): void {
  if (signed.length !== expected.length) {
    comparison.differ("signing.hashes", `${signed.length} hashes`, `${expected.length} of the bytes`);
    return;
  }
  for (const [index, hash] of expected.entries())
    comparison.same(`signing.hashes.${index}`, signed[index], hash);
}

/** @param decoded - the chain id in the bytes; without one they are good on every chain. */
export function compareChain(
  chain: string | undefined,
  decoded: bigint | undefined,
  knowledge: Knowledge,
  comparison: Comparison,
): void {
  const number = chainNumberOf(knowledge, chain);
  if (number === undefined) {
    comparison.leaveOpen(`the chain ${chain ?? "(not stated)"} has no id in data.chains`);
    return;
  }
  if (decoded === BigInt(number)) return;
  comparison.differ("transaction.chain", `${chain} (chain id ${number})`, chainText(decoded));
}

function chainText(chainId: bigint | undefined): string {
  return chainId === undefined ? "no chain id: good on every chain" : `chain id ${chainId}`;
}

function compareFee(fee: Transaction["fee"], bytes: EvmTransaction, comparison: Comparison): void {
  if (fee === undefined) return;
  comparison.same("transaction.fee.gas_limit", fee.gas_limit, bytes.gasLimit);
  comparison.same("transaction.fee.gas_price", fee.gas_price, bytes.gasPrice);
  comparison.same("transaction.fee.max_fee_per_gas", fee.max_fee_per_gas, bytes.maxFeePerGas);
  comparison.same(
    "transaction.fee.max_priority_fee_per_gas",
    fee.max_priority_fee_per_gas,
    bytes.maxPriorityFeePerGas,
  );
}

/** A contract is called: the contract, the value and the calldata are in the words. */
function compareCall(
  { destinations = [] }: Transaction,
  contract: NonNullable<Transaction["contract"]>,
  bytes: EvmTransaction,
  comparison: Comparison,
): void {
  if (contract.address === undefined) comparison.leaveOpen("no contract is stated");
  else comparison.same("transaction.contract.address", contract.address, bytes.to ?? "a contract is made");
  compareData("transaction.contract.calldata", contract.calldata ?? "0x", bytes.data, comparison);
  const [destination, ...others] = destinations;
  if (others.length > 0)
    comparison.differ("transaction.destinations", `${destinations.length} of them`, "one");
  compareAmount(
    "transaction.destinations.0.amount",
    destination?.amount ?? "nothing",
    bytes.value,
    comparison,
  );
}

function compareData(field: string, declared: string, decoded: string, comparison: Comparison): void {
  if (declared === decoded) return;
  comparison.differ(field, declared, decoded);
}

/** Something is paid to an address, or to a wallet whose address the words don't say. */
function compareTransfer(
  { destinations = [], token }: Transaction,
  bytes: EvmTransaction,
  knowledge: Knowledge,
  comparison: Comparison,
): void {
  const [destination, ...others] = destinations;
  if (destination === undefined) {
    comparison.leaveOpen("no destination is stated");
    return;
  }
  if (others.length > 0)
    comparison.differ("transaction.destinations", `${destinations.length} of them`, "one");
  const known = tokenOf(knowledge, token);
  if (known === undefined) {
    comparison.leaveOpen(`the token ${token ?? "(not stated)"} is not in data.tokens`);
    return;
  }
  if (known.contract === undefined) {
    comparison.same(
      "transaction.destinations.0.address",
      destination.address,
      bytes.to ?? "a contract is made",
    );
    compareAmount("transaction.destinations.0.amount", destination.amount, bytes.value, comparison);
    compareData("transaction.contract.calldata", "0x", bytes.data, comparison);
    return;
  }
  const contract = known.contract.toLowerCase();
  if (bytes.to !== contract) comparison.differ("transaction.token", `${token} (${contract})`, bytes.to);
  if (bytes.value !== 0n) {
    comparison.differ(
      "transaction.destinations",
      `${token} alone`,
      `${bytes.value} of the chain's coin besides`,
    );
  }
  const transfer = transferIn(bytes.data);
  if (transfer === undefined) {
    comparison.differ("transaction.contract.calldata", `a transfer of ${token}`, bytes.data);
    return;
  }
  comparison.same("transaction.destinations.0.address", destination.address, transfer.to);
  compareAmount("transaction.destinations.0.amount", destination.amount, transfer.amount, comparison);
}

/** @param declared - `nothing` where the words state no value, which is none. */
function compareAmount(
  field: string,
  declared: Amount | "nothing" | undefined,
  decoded: bigint,
  comparison: Comparison,
): void {
  if (declared === undefined) {
    comparison.leaveOpen(`${field} is not stated`);
    return;
  }
  // Nothing is nothing, whatever the decimals.
  const nothing = declared === "nothing" || declared.text === "0" ? "0" : undefined;
  const units = declared === "nothing" ? nothing : (declared.units ?? nothing);
  if (units === undefined) {
    comparison.leaveOpen(`${field} has no exact units`);
    return;
  }
  comparison.same(`${field}.units`, units, decoded);
}
