/**
 * Holds the follower against `opa deps`: whatever OPA says a rule depends on must be, or lie above, a path
 * that was followed. It can't find a member missed below a known path, but it finds every path missed
 * altogether.
 */
import { namedLibraries, type Texts } from "../libraries.ts";
import type { RuleReads } from "./analyse.ts";
import type { FoundRule } from "./index-rules.ts";
import * as opa from "./opa.ts";
import type { Problem } from "./problem.ts";
import { Remembered } from "./remembered.ts";

/** What of a rule says what its verdict hangs on. */
interface Judging {
  readonly module: Pick<FoundRule["module"], "file" | "package" | "packageLine">;
  readonly checks: readonly Pick<FoundRule["checks"][number], "part">[];
  readonly facts: ReadonlyMap<string, unknown>;
}

type Followed = Pick<RuleReads, "input" | "data">;

const answers = new Remembered<opa.Dependencies>();

/**
 * Asks OPA for each rule.
 *
 * @param dir - the staged folder.
 * @param texts - its modules, by file.
 * @throws {ReleaseError} where OPA can't tell what a rule depends on.
 */
export async function coverageProblems(
  dir: string,
  texts: Texts,
  rules: readonly (Followed & { readonly rule: Judging })[],
): Promise<Problem[]> {
  const problems = await opa.eachOf(rules, async ({ rule, ...reads }) => {
    const { module } = rule;
    const reported = await dependencies(dir, texts, rule);
    return notFollowed(reported, reads).map((path) => ({
      file: module.file,
      line: module.packageLine,
      message: `cannot follow how the rule reads ${path}: use plain references`,
    }));
  });
  return problems.flat();
}

/** Of all parts that a verdict hangs on. To read all libraries takes OPA three times as long as those that one rule needs. */
async function dependencies(
  dir: string,
  texts: Texts,
  { module, checks, facts }: Judging,
): Promise<opa.Dependencies> {
  const parts = new Set<string>(checks.map(({ part }) => part));
  if (facts.size > 0) parts.add("facts");
  const query = `x = [${[...parts].map((part) => `data.${module.package.join(".")}.${part}`).join(", ")}]`;
  const files = [module.file, ...namedLibraries(module.file, texts)];
  const question = [opa.OPA_VERSION, query, ...files.flatMap((file) => [file, texts.get(file) ?? ""])];
  return answers.of(question, () => opa.deps(dir, files, query));
}

/**
 * The reported paths that no followed one covers.
 *
 * @param reported - from `input` or `data`; code of the rule's own is left out of account. A
 *   library is in none of them, unless OPA was not given it.
 */
export function notFollowed(reported: readonly (readonly string[])[], { input, data }: Followed): string[] {
  return reported.flatMap(([root = "", ...path]) => {
    if (root === "data" && path[0] === "rules") return [];
    const followed = [...(root === "input" ? input : data)];
    const isCovered = path.length === 0 || followed.some((read) => isAbove(path, read.split(".")));
    return isCovered ? [] : [[root, ...path].join(".")];
  });
}

function isAbove(path: readonly string[], read: readonly string[]): boolean {
  return path.length <= read.length && path.every((step, at) => read[at] === step || read[at] === "*");
}
