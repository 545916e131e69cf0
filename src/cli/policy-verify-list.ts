/** `policy verify --list`: what would happen if an installation found this list in its place, step by step. */
import { LIST_STEPS, type ListStep } from "../policy/list-error.ts";
import { messageOf } from "../thrown.ts";
import type { ListOutcome, ListTrial } from "./list-trial.ts";
import { EXIT, type ExitCode, printable, printJson, UsageError } from "./output.ts";

interface Step {
  readonly step: ListStep;
  readonly outcome: "ok" | "refused" | "not reached" | "not looked at";
  readonly detail?: string;
}

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

function stepsOf(outcome: ListOutcome, trial: ListTrial): readonly Step[] {
  const { refusal } = outcome;
  const at = refusal === undefined ? OWN_STEPS.length : OWN_STEPS.indexOf(refusal.step);
  const steps = OWN_STEPS.map((step, index): Step => {
    if (refusal !== undefined && index === at) return { step, outcome: "refused", detail: refusal.message };
    if (index > at && at >= 0) return { step, outcome: "not reached" };
    if (step === "unread" && !trial.isReadKnown) return { step, outcome: "not looked at" };
    const detail = detailOf(step, outcome, trial);
    return detail === undefined ? { step, outcome: "ok" } : { step, outcome: "ok", detail };
  });
  return refusal === undefined || at >= 0
    ? steps
    : [...steps, { step: refusal.step, outcome: "refused", detail: refusal.message }];
}

function detailOf(
  step: ListStep,
  { statement, inForce }: ListOutcome,
  { trust }: ListTrial,
): string | undefined {
  if (statement === undefined) return undefined;
  switch (step) {
    case "signatures":
      return `${statement.signedBy.length}, ${trust.threshold} needed: ${statement.signedBy.join(", ")}`;
    case "audience":
      return statement.audience;
    case "list":
      return statement.list;
    case "sequence":
      return String(statement.sequence);
    case "time":
      return `until ${new Date(statement.expires_at).toISOString()}`;
    case "digest":
      return statement.sha256;
    case "content":
      return inForce === undefined ? undefined : `${inForce.table.entries} entries`;
    default:
      return undefined;
  }
}

function print(
  json: boolean,
  list: string,
  steps: readonly Step[],
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
  const signs = { ok: "ok", refused: "REFUSED", "not reached": "-", "not looked at": "?" };
  for (const { message } of problems) console.error(printable(`warning: ${message}`));
  for (const { step, outcome, detail = "" } of steps) {
    console.log(printable(`${signs[outcome].padEnd(8)} ${step.padEnd(12)} ${detail}`).trimEnd());
  }
  console.log(
    inForce === undefined
      ? "it would not come into force"
      : `it would come into force: ${list}, sequence ${inForce.version.sequence}, ${inForce.table.entries} entries`,
  );
}
