import type { Expression, Place, Term } from "../ast.ts";
import { lackOf } from "../fallible.ts";
import { walkExpression, walkTerm } from "../walk.ts";
import type { View } from "../watch.ts";
import type { Check } from "./check.ts";

/**
 * Check `all-or-nothing`: a list, set or sum from which elements may have dropped out, where fewer of them let more pass: held
 * against an upper bound, compared, gone through by `every`, or under `not`. Who counts that none is missing may do all that:
 * `count(rows) == count(payments)`.
 */
export const allOrNothing: Check = {
  expression: ({ what }, view, report) => {
    if (what.type !== "every") return;
    const lacks = lackOf(view.valuesOf(what.domain));
    if (lacks !== undefined) report(lacks, cure(what.domain));
  },
  term: (term, { view, isNegated }, report) => {
    const lacks = isNegated
      ? lackUnderNot(term, view)
      : term.type === "call"
        ? lackOfCall(term, view)
        : lackOfKey(term, view);
    if (lacks !== undefined) report(lacks, cure(term));
  },
};

function cure({ file, line }: Place): string {
  return `what is missing or of another type drops out here, and ${file}:${line} is true of what is left: state with \`every\` what must be true of each, or count that none is missing`;
}

function lackUnderNot(term: Term, view: View): Place | undefined {
  return term.type === "var" || term.type === "ref" || term.type === "comprehension"
    ? lackIn(term, view)
    : undefined;
}

function lackOfCall({ operator, args }: Extract<Term, { type: "call" }>, view: View): Place | undefined {
  const [left, right] = args;
  if (left === undefined) return undefined;
  switch (operator) {
    case "lt":
    case "lte":
    case "object.get":
    case "internal.member_2":
      return lackIn(left, view);
    case "gt":
    case "gte":
      return right === undefined ? undefined : lackIn(right, view);
    case "eq":
    case "equal":
    case "neq":
      return right === undefined ? undefined : lackOfEquation(left, right, operator, view);
    default:
      return undefined;
  }
}

/** `{0}[count(bad)]` is `count(bad) == 0` in other words. */
function lackOfKey(term: Term, view: View): Place | undefined {
  if (term.type !== "ref") return undefined;
  for (const step of term.steps) {
    const lacks = step.type === "call" ? lackIn(step, view) : undefined;
    if (lacks !== undefined) return lacks;
  }
  return undefined;
}

function lackOfEquation(left: Term, right: Term, operator: string, view: View): Place | undefined {
  const [one, other] = [lackIn(left, view), lackIn(right, view)];
  // Both, where `=` only gives the one a name. As many as something else: none is missing.
  if (one !== undefined && other !== undefined) return undefined;
  if (
    operator !== "neq" &&
    [left, right].some((side) => isCount(side, view) && lackIn(side, view) === undefined)
  ) {
    return undefined;
  }
  return one ?? other;
}

function isCount(term: Term, view: View): boolean {
  return view.valuesOf(term).every((value) => value.kind === "opaque" && value.ofCount === true);
}

function lackIn(term: Term, view: View): Place | undefined {
  const before = term.type === "ref" ? term.head : term;
  return lackOf(view.valuesOf(term)) ?? (before === term ? undefined : lackOf(view.valuesOf(before)));
}

/**
 * Check `collects-nothing`: a comprehension or a partial rule that runs through nothing: `[1 | over]` is empty where `over` is
 * not known.
 */
export const collectsNothing: Check = {
  body: ({ expressions, heads, collects, rule, view }, report) => {
    if (!collects || rule?.generatedBody === true || expressions.length === 0) return;
    const runs = expressions.some(
      (expression) => expression.what.type === "some" || runsThrough(expression, view),
    );
    if (runs || heads.some((head) => hasFreeStep(head, view))) return;
    const [place] = expressions;
    if (place !== undefined)
      report(
        rule ?? place,
        "runs through nothing: where its condition is not known, there is none; write the condition itself",
      );
  },
};

function runsThrough(expression: Expression, view: View): boolean {
  let found = false;
  walkExpression(expression, (term) => {
    found ||= isSearch(term, view);
  });
  return found;
}

function hasFreeStep(head: Term, view: View): boolean {
  let found = false;
  walkTerm(head, (term) => {
    found ||= isSearch(term, view);
  });
  return found;
}

function isSearch(term: Term, view: View): boolean {
  return term.type === "ref" && term.steps.some((step) => view.isFree(step));
}
