/**
 * The push message of an MPC wallet: objects for coin, amount, fee and block, statuses and types as numbers.
 * Source: the push page (seed 003), the transaction snippet of Cobo's version 1 pages, the models of its Java client.
 */
import { z } from "zod";
import type { PushStatus } from "../../input/document.ts";
import { parseStrictJson } from "../../input/strict-json.ts";
import { canonicalHash } from "../canonical.ts";
import { initiatorTypeOf, replacementOf, typeOfOperation } from "../ways.ts";
import {
  agreed,
  type Coin,
  type Fee,
  type Input,
  inputsOf,
  type Nft,
  type Output,
  type Quantity,
  quantityOf,
  quantityOfUnits,
  refuse,
  type Told,
  withMemo,
} from "./told.ts";
import {
  addresses,
  count,
  decimals,
  flag,
  floatText,
  id,
  integer,
  label,
  text,
  wholeUnits,
} from "./wire-members.ts";

/** `TYPE_FROM_DEPOSIT`; there is no member that says the side. */
const DEPOSIT = 1000;
const PENDING_APPROVAL = 101;

/** 402 is no end: it will be sent again. 502 failed on the chain and becomes 901. */
const STATUSES: ReadonlyMap<number, PushStatus> = new Map([
  [PENDING_APPROVAL, "pending"],
  [201, "pending"],
  [301, "pending"],
  [401, "pending"],
  [402, "pending"],
  [403, "pending"],
  [501, "confirming"],
  [502, "reverting"],
  [900, "success"],
  [901, "failed"],
  [902, "reorganized"],
]);

const coinDetail = z
  .object(
    {
      coin: text,
      chain_code: text,
      display_code: text,
      description: text,
      decimal: decimals,
      can_deposit: flag,
      can_withdraw: flag,
      confirming_threshold: count,
      dust_threshold: integer,
    },
    "no object",
  )
  .optional();

export const mpcSchema = z.object({
  cobo_id: id,
  request_id: id,
  status: count,
  coin_detail: coinDetail,
  nft_detail: z
    .object({ nft_code: text, token_id: label, chain_code: text, contract_address: text }, "no object")
    .optional(),
  amount_detail: z
    .object({ amount: integer, abs_amount: wholeUnits, nft_amount: integer }, "no object")
    .optional(),
  fee_detail: z
    .object(
      {
        fee_coin_detail: coinDetail,
        gas_limit: integer,
        fee_used: integer,
        fee: floatText,
        max_fee_amount: integer,
      },
      "no object",
    )
    .optional(),
  source_addresses: addresses,
  from_address: text,
  to_address: text,
  memo: label,
  tx_hash: text,
  vout_n: count,
  nonce: integer,
  confirmed_number: count,
  replace_cobo_id: id,
  transaction_type: count,
  operation: count,
  block_detail: z
    .object({ block_hash: text, block_height: count, block_time: count }, "no object")
    .optional(),
  tx_detail: z.object({ tx_hash: text }, "no object").optional(),
  selected_utxos: z
    .array(z.object({ address: text, tx_hash: text, vout_n: count, value: integer }), "no list")
    .optional(),
  target_destinations: z
    .array(z.object({ address: text, value: integer, is_change: flag }), "no list")
    .optional(),
  to_address_details: text,
  extra_parameters: z.unknown().optional(),
  created_time: count,
  updated_time: count,
  failed_reason: text,
  remark: text,
});
type Message = z.infer<typeof mpcSchema>;

function coinOf({ coin_detail: detail }: Message): Coin | undefined {
  if (detail?.coin === undefined) return undefined;
  return {
    code: detail.coin,
    chain: detail.chain_code,
    name: detail.display_code,
    description: detail.description,
    decimals: detail.decimal,
    canDeposit: detail.can_deposit,
    canWithdraw: detail.can_withdraw,
    threshold: detail.confirming_threshold,
    dustThreshold: detail.dust_threshold,
  };
}

/** Absent for a message about a coin: it has the members, and nothing in them. */
function nftOf({ nft_detail: detail, amount_detail: amount }: Message): Nft | undefined {
  const { nft_code: code, token_id: tokenId, contract_address: contract } = detail ?? {};
  const many = amount?.nft_amount;
  if (code === undefined && tokenId === undefined && contract === undefined) {
    return many === undefined || many === "0"
      ? undefined
      : refuse("amount_detail.nft_amount: of no nft_detail");
  }
  return { code, tokenId, contract, amount: many === "0" ? undefined : many };
}

