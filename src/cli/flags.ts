/** `flags list`, `flags resolve`: what was flagged on the running server, and the word that somebody looked. */
import type { Command } from "commander";
import type { z } from "zod";
import type { Config } from "../config.ts";
import type { FlagShown } from "./flag-words.ts";
import {
  type ActOptions,
  type AdminOptions,
  callAdmin,
  configOf,
  withActOptions,
  withAdminOptions,
} from "./operator.ts";
import { EXIT, type ExitCode, printable, printJson, runCommand, UsageError } from "./output.ts";

interface ListOptions extends AdminOptions {
  readonly state: string;
  readonly severity?: string;
  readonly address?: string;
  readonly limit: string;
  readonly cursor?: string;
}

export function registerFlags(program: Command): void {
  const flags = program.command("flags").description("what was flagged of deposits and withdrawals");
  withAdminOptions(flags.command("list").description("flags, newest first"))
    .option("--state <state>", "open, resolved or all", "open")
    .option("--severity <severity>", "low, medium, high or critical")
    .option("--address <address>", "an address that was paid or that paid, or an outpoint: hash:index")
    .option("--limit <number>", "how many at most", "50")
    .option("--cursor <next>", "older ones than those before: their `next`")
    .action((options: ListOptions) => runCommand(options.json === true, () => list(options)));
  withActOptions(
    flags
      .command("resolve")
      .description("somebody looked: it blocks nothing any more")
      .argument("<id>", "as the list has it: g_…"),
  ).action((id: string, options: ActOptions) =>
    runCommand(options.json === true, () => resolve(id, options)),
  );
}

async function list(options: ListOptions): Promise<ExitCode> {
  const [config, { flagLines, flagShown }] = await Promise.all([
    configOf(options),
    import("./flag-words.ts"),
  ]);
  const { items, next } = await pageOf(config, options, flagShown);
  if (options.json) {
    printJson({ ok: true, items, ...(next === undefined ? {} : { next }) });
    return EXIT.done;
  }
  const lines = items.flatMap(flagLines);
  if (items.length === 0) lines.push(options.state === "all" ? "no flags" : `no ${options.state} flags`);
  if (next !== undefined) lines.push(`older ones: --cursor ${next}`);
  console.log(lines.map(printable).join("\n"));
  return EXIT.done;
}

interface FlagPage {
  readonly items: readonly FlagShown[];
  readonly next?: string | undefined;
}

/** A page of the server's may be short, and there are more all the same: it is asked until there are enough. */
async function pageOf(
  config: Config,
  options: ListOptions,
  flagShown: z.ZodType<FlagShown>,
): Promise<FlagPage> {
  const { z } = await import("zod");
  const schema = z.object({ items: z.array(flagShown), next: z.string().optional() });
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) throw new UsageError("--limit: 1 to 500");
  const items: FlagShown[] = [];
  let next = options.cursor;
  do {
    const query = queryOf(options, next, limit - items.length);
    const page = await callAdmin(config, options, { path: `/v1/flags?${query}`, schema });
    items.push(...page.items);
    next = page.next;
  } while (next !== undefined && items.length < limit);
  return { items, next };
}

function queryOf(
  { state, severity, address }: ListOptions,
  cursor: string | undefined,
  limit: number,
): URLSearchParams {
  const filter = { state: state === "all" ? undefined : state, severity, address, cursor };
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value);
  return query;
}

async function resolve(id: string, options: ActOptions): Promise<ExitCode> {
  const [config, { flagShown }] = await Promise.all([configOf(options), import("./flag-words.ts")]);
  const path = `/v1/flags/${encodeURIComponent(id)}/resolve`;
  const body = { reason: options.reason };
  const flag = await callAdmin(config, options, { path, body, schema: flagShown });
  if (options.json) printJson({ ok: true, flag });
  else console.log(printable(`resolved: ${flag.id}, ${flag.code} of ${flag.transaction.join(", ")}`));
  return EXIT.done;
}
