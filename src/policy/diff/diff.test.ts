import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { policySource, removePolicySources, ruleText } from "../../../test/support/policy-source.ts";
import { readArchive, writeArchive } from "../archive.ts";
import { buildRelease } from "../build/build.ts";
import { ReleaseError } from "../release.ts";
import { diffReleases, type ReleaseDiff } from "./diff.ts";
import { LOOSENINGS } from "./loosening.ts";

afterAll(removePolicySources);

type Files = Readonly<Record<string, string>>;

async function build(files: Files): Promise<Uint8Array> {
  return (await buildRelease(await policySource(files), { revision: "r" })).bytes;
}

/** The archive with files of it replaced, or left out. */
async function changed(
  archive: Uint8Array,
  files: Readonly<Record<string, string | Uint8Array | undefined>>,
) {
  const all = new Map<string, Uint8Array>(await readArchive(archive));
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) all.delete(name);
    else all.set(name, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
  return writeArchive(all);
}

const LIMITED =
  'import data.lib.limits\n\nrequire["X_X"] if limits.fits(input.transaction.total_usd_micros)\n\nrequire["Y_Y"] if data.allowlist[input.transaction.chain]\n';
const B_B = 'require["B_B"] if data.allowlist[input.transaction.chain]\n';
const GONE = ruleText('require["GONE"] if input.kind == "message_signing"', {
  name: "message/gone",
  custom: ["requires: {GONE: alert}"],
});

const OLD: Files = {
  "rules/transfer/a/rule.rego": ruleText(LIMITED, {
    custom: ["mandatory: true", "requires: {X_X: deny, Y_Y: hold}"],
  }),
  "rules/transfer/b/rule.rego": ruleText(B_B, { name: "transfer/b", custom: ["requires: {B_B: deny}"] }),
  "rules/transfer/pays/rule.rego": ruleText('approve["PAYS"] if input.evidence.status == "verified"', {
    name: "transfer/pays",
    custom: ["kinds: [transaction_signing]", "approves: [PAYS]"],
  }),
  "rules/deposit/d/rule.rego": ruleText('require["D_D"] if input.deposit.status == "Success"', {
    name: "deposit/d",
    custom: ["requires: {D_D: alert}"],
  }).replace("severity: high", "severity: medium"),
  "rules/message/gone/rule.rego": GONE,
  "lib/limits.rego":
    "package lib.limits\n\nimport data.lib.amount\n\nfits(text) if amount.int(text) <= amount.int(data.limits.most)\n",
  "data.yaml":
    'limits: {most: "5", list: [a, b, b]}\nallowlist: {ETH: {"0xaa": {}, "0xbb": {}}}\nmodes: {transfer/pays: warn}\n',
};

const NEW: Files = {
  "rules/transfer/a/rule.rego": ruleText(LIMITED.replace(/\nrequire\["Y_Y"\].*\n/, ""), {
    custom: [
      "kinds: [transaction_signing]",
      "optional: [transaction.total_usd_micros]",
      "requires: {X_X: hold}",
    ],
  }),
  "rules/transfer/b/rule.rego": ruleText(`${B_B}\napprove["B_MORE"] if input.evidence.status == "verified"`, {
    name: "transfer/b",
    custom: ["allow_empty: [allowlist]", "requires: {B_B: deny}", "approves: [B_MORE]"],
  }),
  "rules/transfer/pays/rule.rego": ruleText('approve["PAYS"] if input.evidence.status == "verified"', {
    name: "transfer/pays",
    custom: ["approves: [PAYS]"],
  }),
  "rules/deposit/d/rule.rego": ruleText('require["D_D"] if input.deposit.status == "Success"', {
    name: "deposit/d",
    custom: ["flag_once: token_day", "requires: {D_D: alert}"],
  }).replace("severity: high", "severity: low"),
  "lib/limits.rego":
    "package lib.limits\n\nimport data.lib.amount\n\nfits(text) if amount.int(text) < amount.int(data.limits.most)\n",
  "data.yaml":
    'limits: {most: "7", list: [b, a, c]}\nallowlist: {ETH: {"0xbb": {}, "0xcc": {}}}\nmodes: {transfer/b: "off"}\napprove_unverified: true\n',
};

const CASE = {
  ...{ title: "pays", place: "cases/a.yaml:1", channel: "tss.v2", request: "{}", now: 0 },
  expect: { outcome: "approved" },
};

let old: Uint8Array;
let found: ReleaseDiff;

beforeAll(async () => {
  old = await build(OLD);
  found = await diffReleases(old, await build(NEW));
});

const INDEX = "/index.json";

/** The first release with its index said to be another one: the module is as it was. */
async function withIndex(change: (index: string) => string): Promise<Uint8Array> {
  const text = new TextDecoder().decode((await readArchive(old)).get(INDEX));
  return changed(old, { [INDEX]: change(text) });
}

test("what is looser comes with its rule, for each way in which the index can tell", () => {
  const told = found.looser.map(({ what, rule = "", message }) => `${what}: ${rule} ${message}`);
  expect(told).toEqual([
    "approve_unverified:  data.approve_unverified is true: transactions are approved on the request's word alone",
    "rule_removed: message/gone is no longer there: GONE",
    "severity: deposit/d is low instead of medium",
    "flag_once: deposit/d one flag stands for all of one token_day",
    "consequence: transfer/a X_X leads to hold instead of deny",
    "requirement_removed: transfer/a no longer requires Y_Y",
    "kinds: transfer/a no longer judges withdrawal_confirmation",
    "optional: transfer/a holds without transaction.total_usd_micros, which may be absent now",
    "mandatory: transfer/a is no longer mandatory: a mode may switch it off",
    "mode: transfer/b is in mode off instead of enforce",
    "allow_empty: transfer/b data.allowlist may be empty now",
    "approval_added: transfer/b approves by B_MORE, which is new",
    "mode: transfer/pays is enforced, so that its approvals count: it was in mode warn",
    "approval_kinds: transfer/pays approves withdrawal_confirmation as well",
  ]);
});

