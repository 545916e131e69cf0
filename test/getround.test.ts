/**
 * Requirements that try to get around the lint: each looks like one that a clever or careless engineer would write,
 * and each passes some document that it should refuse. For every one it is said here what becomes of it: the build
 * refuses it, or it is open, and why nothing closes it. So what is open can only change knowingly.
 */
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { documentSchema, GROUPS } from "../src/input/document.ts";
import { casesShape, changed, type Members, members, openCases } from "./corpus/cases.ts";
import { type Asked, type JudgedSource, judgeSource } from "./corpus/source.ts";
import { unreadMembers } from "./corpus/unread.ts";

const SOURCE = fileURLToPath(new URL("corpus/getround", import.meta.url));

/** @property what - how it gets around. @property part - an approval must not be given, a requirement not be fulfilled. */
const requirementSchema = z.strictObject({
  group: z.enum(GROUPS),
  part: z.enum(["require", "approve"]).default("require"),
  code: z.string(),
  what: z.string(),
  ...casesShape,
});

/** @property documents - one good document of each group. */
const casesSchema = z.strictObject({
  documents: z.record(z.enum(GROUPS), members),
  requirements: z.record(z.string(), requirementSchema),
});

type Requirement = z.infer<typeof requirementSchema>;

/** Refused by the build, and what refuses them. */
const REFUSED_BY_BUILD: Readonly<Record<string, RegExp>> = {
  beginning_table: /has an empty key/m,
  blocked_as_pasted: /is never found/m,
  blocked_by_name: /data\.blocked_names is an object, but the rule/m,
  blocked_entries: /is an object, but the rule compares it with a text/m,
  cap_of_token: /^amount-units: /m,
  chain_in_text: /^needle-from-input: /m,
  chain_position: /^needle-from-input: /m,
  distinct_amounts: /^sum-of-set: /m,
  dust_floor: /^default-only-false: /m,
  each_table: /^every-not-some: /m,
  evidence_by_letters: /^closed-list-positive: /m,
  evidence_problems: /^collects-nothing: /m,
  evidence_usable: /^closed-list-positive: /m,
  fees_capped: /^all-or-nothing: /m,
  first_of_two: /^index-constant: /m,
  flagged_nowhere: /^all-or-nothing: /m,
  glob_by_dots: /^glob-delimiters: /m,
  known_beginning: /is empty, and an empty text is in every other/m,
  largest_is_limit: /^compare-amounts: /m,
  last_destination: /^index-constant: /m,
  no_exchange_memo: /^glob-delimiters: /m,
  no_testnets: /^compare-types: /m,
  no_violations: /^collects-nothing: /m,
  not_revoked: /^not-own-rule: /m,
  order_member: /^default-only-false: /m,
  order_spender: /^all-or-nothing: /m,
  over_is_false: /^default-only-false: /m,
  paid_suppliers: /^every-not-some: /m,
  payee_by_place: /^index-constant: /m,
  reason_list: /^collects-nothing: /m,
  regular_payee: /^all-or-nothing: /m,
  reported_one_by_one: /is never found/m,
  risk_of_original: /^compare-amounts: /m,
  risk_score: /^all-or-nothing: /m,
  staff_domain: /^pattern-anchored: /m,
  staff_only: /^pattern-anchored: /m,
  still_there: /^closed-list-positive: /m,
  strangers_by_pattern: /^collects-nothing: /m,
  summary_line: /^template-part: /m,
  team_by_mail: /^pattern-anchored: /m,
  total_by_payee: /^all-or-nothing: /m,
  total_of_distinct: /^sum-of-set: /m,
  two_payees: /^index-constant: /m,
  unlimited_approvals: /^compare-types: /m,
  unusual_payee: /^partial-under-not: /m,
  word_for_it: /^collects-nothing: /m,
  worst_label: /^name-the-member: /m,
};

