/**
 * The push message of a custodial wallet: one flat object, amounts in smallest and in whole units.
 * Source: the push page (seed 003), the transaction snippet of Cobo's version 1 pages, two published messages.
 */
import { z } from "zod";
import type { PushStatus } from "../../input/document.ts";
import { canonicalHash } from "../canonical.ts";
import {
  agreed,
  type Fee,
  inputsOf,
  type Quantity,
  quantityOf,
  quantityOfUnits,
  refuse,
  type Told,
  withMemo,
} from "./told.ts";
import { addresses, count, decimals, flag, id, integer, label, text, wholeUnits } from "./wire-members.ts";

export const custodialSchema = z.object({
  /** `""` in a confirmation. */
  id,
  coin: z.string("not text"),
  display_code: text,
  description: text,
  decimal: decimals,
  address: text,
  memo: label,
  source_address: text,
  source_address_detail: addresses,
  side: z.enum(["deposit", "withdraw"], "neither deposit nor withdraw"),
  amount: integer,
  abs_amount: wholeUnits,
  abs_cobo_fee: wholeUnits,
  txid: text,
  vout_n: count,
  request_id: id,
  status: z.enum(["success", "failed", "pending"], "no status that is known"),
  request_created_time: count,
  created_time: count,
  last_time: count,
  confirmed_num: count,
  /** Called `confirmed_threshold` in the prose of the push page, and nowhere else. */
  confirming_threshold: count,
  waiting_audit: flag,
  tx_detail: z.object({ txid: text, blocknum: count, blockhash: text }, "no object").optional(),
  fee_coin: text,
  fee_amount: integer,
  fee_decimal: decimals,
  type: z.enum(["external", "internal"], "neither external nor internal").optional(),
  tx_request_type: count,
  remark: text,
});
type Message = z.infer<typeof custodialSchema>;

const INITIATORS: ReadonlyMap<number, Told["initiator"]> = new Map([
  [100, "Web"],
  [200, "API"],
]);

/** A pending transaction that was seen in blocks is on its way; one that was not may never come. */
function statusOf({ status, confirmed_num: confirmations = 0 }: Message): PushStatus {
  return status === "pending" && confirmations > 0 ? "confirming" : status;
}

/** What Cobo charged for the chain's fee. `tx_detail` has parts of the real one in units that no page names. */
function feeOf({ fee_coin, fee_amount, fee_decimal }: Message): Fee | undefined {
  if (fee_coin === undefined || fee_amount === undefined || fee_decimal === undefined) return undefined;
  return { token: fee_coin, amount: quantityOfUnits(fee_amount, fee_decimal) };
}

/** Cobo may reckon its own fee in smaller parts than the coin has: then there is no integer of it. */
function quantityOfFee(fee: string | undefined, decimals: number | undefined): Quantity | undefined {
  if (fee === undefined || decimals === undefined) return undefined;
  return (fee.split(".")[1] ?? "").length > decimals
    ? { text: fee }
    : quantityOf(["", undefined], ["abs_cobo_fee", fee], decimals);
}

/** @throws Refusal `REQUEST_SCHEMA` where the message contradicts itself. */
export function toldByCustodial(message: Message): Told {
  const { coin, decimal, tx_detail: detail, side } = message;
  const amount = quantityOf(["amount", message.amount], ["abs_amount", message.abs_amount], decimal);
  const hash = message.txid && canonicalHash(message.txid);
  return {
    shape: "custodial",
    side: side === "deposit" ? "deposit" : "withdrawal",
    coboId: message.id,
    requestId: message.request_id,
    status: statusOf(message),
    awaitsApproval: statusOf(message) === "pending",
    type: side === "deposit" ? "Deposit" : "Withdrawal",
    initiator: side === "deposit" ? undefined : INITIATORS.get(message.tx_request_type ?? 0),
    coin: {
      code: coin,
      chain: undefined,
      name: message.display_code,
      description: message.description,
      decimals: decimal,
    },
    chain: undefined,
    nft: undefined,
    outputs: [
      {
        amount: amount ?? refuse("amount: missing"),
        ...withMemo("address", message.address, message.memo),
      },
    ],
    inputs: inputsOf([message.source_address, ...(message.source_address_detail ?? [])]),
    fee: feeOf(message),
    maxFee: undefined,
    serviceFee: quantityOfFee(message.abs_cobo_fee, decimal),
    txHash: agreed(["txid", hash], ["tx_detail.txid", detail?.txid && canonicalHash(detail.txid)]),
    index: message.vout_n,
    block: { hash: detail?.blockhash, height: detail?.blocknum, at: undefined },
    confirmations: message.confirmed_num,
    threshold: message.confirming_threshold,
    internal: message.type === undefined ? undefined : message.type === "internal",
    waitingAudit: message.waiting_audit,
    nonce: undefined,
    replaces: undefined,
    remark: message.remark,
    failedReason: undefined,
    requestedAt: message.request_created_time,
    createdAt: message.created_time,
    updatedAt: message.last_time,
  };
}
