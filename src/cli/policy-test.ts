/** `policy test`: the Rego tests of a policy source, and its cases in the engine. */
import type { Command } from "commander";
import type { SourceTests } from "../policy/build/test-source.ts";
import { demandFolder } from "./given-file.ts";
import { EXIT, type ExitCode, printable, printJson } from "./output.ts";
import { runPolicy } from "./run-policy.ts";

/** Adds `test` to `policy`. */
export function registerPolicyTest(policy: Command): void {
  policy
    .command("test")
    .description("run the Rego tests of a policy source folder, and its cases in the engine")
    .argument("<source>", "the folder")
    .option("--coverage", "report the lines covered, by file")
    .option("--json", "print one JSON object")
    .action((source: string, options: { coverage?: true; json?: true }) =>
      runPolicy(options.json === true, () => test(source, options)),
    );
}

async function test(source: string, { coverage, json }: { coverage?: true; json?: true }): Promise<ExitCode> {
  await demandFolder(source);
  const [{ testSource }, { caseObjects, failedCases, runCases }] = await Promise.all([
    import("../policy/build/test-source.ts"),
    import("./policy-cases.ts"),
  ]);
  const { release, ...result } = await testSource(source, coverage === true);
  const ran = release === undefined ? [] : await runCases(release);
  const failed = result.tests.filter(({ outcome }) => outcome === "fail" || outcome === "error");
  const ok = failed.length === 0 && result.problems.length === 0 && ran.every((each) => each.ok);
  if (json) printJson({ ok, ...result, cases: caseObjects(ran) });
  else {
    const { formatProblem } = await import("../policy/build/problem.ts");
    for (const problem of result.problems) console.error(formatProblem(problem));
    for (const { file, line, name, outcome } of failed) console.error(`${file}:${line}: ${outcome}: ${name}`);
    for (const line of failedCases(ran)) console.error(printable(line));
    console.log(testText(result));
    if (ran.length > 0) console.log(casesText(ran.length, ran.filter((each) => each.ok).length));
  }
  return ok ? EXIT.done : EXIT.failed;
}

function testText({ tests, rules, untested, unexplained, coverage }: Omit<SourceTests, "release">): string {
  const count = (wanted: string) => tests.filter(({ outcome }) => outcome === wanted).length;
  return [
    ...Object.entries(coverage ?? {}).map(
      ([file, percent]) => `${percent.toFixed(1).padStart(5)} %  ${file}`,
    ),
    ...untested.map((rule) => `no test:   ${rule}`),
    ...unexplained.map((rule) => `no readme: ${rule}`),
    `${rules} rules, ${tests.length} tests: ${count("pass")} passed, ${count("fail") + count("error")} failed, ${count("skip")} skipped`,
  ].join("\n");
}

function casesText(ran: number, passed: number): string {
  return `${ran === 1 ? "1 case" : `${ran} cases`}: ${passed} passed, ${ran - passed} failed`;
}