/** Open, and why nothing closes them. `docs/lint.md` says how to guard against each kind. */
const OPEN: Readonly<Record<string, string>> = {
  all_tokens_together: "arithmetic: smallest units of tokens with other decimals are added",
  banned_contract: "`optional`: what the rule says may be absent is not among what it goes through",
  capped_tokens: "nobody at all: what no table knows is filtered out, and `every` holds of nothing",
  clean_tokens: "nobody at all: what no table knows is not taken away",
  confirmed_enough: "the sender's word, on both sides",
  each_asset: "one of all: the loops are the wrong way round",
  fallback_cap: "a way out that is written down: the condition of an `else` holds of every document",
  internal_sweep: "the sender's word: the request calls itself internal",
  known_recipient: "one of all, by a count that says so",
  quorum_counted: "counts: one node twice is two",
  round_coins: "arithmetic: what is rounded is less than what is paid",
  sender_listed: "a deny-list, which says nothing of the other chains",
  signers_known: "nobody at all: where nobody signs, `every` holds of nothing",
  spenders_in_text: "a deny-list, of what is found in a text in one spelling",
  stablecoin_cap: "a way out that is written down: a body lets all other tokens pass",
  staff_suffix: "a text that ends like another one",
};

let documents: z.infer<typeof casesSchema>["documents"];
let requirements: ReadonlyMap<string, Requirement>;
let dir: string;
let source: JudgedSource;

function good({ group, pass = {} }: Requirement): Members {
  return changed(structuredClone(documents[group]), pass);
}

function askedOf(name: string, { part, code }: Requirement): Asked {
  return { name, part, code };
}

function built(): [string, Requirement][] {
  return [...requirements].filter(([name]) => !source.refused.has(name));
}

beforeAll(async () => {
  const cases = casesSchema.parse(JSON.parse(await readFile(join(SOURCE, "cases.json"), "utf8")));
  documents = cases.documents;
  requirements = new Map(Object.entries(cases.requirements));
  dir = await mkdtemp(join(tmpdir(), "getround-"));
  await cp(join(SOURCE, "rules"), join(dir, "rules"), { recursive: true });
  await cp(join(SOURCE, "data.json"), join(dir, "data.json"));
  source = await judgeSource(dir);
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe("what gets around the lint", () => {
  test("there are 30 requirements or more, each with its cases", async () => {
    const folders = await Promise.all(
      GROUPS.map(async (group) => (await readdir(join(SOURCE, "rules", group))).map((name) => [name, group])),
    );
    const cases = [...requirements].map(([name, { group }]) => [name, group]);
    expect(folders.flat().sort()).toEqual(cases.sort());
    expect(requirements.size).toBeGreaterThanOrEqual(30);
  });

  test.each(GROUPS)("the good document of the group %s is one", (group) => {
    expect(documentSchema.safeParse(documents[group]).error).toBeUndefined();
  });

  test("the build refuses exactly these, each for its own reason", () => {
    expect([...source.refused.keys()].sort()).toEqual(Object.keys(REFUSED_BY_BUILD).sort());
    for (const [name, reason] of Object.entries(REFUSED_BY_BUILD)) {
      expect(source.refused.get(name)?.join("\n"), name).toMatch(reason);
    }
  });

  test("exactly these are open", () => {
    const open = built().filter(([name, requirement]) => {
      const holds = (document: Members) => source.holds(askedOf(name, requirement), document);
      return openCases(requirement, () => good(requirement), holds).length > 0;
    });
    expect(open.map(([name]) => name).sort()).toEqual(Object.keys(OPEN).sort());
  });

  test("docs/lint.md names them", async () => {
    const page = await readFile(new URL("../docs/lint.md", import.meta.url), "utf8");
    const section = page.split("\n## What no lint can see\n")[1] ?? "";
    const named = [...section.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, name]) => name);
    expect(named.filter((name) => name !== "usd_micros").sort()).toEqual(Object.keys(OPEN).sort());
  });

  test("the good document passes all that are built", () => {
    const strict = built().filter(
      ([name, requirement]) => !source.holds(askedOf(name, requirement), good(requirement)),
    );
    expect(strict.map(([name]) => name)).toEqual([]);
  });

  test("no answer hangs on a member that is not among the reads", () => {
    for (const [name, requirement] of built()) {
      expect(unreadMembers(source, askedOf(name, requirement), good(requirement)), name).toEqual([]);
    }
  });
});
