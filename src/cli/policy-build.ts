/** `policy build`: from a policy source folder to a release, with all checks on the way. */
import type { Command } from "commander";
import { writeDurably } from "../durable-file.ts";
import type { BuiltRelease } from "../policy/build/build.ts";
import type { Examination } from "../policy/build/examine.ts";
import { demandFolder } from "./given-file.ts";
import { EXIT, type ExitCode, printJson, UsageError } from "./output.ts";
import { runPolicy } from "./run-policy.ts";

interface Options {
  readonly output: string;
  readonly revision?: string;
  readonly tests: boolean;
  readonly regal: boolean;
  readonly json?: true;
}

/** Adds `build` to `policy`. */
export function registerPolicyBuild(policy: Command): void {
  policy
    .command("build")
    .description(
      "build a release from a policy source folder, with its tests, its cases and Regal on the way",
    )
    .argument("<source>", "the folder: rules/ and data")
    .requiredOption("-o, --output <file>", "the release to write")
    .option("--revision <name>", "names the release; by default a digest over its sources")
    .option("--no-tests", "run no Rego tests and no cases: they were run before")
    .option("--no-regal", "don't ask Regal: it was asked before")
    .option("--json", "print one JSON object")
    .action((source: string, options: Options) =>
      runPolicy(options.json === true, () => build(source, options)),
    );
}

async function build(source: string, { output, revision, tests, regal, json }: Options): Promise<ExitCode> {
  if (revision !== undefined && !/^[\x21-\x7e]{1,128}$/.test(revision)) {
    throw new UsageError("--revision: 1 to 128 printable characters without spaces");
  }
  await demandFolder(source);
  const [{ buildRelease }, { examine }, { formatProblem }] = await Promise.all([
    import("../policy/build/build.ts"),
    import("../policy/build/examine.ts"),
    import("../policy/build/problem.ts"),
  ]);
  let examined: Examination | undefined;
  const built = await buildRelease(source, {
    ...(revision === undefined ? {} : { revision }),
    examine: async (dir, staged) => {
      examined = await examine(dir, staged, source, { tests, regal });
      return examined.problems;
    },
  });
  const cases = tests ? await casesOf(built) : undefined;
  await writeDurably(output, built.bytes);
  const { sha256, index, bytes } = built;
  const warnings = [...built.warnings, ...(examined?.warnings ?? []).map(formatProblem)];
  if (json === true) {
    printJson({
      ok: true,
      output,
      revision: built.revision,
      sha256,
      bytes: bytes.length,
      rules: index.rules.map(({ name }) => name),
      tests: examined?.tests ?? "skipped",
      cases: cases ?? "skipped",
      regal: examined?.regal ?? "skipped",
      warnings,
    });
    return EXIT.done;
  }
  for (const warning of warnings) console.error(`warning: ${warning}`);
  if (examined?.regal === "not found") {
    console.error("Regal is not installed, so that nobody looked at the style of the Rego: run `make tools`");
  }
  console.log(
    `${output}: ${index.rules.length} rules, revision ${built.revision}, sha256 ${sha256}${testsText(examined)}${cases === undefined ? "" : `, ${cases} cases`}`,
  );
  return EXIT.done;
}

/**
 * Runs the cases that a release carries, as a server would before it lets it live.
 *
 * @returns how many.
 * @throws {BuildError} with each that failed.
 */
async function casesOf({ bytes }: BuiltRelease): Promise<number> {
  const [{ runCases }, { BuildError }, { outcomeText }] = await Promise.all([
    import("./policy-cases.ts"),
    import("../policy/build/problem.ts"),
    import("../proof/self-tests.ts"),
  ]);
  const results = await runCases(bytes);
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length === 0) return results.length;
  throw new BuildError(
    failed.map((result) => ({
      file: result.test.place,
      message: `the case ${JSON.stringify(result.test.title)}: ${outcomeText(result)}`,
    })),
  );
}

function testsText(examined: Examination | undefined): string {
  if (examined?.tests === undefined) return "";
  const { passed, skipped } = examined.tests;
  return `, ${passed} Rego tests passed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
