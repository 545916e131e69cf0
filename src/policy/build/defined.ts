/** Whether a name is there whatever the document and the data are, or a body asks for it anyway. */
import type { Rule, Term } from "./ast.ts";
import type { Frame } from "./frame.ts";
import type { Names } from "./names.ts";
import { isConstant, isLiteral, isPartial } from "./walk.ts";

/** @param above - the definitions that ask: one that asks itself is none. */
export function isDefined(
  term: Term,
  frame: Frame,
  names: Names,
  above: ReadonlySet<Rule> = new Set(),
): boolean {
  const head = term.type === "ref" ? term.head : term;
  if (head.type === "var" && frame.demanded.has(head.name)) return true;
  const definitions = names.definitionsOf(term, frame);
  if (definitions === undefined) return false;
  const [only] = definitions;
  if (only === undefined || above.has(only)) return false;
  if (definitions.every((rule) => isConstant(rule) || isPartial(rule))) return true;
  const { value } = only.head;
  const isPlain = definitions.length === 1 && only.generatedBody && only.otherwise === undefined;
  const module = names.moduleOf(only);
  if (!isPlain || value === undefined || module === undefined) return false;
  return isTotal(value, { ...frame, module }, names, new Set([...above, only]));
}

/** Whether it has a value, whatever document and data are: what is collected, perhaps by a function. */
function isTotal(term: Term, frame: Frame, names: Names, above: ReadonlySet<Rule>): boolean {
  if (term.type === "comprehension") return true;
  if (term.type !== "call") return isLiteral(term) || isDefined(term, frame, names, above);
  if (term.operator === "array.concat") return term.args.every((arg) => isTotal(arg, frame, names, above));
  const [only, second] = names.definitionsOf(term, frame) ?? [];
  const value = only?.head.value;
  return (
    second === undefined &&
    value !== undefined &&
    only?.generatedBody === true &&
    only.head.args?.every(({ type }) => type === "var") === true &&
    term.args.every(isLiteral) &&
    value.type === "comprehension"
  );
}
