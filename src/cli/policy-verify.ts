/** `policy verify`: what would happen if an installation found this release in its place, step by step. */
import type { Command } from "commander";
import type { Activation, Candidate } from "../policy/activation.ts";
import type { LiveRelease } from "../policy/live.ts";
import { ReleaseError, type ReleaseStep } from "../policy/release.ts";
import type { TrustedStatement } from "../policy/trust-store.ts";
import { messageOf } from "../thrown.ts";
import { EXIT, type ExitCode, printable, printJson, runCommand, UsageError } from "./output.ts";

interface Options {
  readonly config: string;
  readonly list?: string;
  readonly json?: true;
}

/** Steps that look at the statement, in their order, and those that look at the archive, which check beside each other. */
const STATEMENT_STEPS = ["statement", "signatures", "payload", "audience", "sequence", "time"] as const;
const ARCHIVE_STEPS = [
  ...([
    "archive",
    "builtins",
    "entrypoints",
    "index",
    "data",
    "facts",
    "self_test",
    "guard",
    "warm_up",
  ] as const),
];

interface Step {
  readonly step: ReleaseStep;
  readonly outcome: "ok" | "refused" | "not reached";
  readonly detail?: string;
}

export function registerPolicyVerify(policy: Command): void {
  policy
    .command("verify")
    .description("what an installation would do with a release or list, step by step; it is not touched")
    .argument(
      "<file>",
      "the release file or its URL, or with --list the list's; its statement lies beside it",
    )
    .option("--list <name>", "it is a list: its name, as in the config's lists")
    .requiredOption("--config <file>", "the installation's config file")
    .option("--json", "print one JSON object")
    .action((release: string, options: Options) =>
      runCommand(options.json === true, async () => {
        if (options.list === undefined) return await verify(release, options);
        const { verifyList } = await import("./policy-verify-list.ts");
        return await verifyList(release, options.list, options.config, options.json === true);
      }),
    );
}

async function verify(release: string, { config: file, json }: Options): Promise<ExitCode> {
  const [{ loadConfig }, { isUrl }, { prepareTrial }, { fetchPair }] = await Promise.all([
    import("../config.ts"),
    import("../config/release.ts"),
    import("./release-trial.ts"),
    import("./release-url.ts"),
  ]);
  const config = await loadConfig(file);
  const { live, activation, problems } = await prepareTrial(config, release).catch((error: unknown) => {
    const why = messageOf(error);
    throw new UsageError(`policy.trust: ${why}`, { cause: error });
  });
  try {
    const candidate = isUrl(release)
      ? await fetchPair(release, config, activation)
      : await readPair(release, activation);
    const refusal = await activation.offer(candidate, false).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof ReleaseError) return error;
        throw error;
      },
    );
    const statement = await statementIn(candidate, activation);
    const steps = stepsOf(stepsBefore(config.policy.trust, activation), refusal, statement, activation);
    print(json === true, steps, { live: live.current, problems, hasGate: config.policy.gate !== undefined });
    return refusal === undefined ? EXIT.done : EXIT.failed;
  } finally {
    await live.close();
  }
}

/** A file that is not there is wrong usage; a statement that is not there is the release's fault. */
async function readPair(release: string, { isSigned }: Activation): Promise<Candidate> {
  const [{ readBounded }, { MAX_RELEASE_BYTES }, { MAX_STATEMENT_BYTES, statementFile }] = await Promise.all([
    import("../policy/bounded-file.ts"),
    import("../policy/release.ts"),
    import("../policy/statement.ts"),
  ]);
  const statement = isSigned
    ? await readBounded(statementFile(release), MAX_STATEMENT_BYTES, "statement")
    : undefined;
  const archive = await readBounded(release, MAX_RELEASE_BYTES, "archive");
  if (archive === undefined) throw new UsageError(`${release}: there is no such file`);
  return { archive, statement };
}

/** What a statement says that enough keys signed for this audience, whether it is admitted or not. */
async function statementIn(
  { statement }: Candidate,
  { keys }: Activation,
): Promise<TrustedStatement | undefined> {
  if (statement === undefined || keys === undefined) return undefined;
  try {
    return await keys.recognize(statement);
  } catch (error) {
    if (error instanceof ReleaseError) return undefined;
    throw error;
  }
}

function stepsBefore(trust: unknown, { isSigned }: Activation): readonly ReleaseStep[] {
  if (isSigned) return [...STATEMENT_STEPS, "digest", "quarantine"];
  return trust === "unsigned" ? [] : ["digest"];
}

function stepsOf(
  before: readonly ReleaseStep[],
  refusal: ReleaseError | undefined,
  statement: TrustedStatement | undefined,
  activation: Activation,
): readonly Step[] {
  const at = refusal === undefined ? before.length : before.indexOf(refusal.step);
  const isOfArchive = at < 0;
  const steps = before.map((step, index): Step => {
    if (isOfArchive || index < at) return ok(step, detailOf(step, statement, activation));
    if (refusal !== undefined && index === at) return { step, outcome: "refused", detail: refusal.message };
    return { step, outcome: "not reached" };
  });
  const ofArchive = ARCHIVE_STEPS.map((step): Step => {
    if (refusal === undefined) return ok(step);
    if (step === refusal.step) return { step, outcome: "refused", detail: refusal.message };
    return { step, outcome: "not reached" };
  });
  const others: Step[] =
    refusal === undefined || [...before, ...ARCHIVE_STEPS].some((step) => step === refusal.step)
      ? []
      : [{ step: refusal.step, outcome: "refused", detail: refusal.message }];
  return [...steps, ...ofArchive, ...others];
}

function ok(step: ReleaseStep, detail?: string): Step {
  return detail === undefined ? { step, outcome: "ok" } : { step, outcome: "ok", detail };
}

function detailOf(
  step: ReleaseStep,
  statement: TrustedStatement | undefined,
  { keys }: Activation,
): string | undefined {
  if (statement === undefined || keys === undefined) return undefined;
  switch (step) {
    case "signatures":
      return `${statement.signedBy.length}, ${keys.threshold} needed: ${statement.signedBy.join(", ")}`;
    case "payload":
      return `revision ${statement.revision}`;
    case "audience":
      return statement.audience;
    case "sequence":
      return String(statement.sequence);
    case "time":
      return `until ${new Date(statement.expires_at).toISOString()}`;
    case "digest":
      return statement.sha256;
    default:
      return undefined;
  }
}

/** @property hasGate - the past is judged by the server alone. */
interface Found {
  readonly live: LiveRelease | undefined;
  readonly problems: readonly ReleaseError[];
  readonly hasGate: boolean;
}

function print(json: boolean, steps: readonly Step[], { live, problems, hasGate }: Found): void {
  if (json) {
    printJson({
      ok: live !== undefined,
      steps,
      ...(live === undefined ? {} : { release: live.identity }),
      ...(hasGate ? { gate: "not asked" } : {}),
      problems: problems.map(({ message }) => message),
    });
    return;
  }
  const signs = { ok: "ok", refused: "REFUSED", "not reached": "-" };
  for (const { message } of problems) console.error(printable(`warning: ${message}`));
  for (const { step, outcome, detail = "" } of steps) {
    console.log(printable(`${signs[outcome].padEnd(8)} ${step.padEnd(12)} ${detail}`).trimEnd());
  }
  console.log(
    live === undefined
      ? "it would not go live"
      : printable(
          `it would go live${hasGate ? ", if the gate of the server lets it through" : ""}: revision ${live.identity.revision}, sequence ${live.identity.sequence}`,
        ),
  );
}
