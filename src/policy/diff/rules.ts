/** What differs between the rules of two releases, as their indexes have them. */
import { SEVERITIES } from "../../severity.ts";
import type { HostData } from "../release.ts";
import type { IndexedRule } from "../rule-index.ts";
import { CONSEQUENCES } from "../verdict.ts";
import type { Change } from "./files.ts";
import type { Loosening } from "./loosening.ts";

/**
 * One thing that the index says of a rule, before and after; of a set what came and what went.
 *
 * @property member - `severity`, `DAILY_LIMIT` (a code, with its consequence or `approve`), `reads of DAILY_LIMIT`.
 */
export type MemberDiff =
  | { readonly member: string; readonly before?: string; readonly after?: string }
  | { readonly member: string; readonly added: readonly string[]; readonly removed: readonly string[] };

/**
 * @property members - of a changed rule; empty where only its Rego, or a library's, differs.
 * @property rego - the files that differ, of those that a changed rule's verdict comes from.
 */
export interface RuleDiff {
  readonly rule: string;
  readonly change: Change;
  readonly title: string;
  readonly severity: IndexedRule["severity"];
  readonly members: readonly MemberDiff[];
  readonly rego: readonly string[];
}

type Modes = NonNullable<HostData["modes"]>;

/** One release's rules, and how far each is in force. */
export interface RuleSide {
  readonly rules: readonly IndexedRule[];
  readonly modes: Modes;
}

/**
 * The rules that differ, by name.
 *
 * @param regoOf - the files that differ, of those that the rule is made of.
 */
export function diffRules(
  before: RuleSide,
  after: RuleSide,
  regoOf: (rule: IndexedRule) => readonly string[],
): RuleDiff[] {
  const [olds, nexts] = [byName(before), byName(after)];
  return [...new Set([...olds.keys(), ...nexts.keys()])].sort().flatMap((name): RuleDiff[] => {
    const [old, next] = [olds.get(name), nexts.get(name)];
    const rule = next ?? old;
    if (rule === undefined) return [];
    const { title, severity } = rule;
    const shown = { rule: name, title, severity };
    if (old === undefined) return [{ ...shown, change: "added", members: [], rego: [] }];
    if (next === undefined) return [{ ...shown, change: "removed", members: [], rego: [] }];
    const members = membersOf(old, next, modeOf(before, old), modeOf(after, next));
    const rego = regoOf(next);
    return members.length + rego.length === 0 ? [] : [{ ...shown, change: "changed", members, rego }];
  });
}

function byName({ rules }: RuleSide): Map<string, IndexedRule> {
  return new Map(rules.map((rule) => [rule.name, rule]));
}

function modeOf({ modes }: RuleSide, { name }: IndexedRule): Modes[string] {
  return modes[name] ?? "enforce";
}

function membersOf(old: IndexedRule, next: IndexedRule, oldMode: string, nextMode: string): MemberDiff[] {
  const [oldCodes, nextCodes] = [codesOf(old), codesOf(next)];
  const codes = [...new Set([...oldCodes.keys(), ...nextCodes.keys()])].sort();
  return [
    ...single("mode", oldMode, nextMode),
    ...codes.flatMap((code) => single(code, oldCodes.get(code), nextCodes.get(code))),
    ...single("severity", old.severity, next.severity),
    ...single("mandatory", String(old.mandatory), String(next.mandatory)),
    ...single("flag_once", old.flag_once, next.flag_once),
    ...set("kinds", old.kinds, next.kinds),
    ...set("optional", old.optional, next.optional),
    ...set("allow_empty", emptyNow(old, next), emptyNow(next, old)),
    ...set("data", dataOf(old, next), dataOf(next, old)),
    ...old.checks.flatMap(({ code, reads }) => {
      const same = next.checks.find((check) => check.code === code);
      return same === undefined ? [] : set(`reads of ${code}`, reads, same.reads);
    }),
    ...single("title", old.title, next.title),
    ...single("description", old.description, next.description),
  ];
}

/** A code's consequence, or `approve`. */
function codesOf({ checks }: IndexedRule): Map<string, string> {
  return new Map(checks.map(({ code, consequence }) => [code, consequence ?? "approve"]));
}

/**
 * The tables that may be empty in this version, of those that the other one doesn't read so. What lies below a table that
 * both read comes from the data, which is compared by itself, and the values of a table may be empty without being
 * listed.
 */
function emptyNow({ data }: IndexedRule, other: IndexedRule): string[] {
  const isNew = (path: string) => !path.endsWith(".*") && !isBelowKnown(path, data, other.data);
  return data
    .filter(({ path, allow_empty }) => {
      const same = other.data.find((read) => read.path === path);
      return allow_empty && (same === undefined ? isNew(path) : !same.allow_empty);
    })
    .map(({ path }) => path);
}

