/**
 * What is looked at besides, when a person or CI builds a release: the source's Rego tests, and what Regal says. Neither
 * changes the release.
 */
import { test } from "./opa.ts";
import type { Problem } from "./problem.ts";
import { regalFindings } from "./regal.ts";
import { type Source, STAGED_SCHEMA } from "./stage.ts";

/**
 * @property tests - how many passed, and how many their authors skip; absent where they were not to be run.
 * @property regal - `not found`: it is not installed, so that nobody looked.
 */
export interface Examination {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly tests?: { readonly passed: number; readonly skipped: number };
  readonly regal: "passed" | "failed" | "not found" | "skipped";
}

/**
 * Looks at a staged source.
 *
 * @param dir - the staged folder. @param sourceDir - where it comes from: Regal goes by the config that lies there.
 * @param wanted - what is to be looked at.
 */
export async function examine(
  dir: string,
  source: Source,
  sourceDir: string,
  wanted: { readonly tests: boolean; readonly regal: boolean },
): Promise<Examination> {
  const [tested, linted] = await Promise.all([
    wanted.tests ? runTests(dir, source) : { problems: [] },
    wanted.regal ? lint(sourceDir) : { regal: "skipped" as const, problems: [], warnings: [] },
  ]);
  return { ...tested, ...linted, problems: [...tested.problems, ...linted.problems] };
}

async function runTests(
  dir: string,
  { tests }: Source,
): Promise<Pick<Examination, "problems"> & Required<Pick<Examination, "tests">>> {
  if (tests.size === 0) return { problems: [], tests: { passed: 0, skipped: 0 } };
  const run = await test(dir, STAGED_SCHEMA, false);
  const count = (wanted: string) => run.tests.filter(({ outcome }) => outcome === wanted).length;
  const failed = run.tests
    .filter(({ outcome }) => outcome === "fail" || outcome === "error")
    .map(({ file, line, name, outcome }) => ({
      file,
      line,
      message: outcome === "fail" ? `test fails: ${name}` : `test ends in an error: ${name}`,
    }));
  return {
    problems: [...run.problems, ...failed],
    tests: { passed: count("pass"), skipped: count("skip") },
  };
}

async function lint(sourceDir: string): Promise<Pick<Examination, "problems" | "warnings" | "regal">> {
  const found = await regalFindings(sourceDir);
  if (found === undefined) return { regal: "not found", problems: [], warnings: [] };
  return { regal: found.problems.length === 0 ? "passed" : "failed", ...found };
}
