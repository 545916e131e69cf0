/** The fee of a version 2 transaction: what it may cost at most, never what it is estimated to cost. */
import { amountFromText, amountFromUnits, canonicalDecimal, plainInteger } from "../../input/amounts.ts";
import type { Amount, Document } from "../../input/document.ts";
import { type Assets, nativeTokenOf, tokenOf } from "../../policy/assets.ts";
import { present } from "../absent.ts";
import { located } from "../canonical.ts";
import type { FeeV2 } from "./wire-v2.ts";

type Fee = NonNullable<NonNullable<Document["transaction"]>["fee"]>;

const integerAt = (member: string, text: string | undefined): string | undefined =>
  text ? located(`extra_info.transaction.fee.${member}`, () => plainInteger(text)) : undefined;

/** Gas limit times price: the smallest unit of the chain's coin, so it needs the coin and not a token. */
function gasCost(
  assets: Assets,
  token: string,
  limit: string | undefined,
  price: string | undefined,
): Amount | undefined {
  const known = tokenOf(assets, token);
  if (limit === undefined || price === undefined || known === undefined || known.contract !== undefined) {
    return undefined;
  }
  const units = (BigInt(limit) * BigInt(price)).toString();
  return located("extra_info.transaction.fee", () => amountFromUnits(token, units, known.decimals));
}

function maxAmount(assets: Assets, token: string, text: string | undefined): Amount | undefined {
  if (!text) return undefined;
  const where = "extra_info.transaction.fee.max_fee_amount";
  return located(where, () => amountFromText(token, text, tokenOf(assets, token)?.decimals));
}

/**
 * @returns absent where no token is stated and the chain's own coin isn't known: an amount needs a token. The
 *   amount's `units` are absent where the maximum can't be computed exactly (Solana, Filecoin). A roll-up's
 *   charge for its data comes on top and stands in no transaction.
 * @throws Refusal `REQUEST_SCHEMA` for parameters that are no plain integers or decimals.
 */
export function feeOf(fee: FeeV2 | undefined, chain: string | undefined, assets: Assets): Fee | undefined {
  if (fee === undefined) return undefined;
  const token = fee.token_id || nativeTokenOf(assets, chain);
  if (token === undefined) return undefined;
  const type = fee.fee_type;
  switch (fee.fee_type) {
    case "EVM_EIP_1559": {
      const gas_limit = integerAt("gas_limit", fee.gas_limit);
      const max_fee_per_gas = integerAt("max_fee_per_gas", fee.max_fee_per_gas);
      return present({
        token,
        ...gasCost(assets, token, gas_limit, max_fee_per_gas),
        type,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas: integerAt("max_priority_fee_per_gas", fee.max_priority_fee_per_gas),
      });
    }
    case "EVM_Legacy": {
      const gas_limit = integerAt("gas_limit", fee.gas_limit);
      const gas_price = integerAt("gas_price", fee.gas_price);
      return present({ token, ...gasCost(assets, token, gas_limit, gas_price), type, gas_limit, gas_price });
    }
    case "UTXO": {
      const rate = fee.fee_rate || undefined;
      return present({
        token,
        ...maxAmount(assets, token, fee.max_fee_amount),
        type,
        rate: rate && located("extra_info.transaction.fee.fee_rate", () => canonicalDecimal(rate)),
      });
    }
    case "Fixed":
      return present({ token, ...maxAmount(assets, token, fee.max_fee_amount), type });
    case "SOL":
      return { token, type };
    case "FIL":
      return present({ token, type, gas_limit: integerAt("gas_limit", fee.gas_limit) });
  }
}
