import type { Term } from "../ast.ts";
import { isEntry, PARTIAL } from "../fallible.ts";
import { isConstant, walkTerm } from "../walk.ts";
import type { View } from "../watch.ts";
import type { Check } from "./check.ts";

/**
 * Check `not-own-rule`: under `not`, a rule or function of this package or of `lib`. It is not true where anything in it is
 * missing, of another type or in no table, and `not` makes true of all of that.
 *
 * What a built-in is given is worked out before the `not`, so that functions may stand there; constants may stand anywhere.
 */
export const notOwnRule: Check = {
  expression: ({ negated, what }, view, report) => {
    if (!negated || what.type !== "term") return;
    const found = ownRule(what.term, view, true);
    if (found === undefined) return;
    report(
      what.term,
      `\`not ${found}\` holds also where something in ${found} is missing: state what must be true`,
    );
  },
};

function ownRule(term: Term, view: View, isOutermost: boolean): string | undefined {
  if (term.type === "call") {
    const definitions = view.rulesOf(term);
    if (definitions !== undefined && isOutermost) return `${term.operator}(…)`;
    return firstOf(term.args, (arg) =>
      ownRule(arg, view, term.operator === "eq" || term.operator === "equal"),
    );
  }
  if (term.type === "var" || term.type === "ref") {
    const definitions = view.rulesOf(term);
    if (definitions !== undefined && !definitions.every(isConstant)) return spell(term);
  }
  if (term.type === "ref") {
    const parts = term.head.type === "var" ? term.steps : [term.head, ...term.steps];
    return firstOf(parts, (part) => ownRule(part, view, part === term.head));
  }
  const parts: Term[] = [];
  walkTerm(term, (each) => {
    if (each !== term) parts.push(each);
  });
  return firstOf(parts, (part) =>
    part.type === "var" || part.type === "ref" ? ownRule(part, view, false) : undefined,
  );
}

function firstOf<T>(terms: readonly Term[], find: (term: Term) => T | undefined): T | undefined {
  for (const term of terms) {
    const found = find(term);
    if (found !== undefined) return found;
  }
  return undefined;
}

function spell(term: Term): string {
  if (term.type === "var") return term.name;
  if (term.type !== "ref" || term.head.type !== "var") return "this";
  const steps = term.steps.map((step) => (step.type === "constant" ? `.${String(step.value)}` : "[…]"));
  return `${term.head.name}${steps.join("")}`;
}

/**
 * Check `partial-under-not`: under `not`, a built-in that fails on some values, one step into what a call gives back, or a
 * table's entry that is compared: where it is not there, the comparison isn't true, and `not` makes it so.
 */
export const partialUnderNot: Check = {
  term: (term, { view, isNegated }, report) => {
    if (!isNegated) return;
    if (term.type === "call" && isPartial(term, view)) {
      report(
        term,
        `\`not\` before ${term.operator} holds also where ${term.operator} cannot read what it is given: say what is allowed instead`,
      );
    }
    if (term.type === "ref" && term.head.type === "call") {
      report(
        term,
        "`not` before a part of what a call gives back holds also where there is no such part: say what is allowed instead",
      );
    }
    if (
      term.type === "call" &&
      (term.operator === "equal" || term.operator === "eq") &&
      term.args.some((arg) => isEntry(arg, view))
    ) {
      report(term, "`not … == …` holds also where there is no such entry: write `!=`, which does not");
    }
  },
};

function isPartial({ operator, args: [pattern] }: Extract<Term, { type: "call" }>, view: View): boolean {
  if (!PARTIAL.test(operator)) return false;
  if (!operator.startsWith("regex.") || pattern === undefined) return true;
  return !view.valuesOf(pattern).every((value) => value.kind === "constant");
}
