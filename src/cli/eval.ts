/** `eval`: the decision for one request, or what is found of one push, without a server and without an answer. */
import type { Command } from "commander";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";

interface EvalOptions {
  readonly request: string;
  readonly channel: string;
  readonly facts?: string;
  readonly lists?: string;
  readonly prices?: string;
  readonly now?: string;
  readonly json?: boolean;
}

export function registerEval(program: Command): void {
  program
    .command("eval <release>")
    .description(
      "the decision for one request, or what is found of one push; a release file or a folder of Rego",
    )
    .requiredOption(
      "--request <file>",
      "the inner CallbackRequest, or the body of the push, as JSON; - for standard input",
    )
    .option("--channel <channel>", "tss.v2, tss.v1, push.custodial, push.mpc or confirm.waas1", "tss.v2")
    .option("--facts <file>", "answers to the rules' history queries, as they stand in input.facts")
    .option("--lists <file>", "list hits, as they stand in input.lists")
    .option("--prices <file>", "prices, as in the config's prices.file; their age is not looked at")
    .option("--now <time>", "the clock: RFC 3339, or milliseconds since the epoch")
    .option("--json", "print the decision as one object")
    .action((release: string, options: EvalOptions) =>
      runCommand(options.json === true, async () => {
        const { evaluateRequest } = await import("./evaluate-request.ts");
        const { CASE_CHANNELS } = await import("../policy/self-tests.ts");
        const decided = await evaluateRequest(release, {
          request: options.request,
          channel: channelOf(options.channel, CASE_CHANNELS),
          facts: options.facts,
          lists: options.lists,
          prices: options.prices,
          nowMs: await clockOf(options.now),
        });
        if (options.json === true) printJson(decided);
        else console.log(describe(decided));
        return exitCode(decided.outcome);
      }),
    );
}

function channelOf<Name extends string>(text: string, known: readonly Name[]): Name {
  const channel = known.find((name) => name === text);
  if (channel !== undefined) return channel;
  throw new UsageError(`--channel ${text}: one of ${known.join(", ")}; the others are not built yet`);
}

async function clockOf(text: string | undefined): Promise<number> {
  if (text === undefined) return Date.now();
  const { parseInstant } = await import("../input/instant.ts");
  const ms = parseInstant(text);
  if (ms === undefined) throw new UsageError(`--now ${text}: neither RFC 3339 nor milliseconds`);
  return ms;
}

/** Of a request, and of a push. */
const PASSING: readonly string[] = ["approved", "clear", "noted"];

function exitCode(outcome: string): ExitCode {
  return PASSING.includes(outcome) ? EXIT.done : EXIT.failed;
}

interface Described {
  readonly outcome: string;
  readonly kind?: string;
  readonly release?: { readonly revision: string };
  readonly reasons: readonly DescribedReason[];
  readonly alerts?: readonly DescribedReason[];
}

interface DescribedReason {
  readonly rule?: string;
  readonly code: string;
  readonly severity: string;
  readonly consequence: string;
  readonly message: string;
  readonly values?: unknown;
}

/** For people: the outcome, then each reason with what was compared. */
function describe(decision: Described): string {
  const head = [decision.outcome, decision.kind ?? "", `release ${decision.release?.revision ?? "none"}`];
  const reasons = [...decision.reasons, ...(decision.alerts ?? [])].flatMap((reason) => [
    `  ${reason.code}  ${reason.rule ?? "(host)"}  ${reason.severity}${reason.consequence === "alert" ? "  noted" : ""}`,
    `    ${reason.message}`,
    ...(reason.values === undefined ? [] : [`    ${JSON.stringify(reason.values)}`]),
  ]);
  return [head.filter((part) => part !== "").join("  "), ...reasons].join("\n");
}