function dataOf({ data }: IndexedRule, other: IndexedRule): string[] {
  return data
    .filter(
      ({ path }) => other.data.some((read) => read.path === path) || !isBelowKnown(path, data, other.data),
    )
    .map(({ path, type }) => `${path} (${type})`);
}

type DataReads = IndexedRule["data"];

function isBelowKnown(path: string, ...sides: readonly DataReads[]): boolean {
  const steps = path.split(".");
  return steps.some((_, at) => {
    const above = steps.slice(0, at).join(".");
    return sides.every((reads) => reads.some((read) => read.path === above));
  });
}

function single(member: string, before: string | undefined, after: string | undefined): MemberDiff[] {
  if (before === after) return [];
  return [
    {
      member,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

function set(member: string, before: readonly string[], after: readonly string[]): MemberDiff[] {
  const added = after.filter((each) => !before.includes(each));
  const removed = before.filter((each) => !after.includes(each));
  return added.length + removed.length === 0 ? [] : [{ member, added, removed }];
}

const MODES = ["off", "warn", "enforce"];

/** What of it refuses or flags less than before, by rule. */
export function loosenedRules(before: RuleSide, after: RuleSide): Loosening[] {
  const [olds, nexts] = [byName(before), byName(after)];
  const removed = before.rules
    .filter(({ name }) => !nexts.has(name))
    .flatMap((rule) => goneRequirements(rule));
  const kept = after.rules.flatMap((next) => {
    const old = olds.get(next.name);
    return old === undefined ? approvals(next, []) : loosenings(old, next, before, after);
  });
  return [...removed, ...kept];
}

/** Nothing more is approved without a rule that only approves. */
function goneRequirements(rule: IndexedRule): Loosening[] {
  const codes = rule.checks.filter(({ part }) => part === "require").map(({ code }) => code);
  if (codes.length === 0) return [];
  return [{ what: "rule_removed", rule: rule.name, message: `is no longer there: ${codes.join(", ")}` }];
}

function approvals(rule: IndexedRule, known: readonly string[]): Loosening[] {
  return rule.checks
    .filter(({ code, part }) => part === "approve" && !known.includes(code))
    .map(({ code }) => ({
      what: "approval_added",
      rule: rule.name,
      message: `approves by ${code}, which is new`,
    }));
}

function loosenings(old: IndexedRule, next: IndexedRule, before: RuleSide, after: RuleSide): Loosening[] {
  const rule = next.name;
  const found: Loosening[] = [];
  const report = (what: Loosening["what"], message: string) => found.push({ what, rule, message });
  const falls = (order: readonly string[], from: string | undefined, to: string | undefined) =>
    order.indexOf(to ?? "") < order.indexOf(from ?? "");
  const [oldMode, nextMode] = [modeOf(before, old), modeOf(after, next)];
  if (requires(old) && falls(MODES, oldMode, nextMode))
    report("mode", `is in mode ${nextMode} instead of ${oldMode}`);
  // What a rule approves counts where it is enforced, and nowhere else.
  if (approves(next) && nextMode === "enforce" && oldMode !== "enforce")
    report("mode", `is enforced, so that its approvals count: it was in mode ${oldMode}`);
  for (const { code, part, consequence } of old.checks) {
    if (part !== "require") continue;
    const same = next.checks.find((check) => check.code === code && check.part === part);
    if (same === undefined) report("requirement_removed", `no longer requires ${code}`);
    else if (falls(CONSEQUENCES, consequence, same.consequence))
      report("consequence", `${code} leads to ${same.consequence} instead of ${consequence}`);
  }
  const gone = missing(old.kinds, next.kinds);
  const come = missing(next.kinds, old.kinds);
  if (gone.length > 0 && requires(old)) report("kinds", `no longer judges ${gone.join(", ")}`);
  if (come.length > 0 && approves(next)) report("approval_kinds", `approves ${come.join(", ")} as well`);
  for (const path of missing(next.optional, old.optional))
    report("optional", `holds without ${path}, which may be absent now`);
  for (const path of emptyNow(next, old)) report("allow_empty", `data.${path} may be empty now`);
  if (old.mandatory && !next.mandatory)
    report("mandatory", "is no longer mandatory: a mode may switch it off");
  if (falls(SEVERITIES, old.severity, next.severity))
    report("severity", `is ${next.severity} instead of ${old.severity}`);
  if (old.flag_once === undefined && next.flag_once !== undefined)
    report("flag_once", `one flag stands for all of one ${next.flag_once}`);
  const known = old.checks.filter(({ part }) => part === "approve").map(({ code }) => code);
  return [...found, ...approvals(next, known)];
}

function requires({ checks }: IndexedRule): boolean {
  return checks.some(({ part }) => part === "require");
}

function approves({ checks }: IndexedRule): boolean {
  return checks.some(({ part }) => part === "approve");
}

function missing<T>(list: readonly T[], from: readonly T[]): T[] {
  return list.filter((each) => !from.includes(each));
}
