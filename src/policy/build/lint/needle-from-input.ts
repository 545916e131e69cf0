import { originOf } from "../values.ts";
import type { Check } from "./check.ts";

/** The place of the argument that is looked for, or taken out, in another one. */
const NEEDLES: ReadonlyMap<string, number> = new Map([
  ["contains", 1],
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
    const origin = needle === undefined ? undefined : originOf(view.valuesOf(needle));
    if (origin === undefined) return;
    report(
      term,
      `\`${term.operator}\` looks for ${origin.path.replaceAll(".*", "[_]")}, of which a part or a single letter would do: compare whole values, \`== …\` or \`in {…}\``,
    );
  },
};
