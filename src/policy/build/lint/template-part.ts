import type { Term } from "../ast.ts";
import type { View } from "../watch.ts";
import type { Check } from "./check.ts";

/**
 * Check `template-part`: a part of a template that may be missing: a rule, a call, a place in data. The text is there all the
 * same, with `<undefined>` in it, so that it differs from everything that it is compared with.
 */
export const templatePart: Check = {
  term: (term, { view }, report) => {
    if (term.type !== "template") return;
    for (const { what } of term.parts) {
      if (what.type !== "term" || isThere(what.term, view)) continue;
      report(
        term,
        "a part of this text may be missing, and the text is there all the same: compare the part itself",
      );
    }
  },
};

/** Literals, variables of the body, and members of the document, without which the rule refuses. */
function isThere(term: Term, view: View): boolean {
  if (term.type === "constant") return true;
  if ((term.type !== "var" && term.type !== "ref") || view.rulesOf(term) !== undefined) return false;
  return term.type === "var" || view.valuesOf(term).every(({ kind }) => kind === "document");
}
