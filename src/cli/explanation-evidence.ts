/** What was signed, or would have been, in lines for people: the words beside the bytes, and what the bytes do. */
import { type Difference, documentSchema, type Effect } from "../input/document.ts";

const INDENT = "          ";
/** A transaction of more effects is one for `--json`. */
const MAX_EFFECTS = 20;

const evidenceSchema = documentSchema.shape.evidence;

/** @param evidence - of a stored document; one of another version of the document says nothing here. */
export function evidenceLines(evidence: unknown): string[] {
  const known = evidenceSchema.safeParse(evidence).data;
  if (known === undefined) return [];
  const { status, key, differences = [], effects = [], problem, typed_data: typed, text } = known;
  const more = effects.length - MAX_EFFECTS;
  return [
    `bytes     ${status}, key ${key}${problem === undefined ? "" : `: ${problem}`}`,
    ...differences.flatMap(differenceLines),
    ...(typed === undefined
      ? []
      : [`${INDENT}typed data ${typed.primary_type} for ${typed.verifying_contract ?? "no contract"}`]),
    ...(text === undefined ? [] : [`${INDENT}text ${JSON.stringify(text)}`]),
    ...effects.slice(0, MAX_EFFECTS).map((effect) => `${INDENT}${effectText(effect)}`),
    ...(more > 0 ? [`${INDENT}and ${more} more`] : []),
  ];
}

function differenceLines({ field, declared, decoded }: Difference): string[] {
  return [
    `${INDENT}${field}`,
    `${INDENT}  the request says  ${declared ?? "nothing"}`,
    `${INDENT}  the bytes say     ${decoded ?? "nothing"}`,
  ];
}

function effectText({ type, asset, from, to, amount, method, selector, depth = 0 }: Effect): string {
  const words = [
    `${"  ".repeat(depth)}${type}`,
    amount === undefined
      ? asset
      : `${amount.text ?? amount.units ?? "an unknown amount of"} ${asset ?? amount.token}`,
    from === undefined ? undefined : `from ${from}`,
    to === undefined ? undefined : `to ${to}`,
    (method ?? selector) === undefined ? undefined : `by ${method ?? selector}`,
  ];
  return words.filter((word) => word !== undefined).join(" ");
}
