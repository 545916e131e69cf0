import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInside as countersign } from "../../test/support/command-inside.ts";
import { policySource, removePolicySources, ruleText } from "../../test/support/policy-source.ts";

const RULE = ruleText('require["X_X"] if input.transaction.chain == "ETH"');
const TEST = `package tests.transfer.a

import data.rules.transfer.a

test_eth if a.require.X_X with input as {"transaction": {"chain": "ETH"}}

test_other if not a.require.X_X with input as {"transaction": {"chain": "BSC"}}
`;

let good: string;
let bad: string;

beforeAll(async () => {
  good = await policySource({
    "rules/transfer/a/rule.rego": RULE,
    "rules/transfer/a/rule_test.rego": TEST,
    "rules/transfer/a/README.md": "# A\n",
    "rules/transfer/c/rule.rego": RULE.replace("transfer.a", "transfer.c"),
    "data.json": '{"tokens": {"ETH": {"chain": "ETH", "decimals": 18}}}',
  });
  bad = await policySource({
    "rules/transfer/a/rule.rego": RULE.replace("chain ==", "chian =="),
    "data.json": "{}",
  });
});

afterAll(removePolicySources);

test("build and inspect: the release, its rules and what they read", async () => {
  const output = join(good, "out", "release.tar.gz");
  const built = JSON.parse(
    (await countersign("policy", "build", good, "-o", output, "--revision", "v1", "--json")).out,
  );
  expect(built).toMatchObject({
    ok: true,
    revision: "v1",
    rules: ["transfer/a", "transfer/c"],
    tests: { passed: 2, skipped: 0 },
    regal: "passed",
    warnings: [],
  });
  const inspected = JSON.parse((await countersign("policy", "inspect", output, "--json")).out);
  expect(inspected).toMatchObject({
    revision: "v1",
    sha256: built.sha256,
    entrypoints: ["countersign/decision", "countersign/explain", "countersign/facts"],
    builtins: [],
    data_bytes: { tokens: 37 },
  });
  expect(inspected.rules[0]).toMatchObject({
    name: "transfer/a",
    title: "A rule",
    severity: "high",
    checks: [{ code: "X_X", consequence: "deny", reads: ["transaction.chain"] }],
  });
  const text = await countersign("policy", "inspect", output);
  expect(text.code).toBe(0);
  expect(text.out).toContain("X_X  deny  rules/transfer/a/rule.rego:8");
});

test("inspect: what is no release ends in 1, what is not there in 2", async () => {
  expect((await countersign("policy", "inspect", join(good, "data.json"))).code).toBe(1);
  expect((await countersign("policy", "inspect", join(good, "nowhere"))).code).toBe(2);
});

test("test: a failing test ends in 1 with its place; rules without tests and readme are listed", async () => {
  const failing = await policySource({
    "rules/transfer/a/rule.rego": RULE.replace('"ETH"', '"BTC"'),
    "rules/transfer/a/rule_test.rego": TEST,
    "data.json": "{}",
  });
  const failed = await countersign("policy", "test", failing);
  expect(failed.code).toBe(1);
  expect(failed.errors).toMatch(
    /^rules\/transfer\/a\/rule_test\.rego:5: fail: tests\.transfer\.a\.test_eth/m,
  );
  expect((await countersign("policy", "test", bad)).code).toBe(1);

  const passed = await countersign("policy", "test", good, "--coverage", "--json");
  expect(passed.code).toBe(0);
  const result = JSON.parse(passed.out);
  expect(result).toMatchObject({ ok: true, rules: 2, untested: ["transfer/c"], unexplained: ["transfer/c"] });
  expect(result.tests).toHaveLength(2);
  expect(result.coverage["rules/transfer/a/rule.rego"]).toBe(100);
});

test("test: what is built without a built-in is tested without it", async () => {
  const source = await policySource({
    "rules/transfer/a/rule.rego": RULE,
    "rules/transfer/a/rule_test.rego": 'package tests.a\n\ntest_a if sprintf("%d", [1]) == "1"\n',
    "data.json": "{}",
  });
  const run = await countersign("policy", "test", source);
  expect(run.code).toBe(1);
  expect(run.errors).toMatch(/rule_test\.rego:3: .*sprintf/);
});

test("test: cases run in the engine, beside the Rego tests; inspect counts them", async () => {
  const cases = (outcome: string) => `requests:
  one: {request_id: "r", request_type: 9, request_detail: {}, extra_info: {}}
cases:
  of an unknown type: {request: one, now: 1, expect: {outcome: ${outcome}, codes: [REQUEST_TYPE_UNKNOWN]}}
`;
  const files = { "rules/transfer/a/rule.rego": RULE, "data.json": "{}" };
  const wrong = await policySource({ ...files, "cases/a.yaml": cases("denied") });
  const text = await countersign("policy", "test", wrong);
  const failed =
    'case "of an unknown type" (cases/a.yaml:4): expected denied with REQUEST_TYPE_UNKNOWN, found unusable with REQUEST_TYPE_UNKNOWN (host)';
  expect(text).toMatchObject({ code: 1, errors: `${failed}\n` });
  expect(text.out).toContain("1 case: 0 passed, 1 failed");
  const right = await policySource({ ...files, "cases/a.yaml": cases("unusable") });
  const json = await countersign("policy", "test", right, "--json");
  expect(json.code).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject({
    ok: true,
    cases: [{ title: "of an unknown type", place: "cases/a.yaml:4", ok: true, outcome: "unusable" }],
  });
  const output = join(right, "out.tar.gz");
  expect((await countersign("policy", "build", right, "-o", output)).code).toBe(0);
  expect(JSON.parse((await countersign("policy", "inspect", output, "--json")).out)).toMatchObject({
    cases: 1,
  });
  expect((await countersign("policy", "inspect", output)).out).toMatch(/^cases +1$/m);
});
