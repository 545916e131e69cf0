import type { Term } from "../ast.ts";
import { isNumber } from "../builtins.ts";
import { KEY_STEP, originOf, type Values } from "../values.ts";
import type { View } from "../watch.ts";
import { type Check, elementsOf, spellPath, spellPlace } from "./check.ts";

/**
 * Check `index-constant`: one element of a list of the document by its place, whether as `xs[0]`, by a variable that is no
 * place of a loop, by `object.get`, as a slice, by a pattern of several places, or by a loop that asks for its place. Nothing
 * looks at the other elements.
 */
export const indexConstant: Check = {
  expression: ({ what }, view, report) => {
    if (what.type !== "some") return;
    for (const symbol of what.symbols) {
      const [key, , domain] = symbol.type === "call" ? symbol.args : [];
      if (key === undefined || domain === undefined || !isPlace(key, view)) continue;
      const list = listOfDocument(view.valuesOf(domain));
      if (list !== undefined) report(symbol, cure(list));
    }
  },
  term: (term, { view }, report) => {
    const list = patterned(term, view) ?? (term.type === "call" ? called(term, view) : undefined);
    const found = list ?? (term.type === "ref" ? indexed(term, view) : undefined);
    if (found !== undefined) report(term, cure(found));
  },
};

function cure(list: string): string {
  return `looks at one element of ${list} by its place: write \`every … in … { … }\`, and \`count(…) == 1\` where there may be only one`;
}

function indexed({ head, steps }: Extract<Term, { type: "ref" }>, view: View): string | undefined {
  for (const [at, step] of steps.entries()) {
    if (!isPlace(step, view)) continue;
    const before = at === 0 ? head : refTo(head, steps.slice(0, at));
    const list = listOfDocument(view.valuesOf(before));
    if (list !== undefined) return list;
  }
  return undefined;
}

function refTo(head: Term, steps: readonly Term[]): Term {
  return { type: "ref", file: head.file, line: head.line, head, steps };
}

/** A number that is no place of a loop around. */
function isPlace(step: Term, view: View): boolean {
  if (view.isFree(step)) return false;
  const values = view.valuesOf(step);
  return values.some((value) => isNumber(value) && !(value.kind === "opaque" && value.ofLoop === true));
}

function called(call: Extract<Term, { type: "call" }>, view: View): string | undefined {
  return sliced(call, view) ?? (ORDERS.has(call.operator) ? placed(call, view) : undefined);
}

/** The list of which an element was taken by a pattern, where the term is that element or a member of it. */
function patterned(term: Term, view: View): string | undefined {
  const taken = term.type === "ref" ? term.head : term;
  if (taken.type !== "var") return undefined;
  for (const value of view.valuesOf(taken)) {
    if (value.kind === "document" && value.byPlace === true)
      return spellPlace({ ...value, path: value.path.slice(0, -1) });
  }
  return undefined;
}

const ORDERS: ReadonlySet<string> = new Set(["eq", "equal", "neq", "lt", "lte", "gt", "gte"]);

/** The list whose places are told apart by a number that is no place itself: `i == 0`. */
function placed({ args: [left, right] }: Extract<Term, { type: "call" }>, view: View): string | undefined {
  if (left === undefined || right === undefined) return undefined;
  const list = listOfPlace(left, view) ?? listOfPlace(right, view);
  return list !== undefined && (isPlace(left, view) || isPlace(right, view)) ? list : undefined;
}

function listOfPlace(term: Term, view: View): string | undefined {
  for (const value of view.valuesOf(term)) {
    if (value.kind === "opaque" && value.ofLoop === true && value.from !== undefined)
      return spellPath(value.from.path.slice(0, -`.${KEY_STEP}`.length));
  }
  return undefined;
}

function sliced({ operator, args }: Extract<Term, { type: "call" }>, view: View): string | undefined {
  const [list, key] = args;
  if (list === undefined || key === undefined) return undefined;
  if (operator === "array.slice") return elementsOf(view.valuesOf(list));
  if (operator !== "object.get") return undefined;
  if (key.type !== "array") return isPlace(key, view) ? listOfDocument(view.valuesOf(list)) : undefined;
  return indexed({ type: "ref", file: key.file, line: key.line, head: list, steps: key.items }, view);
}

/** A list of the document, or one that was made of it; one that is written out has places that mean something. */
function listOfDocument(values: Values): string | undefined {
  for (const value of values) {
    if (value.kind === "document" && isList(value)) return spellPlace(value);
    if (value.kind !== "list" || value.places !== undefined) continue;
    // The keys of a table are in no order: whoever takes one of them takes any.
    const origin = originOf(value.items);
    if (origin !== undefined && !origin.path.endsWith(KEY_STEP))
      return `a list made of ${spellPath(origin.path)}`;
  }
  return undefined;
}

function isList({ node }: Extract<Values[number], { kind: "document" }>): boolean {
  return node.type === "union" ? node.options.some(({ type }) => type === "list") : node.type === "list";
}
