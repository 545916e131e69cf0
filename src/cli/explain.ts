/** `explain`: a stored decision or push in full, from the ledger's file: the server may be down. */
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
    .description("why a request was answered, or a push flagged, as it was: all that is stored of it")
    .argument(
      "<id>",
      "of a decision, a push, a flag or any other entry: d_…, p_…, g_…, as the answer, the log and the lists have it",
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
    { findPush },
    { explanation, entryWords },
    { pushExplanation },
  ] = await Promise.all([
    import("../config.ts"),
    import("../ledger/files.ts"),
    import("../ledger/kysely-ledger.ts"),
    import("../ledger/queries.ts"),
    import("../ledger/full-push.ts"),
    import("./explanation.ts"),
    import("./explanation-push.ts"),
  ]);
  const { database } = ledgerFiles((await loadConfig(config)).state_dir);
  if (!existsSync(database)) throw new UsageError(`${database}: there is no ledger`);
  const reader = openReader(database);
  try {
    const decision = await findDecision(reader, id);
    const found = decision ?? (await findPush(reader, id)) ?? (await findEntry(reader, id));
    if (found === undefined) throw new Error(`${id}: the ledger has nothing of this id`);
    if (json) printJson(found);
    else if ("decision" in found) console.log(explanation(found));
    else console.log("push" in found ? pushExplanation(found) : entryWords(found));
    return EXIT.done;
  } finally {
    reader.connection.close();
  }
}
