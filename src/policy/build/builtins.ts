/**
 * What built-ins do to places: a few pass on what they are given, or look only at its size; all others look
 * at the whole of each argument and give back something in which no place hides.
 */
import type { DataUse } from "../rule-index.ts";
import type { Place, Term } from "./ast.ts";
import { lackOf, withLack } from "./fallible.ts";
import type { Reader, Step } from "./reader.ts";
import { COUNT, madeOf, NUMBER, OPAQUE, textOf, union, type Value, type Values } from "./values.ts";

/** The JSON types of the arguments by name; `any` for all that is not one type. */
export type Builtins = ReadonlyMap<string, readonly string[]>;

type Call = Extract<Term, { type: "call" }>;
type Model = (reader: Reader, call: Call, args: readonly Values[]) => Values;

/** The result of one call, with the reads that it makes. */
export function builtin(reader: Reader, call: Call, args: readonly Values[]): Values {
  if (reader.isQuiet && args.some((arg) => arg.length === 0)) return [];
  const model = MODELS.get(call.operator) ?? consumeAll;
  return withLack(model(reader, call, args), lackOf(lacking(call, args).flat()));
}

/** The arguments of which the result has less where they have. What is taken away leaves more. */
function lacking({ operator }: Call, args: readonly Values[]): readonly Values[] {
  if (operator === "minus") return args.slice(0, 1);
  return COMPARISONS.has(operator) || operator.startsWith("internal.member_") ? [] : args;
}

/**
 * What the release's data must be where a built-in is given it: under `not`, one that fails on another type is
 * as good as false. What a function was given is left out: it may ask for the type itself.
 *
 * @param isGiven - whether a term is a parameter of the function around it.
 */
export function noteOperands(
  reader: Reader,
  { call, args, types }: { call: Call; args: readonly Values[]; types: readonly string[] },
  isGiven: (term: Term) => boolean,
): void {
  const own = args.map((arg, at) => {
    const term = call.args[at];
    return term === undefined || isGiven(term) ? [] : arg;
  });
  for (const [at, arg] of own.entries()) {
    const use = OPERAND_USES.get(types[at] ?? "any");
    if (use !== undefined) reader.noteUse(arg, use);
  }
  const [left = [], right = []] = own;
  if (NEEDLES.has(call.operator)) reader.noteUse(right, "a_needle");
  if (COMPARISONS.has(call.operator)) noteComparison(reader, left, right);
}

/** What is looked for in a text: an empty one is in all of them. */
const NEEDLES: ReadonlySet<string> = new Set(["contains", "startswith", "endswith"]);

const OPERAND_USES: ReadonlyMap<string, DataUse> = new Map<string, DataUse>([
  ["string", "a_string"],
  ["number", "a_number"],
  ["array", "an_array"],
  ["object", "an_object"],
]);
const COMPARISONS: ReadonlySet<string> = new Set(["eq", "equal", "neq", "lt", "lte", "gt", "gte"]);

/** A text is never equal to an object, and less than every one: data of another type than the other side. */
export function noteComparison(reader: Reader, left: Values, right: Values): void {
  noteLike(reader, left, right);
  noteLike(reader, right, left);
}

function noteLike(reader: Reader, one: Values, other: Values): void {
  if (one.length === 0) return;
  if (isText(one)) reader.noteUse(other, "text");
  else if (one.every(isNumber)) reader.noteUse(other, "number");
  else if (one.every(isBoolean)) reader.noteUse(other, "boolean");
}

/** A text finds nothing in a set of objects, nor under keys that are none. */
export function noteLookup(reader: Reader, values: Values, key: Values): void {
  reader.noteUse(values, useOf(key));
  if (key.length === 0 || !isText(key)) return;
  for (const value of values) {
    if (value.kind === "set") reader.noteUse(value.items, "text");
    if (value.kind === "object") reader.noteUse(value.keys, "text");
  }
}

function consumeAll(reader: Reader, call: Call, args: readonly Values[]): Values {
  for (const arg of args) reader.consume(arg, call);
  if (!COMPARISONS.has(call.operator) && !call.operator.startsWith("is_")) {
    for (const arg of args) reader.refuseEntries(arg, call);
  }
  return madeOf(...args);
}

