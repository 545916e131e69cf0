import type { Term } from "../ast.ts";
import { type Origin, originOf, type Values } from "../values.ts";
import { walkTerm } from "../walk.ts";
import type { View } from "../watch.ts";
import { type Check, type Site, spellPath } from "./check.ts";

/**
 * Check `closed-list-positive`: a member with a closed list of values by the schema, or what was made of one, that is asked
 * what it is not: by `!=`, under `not`, as `== false`, by the difference of sets, by parts of it, or by a default for the values that a table
 * doesn't name. The values that nobody thought of, or that a later version adds, would pass.
 *
 * Whether it is there at all, `not input.deposit.previously`, may be asked.
 */
export const closedListPositive: Check = {
  term: (term, site, report) => {
    if (term.type !== "call") return;
    const closed = closedOperand(term, site);
    if (closed !== undefined) report(term, cure(closed));
  },
  expression: ({ negated, what }, view, report) => {
    if (!negated || what.type !== "term") return;
    const { term } = what;
    const closed = term.type === "call" ? undefined : closedUnderNot(term, view);
    if (closed !== undefined) report(term, cure(closed));
  },
};

function cure({ path }: Origin): string {
  return `${spellPath(path)} has a closed list of values: name those that are right, \`… in {"…"}\``;
}

/** What asks whether a value is another one, or leaves some of them out. */
const OTHERS: ReadonlySet<string> = new Set(["neq", "minus", "and"]);

function closedOperand(call: Extract<Term, { type: "call" }>, { view, isNegated }: Site): Origin | undefined {
  const { operator, args } = call;
  if (isNegated || OTHERS.has(operator)) return closedIn(args, view);
  if (operator === "equal" || operator === "eq") {
    const isFalse = args.some((arg) => arg.type === "constant" && arg.value === false);
    return isFalse ? closedIn(args, view) : undefined;
  }
  if (view.rulesOf(call) === undefined && !isQuestion(operator))
    return closedIn(
      args.filter((arg) => isItself(arg, view)),
      view,
    );
  // The third argument stands for all values that the table has no entry for.
  return operator === "object.get" ? closedIn(args.slice(1, 2), view) : undefined;
}

/** What may be asked of a closed list: is it this one, one of these, of this type. */
function isQuestion(operator: string): boolean {
  return QUESTIONS.has(operator) || operator.startsWith("is_") || operator.startsWith("internal.member_");
}

const QUESTIONS: ReadonlySet<string> = new Set(["eq", "equal", "assign", "object.get"]);

/** Whether it is such a text itself, not a list that holds some. */
function isItself(term: Term, view: View): boolean {
  return view.valuesOf(term).every(({ kind }) => kind === "document" || kind === "opaque");
}

/** What is asked about a plain reference under `not` is whether it is there; a step in it is a question to a table. */
function closedUnderNot(term: Term, view: View): Origin | undefined {
  const itself = view.valuesOf(term).filter(({ kind }) => kind !== "document");
  const closed = onlyClosed(itself);
  if (closed !== undefined) return closed;
  const asked: Term[] = [];
  if (term.type === "ref") for (const step of term.steps) walkTerm(step, (each) => asked.push(each));
  return closedIn(asked, view);
}

function closedIn(terms: readonly Term[], view: View): Origin | undefined {
  for (const term of terms) {
    const closed = onlyClosed(view.valuesOf(term));
    if (closed !== undefined) return closed;
  }
  return undefined;
}

function onlyClosed(values: Values): Origin | undefined {
  const origin = originOf(values);
  return origin?.isClosed === true ? origin : undefined;
}
