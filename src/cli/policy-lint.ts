/** `policy lint`: everything that is wrong with a policy source, with file and line. */
import type { Command } from "commander";
import type { SourceLint } from "../policy/build/lint/lint-source.ts";
import { demandFolder } from "./given-file.ts";
import { EXIT, type ExitCode, printJson, runCommand } from "./output.ts";

/** Adds the command to `policy`. */
export function registerPolicyLint(policy: Command): void {
  policy
    .command("lint")
    .description("what is wrong with a policy source folder, rule by rule: see docs/lint.md")
    .argument("<source>", "the folder: rules/ and data")
    .option("--json", "print one JSON object")
    .action((source: string, { json }: { json?: true }) =>
      runCommand(json === true, () => lint(source, json === true)),
    );
}

async function lint(source: string, json: boolean): Promise<ExitCode> {
  await demandFolder(source);
  const { lintSource } = await import("../policy/build/lint/lint-source.ts");
  const { formatProblem } = await import("../policy/build/problem.ts");
  const { rules, problems, regal } = await lintSource(source);
  const ok = problems.length === 0;
  if (json) {
    printJson({
      ok,
      rules,
      problems,
      regal: regal === undefined ? { installed: false } : { installed: true, ...regal },
    });
  } else {
    for (const problem of problems) console.error(formatProblem(problem));
    for (const problem of regal?.warnings ?? []) console.error(`warning: ${formatProblem(problem)}`);
    console.log(summary({ rules, problems, regal }));
  }
  return ok ? EXIT.done : EXIT.failed;
}

function summary({ rules, problems, regal }: SourceLint): string {
  const found = problems.length === 0 ? "nothing wrong" : `${problems.length} wrong`;
  const asked = regal === undefined ? "; Regal is not installed, and was not asked" : "";
  return `${rules} rules: ${found}${asked}`;
}
