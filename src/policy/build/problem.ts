/** What is wrong with a policy source: always a place, and what to write instead. */
import { ReleaseError } from "../release.ts";

/**
 * @property file - relative to the source folder, with `/`.
 * @property line - counted from 1; absent where the file as a whole is at fault.
 */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly message: string;
}

/** One line, `file:line: message`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  return `${place}: ${problem.message}`;
}

/** A source that does not build, with everything that was found wrong in it. */
export class BuildError extends ReleaseError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super("source", problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

/** Ordered by place, without repetitions. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...byText.values()].sort(
    (a, b) =>
      compareText(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || compareText(a.message, b.message),
  );
}

/** By UTF-16 code units: the same on every machine, unlike a locale's order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
