/** `status`: what a running server says of itself. */
import type { Command } from "commander";
import type { Status } from "../admin/status.ts";
import { readGiven } from "./given-file.ts";
import { EXIT, printJson, runCommand, UsageError } from "./output.ts";

interface Options {
  readonly config: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly json?: true;
}

export function registerStatus(program: Command): void {
  program
    .command("status")
    .description("the release in force, nodes, alarms and warnings of the running server")
    .requiredOption("--config <file>", "the config file")
    .option("--client-cert <pem>", "client certificate, where the admin listener wants one")
    .option("--client-key <pem>", "its private key")
    .option("--json", "print one JSON object")
    .action((options: Options) =>
      runCommand(options.json === true, async () => {
        const [{ loadConfig }, { askAdmin }, { statusSchema }] = await Promise.all([
          import("../config.ts"),
          import("./admin-client.ts"),
          import("../admin/status.ts"),
        ]);
        const { clientCert, clientKey } = options;
        if ((clientCert === undefined) !== (clientKey === undefined)) {
          throw new UsageError("--client-cert and --client-key go together");
        }
        const client =
          clientCert === undefined || clientKey === undefined
            ? undefined
            : { cert: String(await readGiven(clientCert)), key: String(await readGiven(clientKey)) };
        const response = await askAdmin(await loadConfig(options.config), "/v1/status", "GET", client);
        if (response.status !== 200) throw new Error(`the admin listener answered ${response.status}`);
        const status = statusSchema.parse(JSON.parse(response.body));
        if (options.json) printJson(status);
        else console.log(statusText(status, Date.now()));
        return EXIT.done;
      }),
    );
}

/** The status as lines for people, what is loudest first. */
function statusText(status: Status, now: number): string {
  const { release, last_release_error: refused } = status;
  const lines = [
    `countersign ${status.version}, up ${age(status.uptime_seconds * 1_000)}, ${status.ready ? "ready" : "NOT READY"}`,
    ...status.warnings.map((warning) => `! ${warning}`),
    release === undefined
      ? "release   none"
      : `release   ${release.revision}, sequence ${release.sequence}, ${release.rules} rules, live for ${age(now - release.live_since)}`,
    ...(release === undefined ? [] : [`          ${release.sha256}`, `          ${release.source}`]),
    ...(refused === undefined
      ? []
      : [`refused   ${age(now - refused.at)} ago, at ${refused.step}: ${refused.message}`]),
    `trust     ${status.trust}`,
    ...status.nodes.map(
      ({ name, payload, last_ping }) =>
        `node      ${name} (${payload}), ${last_ping === undefined ? "no ping seen" : `last ping ${age(now - last_ping)} ago`}`,
    ),
    ...status.alarms.map(
      ({ code, message, last_at, count }) =>
        `alarm     ${age(now - last_at)} ago${count > 1 ? `, ${count} times` : ""}: ${code} ${message}`,
    ),
  ];
  // A message may come from a release's author: no line of it may steer a terminal.
  return lines.map((line) => line.replace(/\p{Cc}/gu, " ")).join("\n");
}

/** One unit is enough: `3 h`. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
