/** `policy build | test | lint | inspect | diff | sign | verify`: releases, from source folder to signed file. */
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { writeDurably } from "../durable-file.ts";
import type { SourceTests } from "../policy/build/test-source.ts";
import type { Inspection } from "../policy/inspect.ts";
import { readGiven } from "./given-file.ts";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";
import { registerPolicyDiff } from "./policy-diff.ts";
import { registerPolicyLint } from "./policy-lint.ts";
import { registerPolicySign } from "./policy-sign.ts";
import { registerPolicyVerify } from "./policy-verify.ts";

/** Adds `policy` with its subcommands to the program. */
export function registerPolicyCommands(program: Command): void {
  const policy = program
    .command("policy")
    .description("releases: from Rego and data to the file that is served");
  policy
    .command("build")
    .description("build a release from a policy source folder")
    .argument("<source>", "the folder: rules/ and data")
    .requiredOption("-o, --output <file>", "the release to write")
    .option("--revision <name>", "names the release; by default a digest over its sources")
    .option("--json", "print one JSON object")
    .action((source: string, options: { output: string; revision?: string; json?: true }) =>
      runPolicy(options.json === true, () => build(source, options)),
    );
  policy
    .command("test")
    .description("run the Rego tests of a policy source folder")
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
}

/** As {@link runCommand}; a source that does not build is told with all its problems, for scripts as well. */
async function runPolicy(json: boolean, run: () => Promise<ExitCode>): Promise<void> {
  await runCommand(json, async () => {
    try {
      return await run();
    } catch (error) {
      const { BuildError } = await import("../policy/build/problem.ts");
      if (!json || !(error instanceof BuildError)) throw error;
      printJson({ ok: false, error: error.message, problems: error.problems });
      return EXIT.failed;
    }
  });
}

async function demandFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${path}: there is no such folder`);
  if (!found.isDirectory()) throw new UsageError(`${path}: not a folder`);
}

async function build(
  source: string,
  { output, revision, json }: { output: string; revision?: string; json?: true },
): Promise<ExitCode> {
  if (revision !== undefined && !/^[\x21-\x7e]{1,128}$/.test(revision)) {
    throw new UsageError("--revision: 1 to 128 printable characters without spaces");
  }
  await demandFolder(source);
  const { buildRelease } = await import("../policy/build/build.ts");
  const built = await buildRelease(source, revision === undefined ? {} : { revision });
  await writeDurably(output, built.bytes);
  const { sha256, index, warnings, bytes } = built;
  if (json) {
    printJson({
      ok: true,
      output,
      revision: built.revision,
      sha256,
      bytes: bytes.length,
      rules: index.rules.map(({ name }) => name),
      warnings,
    });
  } else {
    for (const warning of warnings) console.error(`warning: ${warning}`);
    console.log(`${output}: ${index.rules.length} rules, revision ${built.revision}, sha256 ${sha256}`);
  }
  return EXIT.done;
}

async function test(source: string, { coverage, json }: { coverage?: true; json?: true }): Promise<ExitCode> {
  await demandFolder(source);
  const { testSource } = await import("../policy/build/test-source.ts");
  const result = await testSource(source, coverage === true);
  const failed = result.tests.filter(({ outcome }) => outcome === "fail" || outcome === "error");
  const ok = failed.length === 0 && result.problems.length === 0;
  if (json) printJson({ ok, ...result });
  else {
    const { formatProblem } = await import("../policy/build/problem.ts");
    for (const problem of result.problems) console.error(formatProblem(problem));
    for (const { file, line, name, outcome } of failed) console.error(`${file}:${line}: ${outcome}: ${name}`);
    console.log(testText(result));
  }
  return ok ? EXIT.done : EXIT.failed;
}

function testText({ tests, rules, untested, unexplained, coverage }: SourceTests): string {
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

async function inspect(file: string, { json }: { json?: true }): Promise<ExitCode> {
  const bytes = await readGiven(file);
  const { inspectRelease } = await import("../policy/inspect.ts");
  const inspection = await inspectRelease(bytes);
  if (json) {
    const { identity, opa, contract, rules, modes, entrypoints, builtins, wasmBytes, dataBytes } = inspection;
    printJson({
      ...identity,
      contract,
      opa,
      entrypoints,
      builtins,
      wasm_bytes: wasmBytes,
      data_bytes: dataBytes,
      modes,
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
