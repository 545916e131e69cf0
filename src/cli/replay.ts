/** `replay`: past decisions against another release: what it would have changed. */
import type { Command } from "commander";
import type { Change } from "../decisions/changes.ts";
import type { Replay } from "../replay/replay.ts";
import { givenTime } from "./given-time.ts";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";
import { progressLine } from "./progress.ts";

interface Options {
  readonly config: string;
  readonly release: string;
  readonly since?: string;
  readonly limit?: string;
  readonly json?: true;
}

const EVALUATION_MS = 5_000;

export function registerReplay(program: Command): void {
  program
    .command("replay")
    .description("stored decisions through another release: what it would have changed, by rule")
    .requiredOption("--release <file>", "the other release: a file, or a folder of Rego")
    .requiredOption("--config <file>", "the config file")
    .option("--since <time>", "decisions of that time and later: RFC 3339, a date, milliseconds, or 7d ago")
    .option("--limit <n>", "at most so many, the newest")
    .option("--json", "print one JSON object")
    .action((options: Options) => runCommand(options.json === true, () => replay(options)));
}

async function replay({ config, release, since, limit, json }: Options): Promise<ExitCode> {
  const [
    { ledgerSource },
    { LedgerQueries },
    { activate },
    { ANSWERS_NOBODY },
    { releaseBytes },
    { replayDecisions },
  ] = await Promise.all([
    import("./ledger-source.ts"),
    import("../ledger/ledger-queries.ts"),
    import("../policy/activate.ts"),
    import("../policy/prover.ts"),
    import("./release-file.ts"),
    import("../replay/replay.ts"),
  ]);
  const from = since === undefined ? undefined : givenTime("--since", since, Date.now());
  const most = limit === undefined ? undefined : givenCount(limit);
  const { file } = await ledgerSource({ config });
  const live = await activate(await releaseBytes(release), {
    trust: "unsigned",
    source: release,
    prover: ANSWERS_NOBODY,
    evaluationMs: EVALUATION_MS,
  });
  const history = new LedgerQueries(file);
  try {
    const progress = progressLine("decisions");
    const result = await replayDecisions(history, live, { since: from, limit: most, progress });
    if (json) printJson({ ok: true, release: live.identity, ...result });
    else console.log(replayText(result, live.identity.revision));
    return EXIT.done;
  } finally {
    await Promise.all([history.close(), live.engine.close()]);
  }
}

function givenCount(text: string): number {
  const count = /^[0-9]{1,12}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new UsageError(`--limit ${text}: a number from 1 on`);
  return count;
}

/** For people: what lets more through comes first. */
function replayText(result: Replay, revision: string): string {
  const { replayed, same, newly_approved, newly_refused, other_reasons, failed } = result;
  const skipped = [
    [result.failed_then, "failed then"],
    [result.refused_by_host, "refused by the host, whatever the policy"],
    [result.pruned, "pruned"],
    [result.unreadable, "not readable any more"],
  ] as const;
  const lines = [
    `release ${revision}: ${replayed} decisions judged again, ${same} the same`,
    ...changeLines("newly approved, which were refused for", newly_approved),
    ...changeLines("newly refused, for", newly_refused),
    ...changeLines("refused as before, with other reasons", other_reasons),
    ...changeLines("failed in this release", failed),
    ...skipped.flatMap(([count, why]) => (count === 0 ? [] : [`${count} left out: ${why}`])),
  ];
  return lines.map((line) => line.replace(/\p{Cc}/gu, " ")).join("\n");
}

function changeLines(what: string, { count, by_rule }: Change): string[] {
  return [
    `${count} ${what}`,
    ...by_rule.map(
      ({ rule, code, count: times, examples }) =>
        `  ${String(times).padStart(6)}  ${code}  ${rule ?? "the host"}  e.g. ${examples.join(" ")}`,
    ),
  ];
}
