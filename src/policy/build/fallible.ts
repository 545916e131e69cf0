/**
 * Whether an element may drop out of what a body collects because something is missing, of another type or in no table:
 * a call of a rule or function, a look-up that is compared, a built-in that fails on some values.
 *
 * A look-up that stands alone, `data.blocked[d.address]`, and a comparison of what the document has are questions with an
 * answer, and so is all that is not listed here.
 */
import type { Expression, Place, Term } from "./ast.ts";
import { KEY_STEP, type Values } from "./values.ts";
import { walkExpression, walkTerm } from "./walk.ts";
import type { Body, View } from "./watch.ts";

/** Built-ins that are undefined, or throw, on values of the right type. */
export const PARTIAL = /^(net\..*|json\.unmarshal|base64(url)?\.decode|regex\..*|to_number|div|rem)$/;

/** Where the first element may drop out; undefined where none can. */
export function dropsOut({ expressions, heads, view }: Body): Place | undefined {
  let found: Place | undefined;
  const look = (term: Term, isAlone: boolean) => {
    found ??= lackOf(view.valuesOf(term)) ?? (isFallible(term, isAlone, view) ? term : undefined);
  };
  for (const expression of expressions) {
    const alone = whole(expression);
    found ??= view.lackOfEvery(expression);
    walkExpression(expression, (term) => look(term, term === alone));
  }
  for (const head of heads) walkTerm(head, (term) => look(term, false));
  return found;
}

/** Where an element of one of the values may have dropped out. */
export function lackOf(values: Values): Place | undefined {
  for (const value of values) {
    if ("lacks" in value && value.lacks !== undefined) return value.lacks;
  }
  return undefined;
}

/** The same values, of which elements may have dropped out; `undefined` where they have not. */
export function withLack(values: Values, lacks: Place | undefined): Values {
  if (lacks === undefined) return values;
  return values.map((value) =>
    value.kind === "list" || value.kind === "set" || value.kind === "object" || value.kind === "opaque"
      ? { ...value, lacks }
      : value,
  );
}

/** The same values, of which only what `lacks` says may have dropped out. */
export function withoutLack(values: Values, lacks: Place | undefined): Values {
  return values.map((value) => {
    if (!("lacks" in value)) return value;
    const { lacks: _, ...rest } = value;
    return lacks === undefined ? rest : { ...rest, lacks };
  });
}

/** What an expression asks of one place alone; the domain of a loop is asked for its elements, too. */
function whole({ what }: Expression): Term | undefined {
  if (what.type === "term") return what.term;
  if (what.type === "every") return what.domain;
  const [symbol] = what.symbols;
  return symbol?.type === "call" ? symbol.args.at(-1) : undefined;
}

function isFallible(term: Term, isAlone: boolean, view: View): boolean {
  if (term.type === "call") {
    const isLiteralPattern =
      term.operator.startsWith("regex.") &&
      term.args
        .slice(0, 1)
        .every((pattern) => view.valuesOf(pattern).every(({ kind }) => kind === "constant"));
    return view.rulesOf(term) !== undefined || (PARTIAL.test(term.operator) && !isLiteralPattern);
  }
  if (term.type === "array" || term.type === "set") return holdsOptional(term.items, view);
  if (term.type !== "var" && term.type !== "ref") return false;
  const definitions = view.rulesOf(term);
  if (definitions !== undefined) return !view.isDefined(term);
  if (term.type === "var") return false;
  if (term.head.type === "call") return true;
  return !isAlone && isEntry(term, view);
}

/** What the rule lists as `optional` takes with it what it stands beside: `[input.deposit.fee, input.deposit.service_fee]`. */
function holdsOptional(items: readonly Term[], view: View): boolean {
  const isOptional = (item: Term) =>
    view.valuesOf(item).some((value) => value.kind === "document" && view.isOptional(value.path));
  return items.length > 1 && items.some(isOptional);
}

/**
 * Whether a reference takes an entry of a table, which need not be there: in the release's data, or in a table of the document
 * by a key that is none of its own. Who stands on no list is not listed, so that `input.lists` has an answer for everybody.
 */
export function isEntry(term: Term, view: View): boolean {
  if (term.type !== "ref") return false;
  if (view.valuesOf(term).some(mayBeMissing)) return true;
  return term.steps.some((step, at) => {
    if (step.type === "constant" || view.isFree(step)) return false;
    const before: Term = at === 0 ? term.head : { ...term, steps: term.steps.slice(0, at) };
    return view.valuesOf(before).some((value) => isTable(value) && !isKeyOf(value, view.valuesOf(step)));
  });
}

type DocumentValue = Extract<Values[number], { kind: "document" }>;

function isTable(value: Values[number]): value is DocumentValue {
  return value.kind === "document" && value.node.type === "table" && value.path[0] !== "lists";
}

/** A key that is written out is a read of its own. */
function isKeyOf({ path }: DocumentValue, keys: Values): boolean {
  const own = ["input", ...path, KEY_STEP].join(".");
  return keys.every((key) => key.kind === "constant" || (key.kind === "opaque" && key.from?.path === own));
}

/** A path of names is in the data, or the release is refused; an entry under a key of the document need not be. */
function mayBeMissing(value: Values[number]): boolean {
  return value.kind === "data" && (value.mayLack || value.path.includes("*"));
}
