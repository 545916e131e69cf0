/**
 * The members of the document that a version 1 KeySign request brings. It states smallest units, names a coin
 * and no chain, and says nothing of organization, vault, wallet or group.
 *
 * `gas_price` is left out: the documents say gwei, other payloads carry wei. `inputs_to_spend` is what the
 * caller asked for and not all inputs, so it makes no sources.
 */

import type { Material } from "../../evidence/material.ts";
import { amountFromUnits, plainInteger, totalsOf } from "../../input/amounts.ts";
import type { Amount, Document, Kind } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { type Assets, familyOf, nativeTokenOf, tokenOf } from "../../policy/assets.ts";
import { present, presentOrAbsent } from "../absent.ts";
import { canonicalAddress, canonicalHex, located } from "../canonical.ts";
import { initiatorTypeOf, replacementOf } from "../ways.ts";
import { checkAgreement } from "./invariants.ts";
import { signingOfV1 } from "./kinds.ts";
import type { SigningParts } from "./normalize-sign-v2.ts";
import { signingOf } from "./normalize-signing.ts";
import type { KeySignV1 } from "./wire.ts";
import type { KeySignExtraV1 } from "./wire-v1.ts";

type Transaction = NonNullable<Document["transaction"]>;
type Destination = NonNullable<Transaction["destinations"]>[number];

const TRANSFER = 100;
const CONTRACT_CALL = 200;

/** The API's key or the web's user; where the way it came about doesn't tell which, the one that is there. */
function initiatorOf({ transaction_type: way = 0, api_key, spender }: KeySignExtraV1): Document["initiator"] {
  const type = initiatorTypeOf(way);
  if (type === "API") return present({ type, id: api_key, api_key });
  if (type === "Web") return present({ type, id: spender });
  return presentOrAbsent({ type, id: api_key && spender ? undefined : api_key || spender, api_key });
}

function amountAt(
  assets: Assets,
  where: string,
  coin: string | undefined,
  text: string | undefined,
): Amount | undefined {
  if (!text) return undefined;
  return located(`extra_info.${where}`, () => {
    if (coin) return amountFromUnits(coin, text, tokenOf(assets, coin)?.decimals);
    plainInteger(text);
    return undefined;
  });
}

function destinationsOf(
  { coin, to_address, amount, outputs = [] }: KeySignExtraV1,
  assets: Assets,
  addressOf: (address: string) => string,
): Destination[] {
  const [first] = outputs;
  if (to_address && first !== undefined) {
    if (outputs.length > 1) {
      throw new Refusal("REQUEST_SCHEMA", "extra_info: has to_address and several to_address_details");
    }
    checkAgreement(
      [
        ["extra_info.to_address", addressOf(to_address)],
        ["extra_info.to_address_details.0.to_address", addressOf(first.to_address)],
      ],
      [
        ["extra_info.amount", amount],
        ["extra_info.to_address_details.0.amount", first.amount],
      ],
    );
  }
  if (outputs.length > 0) {
    checkAgreement([
      ["extra_info.amount", amount === "0" ? undefined : amount],
      ["the sum of extra_info.to_address_details", sumOf(outputs)],
    ]);
    return outputs.map((output, index) =>
      present({
        address: addressOf(output.to_address),
        amount: amountAt(assets, `to_address_details.${index}.amount`, coin, output.amount),
      }),
    );
  }
  return [
    present({
      address: to_address && addressOf(to_address),
      amount: amountAt(assets, "amount", coin, amount),
    }),
  ];
}

function sumOf(outputs: NonNullable<KeySignExtraV1["outputs"]>): string {
  const amounts = outputs.map(({ amount }, index) =>
    located(`extra_info.to_address_details.${index}.amount`, () => BigInt(plainInteger(amount))),
  );
  return amounts.reduce((sum, amount) => sum + amount, 0n).toString();
}

function feeOf(
  { fee, gas_limit }: KeySignExtraV1,
  assets: Assets,
  chain: string | undefined,
): Transaction["fee"] {
  const token = nativeTokenOf(assets, chain);
  if (token === undefined || (!fee && !gas_limit)) return undefined;
  return present({
    token,
    rate: fee ? fee.toString() : undefined,
    gas_limit: gas_limit ? gas_limit.toString() : undefined,
  });
}

