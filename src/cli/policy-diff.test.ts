import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../test/support/command.ts";
import { runInside } from "../../test/support/command-inside.ts";
import { BUNDLES, TEST_RELEASE } from "../../test/support/installation.ts";
import { readArchive, writeArchive } from "../policy/archive.ts";

const DEMO = join(BUNDLES, "demo.tar.gz");
const folder = mkdtempSync(join(tmpdir(), "countersign-diff-"));
const evil = join(folder, "evil.tar.gz");

beforeAll(async () => {
  const files = await readArchive(readFileSync(TEST_RELEASE));
  const index = new TextDecoder().decode(files.get("/index.json"));
  const title = JSON.stringify("good\u001b[2J\u202e\u009b31m");
  const steered = index.replace(/"title":"[^"]*"/, () => `"title":${title}`);
  files.set("/index.json", new TextEncoder().encode(steered));
  writeFileSync(evil, await writeArchive(files));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("what is no release is an error, and no file wrong usage", async () => {
  const broken = join(folder, "broken.tar.gz");
  writeFileSync(broken, "broken");
  expect(await runInside("policy", "diff", broken, TEST_RELEASE)).toMatchObject({ code: 1, out: "" });
  expect(await runInside("policy", "diff", TEST_RELEASE, join(folder, "none"))).toMatchObject({
    code: 2,
    out: "",
  });
  expect(await runInside("policy", "diff", TEST_RELEASE)).toMatchObject({ code: 2 });
});

test("a title that would steer a terminal is spelled out", async () => {
  const { code, out } = await runInside("policy", "diff", TEST_RELEASE, evil);
  expect(code).toBe(0);
  expect(out).toContain("good\\u{1b}[2J\\u{202e}\\u{9b}31m");
  expect(out).not.toMatch(/[^\P{C}\n]/u);
});

test("two releases that differ end with 0, what is looser first", async () => {
  const { code, out } = await runInside("policy", "diff", TEST_RELEASE, DEMO);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^before {2}revision .*\nafter {3}revision .*\n\nDATA\n {2}data\.limits\.daily {2}2 changed/,
  );
  const { out: json } = await runInside("policy", "diff", TEST_RELEASE, DEMO, "--json");
  expect(JSON.parse(json)).toMatchObject({ same: false, looser: [], rules: [], data: { more: 0 } });
});

test("a release and itself are the same", async () => {
  // And in a process of its own.
  expect((await run("policy", "diff", DEMO, DEMO)).out).toMatch(/nothing else differs/);
  expect(JSON.parse((await runInside("policy", "diff", DEMO, DEMO, "--json")).out)).toMatchObject({
    same: true,
  });
});