function text(reader: Reader, call: Call, args: readonly Values[]): Values {
  consumeAll(reader, call, args);
  return textOf(...args);
}

function arithmetic(reader: Reader, call: Call, args: readonly Values[]): Values {
  consumeAll(reader, call, args);
  return NUMBER;
}

/** The largest or smallest of a list is one of it. */
function oneOf(reader: Reader, call: Call, args: readonly Values[]): Values {
  const made = consumeAll(reader, call, args);
  const elements = args.flatMap((arg) => reader.elements(arg, call));
  return elements.length > 0 && elements.every(isNumber) ? NUMBER : made;
}

/** Of numbers the difference is one; of all else it may be that of two sets. */
function minus(reader: Reader, call: Call, args: readonly Values[]): Values {
  if (args.every((arg) => arg.length > 0 && arg.every(isNumber))) return arithmetic(reader, call, args);
  return consumedElements("set", NUMBER)(reader, call, args);
}

function size(reader: Reader, call: Call, [of = []]: readonly Values[]): Values {
  reader.consumeSize(of, call);
  return call.operator === "count" ? COUNT : OPAQUE;
}

function range(reader: Reader, call: Call, args: readonly Values[]): Values {
  return [{ kind: "list", items: arithmetic(reader, call, args) }];
}

/** A list of the elements of the first arguments; any further argument is a plain value. */
function listOf(count: number): Model {
  return (reader, call, args) => {
    const items = args.slice(0, count).map((arg) => reader.elements(arg, call));
    for (const arg of args.slice(count)) reader.consume(arg, call);
    return [{ kind: "list", items: union(...items) }];
  };
}

/** `sort` and the set operators compare whole elements; `-` is for numbers, too. */
function consumedElements(kind: "list" | "set", otherwise: Values = OPAQUE): Model {
  return (reader, call, args) => {
    consumeAll(reader, call, args);
    const sets = args.map((arg) => arg.flatMap((value) => (value.kind === "set" ? value.items : [])));
    const [left = [], right = []] = sets;
    noteComparison(reader, left, right);
    return union([{ kind, items: union(madeOf(...args), ...sets) }], otherwise);
  };
}

function membership(reader: Reader, call: Call, args: readonly Values[]): Values {
  const domain = args.at(-1) ?? [];
  for (const arg of args.slice(0, -1)) reader.consume(arg, call);
  const elements = reader.elements(domain, call);
  reader.consume(elements, call);
  reader.noteUse(domain, "an_array");
  noteLike(reader, args.at(-2) ?? [], elements);
  return madeOf(...args);
}

/**
 * `object.get(from, "name", default)` reads `from.name`: that it is absent must refuse, or be `optional`.
 * In the release's data the default is an answer: the entry may lack the member. A key that is an array is a
 * path; where it is not known which keys lie in which place of it, there is no following it.
 */
function objectGet(
  reader: Reader,
  call: Call,
  [from = [], key = [], fallback = []]: readonly Values[],
): Values {
  const paths: (readonly Values[])[] = [];
  const keys: Value[] = [];
  for (const each of key) {
    if (each.kind !== "list") keys.push(each);
    else if (each.places !== undefined) paths.push(each.places);
    else reader.problem(call, "cannot follow object.get with a path that is made elsewhere: write it out");
  }
  if (keys.length > 0) paths.push([keys]);
  const found = paths.map((path) => {
    let values = from;
    for (const [at, step] of path.entries()) {
      reader.noteUse(values, at === 0 ? "key" : useOf(step));
      const below = stepsOf(reader, call, step).map((each) => reader.step(values, each, call));
      values = mayLack(union(...below));
    }
    reader.note(values);
    return values;
  });
  return union(...found, fallback);
}

/** What comes from data may lack what is looked for in it: the rule goes on without it. */
function mayLack(values: Values): Values {
  return values.map((value) => (value.kind === "data" ? { ...value, mayLack: true } : value));
}

/** What holds the members of its first arguments, all or some of them: a look into it looks into them. */
function copyOf(count: number): Model {
  return (reader, call, args) => {
    for (const arg of args) reader.consume(arg, call);
    const copied = args.slice(0, count);
    for (const arg of copied) reader.noteUse(arg, "key");
    return mayLack(union(...copied));
  };
}

