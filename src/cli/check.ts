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
  const [{ checkKeys }, { checkSystem }, { checkCandidate, checkRelease }, { checkFeeds }] =
    await Promise.all([
      import("./check-keys.ts"),
      import("./check-system.ts"),
      import("./check-release.ts"),
      import("./check-feeds.ts"),
    ]);
  const parts = await Promise.all([
    checkPolicy(config),
    checkKeys(config),
    checkSystem(config, file),
    checkRelease(config),
    checkCandidate(config),
    checkFeeds(config),
  ]);
  // At a refused path a stand-in or a default was looked at.
  const meant = parts.flat().filter(({ path }) => !refused.some((other) => isWithin(path, other)));
  return [...findings, ...meant];
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);
}

/** What is allowed, and weak. */
function checkPolicy(config: Config): Finding[] {
  const findings: Finding[] = [];
  const { organizations, vaults, wallets } = config.scope;
  const warn = (path: string, message: string): void => {
    findings.push({ severity: "warning", path, message });
  };
  if (organizations === undefined && vaults === undefined && wallets === undefined) {
    warn("scope", "open: requests of any organization, vault and wallet are judged");
  }
  for (const [name, list] of Object.entries(config.scope)) {
    if (list?.length === 0) warn(`scope.${name}`, "empty: it admits none, so everything is refused");
  }
  if (config.policy.trust === "unsigned") {
    warn(
      "policy.trust",
      "unsigned: whoever can write the release, or runs the host that it comes from, makes the policy",
    );
  }
  for (const listener of ["nodes", "push", "admin"] as const) {
    const listen = config.listen[listener];
    if (listen?.allow?.length === 0) warn(`listen.${listener}.allow`, "empty: nobody may connect");
  }
  findings.push(...checkPush(config));
  const { admin } = config.listen;
  const loopback = /^(127\.|::1$|localhost$)/.test(admin.address.host);
  if (!loopback && admin.tls === undefined) {
    warn("listen.admin", "reachable from other machines without TLS: its tokens travel in the clear");
  }
  return findings;
}

/** Keys and a listener go together; and what Cobo asks names nothing that a scope could be seen by. */
function checkPush({ listen, push, scope }: Config): Finding[] {
  const severity = "warning";
  if (listen.push === undefined) {
    if (push.keys.length === 0) return [];
    return [{ severity, path: "push.keys", message: "without listen.push: no push message ever arrives" }];
  }
  if (push.keys.length === 0) {
    return [{ severity, path: "listen.push", message: "without push.keys: every push message gets 401" }];
  }
  const findings: Finding[] = [];
  if (listen.push.allow === undefined) {
    const message =
      "absent: whoever was ever shown a message of Cobo's, for whichever customer, can post it here";
    findings.push({ severity, path: "listen.push.allow", message });
  }
  if (push.keys.includes("prod") && push.keys.includes("dev")) {
    const message = "both environments of Cobo: what happens in the one without your wallets counts, too";
    findings.push({ severity, path: "push.keys", message });
  }
  const lists = Object.entries(scope).flatMap(([name, list]) => (list === undefined ? [] : [name]));
  if (lists.length > 0) {
    const message = `${lists.join(", ")}: a withdrawal confirmation names none of these, so every one is denied`;
    findings.push({ severity, path: "scope", message });
  }
  return findings;
}
