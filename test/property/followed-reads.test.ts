/**
 * The follower against requirements that nobody wrote: no answer of real wasm may change with the absence of a
 * member that the follower did not note. The lint is left out, it would refuse most of them.
 */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { readArchive } from "../../src/policy/archive.ts";
import { analyseSource } from "../../src/policy/build/build.ts";
import { generateEntrypoints } from "../../src/policy/build/entrypoints.ts";
import { buildWasm } from "../../src/policy/build/opa.ts";
import { sharedBytes } from "../../src/policy/release.ts";
import { ENTRYPOINTS } from "../../src/policy/rule-index.ts";
import { ROOT } from "../../src/root.ts";
import { type Members, unset } from "../corpus/cases.ts";
import { type Asked, type Judge, judgeOf } from "../corpus/source.ts";
import { unreadMembers } from "../corpus/unread.ts";
import { LONG } from "../soak/load.ts";
import { policySource, removePolicySources, ruleText } from "../support/policy-source.ts";
import { RANDOM_DOCUMENT, requirementArbitrary } from "./random-rego.ts";

const LIB = fileURLToPath(new URL("policies/lib/amount.rego", ROOT));
const REQUIREMENTS = LONG ? 500 : 60;

const MEMBERS = [
  "transaction.destinations.0.memo",
  "transaction.destinations.0.address",
  "transaction.destinations.0.amount.text",
  "lists.labels.a.kind",
  "raw.parts.0.tag",
  "raw.parts.0.deep.tag",
];

afterAll(removePolicySources);

function askedOf(rule: string): Asked {
  return { name: rule.replace("transfer/", ""), part: "require", code: "X_X" };
}

/** Compiles what the follower has no problem with, whatever the lint says of it. */
async function compiled(requirements: readonly string[]): Promise<Judge> {
  const files = requirements.map((rego, at) => {
    const name = `transfer/r${at}`;
    return [`rules/${name}/rule.rego`, ruleText(rego, { name })] as const;
  });
  const dir = await policySource(Object.fromEntries(files));
  const { problems } = await analyseSource(dir);
  for (const file of new Set(problems.map((problem) => problem.file))) {
    await rm(join(dir, file, ".."), { recursive: true });
  }
  const { index } = await analyseSource(dir);
  await mkdir(join(dir, "lib"));
  await cp(LIB, join(dir, "lib/amount.rego"));
  await mkdir(join(dir, "countersign"));
  await writeFile(join(dir, "countersign/entrypoints.rego"), generateEntrypoints(index));
  const bundle = join(dir, ".bundle");
  expect(await buildWasm(dir, ENTRYPOINTS, bundle)).toEqual([]);
  const wasm = (await readArchive(await readFile(bundle))).get("/policy.wasm");
  if (wasm === undefined) throw new Error("opa build wrote no policy.wasm");
  return judgeOf({ index, wasm, data: sharedBytes(Buffer.from("{}")) });
}

/** Whether the answer changes with any member at all: what is always true hangs on nothing. */
function isSensitive(judge: Judge, asked: Asked): boolean {
  const before = judge.says(asked, RANDOM_DOCUMENT);
  return MEMBERS.some((path) => {
    const without = structuredClone<Members>(RANDOM_DOCUMENT);
    unset(without, path);
    return judge.says(asked, without) !== before;
  });
}

test("no answer hangs on a member that was not noted", { timeout: LONG ? 900_000 : 60_000 }, async () => {
  const seed = Date.now() % 1_000_000;
  const texts = fc.sample(requirementArbitrary, { numRuns: REQUIREMENTS, seed });
  const judge = await compiled(texts);
  const all = judge.index.rules.map(({ name }) => askedOf(name));
  for (const asked of all) {
    const unread = unreadMembers(judge, asked, RANDOM_DOCUMENT);
    expect(unread, `seed ${seed}: ${texts[Number(asked.name.slice(1))]}`).toEqual([]);
  }
  // Were most of them refused, or always true, nothing would have been shown.
  expect(all.filter((asked) => isSensitive(judge, asked)).length).toBeGreaterThan(REQUIREMENTS / 2);
});
