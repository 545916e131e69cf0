/**
 * What amounts are worth, in micro-dollars. Integers all the way, rounded up, so that a limit is never passed by
 * what rounding took away. Where units or price are unknown, so is the worth: absent, never guessed.
 */
import type { Amount, Document } from "./document.ts";
import { extended } from "./extended.ts";

/** US dollars for one whole unit: `value / 10^scale`. */
export interface Price {
  readonly value: bigint;
  readonly scale: number;
}

/** The price of a token, where a fresh one is known. */
export type Quote = (token: string) => Price | undefined;

const MAX_PRICE_CHARACTERS = 80;
const PLAIN_DECIMAL = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const MICROS = 10n ** 6n;

/** A price as it is spelled, `3120.55`; undefined for anything but a plain decimal of at most 80 characters. */
export function parsePrice(text: string): Price | undefined {
  if (text.length > MAX_PRICE_CHARACTERS) return undefined;
  const [, whole, fraction = ""] = PLAIN_DECIMAL.exec(text) ?? [];
  return whole === undefined ? undefined : { value: BigInt(whole + fraction), scale: fraction.length };
}

/** The document with `usd_micros` wherever an amount's units and its token's price are known. */
export function priceDocument(document: Document, quote: Quote): Document {
  const { transaction, evidence, deposit } = document;
  return {
    ...document,
    ...(transaction === undefined ? {} : { transaction: priceTransaction(transaction, quote) }),
    ...(evidence?.effects === undefined
      ? {}
      : { evidence: { ...evidence, effects: evidence.effects.map((effect) => priceHolder(effect, quote)) } }),
    ...(deposit?.fee === undefined ? {} : { deposit: { ...deposit, fee: priceAmount(deposit.fee, quote) } }),
  };
}

type Transaction = NonNullable<Document["transaction"]>;

function priceTransaction(transaction: Transaction, quote: Quote): Transaction {
  const { total_usd_micros: _stated, ...rest } = transaction;
  const { sources, destinations, totals, fee } = rest;
  const priced = Object.entries(totals ?? {}).map(
    ([token, amount]) => [token, priceAmount(amount, quote)] as const,
  );
  const total = sum(priced.map(([, amount]) => amount.usd_micros));
  const result: Transaction = total === undefined ? rest : extended(rest, { total_usd_micros: total });
  if (sources !== undefined) result.sources = sources.map((source) => priceHolder(source, quote));
  if (destinations !== undefined) {
    result.destinations = destinations.map((destination) => priceHolder(destination, quote));
  }
  if (totals !== undefined) result.totals = Object.fromEntries(priced);
  if (fee !== undefined) result.fee = priceAmount(fee, quote);
  return result;
}

function priceHolder<T extends { readonly amount?: Amount | undefined }>(holder: T, quote: Quote): T {
  return holder.amount === undefined ? holder : { ...holder, amount: priceAmount(holder.amount, quote) };
}

function priceAmount<T extends Amount>(amount: T, quote: Quote): T {
  const worth = worthOf(amount, quote);
  if (worth !== undefined) return extended(amount, { usd_micros: worth.toString() });
  if (amount.usd_micros === undefined) return amount;
  const unpriced = { ...amount };
  delete unpriced.usd_micros;
  return unpriced;
}

function worthOf({ token, units, decimals }: Amount, quote: Quote): bigint | undefined {
  const price = units === undefined || decimals === undefined ? undefined : quote(token);
  if (price === undefined || units === undefined || decimals === undefined) return undefined;
  const divisor = 10n ** BigInt(decimals + price.scale);
  return (BigInt(units) * price.value * MICROS + divisor - 1n) / divisor;
}

/** All or nothing: a sum that lacks an amount would pass a limit that the whole does not. */
function sum(worths: readonly (string | undefined)[]): string | undefined {
  if (worths.length === 0) return undefined;
  let total = 0n;
  for (const worth of worths) {
    if (worth === undefined) return undefined;
    total += BigInt(worth);
  }
  return total.toString();
}
