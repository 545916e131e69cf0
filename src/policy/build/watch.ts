/**
 * What the follower shows of the code that a verdict hangs on to whoever looks for more than reads: the lint.
 *
 * Bodies are shown as they are followed: those of rules and functions for each way in which they are called, those of
 * `every` and of comprehensions on their own.
 */
import type { Expression, Module, Place, Rule, Term } from "./ast.ts";
import type { Values } from "./values.ts";

/** Where a term stands: what its names mean there. */
export interface View {
  readonly module: Module;
  /** Whether a rule or function is followed for a `not` that stands before it. */
  readonly isNegated: boolean;
  /**
   * The variables that stand for each element in turn: of an `every` around, of what is collected, or given to the function
   * by somebody who runs through them.
   */
  readonly anchors: ReadonlySet<string>;
  /** What a term may stand for. */
  valuesOf(term: Term): Values;
  /** The definitions that a name, reference or call means; undefined where it means none of a rule or library. */
  rulesOf(term: Term): readonly Rule[] | undefined;
  /** Whether a name or reference of a rule is there whatever the document and the data are, or the body asks for it anyway. */
  isDefined(term: Term): boolean;
  /** Whether a step is a variable that nothing but its place as a step gives a value. */
  isFree(step: Term): boolean;
  /** Whether the rule's metadata lists the place, or one above it, as one that may be absent. */
  isOptional(path: readonly string[]): boolean;
  /** Where the `every` that an expression is may fail for what is missing, not for what is there. */
  lackOfEvery(expression: Expression): Place | undefined;
}

/**
 * One body with what is made of it.
 *
 * @property rule - whose body it is; absent for those of `every` and of comprehensions.
 * @property heads - what a comprehension or a partial rule collects, or the value of a rule.
 * @property collects - whether each solution of the body is one more element, or any one will do.
 */
export interface Body {
  readonly rule?: Rule;
  readonly expressions: readonly Expression[];
  readonly heads: readonly Term[];
  readonly collects: boolean;
  readonly view: View;
}

export interface Watch {
  rule(rule: Rule): void;
  body(body: Body): void;
}

/** All variables in a term, wherever they stand. */
export function variablesOf(term: Term | undefined, into: Set<string> = new Set()): Set<string> {
  if (term === undefined) return into;
  switch (term.type) {
    case "constant":
      break;
    case "var":
      into.add(term.name);
      break;
    case "ref":
      for (const each of [term.head, ...term.steps]) variablesOf(each, into);
      break;
    case "array":
    case "set":
      for (const item of term.items) variablesOf(item, into);
      break;
    case "object":
      for (const each of term.entries.flat()) variablesOf(each, into);
      break;
    case "template":
      for (const part of term.parts) variablesOfExpression(part, into);
      break;
    case "call":
      for (const arg of term.args) variablesOf(arg, into);
      break;
    case "comprehension":
      variablesOf(term.key, into);
      variablesOf(term.term, into);
      for (const expression of term.body) variablesOfExpression(expression, into);
  }
  return into;
}

export function variablesOfExpression({ what }: Expression, into: Set<string> = new Set()): Set<string> {
  switch (what.type) {
    case "term":
      variablesOf(what.term, into);
      break;
    case "some":
      for (const symbol of what.symbols) variablesOf(symbol, into);
      break;
    case "every":
      for (const each of [what.key, what.value, what.domain]) variablesOf(each, into);
      for (const expression of what.body) variablesOfExpression(expression, into);
  }
  return into;
}

/** The names, and those of all variables that a body makes of them by `:=` and `=`. */
export function withDerived(names: ReadonlySet<string>, body: readonly Expression[]): ReadonlySet<string> {
  const all = new Set(names);
  for (let before = -1; before < all.size; ) {
    before = all.size;
    for (const { what, negated } of body) {
      if (negated || what.type !== "term" || what.term.type !== "call") continue;
      const { operator, args } = what.term;
      const [left, right] = args;
      if (operator === "assign" || operator === "eq") derive(left, right, all);
      if (operator === "eq") derive(right, left, all);
    }
  }
  return all;
}

function derive(to: Term | undefined, from: Term | undefined, all: Set<string>): void {
  if (to?.type !== "var" && to?.type !== "array") return;
  if ([...variablesOf(from)].some((name) => all.has(name))) variablesOf(to, all);
}
