/** `policy verify --list`: what would happen if an installation found this list in its place, step by step. */
import { LIST_STEPS, type ListStep } from "../policy/list-error.ts";
import { messageOf } from "../thrown.ts";
import type { ListOutcome, ListTrial } from "./list-trial.ts";
import { EXIT, type ExitCode, printJson, UsageError } from "./output.ts";
import { notReached, ok, printSteps, refused, type Step, statementDetail } from "./verify-steps.ts";

/** Those that are about the list itself; the others are about its place and this machine. */
const OWN_STEPS = LIST_STEPS.slice(LIST_STEPS.indexOf("statement"), LIST_STEPS.indexOf("store"));

/**
 * @param file - the list's file; its statement lies beside it.
 * @param name - of the list.
 * @throws UsageError for a name that the config does not have, or has without keys, and where its keys can't be read.
 */
export async function verifyList(
  file: string,
  name: string,
  configFile: string,
  json: boolean,
): Promise<ExitCode> {
  const [{ loadConfig }, { openListTrial }, { FileListPlace }] = await Promise.all([
    import("../config.ts"),
    import("./list-trial.ts"),
    import("../feeds/list-place.ts"),
  ]);
  const config = await loadConfig(configFile);
  const list = config.lists?.[name];
  if (list === undefined) throw new UsageError(`--list ${name}: the config has no such list`);
  if (typeof list === "string")
    throw new UsageError(`--list ${name}: nobody signs it: it has no trust in the config`);
  const trial = await openListTrial(config, name, list).catch((error: unknown) => {
    const why = messageOf(error);
    throw new UsageError(`lists.${name}.trust: ${why}`, { cause: error });
  });
  const outcome = await trial.offer(new FileListPlace(file));
  if (outcome.refusal?.step === "source") throw new UsageError(outcome.refusal.message);
  print(json, name, stepsOf(outcome, trial), outcome);
  return outcome.refusal === undefined ? EXIT.done : EXIT.failed;
}

function stepsOf(outcome: ListOutcome, trial: ListTrial): readonly Step<ListStep>[] {
  const { refusal } = outcome;
  const at = refusal === undefined ? OWN_STEPS.length : OWN_STEPS.indexOf(refusal.step);
  const steps = OWN_STEPS.map((step, index): Step<ListStep> => {
    if (refusal !== undefined && index === at) return refused(refusal);
    if (index > at && at >= 0) return notReached(step);
    if (step === "unread" && !trial.isReadKnown) return { step, outcome: "not looked at" };
    return ok(step, detailOf(step, outcome, trial));
  });
  return refusal === undefined || at >= 0 ? steps : [...steps, refused(refusal)];
}

function detailOf(
  step: ListStep,
  { statement, inForce }: ListOutcome,
  { trust }: ListTrial,
): string | undefined {
  if (statement === undefined) return undefined;
  if (step === "list") return statement.list;
  if (step === "content") return inForce && `${inForce.table.entries} entries`;
  return statementDetail(step, statement, trust);
}

function print(
  json: boolean,
  list: string,
  steps: readonly Step<ListStep>[],
  { inForce, problems }: ListOutcome,
): void {
  if (json) {
    printJson({
      ok: inForce !== undefined,
      steps,
      ...(inForce === undefined
        ? {}
        : { list: { name: list, ...inForce.version, entries: inForce.table.entries } }),
      problems: problems.map(({ message }) => message),
    });
    return;
  }
  const summary =
    inForce === undefined
      ? "it would not come into force"
      : `it would come into force: ${list}, sequence ${inForce.version.sequence}, ${inForce.table.entries} entries`;
  printSteps(steps, problems, summary);
}