function amountOf(
  { amount_detail: amount, coin_detail: coin }: Message,
  nft: Nft | undefined,
): Quantity | undefined {
  const quantity = quantityOf(
    ["amount_detail.amount", amount?.amount],
    ["amount_detail.abs_amount", amount?.abs_amount],
    // A message about an NFT states a zero of no coin.
    coin?.decimal ?? (amount?.amount === "0" ? 0 : undefined),
  );
  if (nft === undefined) return coin?.coin === undefined ? undefined : quantity;
  if (quantity !== undefined && quantity.text !== "0") refuse("an amount of a coin and an NFT");
  return nft.amount === undefined ? undefined : { text: nft.amount };
}

/** An output of a transaction that pays several. */
interface Paid {
  readonly name: string;
  readonly address: string | undefined;
  readonly value: string | undefined;
}

/** As in version 1 of the callbacks; no page says of pushes what they hold. */
const toAddressDetails = z.array(z.object({ to_address: z.string().min(1), amount: z.string().min(1) }));

/** Of a withdrawal all outputs that are no change. A deposit's transaction pays others, too, who are nobody of ours. */
function paidBy(message: Message, side: Told["side"]): Paid[] {
  if (side === "deposit") return [];
  const targets = (message.target_destinations ?? []).flatMap(
    ({ address, value, is_change: change }, index) =>
      change === true ? [] : [{ name: `target_destinations.${index}`, address, value }],
  );
  if (targets.length > 0) return targets;
  const details = toAddressDetails.safeParse(heldJson(message.to_address_details));
  return (details.data ?? []).map(({ to_address: address, amount: value }, index) => ({
    name: `to_address_details.${index}`,
    address,
    value,
  }));
}

/** What Cobo was asked to do besides paying: a call. */
const noCall = z.object({ calldata: z.enum(["", "0x"]).nullish() }).nullable();

/**
 * A message of what is done is told by what is left of it; but nothing is paid by a list that nobody can read, by two that
 * name others, with a change where nothing is spent that could leave one, or together with a call.
 */
function unreadOutputs(message: Message): string | undefined {
  const { to_address_details: details, target_destinations: targets = [], selected_utxos: spent } = message;
  if (details !== undefined) {
    const { data } = toAddressDetails.safeParse(heldJson(details));
    const paid = new Set(targets.map(({ address }) => address?.toLowerCase()));
    const isSaid = (address: string) => targets.length === 0 || paid.has(address.toLowerCase());
    if (data?.every(({ to_address: address }) => isSaid(address)) !== true) return "to_address_details";
  }
  const hasChange = targets.some(({ is_change: change }) => change === true);
  if (hasChange && (spent ?? []).length === 0) return "target_destinations";
  const { extra_parameters: asked } = message;
  if (asked === undefined || asked === "") return undefined;
  const held = typeof asked === "string" ? heldJson(asked) : asked;
  return noCall.safeParse(held).success ? undefined : "extra_parameters";
}

function heldJson(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : parseStrictJson(json);
  } catch {
    return undefined;
  }
}

/** @throws Refusal `REQUEST_SCHEMA` where the outputs are not what `to_address` and `amount_detail` say. */
function outputsOf(message: Message, side: Told["side"], amount: Quantity | undefined): Output[] {
  const decimals = message.coin_detail?.decimal;
  const one = withMemo("to_address", message.to_address, message.memo);
  const paid = paidBy(message, side);
  if (paid.length === 0) return [{ amount, ...one }];
  if (paid.length > 1 && one.memo !== undefined) refuse("memo: with several destinations");
  let sum = 0n;
  const outputs = paid.map(({ name, address, value }) => {
    if (value === undefined || !/^[0-9]{1,78}$/.test(value)) return refuse(`${name}: no amount`);
    if (decimals === undefined) return refuse(`${name}: of a coin whose decimals are missing`);
    sum += BigInt(value);
    return { amount: quantityOfUnits(String(BigInt(value)), decimals), ...withMemo(name, address, one.memo) };
  });
  if (one.address !== undefined && !outputs.some(({ address }) => address === one.address)) {
    refuse(`to_address: not among the ${outputs.length} that are paid`);
  }
  agreed(
    ["amount_detail.amount", amount?.units],
    [`the sum of the ${outputs.length} that are paid`, String(sum)],
  );
  return outputs;
}