test("the other way round nothing is looser", async () => {
  const { looser } = await diffReleases(await build(NEW), old);
  expect(looser).toEqual([]);
});

test("a module that differs where no Rego does is looser, whatever else is the same", async () => {
  const wasm = (await readArchive(await build(NEW))).get("/policy.wasm");
  const { looser, same, files } = await diffReleases(old, await changed(old, { "/policy.wasm": wasm }));
  expect({ same, files }).toEqual({ same: false, files: [] });
  expect(looser).toEqual([{ what: "module", message: expect.stringContaining("no Rego does") }]);
});

test("a case that is gone is looser; one that came or stands elsewhere is not", async () => {
  const cases = (...all: object[]) => changed(old, { "/cases.json": JSON.stringify(all) });
  const both = await cases(CASE, { ...CASE, title: "refuses" });
  const fewer = await diffReleases(both, await cases(CASE));
  expect(fewer.looser).toEqual([{ what: "case_removed", message: "is no longer tested: refuses" }]);
  expect(fewer.cases).toMatchObject({ before: 2, after: 1, removed: ["refuses"] });
  const more = await diffReleases(await cases(CASE), both);
  expect({ looser: more.looser, added: more.cases.added }).toEqual({ looser: [], added: ["refuses"] });
  const moved = await diffReleases(await cases(CASE), await cases({ ...CASE, place: "cases/b.yaml:7" }));
  expect(moved.same).toBe(true);
  const other = await diffReleases(await cases(CASE), await cases({ ...CASE, now: 1 }));
  expect(other.cases).toMatchObject({ changed: ["pays"] });
});

test("a rule is told by its members, and by the Rego that it is made of", () => {
  const rule = (name: string) => found.rules.find((each) => each.rule === name);
  expect(rule("message/gone")).toMatchObject({ change: "removed" });
  expect(rule("transfer/a")).toMatchObject({
    change: "changed",
    rego: ["rules/transfer/a/rule.rego", "lib/limits.rego"],
  });
  expect(rule("transfer/a")?.members).toEqual([
    { member: "X_X", before: "deny", after: "hold" },
    { member: "Y_Y", before: "hold" },
    { member: "mandatory", before: "true", after: "false" },
    { member: "kinds", added: [], removed: ["withdrawal_confirmation"] },
    { member: "optional", added: ["transaction.total_usd_micros"], removed: [] },
    { member: "data", added: [], removed: ["allowlist (object)", "allowlist.* (object)"] },
  ]);
  expect(found.libraries).toEqual([{ file: "lib/limits.rego", change: "changed", rules: ["transfer/a"] }]);
  const library = found.files.find(({ file }) => file === "lib/limits.rego");
  expect(library?.lines).toEqual([
    "@@ -3,3 +3,3 @@",
    " import data.lib.amount",
    " ",
    "-fits(text) if amount.int(text) <= amount.int(data.limits.most)",
    "+fits(text) if amount.int(text) < amount.int(data.limits.most)",
  ]);
});

test("data is told by its tables", () => {
  expect(found.data).toEqual({
    more: 0,
    tables: [
      {
        path: "data",
        ...{ added: 1, removed: 0, changed: 0 },
        entries: [{ change: "added", key: "approve_unverified", after: "true" }],
      },
      {
        path: "data.allowlist.ETH",
        ...{ added: 1, removed: 1, changed: 0 },
        entries: [
          { change: "removed", key: "0xaa", before: "{}" },
          { change: "added", key: "0xcc", after: "{}" },
        ],
      },
      {
        path: "data.limits",
        ...{ added: 0, removed: 0, changed: 1 },
        entries: [{ change: "changed", key: "most", before: '"5"', after: '"7"' }],
      },
      {
        path: "data.limits.list",
        ...{ added: 1, removed: 1, changed: 0 },
        entries: [
          { change: "removed", before: '"b"' },
          { change: "added", after: '"c"' },
        ],
      },
      {
        path: "data.modes",
        ...{ added: 1, removed: 1, changed: 0 },
        entries: [
          { change: "removed", key: "transfer/pays", before: '"warn"' },
          { change: "added", key: "transfer/b", after: '"off"' },
        ],
      },
    ],
  });
});

test("another version of OPA, and files that nobody knows, are told", async () => {
  const older = await withIndex((index) => index.replace('"opa":"1.22.2"', '"opa":"1.21.0"'));
  const { about, others, same } = await diffReleases(older, await changed(old, { "/notes.txt": "hidden" }));
  expect({ about, others, same }).toEqual({
    about: [{ member: "opa", before: "1.21.0", after: "1.22.2" }],
    others: [{ file: "notes.txt", change: "added" }],
    same: false,
  });
});

test("what can't be read is an error", async () => {
  await expect(diffReleases(old, new Uint8Array(10))).rejects.toThrow(ReleaseError);
});

test("a release and itself are the same, and so are two that differ in their revision alone", async () => {
  expect(await diffReleases(old, old)).toMatchObject({ same: true, looser: [] });
  const other = (await buildRelease(await policySource(OLD), { revision: "other" })).bytes;
  expect(await diffReleases(old, other)).toMatchObject({ same: true, after: { revision: "other" } });
});

test("every way to be looser is in docs/releases.md", () => {
  const page = readFileSync("docs/releases.md", "utf8");
  const table = /\n\| looser \|.*?\n\n/s.exec(page)?.[0] ?? "";
  const rows = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, what]) => what);
  expect(rows).toEqual(LOOSENINGS);
});
