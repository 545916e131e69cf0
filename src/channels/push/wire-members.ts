/**
 * The words that the schemas of pushes are written in, and how a message is held against one.
 *
 * Cobo writes `null`, `""` or nothing for what it doesn't have, so all three are absent. It writes one number as a
 * number here and as text there (`vout_n`, `decimal`, fees, confirmations, times), so both are read, by their spelling:
 * nothing goes through a float. All else is strict: a known member of a wrong type makes the message unreadable, and
 * so does an unknown value of a closed list. Unknown members are left out here; they live on in the document's `raw`.
 */
import { z } from "zod";
import { canonicalDecimal } from "../../input/amounts.ts";
import { Refusal } from "../../input/refusal.ts";
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from "../../input/strict-json.ts";
import { memberAt, shown } from "../shown.ts";

const MAX_DECIMALS = 255;

export const text = z.string("not text").optional();
/** An id: it becomes a name in the ledger. */
export const id = z
  .string("not text")
  .regex(/^\P{Cc}{1,256}$/u, "no id: control characters, or longer than 256")
  .optional();
export const flag = z.boolean("neither true nor false").optional();

const spelled = z
  .union([z.string(), z.number(), z.instanceof(JsonNumber)], "neither a number nor text")
  .transform((value) => (value instanceof JsonNumber ? value.text : String(value)));

/** Text that Cobo may write as a number. */
export const label = spelled.optional();

/** A non-negative integer of up to 78 digits, as 2^256 has, as it is spelled. */
export const integer = spelled
  .pipe(z.string().regex(/^(0|[1-9][0-9]{0,77})$/, "not a plain integer"))
  .optional();

/** A non-negative integer that is counted with: a time in milliseconds, a height, a code. */
export const count = spelled
  .pipe(z.string().regex(/^(0|[1-9][0-9]{0,14})$/, "not a plain integer"))
  .transform(Number)
  .optional();

export const decimals = spelled
  .pipe(z.string().regex(/^(0|[1-9][0-9]{0,2})$/, "not a plain integer"))
  .transform(Number)
  .refine((value) => value <= MAX_DECIMALS, `more than ${MAX_DECIMALS}`)
  .optional();

/** A non-negative decimal in whole units, in its shortest spelling. */
export const wholeUnits = spelled
  .pipe(z.string().regex(/^(0|[1-9][0-9]{0,77})(\.[0-9]{1,78})?$/, "not a plain decimal"))
  .transform(canonicalDecimal)
  .optional();

/** As {@link wholeUnits}, where Cobo computes with floats and writes them as its language does: `5.0`, `1e-05`. */
export const floatText = spelled
  .transform((value, context) => {
    const plain = withoutExponent(value);
    if (plain !== undefined) return canonicalDecimal(plain);
    context.addIssue({ code: "custom", message: "not a decimal" });
    return z.NEVER;
  })
  .optional();

/** Python and Java write 17 significant digits of a float at most. */
const FLOAT = /^(0|[1-9][0-9]{0,19})(?:\.([0-9]{1,20}))?(?:[eE]([+-]?[0-9]{1,2}))?$/;
const MAX_EXPONENT = 20;

function withoutExponent(float: string): string | undefined {
  const [, whole, fraction = "", exponent = "0"] = FLOAT.exec(float) ?? [];
  const shift = Number(exponent);
  if (whole === undefined || Math.abs(shift) > MAX_EXPONENT) return undefined;
  const zeros = "0".repeat(MAX_EXPONENT);
  const digits = `${zeros}${whole}${fraction}${zeros}`;
  const point = MAX_EXPONENT + whole.length + shift;
  return `${digits.slice(0, point).replace(/^0+(?=[0-9])/, "") || "0"}.${digits.slice(point)}`;
}

/** Addresses as a list, or as one text with commas between them. */
export const addresses = z
  .union([z.string().transform((list) => list.split(",")), z.array(z.string())], "no list of addresses")
  .transform((list) => list.map((address) => address.trim()).filter((address) => address !== ""))
  .optional();

/** Takes the members out that are `null` or `""`, in place. */
function prepare(value: JsonValue): void {
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object") prepare(item);
  } else if (isJsonObject(value)) {
    for (const key in value) {
      const member = value[key];
      if (member === null || member === "") delete value[key];
      else if (member !== undefined && typeof member === "object") prepare(member);
    }
  }
}

/**
 * A message held against a schema.
 *
 * @param message - it is changed (see above) and belongs to this function from here on.
 * @throws Refusal `REQUEST_SCHEMA` with the path of the first member at fault.
 */
export function checkMessage<T extends z.ZodType>(schema: T, message: JsonObject): z.infer<T> {
  prepare(message);
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new Refusal("REQUEST_SCHEMA", "not of the known shape");
  const found = memberAt(message, issue.path);
  const problem = found === undefined ? "missing" : `${issue.message}: ${shown(found)}`;
  throw new Refusal("REQUEST_SCHEMA", `${issue.path.map(String).join(".")}: ${problem}`);
}
