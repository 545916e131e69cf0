/** What one check is made of, and how it walks through what the follower shows. */
import type { Expression, Place, Rule, Term } from "../ast.ts";
import type { SchemaNode } from "../schema-node.ts";
import { originOf, type Values } from "../values.ts";
import type { Body, View } from "../watch.ts";

/** Notes that something is wrong: where, and what to write instead. */
export type Report = (place: Place, message: string) => void;

/**
 * One check; each part is called for everything of its kind that a verdict hangs on.
 *
 * - `rule`: one definition of a rule or function.
 * - `body`: one body with what it makes.
 * - `expression`: one expression of a body.
 * - `term`: one term, however deep; `isNegated` says whether it stands under a `not`. What stands in the body of an
 *   `every` or of a comprehension comes with that body, not with the one around it.
 */
export interface Check {
  readonly rule?: (rule: Rule, report: Report) => void;
  readonly body?: (body: Body, report: Report) => void;
  readonly expression?: (expression: Expression, view: View, report: Report) => void;
  readonly term?: (term: Term, site: Site, report: Report) => void;
}

export interface Site {
  readonly view: View;
  readonly isNegated: boolean;
}

/** The whole term of a plain expression; undefined for `some` and `every`. */
export function termOf({ what }: Expression): Term | undefined {
  return what.type === "term" ? what.term : undefined;
}

/** A place of document or data, as it is written in Rego. */
export function spellPlace({ kind, path }: { kind: "document" | "data"; path: readonly string[] }): string {
  return spellPath([kind === "document" ? "input" : "data", ...path].join("."));
}

/** The same for a path with `*`. */
export function spellPath(path: string): string {
  return path.replaceAll(".*", "[_]");
}

/**
 * The list or table of the document whose elements one gets by a loop over the values, as it is written in Rego; undefined
 * where none of them is an element of the document.
 */
export function elementsOf(values: Values): string | undefined {
  for (const value of values) {
    if (value.kind === "document" && mayHoldElements(value.node)) return spellPlace(value);
    const inside = value.kind === "list" || value.kind === "set" ? value.items : [];
    const origin = originOf(inside);
    const at = origin?.path.lastIndexOf(".*") ?? -1;
    if (origin !== undefined && at !== -1) return spellPath(origin.path.slice(0, at));
  }
  return undefined;
}

function mayHoldElements(node: SchemaNode): boolean {
  if (node.type === "union") return node.options.some(mayHoldElements);
  return node.type === "list" || node.type === "table" || node.type === "namespace" || node.type === "any";
}
