/**
 * docs/lint.md: a section for each check, whose samples are built: the refused one fails by that check and no other, the
 * other one builds.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { analyseSource } from "../src/policy/build/build.ts";
import { LINT_CHECKS } from "../src/policy/build/lint/checks.ts";
import { policySource, removePolicySources, ruleText } from "./support/policy-source.ts";

const PAGE = await readFile(new URL("../docs/lint.md", import.meta.url), "utf8");

const NAMES = Object.keys(LINT_CHECKS);
const SECTIONS = new Map(
  PAGE.split(/^(?=#{2,3} )/m).flatMap((text) => {
    const name = /^### `([a-z-]+)`\n/.exec(text)?.[1];
    return name === undefined ? [] : [[name, text] as const];
  }),
);

/** The Rego of a section's sample that begins with this comment. */
function sample(name: string, mark: "refused" | "passes"): string {
  const found = new RegExp(`\`\`\`rego\\n# ${mark}\\n(.*?)\`\`\``, "s").exec(SECTIONS.get(name) ?? "");
  if (found?.[1] === undefined) throw new Error(`docs/lint.md has no sample of ${name} that is ${mark}`);
  return found[1];
}

/** The passing sample of `own-facts` names its rule. */
function ruleName(name: string, mark: "refused" | "passes"): string {
  const short = name.replaceAll("-", "_");
  return mark === "passes" ? short : `${short}_refused`;
}

function fileOf(name: string, mark: "refused" | "passes"): string {
  return `rules/transfer/${ruleName(name, mark)}/rule.rego`;
}

let found: Map<string, string[]>;

beforeAll(async () => {
  const data = /```yaml\n# data\n(.*?)```/s.exec(PAGE)?.[1] ?? "";
  const files: Record<string, string> = { "data.json": JSON.stringify(parse(data)) };
  for (const name of SECTIONS.keys()) {
    for (const mark of ["refused", "passes"] as const) {
      files[fileOf(name, mark)] = ruleText(sample(name, mark), { name: `transfer/${ruleName(name, mark)}` });
    }
  }
  const { problems, lint } = await analyseSource(await policySource(files));
  found = new Map();
  for (const { file, message } of [...problems, ...lint])
    found.set(file, [...(found.get(file) ?? []), message]);
});

afterAll(removePolicySources);

test("there is a section for each check, and for nothing else", () => {
  expect([...SECTIONS.keys()].sort()).toEqual([...NAMES].sort());
});

describe.each(NAMES)("%s", (name) => {
  test("the refused sample fails by it alone", () => {
    const checks = (found.get(fileOf(name, "refused")) ?? []).map((message) => message.split(": ", 1)[0]);
    expect([...new Set(checks)]).toEqual([name]);
  });

  test("the other one passes", () => {
    expect(found.get(fileOf(name, "passes")) ?? []).toEqual([]);
  });

  test("the section says why, and what to write instead", () => {
    expect(SECTIONS.get(name)).toMatch(/\*\*Why\.\*\*/);
    expect(SECTIONS.get(name)).toMatch(/\*\*Instead\*\*/);
  });
});
