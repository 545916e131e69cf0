/** `freeze`, `unfreeze`: the kill switch of a running server. */
import { join } from "node:path";
import type { Command } from "commander";
import { messageOf } from "../thrown.ts";
import { type ActOptions, callAdmin, configOf, withActOptions } from "./operator.ts";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";

export function registerFreeze(program: Command): void {
  withActOptions(
    program
      .command("freeze")
      .description("approve nothing in these scopes any more, from the moment this returns")
      .argument(
        "<scope...>",
        "all, organization:ID, vault:ID, wallet:ID, chain:ID, token:ID, destination:[CHAIN/]ADDRESS, initiator:ID",
      ),
  ).action((scope: string[], options: ActOptions) =>
    runCommand(options.json === true, () => freeze(scope, options)),
  );
  withActOptions(
    program.command("unfreeze").description("lift a freeze").argument("<id>", "as status lists it: f_…"),
  ).action((id: string, options: ActOptions) =>
    runCommand(options.json === true, () => unfreeze(id, options)),
  );
}

async function freeze(scope: readonly string[], options: ActOptions): Promise<ExitCode> {
  const [config, { z }] = await Promise.all([configOf(options), import("zod")]);
  const schema = z.object({ id: z.string(), scope: z.array(z.string()), at: z.int() });
  const body = { scope, reason: options.reason };
  try {
    const frozen = await callAdmin(config, options, { path: "/v1/freeze", body, schema });
    if (options.json) printJson({ ok: true, ...frozen });
    else console.log(`frozen: ${frozen.scope.join(" ")}\nlift it with: countersign unfreeze ${frozen.id}`);
    return EXIT.done;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const message = messageOf(error);
    throw new Error(`${message}\n${withoutServer(config.state_dir)}`, { cause: error });
  }
}

function withoutServer(stateDir: string): string {
  return `The file FREEZE in the state directory freezes all without a server: touch '${join(stateDir, "FREEZE")}'`;
}

async function unfreeze(id: string, options: ActOptions): Promise<ExitCode> {
  const [config, { z }] = await Promise.all([configOf(options), import("zod")]);
  const schema = z.object({ id: z.string() });
  const body = { id, reason: options.reason };
  const lifted = await callAdmin(config, options, { path: "/v1/unfreeze", body, schema });
  if (options.json) printJson({ ok: true, ...lifted });
  else console.log(`lifted: ${lifted.id}`);
  return EXIT.done;
}
