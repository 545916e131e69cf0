/** `policy verify`: what would happen if an installation found this release in its place, step by step. */
import type { Command } from "commander";
import type { Activation, Candidate } from "../policy/activation.ts";
import type { LiveRelease } from "../policy/live.ts";
import { PROVING_STEPS, ReleaseError, type ReleaseStep } from "../policy/release.ts";
import type { TrustedStatement, TrustStore } from "../policy/trust-store.ts";
import { messageOf } from "../thrown.ts";
import { EXIT, type ExitCode, printJson, runCommand, UsageError } from "./output.ts";
import { notReached, ok, printSteps, refused, type Step, statementDetail } from "./verify-steps.ts";

interface Options {
  readonly config: string;
  readonly list?: string;
  readonly json?: true;
}

/** They look at the statement, one after the other; those that look at the archive do so beside each other. */
const STATEMENT_STEPS = ["statement", "signatures", "payload", "audience", "sequence", "time"] as const;

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
  { keys }: Activation,
): readonly Step<ReleaseStep>[] {
  const at = refusal === undefined ? before.length : before.indexOf(refusal.step);
  const isOfArchive = at < 0;
  const steps = before.map((step, index) => {
    if (isOfArchive || index < at) return ok(step, statement && keys && detailOf(step, statement, keys));
    if (refusal !== undefined && index === at) return refused(refusal);
    return notReached(step);
  });
  const ofArchive = PROVING_STEPS.map((step) => {
    if (refusal === undefined) return ok<ReleaseStep>(step);
    return step === refusal.step ? refused(refusal) : notReached(step);
  });
  const isListed =
    refusal === undefined || [...before, ...PROVING_STEPS].some((step) => step === refusal.step);
  return [...steps, ...ofArchive, ...(isListed ? [] : [refused(refusal)])];
}

function detailOf(step: ReleaseStep, statement: TrustedStatement, keys: TrustStore): string | undefined {
  return step === "payload" ? `revision ${statement.revision}` : statementDetail(step, statement, keys);
}

/** @property hasGate - the past is judged by the server alone. */
interface Found {
  readonly live: LiveRelease | undefined;
  readonly problems: readonly ReleaseError[];
  readonly hasGate: boolean;
}

function print(json: boolean, steps: readonly Step<ReleaseStep>[], { live, problems, hasGate }: Found): void {
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
  const condition = hasGate ? ", if the gate of the server lets it through" : "";
  const summary =
    live === undefined
      ? "it would not go live"
      : `it would go live${condition}: revision ${live.identity.revision}, sequence ${live.identity.sequence}`;
  printSteps(steps, problems, summary);
}
