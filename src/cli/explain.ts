/** `explain`: a stored decision in full, from the ledger's file: the server may be down. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";

interface Options {
  readonly config: string;
  readonly json?: true;
}

export function registerExplain(program: Command): void {
  program
    .command("explain")
    .description("why a request was answered as it was: a stored decision in full")
    .argument(
      "<id>",
      "the id of a decision or of any other entry: d_…, as the answer, the log and the lists have it",
    )
    .requiredOption("--config <file>", "the config file")
    .option("--json", "print one JSON object")
    .action((id: string, options: Options) => runCommand(options.json === true, () => explain(id, options)));
}

async function explain(id: string, { config, json }: Options): Promise<ExitCode> {
  const [
    { loadConfig },
    { ledgerFiles },
    { openReader },
    { findDecision, findEntry },
    { explanation, entryWords },
  ] = await Promise.all([
    import("../config.ts"),
    import("../ledger/files.ts"),
    import("../ledger/kysely-ledger.ts"),
    import("../ledger/queries.ts"),
    import("./explanation.ts"),
  ]);
  const { database } = ledgerFiles((await loadConfig(config)).state_dir);
  if (!existsSync(database)) throw new UsageError(`${database}: there is no ledger`);
  const reader = openReader(database);
  try {
    const decision = await findDecision(reader, id);
    const found = decision ?? (await findEntry(reader, id));
    if (found === undefined) throw new Error(`${id}: the ledger has no such decision`);
    if (json) printJson(found);
    else console.log("decision" in found ? explanation(found) : entryWords(found));
    return EXIT.done;
  } finally {
    reader.connection.close();
  }
}
