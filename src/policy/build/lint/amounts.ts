import type { Term } from "../ast.ts";
import type { Value, Values } from "../values.ts";
import type { View } from "../watch.ts";
import { type Check, spellPlace } from "./check.ts";

/** The one place that may read a number from a text: it has looked at every character. */
const AMOUNT_LIBRARY = "lib/amount.rego";

/** Check `amount-int`: `to_number` anywhere else. */
export const amountInt: Check = {
  term: (term, _site, report) => {
    if (term.type !== "call" || term.operator !== "to_number" || term.file === AMOUNT_LIBRARY) return;
    report(term, "`to_number` makes 0 of null and 1 of true: write `amount.int(…)`, of `data.lib.amount`");
  },
};

/**
 * Check `amount-units`: what people read, `amount.text` or a rate, given to `amount.int` or `amount.total`. It is a number of
 * whole coins wherever it has no point.
 */
export const amountUnits: Check = {
  term: (term, { view }, report) => {
    if (term.type !== "call" || !isOfAmountLibrary(term, view)) return;
    for (const arg of term.args) {
      const fraction = fractionIn(view.valuesOf(arg), new Set());
      if (fraction === undefined) continue;
      report(term, `${fraction} is for people, in whole coins: write its \`units\`, or \`usd_micros\``);
    }
  },
};

function isOfAmountLibrary(call: Term, view: View): boolean {
  return view.rulesOf(call)?.some(({ file }) => file === AMOUNT_LIBRARY) === true;
}

function fractionIn(values: Values, seen: Set<Value>): string | undefined {
  for (const value of values) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (value.kind === "document" && value.node.type === "value" && value.node.isFraction)
      return spellPlace(value);
    const found = value.kind === "list" || value.kind === "set" ? fractionIn(value.items, seen) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

const SUMS: ReadonlySet<string> = new Set(["sum", "product"]);

/** Check `sum-of-set`: `sum`, `product` or `amount.total` of a set. */
export const sumOfSet: Check = {
  term: (term, { view }, report) => {
    if (term.type !== "call" || !(SUMS.has(term.operator) || isOfAmountLibrary(term, view))) return;
    const [of] = term.args;
    if (of === undefined || !view.valuesOf(of).some(({ kind }) => kind === "set")) return;
    report(
      term,
      `\`${term.operator}\` of a set counts equal amounts once: collect them in a list, \`amount.total([… | …])\``,
    );
  },
};
