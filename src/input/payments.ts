/**
 * What an approval would pay, allow or grant, and to whom: what the bytes do where they were read and agree with the
 * words (`evidence.status` is `verified`), and the declared destinations elsewhere. Limits, allow-lists and history
 * all go by this one reading.
 */
import { totalsOf } from "./amounts.ts";
import type { Amount, Document, Effect } from "./document.ts";
import { extended } from "./extended.ts";

/**
 * One payment, or leave to take one.
 *
 * @property token - what is paid: an effect's `asset`, so that a single token (NFT) is one of its own.
 * @property from - whose it is; absent where only the destinations are declared.
 * @property amount - absent where it is not known, or the bytes set no bound.
 */
export interface Payment {
  readonly token?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly amount?: Amount | undefined;
}

type Transaction = NonNullable<Document["transaction"]>;

/** The effects that move value, or let somebody take it. A fee is none: it has limits of its own. */
const VALUE: ReadonlySet<Effect["type"]> = new Set(["transfer", "approve", "permit", "operator_grant"]);

/** Whether the bytes were read and say what the request says. */
export function isProven({ evidence }: Document): boolean {
  return evidence?.status === "verified";
}

/** Whether {@link paymentsOf} are effects of the bytes. A call without value is proven and has none. */
export function hasProvenPayments(document: Document): boolean {
  return isProven(document) && valueEffects(document).length > 0;
}

/**
 * @returns one payment an effect that moves value. A transaction that is proven to move nothing pays zero to what it
 *   calls; what a message declares without proof of any payment stays as declared. Empty where nobody is paid.
 */
export function paymentsOf(document: Document): readonly Payment[] {
  const { transaction } = document;
  if (transaction === undefined) return [];
  if (isProven(document)) {
    const effects = valueEffects(document);
    if (effects.length > 0) {
      return effects.map(({ asset, from, to, amount }) => ({ token: asset, from, to, amount }));
    }
    if (document.group !== "message") return [callOf(transaction)];
  }
  return (transaction.destinations ?? []).map(({ address, amount }) => ({
    token: amount?.token ?? transaction.token,
    to: address,
    amount,
  }));
}

/** A call that moves nothing: nothing of the coin that it could have moved, which is worth nothing at any price. */
function callOf({ contract, destinations, token: stated }: Transaction): Payment {
  const [destination] = destinations ?? [];
  const token = destination?.amount?.token ?? stated;
  const amount =
    token === undefined ? undefined : { token, ...destination?.amount, units: "0", usd_micros: "0" };
  return { token, to: contract?.address ?? destination?.address, amount };
}

/**
 * The document with `transaction.totals` by what the bytes do, where they were read: one amount a token, the exact
 * sum of its payments, of whatever length. Absent where one of them has no token or no exact amount, or an operator
 * is granted a whole collection. Where they move nothing the declared totals stay if they say so too. As declared
 * where the bytes prove nothing.
 *
 * Totals that are set here have no prices yet, and there is no `total_usd_micros`: see `priceDocument`.
 *
 * @throws Refusal `REQUEST_SCHEMA` for an asset named `__proto__`.
 */
export function withTotals(document: Document): Document {
  const { transaction } = document;
  if (transaction === undefined || !isProven(document)) return document;
  const { totals: declared, total_usd_micros: _worth, ...rest } = transaction;
  const effects = valueEffects(document);
  const totals = effects.length === 0 ? zeroOnly(declared) : provenTotals(effects);
  return { ...document, transaction: totals === undefined ? rest : extended(rest, { totals }) };
}

type Totals = NonNullable<Transaction["totals"]>;

function zeroOnly(declared: Totals | undefined): Totals | undefined {
  return Object.values(declared ?? {}).every(({ units }) => units === "0") ? declared : undefined;
}

function provenTotals(effects: readonly Effect[]): Totals | undefined {
  const amounts: Amount[] = [];
  for (const { type, asset, amount } of effects) {
    if (type === "operator_grant" || asset === undefined || amount?.units === undefined) return undefined;
    const { usd_micros: _worth, ...exact } = amount;
    amounts.push({ ...exact, token: asset });
  }
  const totals = totalsOf(amounts);
  // Two readings of one token that disagree on its decimals have no sum.
  return Object.values(totals ?? {}).every(({ units }) => units !== undefined) ? totals : undefined;
}

function valueEffects({ evidence }: Document): readonly Effect[] {
  return (evidence?.effects ?? []).filter(({ type }) => VALUE.has(type));
}
