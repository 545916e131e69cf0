/** Runs the Rego tests of a source folder, as `policy test` reports them. */
import { dirname } from "node:path";
import { archiveOf, withStaged } from "./build.ts";
import { type TestRun, test } from "./opa.ts";
import { STAGED_SCHEMA } from "./stage.ts";

/**
 * @property untested - rules without a test file beside them.
 * @property unexplained - rules without a readme.
 * @property release - its archive, where it carries cases: to run them takes an engine.
 */
export interface SourceTests extends TestRun {
  readonly rules: number;
  readonly untested: readonly string[];
  readonly unexplained: readonly string[];
  readonly release?: Uint8Array<ArrayBuffer>;
}

/**
 * Tests a source with the built-ins and the schema that it is built with.
 *
 * @throws {BuildError} where the source does not build.
 */
export async function testSource(sourceDir: string, withCoverage: boolean): Promise<SourceTests> {
  return withStaged(sourceDir, async (staged) => {
    const { dir, source, index } = staged;
    const run = await test(dir, STAGED_SCHEMA, withCoverage);
    const tested = new Set([...source.tests.keys()].map(dirname));
    const without = (folders: ReadonlySet<string>) =>
      index.rules.filter(({ file }) => !folders.has(dirname(file))).map(({ name }) => name);
    return {
      ...run,
      rules: index.rules.length,
      untested: without(tested),
      unexplained: without(source.readmes),
      ...(source.cases.length === 0 ? {} : { release: await archiveOf(staged, "test") }),
    };
  });
}
