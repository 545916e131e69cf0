import type { Expression, Term } from "../ast.ts";
import { originOf } from "../values.ts";
import { walkExpression, walkTerm } from "../walk.ts";
import { type Body, type View, variablesOf, variablesOfExpression, withDerived } from "../watch.ts";
import { type Check, elementsOf, termOf } from "./check.ts";

/** What runs through elements of the document: `some … in`, a step by a free variable, or `in`. */
interface Search {
  readonly term: Term;
  readonly list: string;
  /** The variables that stand for what is found. */
  readonly variables: ReadonlySet<string>;
  /** The expression that it stands in. */
  readonly within: Expression | undefined;
  /** Whether what stands around it in its own expression may be what asks. */
  readonly asksItself: boolean;
}

/**
 * Check `every-not-some`: a search through elements of the document in which one good element is enough.
 *
 * It is right where each element is looked for in turn: what is found is collected, or something asks how it belongs to the
 * element at hand, of an `every` or of what is collected.
 */
export const everyNotSome: Check = {
  body: (body, report) => {
    // What stands under `not` is wrong for another reason: check `not-own-rule`.
    if (body.view.isNegated) return;
    for (const search of unbound(body)) {
      report(
        search.term,
        `one good element of ${search.list} is enough here: write \`every … in … { … }\`, or say to which element each belongs`,
      );
    }
  },
};

function searches(body: Body): Search[] {
  const { expressions, heads, collects, view } = body;
  const found: Search[] = [];
  for (const expression of expressions) {
    // Under `not` it is the other way round: no element may be one.
    if (expression.negated) continue;
    if (expression.what.type === "some") found.push(...declared(expression, view));
    walkExpression(expression, (term) => found.push(...inTerm(term, expression, view)));
  }
  for (const head of collects ? [] : heads)
    walkTerm(head, (term) => found.push(...inTerm(term, undefined, view)));
  return found;
}

function declared(expression: Expression, view: View): Search[] {
  if (expression.what.type !== "some") return [];
  return expression.what.symbols.flatMap((symbol) => {
    const domain = symbol.type === "call" ? symbol.args.at(-1) : undefined;
    const list = domain === undefined ? undefined : elementsOf(view.valuesOf(domain));
    if (symbol.type !== "call" || list === undefined) return [];
    const variables = new Set<string>();
    for (const pattern of symbol.args.slice(0, -1)) variablesOf(pattern, variables);
    return [{ term: symbol, list, variables, within: expression, asksItself: false }];
  });
}

function inTerm(term: Term, within: Expression | undefined, view: View): Search[] {
  if (term.type === "call" && term.operator.startsWith("internal.member_")) {
    const list = elementsOf(view.valuesOf(term.args.at(-1) ?? term));
    return list === undefined ? [] : [{ term, list, variables: new Set(), within, asksItself: true }];
  }
  if (term.type !== "ref") return [];
  return term.steps.flatMap((step, at) => {
    const { head, file, line } = term;
    const before: Term = at === 0 ? head : { type: "ref", file, line, head, steps: term.steps.slice(0, at) };
    const values = view.valuesOf(before);
    if (view.isFree(step)) {
      const list = elementsOf(values);
      return list === undefined
        ? []
        : [{ term, list, variables: variablesOf(step), within, asksItself: true }];
    }
    // A lookup in a set is a search, too: whether one of its elements is this one.
    const list = elementsOf(values.filter(({ kind }) => kind === "set"));
    return list === undefined ? [] : [{ term, list, variables: new Set<string>(), within, asksItself: true }];
  });
}

/** The searches that nothing binds; each that is bound may bind another, as an argument does its effect. */
function unbound(body: Body): readonly Search[] {
  const { expressions, heads, collects, view } = body;
  const collected = new Set(collects ? heads.flatMap((head) => [...variablesOf(head)]) : []);
  const anchors = new Set(view.anchors);
  let rest = searches(body);
  for (const { variables } of rest) {
    for (const name of variables) if (!collected.has(name)) anchors.delete(name);
  }
  for (let before = -1; before !== rest.length; ) {
    before = rest.length;
    rest = rest.filter((search) => {
      const isBound =
        [...search.variables].some((name) => collected.has(name)) ||
        isAsked(search, expressions, anchors, view);
      if (isBound) for (const name of search.variables) anchors.add(name);
      return !isBound;
    });
  }
  return rest;
}

/** Whether something asks how what is found belongs to an anchor. */
function isAsked(
  { variables, within, asksItself }: Search,
  expressions: readonly Expression[],
  anchors: ReadonlySet<string>,
  view: View,
): boolean {
  const found = withDerived(variables, expressions);
  return expressions.some((expression) => {
    if (expression === within ? !asksItself : variables.size === 0) return false;
    if (!isAsking(expression)) return false;
    const names = [...variablesOfExpression(expression)];
    const isAboutIt = expression === within || names.some((name) => found.has(name));
    return (
      isAboutIt &&
      names.some((name) => anchors.has(name) && !variables.has(name) && binds(name, expression, view))
    );
  });
}

/** An anchor of the document binds by whatever asks; one of a list that is written out only by being equal. */
function binds(name: string, expression: Expression, view: View): boolean {
  const term = termOf(expression);
  if (term === undefined) return true;
  if (originOf(view.valuesOf({ type: "var", name, file: term.file, line: term.line })) !== undefined)
    return true;
  return term.type === "call" && EQUALS.has(term.operator);
}

const EQUALS: ReadonlySet<string> = new Set([
  "equal",
  "eq",
  "assign",
  "internal.member_2",
  "internal.member_3",
]);

/** That two are different binds nothing: nearly all are. */
function isAsking(expression: Expression): boolean {
  const term = termOf(expression);
  return !expression.negated && !(term?.type === "call" && term.operator === "neq");
}