function unionOfObjects(reader: Reader, call: Call, [objects = []]: readonly Values[]): Values {
  reader.consume(objects, call);
  const elements = reader.elements(objects, call);
  reader.noteUse(elements, "key");
  return mayLack(elements);
}

/** What a container must be for a look-up by this key to find anything. */
function useOf(key: Values): DataUse {
  if (key.every((each) => each.kind === "data" || (each.kind === "opaque" && each.is === "key")))
    return "loop";
  // `-` may make a set, which is the key of nothing in JSON.
  const plain = key.filter(({ kind }) => kind !== "set");
  return plain.length > 0 && plain.every(isNumber) ? "index" : "key";
}

/** Whether it is a number, as far as schema and built-ins say. */
export function isNumber(value: Values[number]): boolean {
  switch (value.kind) {
    case "constant":
      return typeof value.value === "number";
    case "document":
      return value.node.type === "value" && value.node.json === "number";
    default:
      return value.kind === "opaque" && value.is === "number";
  }
}

function isBoolean(value: Value): boolean {
  if (value.kind === "constant") return typeof value.value === "boolean";
  return value.kind === "document" && value.node.type === "value" && value.node.json === "boolean";
}

function isText(values: Values): boolean {
  return values.every((value) => {
    if (value.kind === "constant") return typeof value.value === "string";
    if (value.kind === "opaque") return value.is === "text";
    return value.kind === "document" && value.node.type === "value" && value.node.json === "string";
  });
}

/** What gives back a text. */
const TEXTS = [
  ...[
    "base64.decode",
    "base64.encode",
    "base64url.decode",
    "base64url.encode",
    "concat",
    "format_int",
    "json.marshal",
  ],
  ...[
    "lower",
    "replace",
    "strings.replace_n",
    "strings.reverse",
    "substring",
    "trim",
    "trim_left",
    "trim_prefix",
  ],
  ...["trim_right", "trim_space", "trim_suffix", "type_name", "upper"],
];

/** The names that a key may have; one step for all where they are not known. */
export function stepsOf(reader: Reader, place: Place, key: Values): readonly Step[] {
  reader.consume(key, place);
  const steps = key.map((each): Step => {
    if (each.kind === "constant" && typeof each.value === "string") return { name: each.value };
    if (each.kind === "constant" && typeof each.value === "number") return { place: each.value };
    // `-` may make a set, which is the key of nothing in JSON.
    const isElement = isNumber(each) || each.kind === "set" || (each.kind === "opaque" && each.is === "key");
    return isElement ? "any" : "key";
  });
  if (steps.includes("key")) return ["key"];
  return steps.includes("any") ? ["any"] : steps;
}

const MODELS: ReadonlyMap<string, Model> = new Map<string, Model>([
  ["count", size],
  ["plus", arithmetic],
  ["mul", arithmetic],
  ["div", arithmetic],
  ["rem", arithmetic],
  ["to_number", arithmetic],
  ["abs", arithmetic],
  ["ceil", arithmetic],
  ["floor", arithmetic],
  ["round", arithmetic],
  ["sum", arithmetic],
  ["product", arithmetic],
  ["indexof", arithmetic],
  ["max", oneOf],
  ["min", oneOf],
  ["numbers.range", range],
  ["object.keys", size],
  ["array.concat", listOf(2)],
  ["array.reverse", listOf(1)],
  ["array.slice", listOf(1)],
  ["sort", consumedElements("list")],
  ["and", consumedElements("set")],
  ["or", consumedElements("set")],
  ["minus", minus],
  ["union", consumedElements("set")],
  ["intersection", consumedElements("set")],
  ["internal.member_2", membership],
  ["internal.member_3", membership],
  ...TEXTS.map((name) => [name, text] as const),
  ["object.get", objectGet],
  ["object.union", copyOf(2)],
  ["object.union_n", unionOfObjects],
  ["object.filter", copyOf(1)],
  ["object.remove", copyOf(1)],
  ["json.filter", copyOf(1)],
  ["json.remove", copyOf(1)],
]);
