/** `policy build | test | lint | inspect | diff | sign | verify | promote`: releases, from source folder to signed file. */
import type { Command } from "commander";
import type { SourceTests } from "../policy/build/test-source.ts";
import type { Inspection } from "../policy/inspect.ts";
import { readGiven } from "./given-file.ts";
import { EXIT, type ExitCode, printable, printJson } from "./output.ts";
import { demandFolder, registerPolicyBuild, runPolicy } from "./policy-build.ts";
import { registerPolicyDiff } from "./policy-diff.ts";
import { registerPolicyLint } from "./policy-lint.ts";
import { registerPolicyPromote } from "./policy-promote.ts";
import { registerPolicySign } from "./policy-sign.ts";
import { registerPolicyVerify } from "./policy-verify.ts";

/** Adds `policy` with its subcommands to the program. */
export function registerPolicyCommands(program: Command): void {
  const policy = program
    .command("policy")
    .description("releases: from Rego and data to the file that is served");
  registerPolicyBuild(policy);
  policy
    .command("test")
    .description("run the Rego tests of a policy source folder, and its cases in the engine")
    .argument("<source>", "the folder")
    .option("--coverage", "report the lines covered, by file")
    .option("--json", "print one JSON object")
    .action((source: string, options: { coverage?: true; json?: true }) =>
      runPolicy(options.json === true, () => test(source, options)),
    );
  policy
    .command("inspect")
    .description("what a release holds: rules, consequences, reads, data")
    .argument("<release>", "the release file")
    .option("--json", "print one JSON object")
    .action((release: string, options: { json?: true }) =>
      runPolicy(options.json === true, () => inspect(release, options)),
    );
  registerPolicyLint(policy);
  registerPolicyDiff(policy);
  registerPolicySign(policy);
  registerPolicyVerify(policy);
  registerPolicyPromote(policy);
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

async function inspect(file: string, { json }: { json?: true }): Promise<ExitCode> {
  const bytes = await readGiven(file);
  const { inspectRelease } = await import("../policy/inspect.ts");
  const inspection = await inspectRelease(bytes);
  if (json) {
    const { identity, opa, contract, rules, modes, entrypoints, builtins, wasmBytes, dataBytes, cases } =
      inspection;
    printJson({
      ...identity,
      contract,
      opa,
      entrypoints,
      builtins,
      wasm_bytes: wasmBytes,
      data_bytes: dataBytes,
      modes,
      cases,
      rules,
    });
  } else console.log(inspectionText(inspection));
  return EXIT.done;
}

function inspectionText({
  identity,
  opa,
  contract,
  rules,
  modes,
  entrypoints,
  builtins,
  wasmBytes,
  dataBytes,
  cases,
}: Inspection): string {
  const lines = [
    `revision     ${identity.revision}`,
    `sha256       ${identity.sha256}`,
    `contract     ${contract}, built with OPA ${opa}`,
    `module       ${wasmBytes} bytes; entrypoints ${entrypoints.join(", ")}`,
    `built-ins    ${builtins.length === 0 ? "none from the host" : builtins.join(", ")}`,
    `data         ${Object.entries(dataBytes)
      .map(([root, size]) => `${root} ${size}`)
      .join(", ")} bytes`,
    `cases        ${cases}`,
    ...rules.flatMap((rule) => [
      "",
      `${rule.name}  ${rule.severity}${rule.mandatory ? ", mandatory" : ""}${modes[rule.name] === undefined ? "" : `, mode ${modes[rule.name]}`}  ${rule.title}`,
      `  kinds      ${rule.kinds.join(", ")}`,
      ...rule.checks.map(
        ({ code, consequence, line, reads }) =>
          `  ${code}  ${consequence ?? "approve"}  ${rule.file}:${line}${reads.length === 0 ? "" : `\n    reads    ${reads.join(" ")}`}`,
      ),
      ...(rule.optional.length === 0 ? [] : [`  optional   ${rule.optional.join(" ")}`]),
      ...(rule.data.length === 0
        ? []
        : [`  data       ${rule.data.map(({ path, type }) => `${path} (${type})`).join(" ")}`]),
    ]),
  ];
  // Titles come from a release's author: no line of them may steer a terminal.
  return lines.map((line) => line.replace(/[^\P{Cc}\n]/gu, " ")).join("\n");
}
