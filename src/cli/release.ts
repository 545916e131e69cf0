/** `release`: gives back what a transaction reserved. */
import type { Command } from "commander";
import { type ActOptions, callAdmin, configOf, withActOptions } from "./operator.ts";
import { EXIT, type ExitCode, printable, printJson, runCommand } from "./output.ts";

interface ReleaseOptions extends ActOptions {
  readonly organization?: string;
}

export function registerRelease(program: Command): void {
  withActOptions(
    program
      .command("release")
      .description("no signature of this transaction can be used any more: limits count it no longer")
      .argument("<transaction>", "any of its ids; transaction:ID, cobo:ID or request:ID says of which kind"),
  )
    .option("--organization <id>", "whose transaction, where several organizations have one of this name")
    .action((name: string, options: ReleaseOptions) =>
      runCommand(options.json === true, () => release(name, options)),
    );
}

async function release(name: string, options: ReleaseOptions): Promise<ExitCode> {
  const [config, { z }] = await Promise.all([configOf(options), import("zod")]);
  const text = z.string().optional();
  const schema = z.object({
    transaction: z.object({ organization: z.string(), names: z.array(z.string()) }),
    released: z.array(
      z.looseObject({ number: z.int(), token: text, units: text, destination: text, usd_micros: text }),
    ),
  });
  const { organization, reason } = options;
  const query = organization === undefined ? "" : `?organization=${encodeURIComponent(organization)}`;
  const path = `/v1/transactions/${encodeURIComponent(name)}/release${query}`;
  const { transaction, released } = await callAdmin(config, options, { path, body: { reason }, schema });
  if (options.json) {
    printJson({ ok: true, transaction, released });
    return EXIT.done;
  }
  const lines = released.map(
    ({ number, token = "?", units = "?", destination = "?" }) =>
      `  movement ${number}: ${units} units of ${token} to ${destination}`,
  );
  const head = `${transaction.names.join(", ")} of ${transaction.organization || "no organization"}`;
  const what = released.length === 0 ? "nothing of it is reserved" : `released ${released.length}`;
  console.log([`${head}: ${what}`, ...lines].map(printable).join("\n"));
  return EXIT.done;
}
