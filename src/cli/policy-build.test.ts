import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shell } from "../../test/support/command.ts";
import { runInside as run } from "../../test/support/command-inside.ts";
import { policySource, removePolicySources, ruleText } from "../../test/support/policy-source.ts";

const folder = mkdtempSync(join(tmpdir(), "countersign-build-"));
const output = join(folder, "release.tar.gz");
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await removePolicySources();
});

const RULE = ruleText('require["X_X"] if input.transaction.chain == "ETH"');
const TEST = `package tests.transfer.a

import data.rules.transfer.a

test_eth if a.require.X_X with input as {"transaction": {"chain": "ETH"}}
`;

/** A source of one rule and its test, with some of them changed. */
const source = (files: Readonly<Record<string, string>> = {}) =>
  policySource({
    "rules/transfer/a/rule.rego": RULE,
    "rules/transfer/a/rule_test.rego": TEST,
    "data.json": "{}",
    ...files,
  });

let failing: string;
let untidy: string;

beforeAll(async () => {
  failing = await source({
    "rules/transfer/a/rule_test.rego": TEST.replace('"chain": "ETH"', '"chain": "BTC"'),
  });
  untidy = await source({
    "rules/transfer/a/rule.rego": RULE.replace(/if .*/, 'if "ETH" == input.transaction.chain'),
  });
});

test("wrong usage ends in 2", async () => {
  expect((await run("policy", "build", failing)).code).toBe(2);
  expect((await run("policy", "build", join(folder, "nowhere"), "-o", output)).code).toBe(2);
  expect((await run("policy", "build", failing, "-o", output, "--revision", "a b")).code).toBe(2);
});

test("what does not build is told with file and line, for scripts as well, and nothing is written", async () => {
  const bad = await source({ "rules/transfer/a/rule.rego": RULE.replace("chain ==", "chian ==") });
  const { code, errors } = await run("policy", "build", bad, "-o", output);
  expect(code).toBe(1);
  expect(errors).toMatch(/^rules\/transfer\/a\/rule\.rego:8: input\.transaction has no member "chian"/m);
  const { out } = await run("policy", "build", bad, "-o", output, "--json");
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    problems: [{ file: "rules/transfer/a/rule.rego", line: 8 }, {}],
  });
  expect(existsSync(output)).toBe(false);
});

test("a Rego test that fails, or can't be compiled, stops the build with its place", async () => {
  const { code, errors } = await run("policy", "build", failing, "-o", output);
  expect(code).toBe(1);
  expect(errors).toBe("rules/transfer/a/rule_test.rego:5: test fails: tests.transfer.a.test_eth\n");
  const without = await source({
    "rules/transfer/a/rule_test.rego": 'package tests.a\n\ntest_a if sprintf("%d", [1]) == "1"\n',
  });
  const { out } = await run("policy", "build", without, "-o", output, "--json");
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    problems: [
      { file: "rules/transfer/a/rule_test.rego", line: 3, message: expect.stringContaining("sprintf") },
    ],
  });
  expect(existsSync(output)).toBe(false);
});

test("a case that fails stops the build with its place", async () => {
  const cases = (outcome: string) => `requests:
  odd: {request_id: a, request_type: 77, request_detail: {}, extra_info: {}}
cases:
  of an unknown type: {request: odd, now: 1, expect: {outcome: ${outcome}, codes: [REQUEST_TYPE_UNKNOWN]}}
`;
  const wrong = await source({ "cases/a.yaml": cases("denied") });
  const { code, errors } = await run("policy", "build", wrong, "-o", output);
  expect(code).toBe(1);
  expect(errors).toBe(
    'cases/a.yaml:4: the case "of an unknown type": expected denied with REQUEST_TYPE_UNKNOWN, found unusable with REQUEST_TYPE_UNKNOWN (host)\n',
  );
  expect(existsSync(output)).toBe(false);
  const right = await run(
    "policy",
    "build",
    await source({ "cases/a.yaml": cases("unusable") }),
    "-o",
    output,
  );
  expect(right).toMatchObject({ code: 0, out: expect.stringMatching(/, 1 cases\n$/) });
  rmSync(output);
});

test("what Regal finds stops the build with its place", async () => {
  const { code, errors } = await run("policy", "build", untidy, "-o", output);
  expect(code).toBe(1);
  expect(errors).toMatch(/^rules\/transfer\/a\/rule\.rego:8: regal yoda-condition: /);
  expect(existsSync(output)).toBe(false);
});

test("what was looked at before need not be again, and the release says nothing of it", async () => {
  const tested = JSON.parse((await run("policy", "build", untidy, "-o", output, "--no-regal", "--json")).out);
  expect(tested).toMatchObject({ ok: true, tests: { passed: 1, skipped: 0 }, regal: "skipped" });
  const neither = await run("policy", "build", untidy, "-o", output, "--no-regal", "--no-tests", "--json");
  expect(JSON.parse(neither.out)).toMatchObject({
    ok: true,
    sha256: tested.sha256,
    tests: "skipped",
    regal: "skipped",
  });
});

test("where Regal is not installed, that is said once, and the release is the same", async () => {
  const checkout = join(folder, "checkout");
  mkdirSync(join(checkout, "tools/bin"), { recursive: true });
  for (const part of ["package.json", "dist", "policies"])
    cpSync(part, join(checkout, part), { recursive: true });
  symlinkSync(join(process.cwd(), "node_modules"), join(checkout, "node_modules"));
  symlinkSync(join(process.cwd(), "tools/bin/opa"), join(checkout, "tools/bin/opa"));
  const build = async (more: string) =>
    shell(
      `PATH=/nowhere ${process.execPath} checkout/dist/cli/main.js policy build ${await source()} -o ${output} ${more}`,
      folder,
    );
  const { code, out } = await build("");
  expect(code).toBe(0);
  expect(out.match(/Regal/g)).toHaveLength(1);
  const lone = JSON.parse((await build("--json")).out);
  const { out: full } = await run("policy", "build", await source(), "-o", output, "--json");
  expect(lone).toMatchObject({ ok: true, regal: "not found", tests: { passed: 1 } });
  expect(JSON.parse(full)).toMatchObject({ ok: true, regal: "passed", sha256: lone.sha256 });
});

test("a source without tests is built", async () => {
  const bare = await policySource({ "rules/transfer/a/rule.rego": RULE, "data.json": "{}" });
  const { code, out } = await run("policy", "build", bare, "-o", output);
  expect(code).toBe(0);
  expect(out).toMatch(/: 1 rules, revision .*, 0 Rego tests passed, 0 cases\n$/);
});
