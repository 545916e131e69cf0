/** `policy inspect`: what a release holds. */
import type { Command } from "commander";
import type { Inspection } from "../policy/inspect.ts";
import { readGiven } from "./given-file.ts";
import { EXIT, type ExitCode, printJson, runCommand } from "./output.ts";

/** Adds `inspect` to `policy`. */
export function registerPolicyInspect(policy: Command): void {
  policy
    .command("inspect")
    .description("what a release holds: rules, consequences, reads, data")
    .argument("<release>", "the release file")
    .option("--json", "print one JSON object")
    .action((release: string, options: { json?: true }) =>
      runCommand(options.json === true, () => inspect(release, options)),
    );
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
