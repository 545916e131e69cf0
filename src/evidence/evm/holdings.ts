/** How effects name what is moved on an EVM chain: the coin, tokens, and single tokens of a collection. */
import { amountFromUnits } from "../../input/amounts.ts";
import type { Amount } from "../../input/document.ts";
import { contractOf, type Knowledge, nativeTokenOf, tokenAt, tokenOf } from "../../policy/assets.ts";

/** An asset, and how much of it. */
export interface Holding {
  readonly asset: string;
  readonly amount: Amount;
}

/** Nobody can pay more, and an amount can't say it. */
const MAX_UNITS = 2n ** 256n;

/** @param wei - where it is over 256 bits, as products of fees may be, the amount says nothing but its token. */
export function coins(knowledge: Knowledge, chain: string | undefined, wei: bigint): Holding {
  return holding(knowledge, nativeTokenOf(knowledge, chain), "native", wei);
}

/** The token that a contract is: its id where the release knows it, else the contract's address. */
export function tokenAsset(knowledge: Knowledge, chain: string | undefined, contract: string): string {
  return tokenAt(knowledge, chain, contract) ?? contract;
}

/** Of a fungible token. */
export function tokens(
  knowledge: Knowledge,
  chain: string | undefined,
  contract: string,
  units: bigint,
): Holding {
  return holding(knowledge, tokenAt(knowledge, chain, contract), contract, units);
}

/** Of one token of a collection (ERC-721, ERC-1155). */
export function singleTokens(contract: string, id: bigint, units: bigint): Holding {
  const asset = `${contract}/${id}`;
  return { asset, amount: amountFromUnits(asset, units.toString(), 0) };
}

/** What a number means that ERC-20 and ERC-721 pass alike: an amount, or the id of one token. */
export function tokensOrSingle(
  knowledge: Knowledge,
  chain: string | undefined,
  contract: string,
  number: bigint,
): Holding {
  return contractOf(knowledge, chain, contract)?.kind === "erc721"
    ? singleTokens(contract, number, 1n)
    : tokens(knowledge, chain, contract, number);
}

function holding(knowledge: Knowledge, id: string | undefined, unnamed: string, units: bigint): Holding {
  const asset = id ?? unnamed;
  if (units >= MAX_UNITS) return { asset, amount: { token: asset } };
  return { asset, amount: amountFromUnits(asset, units.toString(), tokenOf(knowledge, id)?.decimals) };
}
