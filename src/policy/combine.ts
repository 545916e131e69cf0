/**
 * From the policy's answer to a verdict (design 3.6). Pure, and the only place where rules are weighed.
 *
 * The index says which rules, parts and codes there are; an answer that says otherwise is a failure of the
 * release, not an opinion. Only the JSON value `true` fulfils a requirement or gives an approval, and only
 * where the check saw all that it reads.
 */

import type { Group, Kind } from "../input/document.ts";
import type { Severity } from "../severity.ts";
import { isFact } from "./excuses.ts";
import { type AbsentReads, checkKey } from "./reads.ts";
import type { HostData } from "./release.ts";
import type { IndexedCheck, IndexedRule, RuleIndex } from "./rule-index.ts";
import type { Consequence, Outcome, Reason, Verdict } from "./verdict.ts";

type Modes = NonNullable<HostData["modes"]>;

/**
 * @property absent - from `CompiledReads.absentReads`, for this document.
 * @property result - what `countersign/decision` evaluated to: untrusted.
 * @property modes - `data.modes` by rule name.
 */
export interface CombineInput {
  readonly index: RuleIndex;
  readonly group: Group;
  readonly kind: Kind;
  readonly absent: AbsentReads;
  readonly result: unknown;
  readonly modes: Modes;
}

const RANK: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2, low: 3 };
const MAX_PATHS_IN_MESSAGE = 3;
const MAX_MESSAGE = 500;
const MAX_VALUES_BYTES = 4096;

/**
 * Weighs a result: any `deny` is `denied`, else any `hold` is `held`, else one approval is `approved`, else
 * `unapproved`. A result of another shape is `failed` with `POLICY_SHAPE`, naming the rule.
 *
 * A rule judges only its `kinds`. Mode `off` leaves a rule out; `warn` turns its refusals into alerts. Neither
 * lets its approvals count: a rule that is not enforced gives nothing away. A `mandatory` rule has no mode.
 */
export function combine(input: CombineInput): Verdict {
  const { absent: unseen, group, kind, modes, result } = input;
  const faults = shapeFaults(input.index, group, result);
  if (faults.length > 0) return verdict("failed", faults, [], []);

  const refusals: Reason[] = [];
  const alerts: Reason[] = [];
  const approvals: { rule: string; code: string }[] = [];
  const withheld: Withheld[] = [];
  for (const { rule, short, checks } of planOf(input.index, group)) {
    if (!rule.kinds.includes(kind)) continue;
    const mode = rule.mandatory ? "enforce" : modeOf(modes, rule.name);
    const answer = member(result, short);
    for (const { check, key } of checks) {
      const absent = unseen.get(key);
      const holds = absent === undefined && member(member(answer, check.part), check.code) === true;
      if (check.part === "approve") {
        if (holds && mode === "enforce") approvals.push({ rule: rule.name, code: check.code });
        else withheld.push({ rule: rule.name, code: check.code, ...why(holds, mode, absent) });
      } else if (!holds && mode !== "off") {
        const reason = refusal(rule, check, absent, mode);
        (reason.consequence === "alert" ? alerts : refusals).push(reason);
      }
    }
  }
  if (refusals.some((reason) => reason.consequence === "deny"))
    return verdict("denied", refusals, alerts, approvals);
  if (refusals.length > 0) return verdict("held", refusals, alerts, approvals);
  if (approvals.length > 0) return verdict("approved", [], alerts, approvals);
  return verdict("unapproved", [nothingApproves(kind, withheld)], alerts, approvals);
}

/**
 * Holds an answer of `countersign/decision` against the index, without judging it.
 *
 * @returns a reason for each rule that is missing, unknown or of another shape; none where all is as indexed.
 */
export function shapeFaults(index: RuleIndex, group: Group, result: unknown): Reason[] {
  const plan = planOf(index, group);
  if (plan.length === 0 && result === undefined) return [];
  if (!isObject(result)) return [shapeFault(undefined, `the policy gave no answer for the group ${group}`)];
  const faults: Reason[] = [];
  for (const each of plan) {
    const fault = Object.hasOwn(result, each.short)
      ? ruleFault(each, result[each.short])
      : "the release's index has it, its module does not";
    if (fault !== undefined) faults.push(shapeFault(each.rule.name, fault));
  }
  const names = Object.keys(result);
  if (names.length === plan.length && faults.length === 0) return faults;
  for (const short of names) {
    if (plan.some((each) => each.short === short)) continue;
    faults.push(shapeFault(`${group}/${short}`, "the release's module has it, its index does not"));
  }
  return faults;
}

/**
 * Puts a rule's `message` and `values` into its reasons.
 *
 * @param explained - what `countersign/explain` evaluated to, untrusted: `{<rule>: {values, message: {CODE: text}}}`.
 *   What has another shape is left out, and so are values of more than 4 KiB; messages end after 500
 *   characters. Where paths were absent they stay in the message, since the rule's words can't know of them.
 * @returns the same reasons in the same order.
 */
export function withWords(reasons: readonly Reason[], explained: unknown): Reason[] {
  return reasons.map((reason) => {
    if (reason.rule === undefined) return reason;
    const words = member(explained, reason.rule);
    const message = member(member(words, "message"), reason.code);
    const values = member(words, "values");
    return {
      ...reason,
      ...(typeof message === "string" && message !== "" && reason.absent === undefined
        ? { message: cut(message) }
        : {}),
      ...(isObject(values) && sizeOf(values) <= MAX_VALUES_BYTES ? { values } : {}),
    };
  });
}