/** @throws Refusal `REQUEST_SCHEMA` for a transfer that brings a call along. */
function contractOf(
  { operation, to_address, parameters }: KeySignExtraV1,
  addressOf: (address: string) => string,
): Transaction["contract"] {
  const calldata =
    parameters?.calldata &&
    canonicalHex(parameters.calldata, "extra_info.extra_parameters.calldata", "optional");
  const calls = (calldata || "0x") !== "0x" || (parameters?.instructions ?? []).length > 0;
  if (operation === TRANSFER && calls) {
    throw new Refusal(
      "REQUEST_SCHEMA",
      "extra_info.extra_parameters: a call, but operation 100 is a transfer",
    );
  }
  if (operation !== CONTRACT_CALL && !calls) return undefined;
  return presentOrAbsent({
    address: to_address && addressOf(to_address),
    selector: calldata && calldata.length >= 10 ? calldata.slice(0, 10) : undefined,
    calldata,
  });
}

function replacesOf({ transaction_type: way = 0, replace_cobo_id }: KeySignExtraV1): Transaction["replaces"] {
  return presentOrAbsent({
    id: replace_cobo_id,
    how: replacementOf(way),
  });
}

function transactionOf(extra: KeySignExtraV1, type: string, assets: Assets): Transaction {
  const chain = tokenOf(assets, extra.coin)?.chain;
  const family = familyOf(assets, chain);
  const addressOf = (address: string): string => canonicalAddress(address, family);
  const destinations = destinationsOf(extra, assets, addressOf).filter((one) => Object.keys(one).length > 0);
  const amounts = destinations.flatMap(({ amount }) => amount ?? []);
  return present({
    cobo_id: extra.cobo_id,
    business_id: extra.api_request_id,
    type,
    chain,
    token: extra.coin,
    sources: extra.from_address ? [{ address: addressOf(extra.from_address) }] : undefined,
    destinations,
    totals: amounts.length === destinations.length ? totalsOf(amounts) : undefined,
    fee: feeOf(extra, assets, chain),
    contract: contractOf(extra, addressOf),
    replaces: replacesOf(extra),
    description: extra.note,
  });
}

/** Older nodes give the bytes as a list, one entry an input. Where a message stands, no document says. */
function materialOf(kind: Kind, extra: KeySignExtraV1): Material {
  if (kind === "message_signing") return { type: "other" };
  const [first, ...more] = (extra.raw_tx ?? []).flatMap(({ raw_tx }) => raw_tx || []);
  const unsigned = extra.raw_tx_hex || (more.length === 0 ? first : undefined);
  return unsigned === undefined && (first !== undefined || extra.raw_tx_info)
    ? { type: "other" }
    : { type: "transaction", unsigned };
}

/**
 * @throws Refusal `KIND_UNKNOWN`, and `REQUEST_SCHEMA` for amounts, hashes and calldata that are none, and for a
 *   declared precision that the release's data contradicts.
 */
export function signingMembersV1({ detail, extra }: KeySignV1, assets: Assets): SigningParts {
  const { kind, type } = signingOfV1(extra.operation, extra.transaction_type);
  const known = tokenOf(assets, extra.coin);
  if (known !== undefined && extra.decimal !== undefined && extra.decimal !== known.decimals) {
    throw new Refusal("REQUEST_SCHEMA", "extra_info.decimal contradicts data.tokens", {
      coin: extra.coin,
      decimal: extra.decimal,
      known: known.decimals,
    });
  }
  const members = {
    kind,
    ...present({
      initiator: initiatorOf(extra),
      key: present({
        group_id: detail.group_id,
        root_public_key: detail.root_pub_key,
        used: detail.used_node_ids,
      }),
      signing: signingOf(detail, "optional"),
      transaction: transactionOf(extra, type, assets),
    }),
  };
  return { members, material: materialOf(kind, extra) };
}
