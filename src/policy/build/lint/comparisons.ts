import type { Term } from "../ast.ts";
import { isNumber } from "../builtins.ts";
import type { SchemaNode } from "../schema-node.ts";
import type { Value, Values } from "../values.ts";
import { type Check, spellPlace } from "./check.ts";

const ORDERS: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["lte", "<="],
  ["gt", ">"],
  ["gte", ">="],
]);

/**
 * Check `compare-amounts`: an operand of `<`, `<=`, `>` or `>=`, or an element given to `max` or `min`, that is not known to
 * be a number. Rego orders values of all types: texts letter by letter, and any text above every number.
 */
export const compareAmounts: Check = {
  term: (term, { view }, report) => {
    if (term.type !== "call") return;
    const order = ORDERS.get(term.operator);
    for (const operand of order === undefined ? [] : term.args.slice(0, 2)) {
      const other = view.valuesOf(operand).find((value) => !isNumber(value));
      if (other !== undefined) report(term, `\`${order}\` compares ${spell(operand, other)}: ${CURE}`);
    }
    if (term.operator !== "max" && term.operator !== "min") return;
    const other = term.args
      .slice(0, 1)
      .flatMap((arg) => view.valuesOf(arg).flatMap(elements))
      .find((value) => !isNumber(value));
    if (other !== undefined) report(term, `\`${term.operator}\` compares ${spell(term, other)}: ${CURE}`);
  },
};

const CURE = "write `amount.int(…)` on both sides, or name the values that are right";

function elements(value: Value): Values {
  return value.kind === "list" || value.kind === "set" ? value.items : [value];
}

function spell(operand: Term, value: Value): string {
  if (value.kind === "document" || value.kind === "data") {
    return `${spellPlace(value)}, which ${value.kind === "data" ? "may be text" : "is no number"}`;
  }
  if (operand.type === "constant") return `${JSON.stringify(operand.value)}, which is no number`;
  return "what need not be a number";
}

/**
 * Check `compare-types`: `==`, `!=`, `in`, a look-up, or `&` or `-` of sets, between values of which each has a type that the
 * other one never has. They are never equal: `!=` and `not` are then true of everything.
 */
export const compareTypes: Check = {
  term: (term, { view }, report) => {
    if (term.type === "ref") {
      for (const [at, step] of term.steps.entries()) {
        const before: Term = at === 0 ? term.head : { ...term, steps: term.steps.slice(0, at) };
        const keys = view.valuesOf(before).flatMap((value) => (value.kind === "set" ? [value.items] : []));
        for (const each of keys) compare(term, view.valuesOf(step), each, report);
      }
    }
    if (term.type !== "call") return;
    const [left, right] = term.args;
    if (left === undefined || right === undefined) return;
    if (EQUALITIES.has(term.operator)) compare(term, view.valuesOf(left), view.valuesOf(right), report);
    if (OF_SETS.has(term.operator)) {
      compare(term, view.valuesOf(left).flatMap(members), view.valuesOf(right).flatMap(members), report);
    }
    if (term.operator !== "internal.member_2") return;
    compare(
      term,
      view.valuesOf(left),
      view.valuesOf(right).flatMap((value) => held(value)),
      report,
    );
  },
};

const EQUALITIES: ReadonlySet<string> = new Set(["eq", "equal", "neq"]);

/** They look for what is in both. */
const OF_SETS: ReadonlySet<string> = new Set(["and", "minus"]);

/** What is in a set; nothing that could be compared where it is none. */
function members(value: Value): Values {
  return value.kind === "set" ? value.items : [{ kind: "opaque" }];
}

function held(value: Value): Values {
  return value.kind === "list" || value.kind === "set" ? value.items : [{ kind: "opaque" }];
}

type JsonType = "string" | "number" | "boolean" | "null" | "array" | "object" | "set";

function compare(
  place: Term,
  left: Values,
  right: Values,
  report: Parameters<NonNullable<Check["term"]>>[2],
): void {
  const [one, other] = [typesOf(left), typesOf(right)];
  if (one === undefined || other === undefined || [...one].some((type) => other.has(type))) return;
  report(
    place,
    `${[...one].join(" or ")} and ${[...other].join(" or ")} are never equal: write both sides as the same type`,
  );
}

/** All types that the values may have; undefined where that is not known, or there are no values. */
function typesOf(values: Values): ReadonlySet<JsonType> | undefined {
  const types = new Set<JsonType>();
  for (const value of values) {
    const found = typeOf(value);
    if (found === undefined) return undefined;
    types.add(found);
  }
  return types.size === 0 ? undefined : types;
}

function typeOf(value: Value): JsonType | undefined {
  if (isNumber(value)) return "number";
  switch (value.kind) {
    case "constant":
      return value.value === null ? "null" : typeof value.value === "boolean" ? "boolean" : "string";
    case "document":
      return typeOfNode(value.node);
    case "list":
      return "array";
    case "set":
    case "object":
      return value.kind;
    case "opaque":
      return value.is === "text" ? "string" : undefined;
    case "data":
      return undefined;
  }
}

function typeOfNode(node: SchemaNode): JsonType | undefined {
  switch (node.type) {
    case "value":
      return node.json;
    case "list":
      return "array";
    case "table":
    case "namespace":
    case "object":
      return "object";
    case "any":
    case "union":
      return undefined;
  }
}
