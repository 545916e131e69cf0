/**
 * A file of Rego tests, as far as a build looks at it: where it lies and in which package. It is not in the release, so
 * that its syntax tree isn't needed; OPA's check reads it with all else.
 */

/** @property package - `["tests", "transfer", "daily_limit"]`; empty where there is no such line. */
export interface TestFile {
  readonly file: string;
  readonly package: readonly string[];
  readonly packageLine: number;
}

const PACKAGE = /^[ \t]*package[ \t]+([A-Za-z_][A-Za-z0-9_.]*)/m;

export function testFileOf(file: string, text: string): TestFile {
  const found = PACKAGE.exec(text);
  const before = text.slice(0, found?.index ?? 0);
  return { file, package: found?.[1]?.split(".") ?? [], packageLine: before.split("\n").length };
}
