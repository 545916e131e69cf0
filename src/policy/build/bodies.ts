/** What is seen of a body by its look alone, whatever its names stand for. */
import type { Expression, Module, Rule, Term } from "./ast.ts";
import { walkExpression } from "./walk.ts";
import { variablesOf } from "./watch.ts";

/** Whether the body has a variable of its own by that name. */
export function isDeclaredIn(body: readonly Expression[], name: string): boolean {
  return body.some(({ what }) => {
    if (what.type === "term") {
      const { term } = what;
      return term.type === "call" && term.operator === "assign" && variablesOf(term.args[0]).has(name);
    }
    if (what.type !== "some") return false;
    return what.symbols.some((symbol) => {
      const declared = symbol.type === "call" ? symbol.args.slice(0, -1) : [symbol];
      return declared.some((each) => variablesOf(each).has(name));
    });
  });
}

/** The names that a body is not true without. */
export function demandedBy(body: readonly Expression[]): Set<string> {
  const names = new Set<string>();
  for (const expression of body) {
    if (expression.negated) continue;
    walkExpression(expression, (term) => {
      if (term.type === "var") names.add(term.name);
    });
  }
  return names;
}

/** `count(rows) == count(granted)`: where an element of `rows` dropped out, the body is not true. */
export function countedIn(body: readonly Expression[]): ReadonlyMap<string, Term> {
  const counted = new Map<string, Term>();
  for (const { what, negated } of body) {
    if (negated || what.type !== "term" || what.term.type !== "call" || what.term.operator !== "equal")
      continue;
    const [left, right] = what.term.args.map((arg) =>
      arg.type === "call" && arg.operator === "count" ? arg.args[0] : undefined,
    );
    if (left === undefined || right === undefined) continue;
    if (left.type === "var") counted.set(left.name, right);
    if (right.type === "var") counted.set(right.name, left);
  }
  return counted;
}

/** The variables that a pattern gives a value. */
export function variablesIn(pattern: Term): readonly string[] {
  switch (pattern.type) {
    case "var":
      return [pattern.name];
    case "array":
      return pattern.items.flatMap(variablesIn);
    case "object":
      return pattern.entries.flatMap(([, value]) => variablesIn(value));
    default:
      return [];
  }
}

/** Whether a function tells what it is given by its type: it asks, or has a body for each. */
export function mayAskForType({ rules }: Module, { head: { name }, body }: Rule): boolean {
  const definitions = rules.filter(({ head }) => head.name === name);
  return definitions.length > 1 || body.some(({ what }) => what.type === "term" && isTypeQuestion(what.term));
}

function isTypeQuestion(term: Term): boolean {
  return term.type === "call" && (term.operator.startsWith("is_") || term.operator === "type_name");
}
