/** All that is wrong with a policy source, as `policy lint` reports it. */
import { analyseSource } from "../build.ts";
import { type Problem, sortProblems } from "../problem.ts";
import { regalFindings } from "../regal.ts";
import { LINT_CHECKS, type LintName } from "./checks.ts";

/** @property check - the check of `LINT_CHECKS` that found it; absent for what index, schema, OPA or Regal say. */
export interface LintProblem extends Problem {
  readonly check?: LintName;
}

/**
 * @property rules - how many there are.
 * @property regal - what Regal only warns of; undefined where it is not installed, and nothing of it was looked for.
 */
export interface SourceLint {
  readonly rules: number;
  readonly problems: readonly LintProblem[];
  readonly regal: { readonly warnings: readonly Problem[] } | undefined;
}

/**
 * Looks for everything that is wrong with a source, short of compiling it.
 *
 * @throws {ReleaseError} where OPA is missing or the folder can't be read.
 */
export async function lintSource(sourceDir: string): Promise<SourceLint> {
  const { index, problems, lint } = await analyseSource(sourceDir);
  const regal = await regalFindings(sourceDir);
  const found = sortProblems([...problems, ...lint, ...(regal?.problems ?? [])]);
  return {
    rules: index.rules.length,
    problems: found.map(withCheck),
    regal: regal === undefined ? undefined : { warnings: regal.warnings },
  };
}

function withCheck(problem: Problem): LintProblem {
  const name = /^([a-z-]+): /.exec(problem.message)?.[1];
  return name !== undefined && isLintName(name) ? { ...problem, check: name } : problem;
}

function isLintName(name: string): name is LintName {
  return Object.hasOwn(LINT_CHECKS, name);
}
