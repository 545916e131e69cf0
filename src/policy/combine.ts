/**
 * From the policy's answer to a verdict (design 3.6). Pure, and the only place where rules are weighed.
 *
 * The index says which rules, parts and codes there are; an answer that says otherwise is a failure of the
 * release, not an opinion. Only the JSON value `true` fulfils a requirement or gives an approval, and only
 * where the check saw all that it reads.
 */
import type { Outcome } from "../decisions/decision.ts";
import type { Consequence, Reason, Severity } from "../decisions/reasons.ts";
import type { Group, Kind } from "../input/document.ts";
import { type AbsentReads, checkKey } from "./reads.ts";
import type { HostData } from "./release.ts";
import type { IndexedCheck, IndexedRule, RuleIndex } from "./rule-index.ts";

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

/**
 * @property reasons - why it is not `approved`; empty where it is. The most severe first.
 * @property alerts - requirements that were not fulfilled and refuse nothing.
 * @property approvals - the approvals that counted, whatever the outcome.
 * @property refusedRules - the rules named by reasons and alerts, for `countersign/explain`.
 */
export interface Verdict {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly approvals: readonly { readonly rule: string; readonly code: string }[];
  readonly refusedRules: readonly string[];
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
  const rules = input.index.rules.filter((rule) => rule.group === input.group);
  const faults = shapeFaults(rules, input.result);
  if (faults.length > 0) return verdict("failed", faults, [], []);

  const refusals: Reason[] = [];
  const alerts: Reason[] = [];
  const approvals: { rule: string; code: string }[] = [];
  const withheld: Withheld[] = [];
  for (const rule of rules) {
    const mode = rule.mandatory ? "enforce" : modeOf(input.modes, rule.name);
    if (!rule.kinds.includes(input.kind)) continue;
    for (const check of rule.checks) {
      const absent = input.absent.get(checkKey(rule, check));
      const holds = isTrue(input.result, rule, check) && absent === undefined;
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
  return verdict("unapproved", [nothingApproves(input.kind, withheld)], alerts, approvals);
}

/**
 * Holds an answer of `countersign/decision` against the index, without judging it.
 *
 * @param rules - all rules of one group.
 * @returns a reason for each rule that is missing, unknown or of another shape; none where all is as indexed.
 */
export function shapeFaults(rules: readonly IndexedRule[], result: unknown): Reason[] {
  if (rules.length === 0 && result === undefined) return [];
  if (!isObject(result)) return [shapeFault(undefined, "the policy gave no answer for this group of rules")];
  const faults: Reason[] = [];
  const known = new Set<string>();
  for (const rule of rules) {
    const short = shortName(rule);
    known.add(short);
    const fault = Object.hasOwn(result, short)
      ? ruleFault(rule, result[short])
      : "the release's index has it, its module does not";
    if (fault !== undefined) faults.push(shapeFault(rule.name, fault));
  }
  const group = rules[0]?.group;
  for (const short of Object.keys(result)) {
    if (known.has(short)) continue;
    const name = group === undefined ? short : `${group}/${short}`;
    faults.push(shapeFault(name, "the release's module has it, its index does not"));
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
      ...(isObject(values) && Buffer.byteLength(JSON.stringify(values)) <= MAX_VALUES_BYTES
        ? { values }
        : {}),
    };
  });
}

function ruleFault(rule: IndexedRule, answer: unknown): string | undefined {
  if (!isObject(answer)) return "its answer is no object";
  for (const part of ["require", "approve"] as const) {
    const codes = new Set(rule.checks.filter((check) => check.part === part).map((check) => check.code));
    if (!Object.hasOwn(answer, part)) {
      if (codes.size > 0) return `its answer lacks ${part}`;
      continue;
    }
    if (codes.size === 0) return `its answer has ${part}, its index does not`;
    const values = answer[part];
    if (!isObject(values)) return `its ${part} is no object`;
    for (const [code, value] of Object.entries(values)) {
      if (!codes.has(code)) return `its ${part} has the unknown code ${code.slice(0, 64)}`;
      if (typeof value !== "boolean") return `${code} is neither true nor false`;
    }
  }
  const extra = Object.keys(answer).find((part) => part !== "require" && part !== "approve");
  return extra === undefined ? undefined : `its answer has the unknown part ${extra.slice(0, 64)}`;
}

function isTrue(result: unknown, rule: IndexedRule, check: IndexedCheck): boolean {
  return member(member(member(result, shortName(rule)), check.part), check.code) === true;
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

function couldNotSee(absent: readonly string[]): string {
  const named = absent.slice(0, MAX_PATHS_IN_MESSAGE).join(", ");
  const more = absent.length - MAX_PATHS_IN_MESSAGE;
  return more > 0 ? `could not see ${named} and ${more} more` : `could not see ${named}`;
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

/** The name of a rule within its group, as the generated entrypoint has it. */
function shortName(rule: IndexedRule): string {
  return rule.name.slice(rule.name.indexOf("/") + 1);
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
