import type { Expression, Rule, Term } from "../ast.ts";
import type { Value } from "../values.ts";
import { walkExpression, walkTerm } from "../walk.ts";
import type { View } from "../watch.ts";
import { type Check, termOf } from "./check.ts";

/**
 * Check `default-only-false`: `default x := ` anything but `false`, a rule with such a default that is compared, handed on or
 * collected, and `object.get` with an amount for what is not there.
 */
export const defaultOnlyFalse: Check = {
  rule: (rule, report) => {
    if (!rule.isDefault || isDefaultFalse(rule)) return;
    const { head } = rule;
    report(
      head,
      `\`default ${head.name}\` stands for what was not found: leave it out, so that what is not known refuses`,
    );
  },
  body: ({ expressions, heads, view }, report) => {
    const look = (term: Term, whole?: Term) => {
      if (term !== whole && hasDefault(term, view)) report(term, MEANT_AS_QUESTION);
    };
    for (const expression of expressions)
      walkExpression(expression, (term) => look(term, termOf(expression)));
    for (const head of heads) walkTerm(head, (term) => look(term));
  },
  term: (term, { view }, report) => {
    if (term.type !== "call" || term.operator !== "object.get") return;
    const [of, , fallback] = term.args;
    if (of !== undefined && view.valuesOf(of).some(isParsed)) {
      report(
        term,
        "the default stands for what is not in the text, or is spelled otherwise: say what is allowed instead",
      );
    }
    if (fallback === undefined || !isAmount(fallback)) return;
    report(
      term,
      "the amount stands for what was not found: look it up with `data.….…[key]`, so that what is not known refuses",
    );
  },
};

/** What a built-in made of the document: no schema says what is in it. */
function isParsed(value: Value): boolean {
  return value.kind === "opaque" && value.from !== undefined;
}

function isDefaultFalse({ isDefault, head }: Rule): boolean {
  return isDefault && head.value?.type === "constant" && head.value.value === false;
}

const MEANT_AS_QUESTION =
  "a rule with a default is a question, asked by its name alone: as a value, `false` would stand for what was not found";

function hasDefault(term: Term, view: View): boolean {
  const mayMean = term.type === "var" || term.type === "ref" || term.type === "call";
  return mayMean && view.rulesOf(term)?.some(isDefaultFalse) === true;
}

/** A negative number is no amount: it marks that there is none. */
function isAmount(term: Term): boolean {
  if (term.type !== "constant") return false;
  return typeof term.value === "number" ? term.value >= 0 : /^[0-9]+$/.test(String(term.value));
}

/** Check `else-without-condition`: an `else` whose body is not written, or asks nothing. */
export const elseWithoutCondition: Check = {
  body: ({ rule, expressions, view }, report) => {
    if (rule?.isElse !== true) return;
    if (!rule.generatedBody && expressions.some((expression) => isQuestion(expression, view))) return;
    report(
      rule,
      "this `else` holds whenever nothing before it does, also where something was missing: write the value with the condition that it is right for",
    );
  },
};

/** A place of the document that is read is there, or the rule refuses anyway: that it is there asks nothing. */
function isQuestion(expression: Expression, view: View): boolean {
  const term = termOf(expression);
  if (term === undefined || expression.negated) return true;
  if (term.type === "call") return term.operator !== "assign";
  return view.valuesOf(term).some(({ kind }) => kind !== "document" && kind !== "constant");
}
