/** What the commands over the admin API share: their options, the call, and how its errors end. */
import type { Command } from "commander";
import type { z } from "zod";
import type { Config } from "../config.ts";
import type { ClientCertificate } from "./admin-client.ts";
import { readGiven } from "./given-file.ts";
import { printable, UsageError } from "./output.ts";

export interface AdminOptions {
  readonly config: string;
  readonly tokenFile?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly json?: true;
}

/** @property reason - goes into the ledger, with the name of the token. */
export interface ActOptions extends AdminOptions {
  readonly reason: string;
}

export function withAdminOptions(command: Command): Command {
  return command
    .requiredOption("--config <file>", "the config file")
    .option("--token-file <file>", "holds the operator's token; by default state_dir/admin.token")
    .option("--client-cert <pem>", "client certificate, where the admin listener wants one")
    .option("--client-key <pem>", "its private key")
    .option("--json", "print one JSON object");
}

export function withActOptions(command: Command): Command {
  return withAdminOptions(command).requiredOption("--reason <text>", "why; it is kept in the ledger");
}

/**
 * The config of the installation that is meant.
 *
 * @throws UsageError for options that contradict each other.
 * @throws ConfigError
 */
export async function configOf({ config, clientCert, clientKey }: AdminOptions): Promise<Config> {
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw new UsageError("--client-cert and --client-key go together");
  }
  const { loadConfig } = await import("../config.ts");
  return await loadConfig(config);
}

/**
 * Asks the admin listener.
 *
 * @param call - without `body` a GET; `timeoutMs` where the answer may take long.
 * @returns the answer as the schema has it.
 * @throws UsageError for a bad request.
 * @throws Error for any other answer than a good one, with the server's words, and where nothing answers.
 */
export async function callAdmin<Schema extends z.ZodType>(
  config: Config,
  options: AdminOptions,
  call: {
    readonly path: string;
    readonly body?: unknown;
    readonly schema: Schema;
    readonly timeoutMs?: number;
  },
): Promise<z.infer<Schema>> {
  const [{ askAdmin }, client] = await Promise.all([import("./admin-client.ts"), clientOf(options)]);
  const { path, schema, ...sent } = call;
  const response = await askAdmin(config, path, { ...sent, client, tokenFile: options.tokenFile });
  if (response.status >= 200 && response.status < 300) return schema.parse(JSON.parse(response.body));
  const detail = await detailOf(response.body);
  if (response.status === 400 && detail !== undefined) throw new UsageError(detail);
  throw new Error(detail ?? `the admin listener answered ${response.status}`);
}

async function clientOf({ clientCert, clientKey }: AdminOptions): Promise<ClientCertificate | undefined> {
  if (clientCert === undefined || clientKey === undefined) return undefined;
  return { cert: String(await readGiven(clientCert)), key: String(await readGiven(clientKey)) };
}

/** What a problem document says. */
async function detailOf(body: string): Promise<string | undefined> {
  const { z } = await import("zod");
  const problem = z.object({ detail: z.string() });
  try {
    return printable(problem.parse(JSON.parse(body)).detail);
  } catch {
    return undefined;
  }
}
