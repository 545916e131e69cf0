import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { policySource, removePolicySources, ruleText } from "../../../test/support/policy-source.ts";
import { ReleaseError } from "../release.ts";
import { regalFindings } from "./regal.ts";

afterAll(removePolicySources);

const UNTIDY = ruleText('require["X_X"] if "transaction_signing" == input.kind');

test("what Regal finds has file and line", async () => {
  const source = await policySource({ "rules/transfer/a/rule.rego": UNTIDY });
  const found = await regalFindings(source);
  expect(found?.warnings).toEqual([]);
  expect(found?.problems).toEqual([
    {
      file: "rules/transfer/a/rule.rego",
      line: 8,
      message: expect.stringMatching(/^regal yoda-condition: /),
    },
  ]);
});

test("Rego that it can't read is an error", async () => {
  const source = await policySource({ "rules/transfer/a/rule.rego": "package a\n\nx if {" });
  await expect(regalFindings(source)).rejects.toThrow(ReleaseError);
  await expect(regalFindings(source)).rejects.toThrow(/rule\.rego:3: rego_parse_error/);
});

test("a config that it can't read is an error, not the product's", async () => {
  const source = await policySource({ "rules/transfer/a/rule.rego": UNTIDY });
  await mkdir(join(source, ".regal"));
  await writeFile(join(source, ".regal/config.yaml"), "rules: [");
  await expect(regalFindings(source)).rejects.toThrow(/regal lint: .*config/);
});

test("a config of the folder's own decides, by level", async () => {
  const source = await policySource({
    "rules/transfer/a/rule.rego": UNTIDY,
    ".regal/config.yaml":
      "rules:\n  style:\n    yoda-condition: {level: warning}\n    prefer-snake-case: {level: ignore}\n",
  });
  const found = await regalFindings(source);
  expect(found?.problems).toEqual([]);
  expect(found?.warnings).toMatchObject([{ file: "rules/transfer/a/rule.rego", line: 8 }]);
});

test("a good source has no findings", async () => {
  const tidy = ruleText('require["X_X"] if input.kind == "transaction_signing"');
  const source = await policySource({ "rules/transfer/a/rule.rego": tidy });
  expect(await regalFindings(source)).toEqual({ problems: [], warnings: [] });
});
