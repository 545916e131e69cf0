/**
 * What built-ins do to places: a few pass on what they are given, or look only at its size; all others look
 * at the whole of each argument and give back something in which no place hides.
 */
import type { Place, Term } from "./ast.ts";
import type { Reader, Step } from "./reader.ts";
import { OPAQUE, union, type Values } from "./values.ts";

/** Number of arguments by name. */
export type Builtins = ReadonlyMap<string, number>;

type Call = Extract<Term, { type: "call" }>;
type Model = (reader: Reader, call: Call, args: readonly Values[]) => Values;

/** The result of one call, with the reads that it makes. */
export function builtin(reader: Reader, call: Call, args: readonly Values[]): Values {
  if (reader.isQuiet && args.some((arg) => arg.length === 0)) return [];
  const model = MODELS.get(call.operator) ?? consumeAll;
  return model(reader, call, args);
}

function consumeAll(reader: Reader, call: Call, args: readonly Values[]): Values {
  for (const arg of args) reader.consume(arg, call);
  return OPAQUE;
}

function size(reader: Reader, call: Call, [of = []]: readonly Values[]): Values {
  reader.consumeSize(of, call);
  return OPAQUE;
}

/** A list of the elements of the first arguments; any further argument is a plain value. */
function listOf(count: number): Model {
  return (reader, call, args) => {
    const items = args.slice(0, count).map((arg) => reader.elements(arg, call));
    for (const arg of args.slice(count)) reader.consume(arg, call);
    return [{ kind: "list", items: union(...items) }];
  };
}

/** `sort` and the set operators compare whole elements. */
function consumedElements(kind: "list" | "set"): Model {
  return (reader, call, args) => {
    for (const arg of args) reader.consume(arg, call);
    return union([{ kind, items: OPAQUE }], OPAQUE);
  };
}

function membership(reader: Reader, call: Call, args: readonly Values[]): Values {
  const domain = args.at(-1) ?? [];
  for (const arg of args.slice(0, -1)) reader.consume(arg, call);
  reader.consume(reader.elements(domain, call), call);
  return OPAQUE;
}

/**
 * `object.get(from, "name", default)` reads `from.name`: that it is absent must refuse, or be `optional`.
 * In the release's data the default is an answer: the entry may lack the member.
 */
function objectGet(
  reader: Reader,
  call: Call,
  [from = [], key = [], fallback = []]: readonly Values[],
): Values {
  const term = call.args[1];
  const steps = term?.type === "array" ? term.items.map(literalStep) : [stepsOf(reader, call, key)];
  let values = from;
  for (const names of steps) {
    if (names === undefined) {
      reader.problem(call, "cannot follow object.get with a path that is no literal: name the members");
      return OPAQUE;
    }
    values = union(...names.map((name) => reader.step(values, name, call)));
    values = values.map((value) => (value.kind === "data" ? { ...value, mayLack: true } : value));
  }
  reader.note(values);
  return union(values, fallback);
}

function literalStep(term: Term): readonly Step[] | undefined {
  return term.type === "constant" && typeof term.value === "string" ? [{ name: term.value }] : undefined;
}

/** The names that a key may have; every element where they are not known. */
export function stepsOf(reader: Reader, place: Place, key: Values): readonly Step[] {
  reader.consume(key, place);
  const names = key.map(
    (each): Step =>
      each.kind === "constant" && typeof each.value === "string" ? { name: each.value } : "any",
  );
  return names.includes("any") ? ["any"] : names;
}

const MODELS: ReadonlyMap<string, Model> = new Map<string, Model>([
  ["count", size],
  ["object.keys", size],
  ["array.concat", listOf(2)],
  ["array.reverse", listOf(1)],
  ["array.slice", listOf(1)],
  ["sort", consumedElements("list")],
  ["and", consumedElements("set")],
  ["or", consumedElements("set")],
  ["minus", consumedElements("set")],
  ["union", consumedElements("set")],
  ["intersection", consumedElements("set")],
  ["internal.member_2", membership],
  ["internal.member_3", membership],
  ["object.get", objectGet],
]);
