import type { Term } from "../ast.ts";
import { isNumber } from "../builtins.ts";
import type { Value } from "../values.ts";
import { type Check, spellPlace } from "./check.ts";

const ORDERS: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["lte", "<="],
  ["gt", ">"],
  ["gte", ">="],
]);

/**
 * Check `compare-amounts`: an operand of `<`, `<=`, `>` or `>=`, or an element given to `max` or `min`, that is not known to
 * be a number. Rego orders values of all types: texts letter by letter, and any text above every number.
 */
export const compareAmounts: Check = {
  term: (term, { view }, report) => {
    if (term.type !== "call") return;
    const order = ORDERS.get(term.operator);
    if (order !== undefined) {
      for (const operand of term.args.slice(0, 2)) {
        const other = view.valuesOf(operand).find((value) => !isNumber(value));
        if (other === undefined) continue;
        report(
          term,
          `\`${order}\` compares ${spell(operand, other)}: write \`amount.int(…)\` on both sides, or name the values that are right`,
        );
      }
    }
  },
};

function spell(operand: Term, value: Value): string {
  if (value.kind === "document" || value.kind === "data") {
    return `${spellPlace(value)}, which ${value.kind === "data" ? "may be text" : "is no number"}`;
  }
  if (operand.type === "constant") return `${JSON.stringify(operand.value)}, which is no number`;
  return "what need not be a number";
}
