/** `ledger verify | export | backup`: the chain and copies of it, whether the server runs or not. */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import type { Command } from "commander";
import type { Verification } from "../ledger/verify.ts";
import { codeOf } from "../thrown.ts";
import { givenTime } from "./given-time.ts";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";
import { progressLine } from "./progress.ts";

interface Common {
  readonly config: string;
  readonly json?: true;
}
interface VerifyOptions extends Common {
  readonly anchor?: string;
  readonly file?: string;
  readonly deep?: true;
}
interface ExportOptions extends Common {
  readonly since?: string;
  readonly until?: string;
  readonly output?: string;
}

export function registerLedgerCommands(program: Command): void {
  const ledger = program.command("ledger").description("the chain of decisions, and copies of it");
  ledger
    .command("verify")
    .description("hold the whole ledger against its chain, its checkpoints and its anchor")
    .requiredOption("--config <file>", "the config file")
    .option("--anchor <file>", "an anchor kept elsewhere, instead of the one in state_dir")
    .option("--file <file>", "a backup to verify instead, with the anchor and key beside it")
    .option("--deep", "also the sums of history, the transactions' names and the file's structure")
    .option("--json", "print one JSON object")
    .action((options: VerifyOptions) => runCommand(options.json === true, () => verify(options)));
  ledger
    .command("export")
    .description("the ledger as JSON lines, for auditors")
    .requiredOption("--config <file>", "the config file")
    .option("--since <time>", "entries of that time and later: RFC 3339, a date, milliseconds, or 7d ago")
    .option("--until <time>", "entries before that time")
    .option("-o, --output <file>", "the file to write; by default standard output")
    .option("--json", "print one JSON object about it; needs -o")
    .action((options: ExportOptions) => runCommand(options.json === true, () => writeExport(options)));
  ledger
    .command("backup")
    .description("a verified copy of the ledger, with its anchor and public key beside it")
    .requiredOption("--config <file>", "the config file")
    .requiredOption("-o, --output <file>", "the copy to make; never one that is there")
    .option("--json", "print one JSON object")
    .action((options: Common & { readonly output: string }) =>
      runCommand(options.json === true, () => backup(options)),
    );
}

async function verify({ config, anchor, file, deep, json }: VerifyOptions): Promise<ExitCode> {
  const [{ ledgerSource }, { verifyLedger }] = await Promise.all([
    import("./ledger-source.ts"),
    import("../ledger/verify.ts"),
  ]);
  const source = await ledgerSource({ config, anchor, copy: file });
  const result = await verifyLedger(source.file, {
    ...source,
    deep: deep === true,
    progress: progressLine("entries"),
  });
  if (json) printJson(result);
  else console.log(verificationText(result));
  return result.ok ? EXIT.done : EXIT.failed;
}

/** For people: what is wrong first, then what was looked at. */
function verificationText(result: Verification): string {
  const { head, anchored, bodies, problems, found } = result;
  const more = found - problems.length;
  return [
    ...problems.map(({ seq, what }) => (seq === 0 ? what : `entry ${seq}: ${what}`)),
    ...(more > 0 ? [`and ${more} more`] : []),
    `${result.ok ? "good" : "BAD"}: ${result.rows} entries, ${result.movements} movements, ${result.checkpoints} checkpoints`,
    `bodies: ${bodies.checked} as their digests say, ${bodies.pruned} pruned`,
    head === undefined ? "head: none" : `head: entry ${head.seq}, ${head.hash}`,
    anchored === undefined ? "anchor: none" : `anchor: entry ${anchored.seq}, ${anchored.hash}`,
  ].join("\n");
}

async function writeExport({ config, since, until, output, json }: ExportOptions): Promise<ExitCode> {
  const [{ ledgerSource }, { openToRead }, { exportLedger }] = await Promise.all([
    import("./ledger-source.ts"),
    import("../ledger/read-connection.ts"),
    import("../ledger/export.ts"),
  ]);
  if (json && output === undefined) throw new UsageError("--json goes with -o");
  const now = Date.now();
  const range = {
    since: since === undefined ? undefined : givenTime("--since", since, now),
    until: until === undefined ? undefined : givenTime("--until", until, now),
  };
  const { file, key } = await ledgerSource({ config });
  const database = openToRead(file);
  try {
    const target = output === undefined ? undefined : openTarget(output);
    let entries: number;
    try {
      const progress = output === undefined ? {} : { progress: progressLine("entries") };
      entries = exportLedger(database, { key, ...range, ...progress }, (piece) =>
        writeAll(target ?? 1, piece),
      );
    } catch (error) {
      // Half an export looks like a whole one of a shorter ledger.
      if (output !== undefined) rmSync(output, { force: true });
      throw error;
    } finally {
      if (target !== undefined) closeSync(target);
    }
    if (json && output !== undefined) printJson({ ok: true, output, entries });
    else if (output !== undefined) console.log(`${output}: ${entries} entries`);
    return EXIT.done;
  } finally {
    database.close();
  }
}

function openTarget(output: string): number {
  try {
    return openSync(output, "wx", 0o600);
  } catch (error) {
    throw new UsageError(`${output}: cannot be written (${codeOf(error) ?? "error"})`, { cause: error });
  }
}

/** A pipe takes what it has room for; the rest is written again. */
function writeAll(target: number, piece: string): void {
  const bytes = Buffer.from(piece);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(target, bytes, written);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

async function backup({ config, output, json }: Common & { output: string }): Promise<ExitCode> {
  const [{ ledgerSource }, { backupLedger }] = await Promise.all([
    import("./ledger-source.ts"),
    import("../ledger/backup.ts"),
  ]);
  const source = await ledgerSource({ config });
  const result = await backupLedger(source.file, output, source, progressLine("entries"));
  if (json) printJson({ ...result, output });
  else if (result.ok) console.log(`${output}: ${result.rows} entries, verified`);
  else console.log(`${verificationText(result)}\nno copy was made`);
  return result.ok ? EXIT.done : EXIT.failed;
}
