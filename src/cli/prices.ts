/** `prices accept`: an operator takes a step of a price that was refused. */
import type { Command } from "commander";
import { type ActOptions, callAdmin, configOf, withActOptions } from "./operator.ts";
import { EXIT, type ExitCode, printable, printJson, runCommand } from "./output.ts";

export function registerPrices(program: Command): void {
  const prices = program.command("prices").description("what tokens are worth");
  withActOptions(
    prices
      .command("accept")
      .description("accept the step of a token's price that was refused; status lists those that wait")
      .argument("<token>", "as the file of prices names it"),
  ).action((token: string, options: ActOptions) =>
    runCommand(options.json === true, () => accept(token, options)),
  );
}

async function accept(token: string, options: ActOptions): Promise<ExitCode> {
  const [config, { z }] = await Promise.all([configOf(options), import("zod")]);
  const schema = z.object({ token: z.string(), usd: z.string(), at: z.int() });
  const path = `/v1/prices/${encodeURIComponent(token)}/accept`;
  const body = { reason: options.reason };
  const accepted = await callAdmin(config, options, { path, body, schema });
  if (options.json) printJson({ ok: true, ...accepted });
  else console.log(printable(`accepted: ${accepted.token} at ${accepted.usd} USD`));
  return EXIT.done;
}
