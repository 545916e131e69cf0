/** Where an expression stands, and what its body makes. */
import type { Module, Rule, Term } from "./ast.ts";
import type { Scope } from "./scope.ts";
import type { Values } from "./values.ts";

/** The module decides what a name means. */
export interface Frame {
  readonly module: Module;
  readonly scope: Scope;
  /** The names of what the function around it is given, where it may ask for their type. */
  readonly parameters: ReadonlySet<string>;
  /** See `View`. */
  readonly anchors: ReadonlySet<string>;
  /** Names that a body around asks for: where they are not there, neither is what the body makes. */
  readonly demanded: ReadonlySet<string>;
  /** Names of which a body counts that nothing is missing, with what it counts them against. */
  readonly counted: ReadonlyMap<string, Term>;
}

export const NONE_COUNTED: ReadonlyMap<string, Term> = new Map();

/** What a term may stand for; every reference in it is noted. */
export type Evaluate = (term: Term, frame: Frame) => Values;

/** What a body's solutions make: see `Body`. */
export interface Made {
  readonly rule?: Rule;
  readonly heads: readonly Term[];
  readonly collects: boolean;
}

export const NOTHING: Made = { heads: [], collects: false };

/** Whether the body decides about a part alone: an element, or one member of an object. */
export function isPart({ collects, rule }: Made): boolean {
  return collects || (rule !== undefined && rule.head.steps.length > 0);
}

/** Whether the term is what the function around it was given, and nothing of its own. */
export function isGiven(term: Term, { parameters }: Frame): boolean {
  return term.type === "var" && parameters.has(term.name);
}
