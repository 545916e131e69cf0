/** `check`: everything that is wrong with an installation, at once, without starting it. */
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { ConfigError } from "../config/error.ts";
import type { Config } from "../config.ts";
import type { Finding } from "./finding.ts";
import { EXIT, printJson, runCommand, UsageError } from "./output.ts";

export function registerCheck(program: Command): void {
  program
    .command("check")
    .description("everything wrong with a config at once: keys, release, lists, prices, ports, scope")
    .requiredOption("--config <file>", "the config file")
    .option("--json", "print one JSON object")
    .action((options: { config: string; json?: true }) =>
      runCommand(options.json === true, async () => {
        const findings = await check(options.config, process.env);
        const failed = findings.some(({ severity }) => severity === "error");
        if (options.json) printJson({ ok: !failed, findings });
        else {
          for (const { severity, path, message } of findings) {
            console.log(
              `${severity === "error" ? "error  " : "warning"} ${path === "" ? "" : `${path}: `}${message}`,
            );
          }
          const errors = findings.filter(({ severity }) => severity === "error").length;
          console.log(`${errors} errors, ${findings.length - errors} warnings`);
        }
        return failed ? EXIT.failed : EXIT.done;
      }),
    );
}

/**
 * Checks an installation.
 *
 * Where the config itself is refused, what is left of it is looked at nevertheless.
 *
 * @throws UsageError where the file cannot be read at all.
 */
export async function check(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const { parseConfig, readConfig } = await import("../config.ts");
  const { configSchema } = await import("../config/schema.ts");
  const { salvageConfig } = await import("../config/salvage.ts");
  const { describeKeys } = await import("../config/reference.ts");
  const { unknownVariables } = await import("../config/environment.ts");
  const directory = dirname(resolve(file));
  let source: string;
  try {
    source = await readConfig(file);
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message, { cause: error }) : error;
  }
  const findings: Finding[] = [];
  let config: Config | undefined;
  try {
    config = parseConfig(source, directory, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    findings.push(...error.problems.map((problem) => ({ severity: "error" as const, ...problem })));
    config = salvageConfig(source, directory, error);
  }
  for (const variable of unknownVariables(environment, describeKeys(configSchema(directory)))) {
    findings.push({ severity: "warning", path: variable, message: "names no key of the config: ignored" });
  }
  if (config === undefined) return findings;
  const refused = findings.filter(({ severity }) => severity === "error").map(({ path }) => path);
  const found = await checkParts(config, file);
  // At a refused path a stand-in or a default was looked at.
  const meant = found.filter(({ path }) => !refused.some((other) => isWithin(path, other)));
  return [...findings, ...meant];
}

/** What is wrong with the parts of an installation, each for itself. */
async function checkParts(config: Config, file: string): Promise<Finding[]> {
  const [{ checkWeak }, { checkKeys }, { checkSystem }, { checkCandidate, checkRelease }, { checkFeeds }] =
    await Promise.all([
      import("./check-weak.ts"),
      import("./check-keys.ts"),
      import("./check-system.ts"),
      import("./check-release.ts"),
      import("./check-feeds.ts"),
    ]);
  const found = await Promise.all([
    checkWeak(config),
    checkKeys(config),
    checkSystem(config, file),
    checkRelease(config),
    checkCandidate(config),
    checkFeeds(config),
  ]);
  return found.flat();
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);
}
