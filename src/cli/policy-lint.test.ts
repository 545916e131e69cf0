import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInside } from "../../test/support/command-inside.ts";
import { policySource, removePolicySources, ruleText } from "../../test/support/policy-source.ts";
import { ROOT } from "../root.ts";

const GOOD = ruleText('require["X_X"] if input.transaction.chain == "ETH"');
const BAD = ruleText('require["X_X"] if input.evidence.status != "mismatch"');

const folder = mkdtempSync(join(tmpdir(), "policy-lint-"));
let good: string;
let bad: string;

beforeAll(async () => {
  good = await policySource({ "rules/transfer/a/rule.rego": GOOD, "data.json": "{}" });
  bad = await policySource({ "rules/transfer/a/rule.rego": BAD, "data.json": "{}" });
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await removePolicySources();
});

/** In a process of its own: where its tools lie hangs on where it lies. */
function countersign(
  root: URL,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const main = new URL("dist/cli/main.js", root).pathname;
    const env = { ...process.env, PATH: dirname(process.execPath) };
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** An installation with OPA and without Regal. */
function withoutRegal(): URL {
  for (const part of ["dist", "package.json", "policies"]) {
    cpSync(new URL(part, ROOT), join(folder, part), { recursive: true });
  }
  symlinkSync(new URL("node_modules", ROOT), join(folder, "node_modules"));
  mkdirSync(join(folder, "tools/bin"), { recursive: true });
  symlinkSync(new URL("tools/bin/opa", ROOT), join(folder, "tools/bin/opa"));
  return new URL(`file://${folder}/`);
}

test("wrong usage ends in 2, what is wrong in 1 with file, line and check, and what is right in 0", async () => {
  expect((await runInside("policy", "lint", join(good, "nowhere"))).code).toBe(2);
  expect((await runInside("policy", "lint", join(good, "data.json"))).code).toBe(2);
  const text = await runInside("policy", "lint", bad);
  expect(text.code).toBe(1);
  expect(text.errors).toMatch(
    /^rules\/transfer\/a\/rule\.rego:8: closed-list-positive: input\.evidence\.status /m,
  );
  expect(text.out).toBe("1 rules: 1 wrong\n");
  const json = JSON.parse((await runInside("policy", "lint", bad, "--json")).out);
  expect(json).toMatchObject({
    ok: false,
    problems: [{ file: "rules/transfer/a/rule.rego", line: 8, check: "closed-list-positive" }],
    regal: { installed: true, warnings: [] },
  });
  const right = await runInside("policy", "lint", good);
  expect(right).toEqual({ code: 0, out: "1 rules: nothing wrong\n", errors: "" });
});

test("the build refuses what the lint finds", async () => {
  const built = await runInside("policy", "build", bad, "-o", join(folder, "release.tar.gz"));
  expect(built.code).toBe(1);
  expect(built.errors).toMatch(/rule\.rego:8: closed-list-positive: /);
});

test("Regal that is not installed is said", async () => {
  const root = withoutRegal();
  const text = await countersign(root, "policy", "lint", good);
  expect(text).toMatchObject({
    code: 0,
    stdout: "1 rules: nothing wrong; Regal is not installed, and was not asked\n",
  });
  const json = JSON.parse((await countersign(root, "policy", "lint", good, "--json")).stdout);
  expect(json).toMatchObject({ ok: true, regal: { installed: false } });
});