function allInputsOf({ selected_utxos: spent = [], coin_detail: coin, ...message }: Message): Input[] {
  const inputs: Input[] = spent.map(({ address, tx_hash: txHash, vout_n: index, value }) => ({
    address: inputsOf([address])[0]?.address,
    txHash,
    index,
    amount:
      value === undefined || coin?.decimal === undefined ? undefined : quantityOfUnits(value, coin.decimal),
  }));
  const known = new Set(inputs.map(({ address }) => address));
  const others = inputsOf([message.from_address, ...(message.source_addresses ?? [])]);
  return [...inputs, ...others.filter(({ address }) => !known.has(address))];
}

/** What the chain took. `gas_price` is left out: the pages say gwei, samples carry wei. */
function feeOf({ fee_detail: fee }: Message): Fee | undefined {
  const coin = fee?.fee_coin_detail;
  if (fee === undefined || coin?.coin === undefined) return undefined;
  const { fee_used: used, fee: rate, gas_limit: gasLimit } = fee;
  return {
    token: coin.coin,
    chain: coin.chain_code,
    amount: quantityOfFee(used, coin.decimal),
    gasLimit: gasLimit === "0" ? undefined : gasLimit,
    rate: rate === "0" ? undefined : rate,
  };
}

function maxFeeOf({ fee_detail: fee }: Message): Fee | undefined {
  const coin = fee?.fee_coin_detail;
  const amount = quantityOfFee(fee?.max_fee_amount, coin?.decimal);
  return coin?.coin === undefined || amount === undefined
    ? undefined
    : { token: coin.coin, chain: coin.chain_code, amount };
}

/** A fee of 0 is one that isn't known. */
function quantityOfFee(units: string | undefined, decimals: number | undefined): Quantity | undefined {
  return units === undefined || units === "0" || decimals === undefined
    ? undefined
    : quantityOfUnits(units, decimals);
}

/** @throws Refusal `REQUEST_SCHEMA` where the message contradicts itself, or a code is unknown. */
export function toldByMpc(message: Message): Told {
  const { transaction_type: way, coin_detail: coin, nft_detail: nftDetail } = message;
  if (!way) return refuse("transaction_type: missing");
  const side = way === DEPOSIT ? "deposit" : "withdrawal";
  const status = STATUSES.get(message.status ?? refuse("status: missing"));
  const nft = nftOf(message);
  const amount = amountOf(message, nft);
  if (nft === undefined && coin?.coin === undefined) refuse("coin_detail.coin: missing");
  if (nft === undefined && amount === undefined) refuse("amount_detail.amount: missing");
  const hash = message.tx_hash && canonicalHash(message.tx_hash);
  const detailed = message.tx_detail?.tx_hash && canonicalHash(message.tx_detail.tx_hash);
  const replaced = message.replace_cobo_id;
  return {
    shape: "mpc",
    side,
    coboId: message.cobo_id,
    requestId: message.request_id,
    status: status ?? refuse(`status: no status that is known: ${message.status}`),
    awaitsApproval: message.status === PENDING_APPROVAL,
    type: side === "deposit" ? "Deposit" : typeOfOperation(message.operation, way),
    initiator: initiatorTypeOf(way),
    coin: coinOf(message),
    chain: agreed(
      ["coin_detail.chain_code", coin?.chain_code],
      ["nft_detail.chain_code", nftDetail?.chain_code],
    ),
    nft,
    outputs: outputsOf(message, side, amount),
    outputsUnread: unreadOutputs(message),
    inputs: allInputsOf(message),
    fee: feeOf(message),
    maxFee: side === "deposit" ? undefined : maxFeeOf(message),
    serviceFee: undefined,
    txHash: agreed(["tx_hash", hash], ["tx_detail.tx_hash", detailed]),
    index: message.vout_n,
    block: {
      hash: message.block_detail?.block_hash,
      height: message.block_detail?.block_height,
      at: message.block_detail?.block_time,
    },
    confirmations: message.confirmed_number,
    threshold: coin?.confirming_threshold,
    internal: undefined,
    waitingAudit: undefined,
    // A deposit is no transaction of ours: its 0 says nothing.
    nonce: side === "deposit" ? undefined : message.nonce,
    replaces: replaced === undefined ? undefined : { id: replaced, how: replacementOf(way) },
    remark: message.remark,
    failedReason: message.failed_reason,
    requestedAt: undefined,
    createdAt: message.created_time,
    updatedAt: message.updated_time,
  };
}
