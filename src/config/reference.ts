/** What the config schema says of itself: for the environment, and for the table of docs/configuration.md. */
import { z } from "zod";

/**
 * One key of the config.
 *
 * @property path - `nodes[].name`; `[]` stands for any element, `*` for any name.
 * @property type - for people.
 * @property scalar - what a text must become to be its value; absent where it is an object or a list.
 * @property fallback - the default, as it would be written in the file.
 */
export interface KeyDescription {
  readonly path: string;
  readonly type: string;
  readonly scalar?: "string" | "boolean" | "integer";
  readonly fallback?: unknown;
  readonly required: boolean;
  readonly built: boolean;
  readonly description: string;
}

interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly optional: boolean;
  readonly fallback?: unknown;
  readonly description: string;
  readonly built: boolean;
}

/** All keys of a schema, parents before their members, in the order of the schema. */
export function describeKeys(schema: z.core.$ZodType, path = ""): KeyDescription[] {
  const { schema: inner } = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(inner.shape).flatMap(([key, member]) => {
      const own = path === "" ? key : `${path}.${key}`;
      return [describe(own, member), ...describeKeys(member, own)];
    });
  }
  if (inner instanceof z.ZodRecord) return describeKeys(inner.valueType, `${path}.*`);
  return inner instanceof z.ZodArray ? describeKeys(inner.element, `${path}[]`) : [];
}

function describe(path: string, schema: z.core.$ZodType): KeyDescription {
  const { schema: inner, optional, fallback, description, built } = unwrap(schema);
  const shape = typeOf(inner);
  return {
    path,
    type: shape.type,
    ...(shape.scalar === undefined ? {} : { scalar: shape.scalar }),
    ...(fallback === undefined ? {} : { fallback }),
    required: !optional && fallback === undefined && built,
    built,
    description,
  };
}

/** Looks through defaults, transformations and preprocessing to the shape that stands in the file. */
function unwrap(schema: z.core.$ZodType): Unwrapped {
  const { description = "", built = true } = z.globalRegistry.get(schema) ?? {};
  const here = { description, built: built !== false };
  const outer = (
    inner: z.core.$ZodType,
    more: { optional?: boolean; fallback?: unknown } = {},
  ): Unwrapped => {
    const found = unwrap(inner);
    return {
      ...found,
      ...more,
      description: here.description === "" ? found.description : here.description,
      built: here.built && found.built,
    };
  };
  if (schema instanceof z.ZodOptional) return outer(schema.unwrap(), { optional: true });
  if (schema instanceof z.ZodPrefault) return outer(schema.unwrap(), { fallback: schema.def.defaultValue });
  if (schema instanceof z.ZodPipe) return outer(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  return { schema, optional: false, ...here };
}

function typeOf(schema: z.core.$ZodType): Pick<KeyDescription, "type" | "scalar"> {
  if (schema instanceof z.ZodString) return { type: "text", scalar: "string" };
  if (schema instanceof z.ZodBoolean) return { type: "true or false", scalar: "boolean" };
  if (schema instanceof z.ZodNumber) return { type: "number", scalar: "integer" };
  if (schema instanceof z.ZodEnum) return { type: schema.options.join(", "), scalar: "string" };
  if (schema instanceof z.ZodArray) return { type: "list" };
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return { type: "object" };
  return { type: "text or object" };
}

/** The reference table as Markdown: `docs/configuration.md` carries it, a test holds it there. */
export function configReference(schema: z.core.$ZodType): string {
  const rows = describeKeys(schema)
    // The three listeners have the same keys: they are shown once. Sections need no row of their own.
    .filter(({ path, description }) => description !== "" && !/^listen\.(push|admin)\./.test(path))
    .map(({ path, type, fallback, required, built, description }) => {
      const shown = path.replace(/^listen\.nodes\./, "listen.*.");
      const kind = /^listen\.[a-z]+$/.test(path) ? "text or object" : type;
      const standard = required
        ? "required"
        : fallback === undefined
          ? ""
          : `\`${JSON.stringify(fallback)}\``;
      return `| \`${shown}\` | ${built ? kind : ""} | ${built ? standard : ""} | ${description} |`;
    });
  return ["| key | type | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}
