/**
 * Holds the follower against `opa deps`: whatever OPA says a rule depends on must be, or lie above, a path
 * that was followed. It can't find a member missed below a known path, but it finds every path missed
 * altogether.
 */
import type { RuleReads } from "./analyse.ts";
import { deps, eachOf } from "./opa.ts";
import type { Problem } from "./problem.ts";

/**
 * Asks OPA for each rule.
 *
 * @param dir - the staged folder.
 * @param libraries - the files of `lib`; with them a rule's own file is all that OPA is given.
 */
export async function coverageProblems(
  dir: string,
  libraries: readonly string[],
  rules: readonly RuleReads[],
): Promise<Problem[]> {
  const problems = await eachOf(rules, async (reads) => {
    const { module, checks, facts } = reads.rule;
    const parts = new Set<string>(checks.map(({ part }) => part));
    if (facts.size > 0) parts.add("facts");
    const query = [...parts].map((part) => `data.${module.package.join(".")}.${part}`).join(", ");
    const reported = await deps(dir, [module.file, ...libraries], `x = [${query}]`);
    return notFollowed(reported, reads).map((path) => ({
      file: module.file,
      line: module.packageLine,
      message: `cannot follow how the rule reads ${path}: use plain references`,
    }));
  });
  return problems.flat();
}

/**
 * The reported paths that no followed one covers.
 *
 * @param reported - from `input` or `data`; code of the rule's own is left out of account.
 */
export function notFollowed(
  reported: readonly (readonly string[])[],
  { input, data }: Pick<RuleReads, "input" | "data">,
): string[] {
  return reported.flatMap(([root = "", ...path]) => {
    if (root === "data" && (path[0] === "rules" || path[0] === "lib")) return [];
    const followed = [...(root === "input" ? input : data)];
    const isCovered = path.length === 0 || followed.some((read) => isAbove(path, read.split(".")));
    return isCovered ? [] : [[root, ...path].join(".")];
  });
}

function isAbove(path: readonly string[], read: readonly string[]): boolean {
  return path.length <= read.length && path.every((step, at) => read[at] === step || read[at] === "*");
}
