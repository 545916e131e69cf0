/**
 * The document's JSON Schema as a tree that a path can walk, so that the follower knows at each step whether
 * it stands on a value, a list, a table or an object with members of its own.
 */
import { z } from "zod";

/**
 * - `value`: a string, number or boolean; `json` tells which, `isClosed` that the schema lists all its values,
 *   `isFraction` that it is a text that may have a decimal point.
 * - `list`: an array.
 * - `table`: an object with free keys, all values alike.
 * - `namespace`: a table whose keys a rule must name, since a key that is not there is no answer.
 * - `object`: an object with named members; a read may pass it, but not end there.
 * - `any`: without a type; may hold anything, and a read may end there.
 * - `union`: one of several.
 */
export type SchemaNode =
  | {
      readonly type: "value";
      readonly json: "string" | "number" | "boolean";
      readonly isClosed: boolean;
      readonly isFraction: boolean;
    }
  | { readonly type: "list"; readonly items: SchemaNode }
  | { readonly type: "table" | "namespace"; readonly values: SchemaNode }
  | { readonly type: "object"; readonly members: ReadonlyMap<string, SchemaNode> }
  | { readonly type: "any" }
  | { readonly type: "union"; readonly options: readonly SchemaNode[] };

const jsonSchema = z.object({
  type: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  enum: z.array(z.unknown()).optional(),
  pattern: z.string().optional(),
  $ref: z.never().optional(),
  allOf: z.never().optional(),
  oneOf: z.never().optional(),
});

/** @throws {z.ZodError} for a schema that uses more of JSON Schema than the document's does. */
export function schemaNode(schema: unknown): SchemaNode {
  const node = jsonSchema.parse(schema);
  if (node.anyOf !== undefined) return { type: "union", options: node.anyOf.map(schemaNode) };
  switch (node.type) {
    case "array":
      return { type: "list", items: schemaNode(node.items ?? {}) };
    case "object": {
      if (node.properties === undefined) {
        const values = node.additionalProperties;
        return { type: "table", values: schemaNode(typeof values === "object" ? (values ?? {}) : {}) };
      }
      const members = Object.entries(node.properties).map(
        ([name, member]) => [name, schemaNode(member)] as const,
      );
      return { type: "object", members: new Map(members) };
    }
    case undefined:
      return { type: "any" };
    case "string":
    case "boolean":
      return value(node.type, node);
    case "number":
    case "integer":
      return value("number", node);
    default:
      throw new TypeError(`the document's schema has the type ${node.type}`);
  }
}

function value(
  json: Extract<SchemaNode, { type: "value" }>["json"],
  node: z.infer<typeof jsonSchema>,
): SchemaNode {
  const isFraction = node.pattern !== undefined && new RegExp(node.pattern).test("1.5");
  return { type: "value", json, isClosed: node.enum !== undefined, isFraction };
}

/** Whether a read may end here: nothing that a rule could miss lies below. */
export function isReadable(node: SchemaNode): boolean {
  switch (node.type) {
    case "value":
    case "any":
      return true;
    case "list":
      return isReadable(node.items);
    case "table":
      return isReadable(node.values);
    case "object":
    case "namespace":
      return false;
    case "union":
      return node.options.every(isReadable);
  }
}

/**
 * The document as one rule may read it: below `facts` only what the rule declares, below `lists` only lists
 * that it names.
 *
 * @param facts - the shapes of the rule's own facts by name.
 */
export function documentNode(
  schema: SchemaNode,
  rule: string,
  facts: ReadonlyMap<string, SchemaNode>,
): SchemaNode {
  if (schema.type !== "object") throw new TypeError("the document's schema is no object");
  const members = new Map(schema.members);
  const lists = members.get("lists");
  if (lists?.type === "table") members.set("lists", { type: "namespace", values: lists.values });
  members.set("facts", { type: "object", members: new Map([[rule, { type: "object", members: facts }]]) });
  return { type: "object", members };
}

/**
 * The shape of a fact's answer (design 3.8), narrowed from the schema's union by the query itself.
 *
 * @param byValue - whether `by` has a path with `[]`: then the answer is a table by value.
 */
export function factNode(schema: SchemaNode, kind: string, byValue: boolean): SchemaNode {
  const options = schema.type === "union" ? schema.options : [schema];
  const find = (type: SchemaNode["type"]) => options.find((option) => option.type === type) ?? schema;
  if (kind === "movement") return find("list");
  const single = kind === "flags" ? find("object") : find("value");
  return byValue ? { type: "table", values: single } : single;
}

/** The schema of any one fact, out of the document's. */
export function anyFactNode(schema: SchemaNode): SchemaNode {
  const facts = schema.type === "object" ? schema.members.get("facts") : undefined;
  const ofRule = facts?.type === "table" ? facts.values : undefined;
  return ofRule?.type === "table" ? ofRule.values : { type: "any" };
}
