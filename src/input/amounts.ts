/**
 * Exact amounts. Cobo's v2 payloads state whole units ("1.5"), its v1 payloads and pushes smallest units
 * ("1500000"); both become the document's amount. Only integers are computed with, and decimals come from
 * the release's data alone: where they are unknown, `units` is absent, never guessed.
 */

import type { Amount } from "./document.ts";
import { Refusal } from "./refusal.ts";

/** 2^256 has 78 digits; nothing that any chain can move is longer. */
const MAX_DIGITS = 78;

const WHOLE_UNITS = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const DIGITS = /^(0|[1-9][0-9]*)$/;

/** A decimal as `value / 10^scale`, in its shortest form. */
interface Decimal {
  readonly value: bigint;
  readonly scale: number;
}

function refuse(what: string): never {
  throw new Refusal("REQUEST_SCHEMA", what);
}

function readDecimal(spelled: string): Decimal {
  if (spelled.length > 2 * MAX_DIGITS + 1) refuse("an amount has too many digits");
  const match = WHOLE_UNITS.exec(spelled);
  const whole = match?.[1];
  if (whole === undefined) return refuse("an amount is not a plain decimal");
  const fraction = (match?.[2] ?? "").replace(/0+$/, "");
  if (whole.length > MAX_DIGITS || fraction.length > MAX_DIGITS) refuse("an amount has too many digits");
  return { value: BigInt(whole + fraction), scale: fraction.length };
}

function textOf({ value, scale }: Decimal): string {
  const digits = value.toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/**
 * A plain decimal in its shortest spelling: `1.50` gives `1.5`.
 *
 * @throws Refusal `REQUEST_SCHEMA` for signs, exponents, spaces, leading zeros, empty text, too many digits.
 */
export function canonicalDecimal(spelled: string): string {
  return textOf(readDecimal(spelled));
}

/**
 * A non-negative integer as text, as it stands.
 *
 * @throws Refusal `REQUEST_SCHEMA` for anything else, and for more than 78 digits.
 */
export function plainInteger(spelled: string): string {
  if (spelled.length > MAX_DIGITS) refuse("an integer has too many digits");
  if (!DIGITS.test(spelled)) refuse("not a plain integer");
  return spelled;
}

/**
 * An amount stated in whole units.
 *
 * @param token - the token's id.
 * @param spelled - whole units, a plain decimal such as `1.5`.
 * @param decimals - the token's decimals as the release has them; absent where it does not know the token.
 * @throws Refusal `REQUEST_SCHEMA` for what is not a plain decimal, or has more digits than its token.
 */
export function amountFromText(token: string, spelled: string, decimals: number | undefined): Amount {
  const decimal = readDecimal(spelled);
  const text = textOf(decimal);
  if (decimals === undefined) return { token, text };
  if (decimal.scale > decimals) refuse(`an amount of ${token} has more than ${decimals} fraction digits`);
  const units = (decimal.value * 10n ** BigInt(decimals - decimal.scale)).toString();
  if (units.length > MAX_DIGITS) refuse("an amount has too many digits");
  return { token, units, decimals, text };
}

/**
 * An amount stated in smallest units. Without known decimals nothing but the token is established: how much
 * an integer of an unknown unit is, nobody can say (design 3.4).
 *
 * @throws Refusal `REQUEST_SCHEMA` for what is not a plain integer of at most 78 digits.
 */
export function amountFromUnits(token: string, spelled: string, decimals: number | undefined): Amount {
  const units = plainInteger(spelled);
  if (decimals === undefined) return { token };
  return { token, units, decimals, text: textOf({ value: BigInt(units), scale: decimals }) };
}

/** The sum of one token's amounts; a member that one of them lacks is absent in the sum. It may be of any length. */
function sum(token: string, amounts: readonly Amount[]): Amount {
  const decimals = amounts[0]?.decimals;
  let units: bigint | undefined = 0n;
  for (const amount of amounts) {
    if (amount.units === undefined || amount.decimals !== decimals) units = undefined;
    else if (units !== undefined) units += BigInt(amount.units);
  }
  if (units !== undefined && decimals !== undefined) {
    return { token, units: units.toString(), decimals, text: textOf({ value: units, scale: decimals }) };
  }
  const text = sumOfTexts(amounts);
  return {
    token,
    ...(units === undefined ? {} : { units: units.toString() }),
    ...(text === undefined ? {} : { text }),
  };
}

function sumOfTexts(amounts: readonly Amount[]): string | undefined {
  let sum: Decimal = { value: 0n, scale: 0 };
  for (const { text } of amounts) {
    if (text === undefined) return undefined;
    sum = add(sum, readDecimal(text));
  }
  return textOf(sum);
}

function add(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return {
    value: left.value * 10n ** BigInt(scale - left.scale) + right.value * 10n ** BigInt(scale - right.scale),
    scale,
  };
}

/**
 * Amounts summed by token. A total's `units` is absent where the `units` of one of its amounts is, and so is
 * its `text`. Dollars are not summed here: prices come later.
 *
 * @returns absent for no amounts: `totals` is never empty.
 * @throws Refusal `REQUEST_SCHEMA` for a token named `__proto__`.
 */
export function totalsOf(amounts: readonly Amount[]): Record<string, Amount> | undefined {
  if (amounts.length === 0) return undefined;
  const byToken = new Map<string, Amount[]>();
  for (const amount of amounts) {
    // Objects that JSON and schemas build on the way to a rule would lose a member of that name.
    if (amount.token === "__proto__") refuse("a token of that name");
    const others = byToken.get(amount.token);
    if (others === undefined) byToken.set(amount.token, [amount]);
    else others.push(amount);
  }
  return Object.fromEntries([...byToken].map(([token, ofToken]) => [token, sum(token, ofToken)]));
}
