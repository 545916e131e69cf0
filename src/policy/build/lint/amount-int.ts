import type { Check } from "./check.ts";

/** The one place that may read a number from a text: it has looked at every character. */
const AMOUNT_LIBRARY = "lib/amount.rego";

/** Check `amount-int`: `to_number` anywhere else. */
export const amountInt: Check = {
  term: (term, _site, report) => {
    if (term.type !== "call" || term.operator !== "to_number" || term.file === AMOUNT_LIBRARY) return;
    report(term, "`to_number` makes 0 of null and 1 of true: write `amount.int(…)`, of `data.lib.amount`");
  },
};
