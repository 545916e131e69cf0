/** Through terms and expressions of one body: what stands in the body of an `every` or of a comprehension is not entered. */
import type { Expression, Rule, Term } from "./ast.ts";

/** Calls `visit` with the term and with all terms in it, but for those of comprehensions. */
export function walkTerm(term: Term, visit: (term: Term) => void): void {
  visit(term);
  switch (term.type) {
    case "ref":
      // A variable at its head is no value of its own.
      if (term.head.type !== "var") walkTerm(term.head, visit);
      for (const step of term.steps) walkTerm(step, visit);
      return;
    case "array":
    case "set":
      for (const item of term.items) walkTerm(item, visit);
      return;
    case "object":
      for (const each of term.entries.flat()) walkTerm(each, visit);
      return;
    case "template":
      for (const { what } of term.parts) if (what.type === "term") walkTerm(what.term, visit);
      return;
    case "call":
      for (const arg of term.args) walkTerm(arg, visit);
      return;
    case "constant":
    case "var":
    case "comprehension":
  }
}

/** All terms of an expression, but for those of the body of an `every` or of a comprehension. */
export function walkExpression({ what }: Expression, visit: (term: Term) => void): void {
  switch (what.type) {
    case "term":
      walkTerm(what.term, visit);
      return;
    case "every":
      walkTerm(what.domain, visit);
      return;
    case "some":
      for (const symbol of what.symbols) {
        const domain = symbol.type === "call" ? symbol.args.at(-1) : undefined;
        if (domain !== undefined) walkTerm(domain, visit);
      }
  }
}

/** `poisons := {"deposit/dust"}`, there whatever is asked, or `lists := input.lists`, which is what it stands for. */
export function isConstant({ isDefault, generatedBody, head, otherwise }: Rule): boolean {
  const isPlain =
    !isDefault &&
    generatedBody &&
    otherwise === undefined &&
    head.args === undefined &&
    head.key === undefined;
  return (
    isPlain &&
    head.steps.length === 0 &&
    head.value !== undefined &&
    (isLiteral(head.value) || isPath(head.value))
  );
}

function isPath(term: Term): boolean {
  if (term.type !== "ref" || term.head.type !== "var") return false;
  const [root] = term.steps;
  const isPlace =
    term.head.name === "input" ||
    (term.head.name === "data" &&
      root?.type === "constant" &&
      root.value !== "lib" &&
      root.value !== "rules");
  return isPlace && term.steps.every(({ type }) => type === "constant");
}

export function isLiteral(term: Term): boolean {
  switch (term.type) {
    case "constant":
      return true;
    case "array":
    case "set":
      return term.items.every(isLiteral);
    case "object":
      return term.entries.flat().every(isLiteral);
    default:
      return false;
  }
}

/** Also a set or object that rules add to: it is there, if empty. */
export function isPartial({ head }: Rule): boolean {
  return head.key !== undefined || head.steps.length > 0;
}