/** In bytes of JSON. What is nested too deeply to be written has no size: words must never cost the verdict. */
function sizeOf(values: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(values));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function ruleFault(plan: RulePlan, answer: unknown): string | undefined {
  if (!isObject(answer)) return "its answer is no object";
  for (const [part, codes] of plan.parts) {
    const values = Object.hasOwn(answer, part) ? answer[part] : undefined;
    if (!isObject(values)) return `its ${part} is no object`;
    for (const code of Object.keys(values)) {
      if (!codes.has(code)) return `its ${part} has the unknown code ${code.slice(0, 64)}`;
      if (typeof values[code] !== "boolean") return `${code} is neither true nor false`;
    }
  }
  const parts = Object.keys(answer);
  if (parts.length === plan.parts.length) return undefined;
  return `its answer has ${parts.join(", ").slice(0, 64)}, its index does not`;
}

/** What is needed of a rule for each decision, worked out once. */
interface RulePlan {
  readonly rule: IndexedRule;
  /** Its name within the group, as the generated entrypoint has it. */
  readonly short: string;
  readonly checks: readonly { readonly check: IndexedCheck; readonly key: string }[];
  /** The codes of each part that the rule has. */
  readonly parts: readonly (readonly [part: IndexedCheck["part"], codes: ReadonlySet<string>])[];
}

const plans = new WeakMap<RuleIndex, Map<Group, readonly RulePlan[]>>();

function planOf(index: RuleIndex, group: Group): readonly RulePlan[] {
  const known = plans.get(index)?.get(group);
  if (known !== undefined) return known;
  const plan = index.rules.filter((rule) => rule.group === group).map(planRule);
  const groups = plans.get(index) ?? new Map<Group, readonly RulePlan[]>();
  plans.set(index, groups.set(group, plan));
  return plan;
}

function planRule(rule: IndexedRule): RulePlan {
  const codesOf = (part: IndexedCheck["part"]) =>
    new Set(rule.checks.filter((check) => check.part === part).map((check) => check.code));
  const parts = [["require", codesOf("require")] as const, ["approve", codesOf("approve")] as const];
  return {
    rule,
    short: rule.name.slice(rule.name.indexOf("/") + 1),
    checks: rule.checks.map((check) => ({ check, key: checkKey(rule, check) })),
    parts: parts.filter(([, codes]) => codes.size > 0),
  };
}

interface Withheld {
  readonly rule: string;
  readonly code: string;
  readonly why: string;
  readonly absent?: readonly string[];
}

function why(
  holds: boolean,
  mode: Modes[string],
  absent: readonly string[] | undefined,
): Pick<Withheld, "why" | "absent"> {
  if (absent !== undefined) return { why: couldNotSee(absent), absent };
  return { why: holds ? `mode ${mode}` : "not fulfilled" };
}

function refusal(
  rule: IndexedRule,
  check: IndexedCheck,
  absent: readonly string[] | undefined,
  mode: Modes[string],
): Reason {
  // A requirement without a consequence is no release's: the strictest one is meant.
  const stated: Consequence = check.consequence ?? "deny";
  return {
    rule: rule.name,
    code: check.code,
    message: absent === undefined ? rule.title : `${rule.title}: ${couldNotSee(absent)}`,
    severity: rule.severity,
    consequence: mode === "warn" ? "alert" : stated,
    ...(absent === undefined ? {} : { absent }),
  };
}

function nothingApproves(kind: Kind, withheld: readonly Withheld[]): Reason {
  const absent = [...new Set(withheld.flatMap((each) => each.absent ?? []))].sort();
  const each = withheld.map(({ rule, code, why: reason }) => `${rule} ${code}: ${reason}`);
  return {
    code: "NO_RULE_APPROVES",
    message: each.length === 0 ? `no rule can approve ${kind}` : `no rule approves (${each.join("; ")})`,
    severity: "high",
    consequence: "deny",
    values: { kind, approve_rules: withheld },
    ...(absent.length === 0 ? {} : { absent }),
  };
}

/** What history can't say is the one absence that the document at hand does not explain. */
const WHY_NO_FACT =
  "history has no answer where the document lacks what it is asked by, or an amount of the past has no price or units";

function couldNotSee(absent: readonly string[]): string {
  const named = absent.slice(0, MAX_PATHS_IN_MESSAGE).join(", ");
  const more = absent.length - MAX_PATHS_IN_MESSAGE;
  const paths = more > 0 ? `${named} and ${more} more` : named;
  return absent.some(isFact) ? `could not see ${paths} (${WHY_NO_FACT})` : `could not see ${paths}`;
}

function shapeFault(rule: string | undefined, message: string): Reason {
  return {
    ...(rule === undefined ? {} : { rule: rule.slice(0, 128) }),
    code: "POLICY_SHAPE",
    message: rule === undefined ? message : `${rule.slice(0, 128)}: ${message}`,
    severity: "critical",
    consequence: "deny",
  };
}

function verdict(
  outcome: Outcome,
  reasons: readonly Reason[],
  alerts: readonly Reason[],
  approvals: Verdict["approvals"],
): Verdict {
  const named = outcome === "failed" ? [] : [...reasons, ...alerts].flatMap(({ rule }) => rule ?? []);
  return {
    outcome,
    reasons: [...reasons].sort(bySeverity),
    alerts: [...alerts].sort(bySeverity),
    approvals,
    refusedRules: [...new Set(named)].sort(),
  };
}

function bySeverity(a: Reason, b: Reason): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    compareText(a.rule ?? "", b.rule ?? "") ||
    compareText(a.code, b.code)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Never in the middle of a surrogate pair: what is left has to be JSON. */
function cut(message: string): string {
  return message.slice(0, MAX_MESSAGE).replace(/[\ud800-\udbff]$/, "");
}

function modeOf(modes: Modes, name: string): Modes[string] {
  return Object.hasOwn(modes, name) ? (modes[name] ?? "enforce") : "enforce";
}

function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
