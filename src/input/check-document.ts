/**
 * Whether a finished document is what its schema says: asked once a decision, of a document of our own making.
 *
 * The schema itself, `documentSchema`, says what is wrong, but builds a second document on its way, which costs
 * a decision a tenth of its time. So its JSON Schema is turned into checks once, which go through the members
 * that are there and make nothing. Whatever they don't know of a JSON Schema stops the start; a property test
 * holds both to one answer.
 */
import { z } from "zod";
import { documentSchema } from "./document.ts";

type Check = (value: unknown) => boolean;
type Schema = z.core.JSONSchema.JSONSchema;

/** Keywords that say nothing about a value. */
const SILENT = new Set(["$schema", "title", "description"]);

/** Each keyword as a check of its own; `undefined` where another one of the same schema takes care of it. */
const KEYWORDS: Readonly<Record<string, (schema: Schema) => Check | undefined>> = {
  type: ({ type }) => typeCheck(type),
  const:
    ({ const: only }) =>
    (value) =>
      value === only,
  enum: ({ enum: values = [] }) => memberOf(values),
  not: ({ not }) => negated(compile(not)),
  anyOf: ({ anyOf = [] }) => someOf(anyOf.map(compile)),
  minLength:
    ({ minLength = 0 }) =>
    (value) =>
      typeof value === "string" && value.length >= minLength,
  pattern: ({ pattern = "" }) => matching(new RegExp(pattern)),
  minimum:
    ({ minimum = 0 }) =>
    (value) =>
      typeof value === "number" && value >= minimum,
  maximum:
    ({ maximum = 0 }) =>
    (value) =>
      typeof value === "number" && value <= maximum,
  minItems:
    ({ minItems = 0 }) =>
    (value) =>
      Array.isArray(value) && value.length >= minItems,
  items: ({ items }) => elements(compile(items)),
  minProperties:
    ({ minProperties = 0 }) =>
    (value) =>
      isObject(value) && Object.keys(value).length >= minProperties,
  properties: objectCheck,
  additionalProperties: (schema) => (schema.properties === undefined ? objectCheck(schema) : undefined),
  required: ({ properties }) =>
    properties === undefined ? refuse("required without properties") : undefined,
  propertyNames: ({ propertyNames }) =>
    JSON.stringify(propertyNames) === '{"type":"string"}' ? undefined : refuse("propertyNames"),
};

function refuse(what: string): never {
  throw new Error(`the document's JSON Schema says what no check is written for: ${what}`);
}

/** A JSON Schema as one check. @throws Error for a keyword, or a use of one, that is not known here. */
function compile(schema: unknown): Check {
  if (!isSchema(schema)) return refuse(JSON.stringify(schema));
  const checks = Object.keys(schema).flatMap((keyword) => {
    if (SILENT.has(keyword)) return [];
    const make = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    return make === undefined ? refuse(keyword) : (make(schema) ?? []);
  });
  const [first = () => true, second, ...more] = checks;
  if (second === undefined) return first;
  if (more.length === 0) return (value) => first(value) && second(value);
  return (value) => checks.every((check) => check(value));
}

function isSchema(value: unknown): value is Schema {
  return isObject(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeCheck(type: Schema["type"]): Check {
  switch (type) {
    case "object":
      return isObject;
    case "array":
      return Array.isArray;
    case "integer":
      return Number.isSafeInteger;
    case "number":
      return (value) => typeof value === "number";
    case "string":
      return (value) => typeof value === "string";
    case "boolean":
      return (value) => typeof value === "boolean";
    default:
      return refuse(`type ${String(type)}`);
  }
}

const memberOf = (values: readonly unknown[]): Check => {
  const known = new Set(values);
  return (value) => known.has(value);
};
const negated =
  (check: Check): Check =>
  (value) =>
    !check(value);
const someOf =
  (checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const matching =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === "string" && pattern.test(value);
/** A hole is an element that is `undefined`: it would be written as `null`. */
const elements =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return false;
    for (const element of value) if (!check(element)) return false;
    return true;
  };

/** The members that are there, each against its own schema; only a known member may be `undefined`: absent. */
function objectCheck({ properties = {}, additionalProperties, required = [] }: Schema): Check {
  const known = new Map(Object.entries(properties).map(([name, schema]) => [name, compile(schema)]));
  const others =
    additionalProperties === false ? () => false : compile(additionalProperties ?? refuse("an open object"));
  return (value) => {
    if (!isObject(value)) return false;
    for (const name in value) {
      const member = value[name];
      const check = known.get(name);
      if (member === undefined ? check === undefined : !(check ?? others)(member)) return false;
    }
    for (const name of required) if (value[name] === undefined) return false;
    return true;
  };
}

const check = compile(z.toJSONSchema(documentSchema, { target: "draft-7", io: "input" }));

/** Whether `documentSchema` would take a document. */
export function fitsSchema(document: unknown): boolean {
  return check(document);
}
