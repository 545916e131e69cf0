import type { Place, Term } from "../ast.ts";
import type { Values } from "../values.ts";
import type { View } from "../watch.ts";
import { hasLooseDot, isAnchored } from "./anchored.ts";
import type { Check } from "./check.ts";

type Call = Extract<Term, { type: "call" }>;

/** The place of the pattern among the arguments. */
const PATTERNS: ReadonlyMap<string, number> = new Map([
  ["regex.match", 0],
  ["regex.find_all_string_submatch_n", 0],
]);

/** Check `pattern-literal`: a pattern of `regex` that is no literal, or one of `glob` that comes from the document. */
export const patternLiteral: Check = {
  term: (term, { view }, report) => {
    if (term.type !== "call") return;
    const pattern = term.args[PATTERNS.get(term.operator) ?? -1];
    if (pattern !== undefined && textsOf(view.valuesOf(pattern)) === undefined) {
      report(
        term,
        `the pattern of ${term.operator} is no literal: whoever writes it decides what passes, and a broken one says nothing`,
      );
    }
    const [glob] = term.args;
    if (term.operator === "glob.match" && glob !== undefined && view.valuesOf(glob).some(isOfDocument)) {
      report(term, "the pattern of glob.match comes from the document: whoever asks decides what passes");
    }
  },
};

function isOfDocument(value: Values[number]): boolean {
  return value.kind === "document" || (value.kind === "opaque" && value.from !== undefined);
}

/** The literals that a pattern may be; undefined where it may be anything else. */
function textsOf(values: Values): readonly string[] | undefined {
  const texts = values.flatMap((value) =>
    value.kind === "constant" && typeof value.value === "string" ? [value.value] : [],
  );
  return texts.length === values.length ? texts : undefined;
}

/** A pattern, and where it stands. */
export interface FoundPattern {
  readonly place: Place;
  readonly pattern: string;
}

/** Check `pattern-valid`: gathers what OPA is to be asked about. */
export function patternsIn(term: Term, view: View): readonly FoundPattern[] {
  if (term.type !== "call" || !PATTERNS.has(term.operator)) return [];
  return patternsOf(term, view).map((pattern) => ({ place: term, pattern }));
}

/**
 * Check `pattern-anchored`: `regex.match` that is not negated, or a count of what is found, with a pattern that need not begin
 * and end where the text does, or in which a dot between two letters stands for any letter.
 */
export const patternAnchored: Check = {
  term: (term, { view, isNegated }, report) => {
    const match = term.type === "call" && !isNegated ? matchIn(term) : undefined;
    if (match === undefined) return;
    for (const pattern of patternsOf(match, view)) {
      if (!isAnchored(pattern)) {
        report(
          term,
          `${JSON.stringify(pattern)} is found anywhere in the text: write \`^…$\`, with every alternative in brackets`,
        );
      }
      if (hasLooseDot(pattern)) {
        report(term, `a dot in ${JSON.stringify(pattern)} stands for any letter: write \`\\.\``);
      }
    }
  },
};

/** The call that asks whether a pattern is found. */
function matchIn(call: Call): Call | undefined {
  if (call.operator === "regex.match") return call;
  const [of] = call.args;
  return call.operator === "count" && of?.type === "call" && PATTERNS.has(of.operator) ? of : undefined;
}

function patternsOf({ operator, args }: Call, view: View): readonly string[] {
  const pattern = args[PATTERNS.get(operator) ?? -1];
  return pattern === undefined ? [] : (textsOf(view.valuesOf(pattern)) ?? []);
}

/** Check `glob-delimiters`: delimiters that are empty, or that are not written out; under `not` any. */
export const globDelimiters: Check = {
  term: (term, { view, isNegated }, report) => {
    if (term.type !== "call" || term.operator !== "glob.match") return;
    const [, delimiters] = term.args;
    const values = delimiters === undefined ? [] : view.valuesOf(delimiters);
    if (isNegated && !values.every(isNone)) {
      report(
        term,
        "`*` doesn't pass a delimiter, so that a text with one is not refused: write `null` for none",
      );
      return;
    }
    if (values.every(isWrittenOut)) return;
    report(
      term,
      "`[]` means the delimiter `.`, which `*` doesn't pass: write the delimiters, or use `startswith`",
    );
  },
};

function isNone(value: Values[number]): boolean {
  return value.kind === "constant" && value.value === null;
}

function isWrittenOut(value: Values[number]): boolean {
  if (isNone(value)) return true;
  return value.kind === "list" && value.places !== undefined && value.places.length > 0;
}
