import { originOf } from "../values.ts";
import { type Check, spellPath } from "./check.ts";

/** The place of the argument that is looked for, or taken out, in another one. */
const NEEDLES: ReadonlyMap<string, number> = new Map([
  ["contains", 1],
  ["indexof", 1],
  ["strings.replace_n", 0],
  ["startswith", 1],
  ["endswith", 1],
  ["split", 1],
  ["replace", 1],
  ["trim", 1],
  ["trim_left", 1],
  ["trim_right", 1],
  ["trim_prefix", 1],
  ["trim_suffix", 1],
]);

/**
 * Check `needle-from-input`: a text of the document that is looked for in another text. "ET" is in "ETH,BSC".
 */
export const needleFromInput: Check = {
  term: (term, { view }, report) => {
    if (term.type !== "call") return;
    const needle = term.args[NEEDLES.get(term.operator) ?? -1];
    if (needle === undefined) return;
    const values = view.valuesOf(needle);
    // What is looked for by its place may be wrapped in marks that keep a part from being found: then it is no place any more.
    const isWhole = term.operator !== "indexof" || values.some(({ kind }) => kind === "document");
    const origin = originOf(values);
    if (origin === undefined || !isWhole) return;
    report(
      term,
      `\`${term.operator}\` looks for ${spellPath(origin.path)}, of which a part or a single letter would do: compare whole values, \`== …\` or \`in {…}\``,
    );
  },
};
