import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { IndexedRule } from "../rule-index.ts";
import { generateEntrypoints } from "./entrypoints.ts";

function rule(
  name: string,
  parts: readonly ("require" | "approve")[],
  words: Partial<IndexedRule> = {},
): IndexedRule {
  const [group] = name.split("/");
  return {
    name,
    group: group === "key" ? "key" : "transfer",
    file: `rules/${name}/rule.rego`,
    title: "A",
    description: "",
    severity: "high",
    kinds: ["transaction_signing"],
    mandatory: false,
    checks: parts.map((part, at) => ({ code: `X_${at}X`, part, line: 1, reads: [] })),
    optional: [],
    data: [],
    data_uses: [],
    has_values: false,
    messages: [],
    has_facts: false,
    ...words,
  };
}

const RULES = [
  rule("key/ceremony", ["approve"]),
  rule("transfer/daily_limit", ["require"], { has_values: true, messages: ["X_0X"], has_facts: true }),
  rule("transfer/ordinary", ["require", "approve"], { messages: ["X_0X"] }),
];

const GOLDEN = `# METADATA
# description: Written by \`policy build\` from the rules. It collects; the host decides.
package countersign

# METADATA
# entrypoint: true
# scope: document
# description: The verdicts of the document's group. Nothing else of a rule is evaluated.
decision := {
	"daily_limit": {"require": data.rules.transfer.daily_limit.require},
	"ordinary": {"require": data.rules.transfer.ordinary.require, "approve": data.rules.transfer.ordinary.approve},
} if input.group == "transfer"

decision := {} if input.group == "message"

decision := {
	"ceremony": {"approve": data.rules.key.ceremony.approve},
} if input.group == "key"

decision := {} if input.group == "deposit"

decision := {} if input.group == "withdrawal"

# METADATA
# entrypoint: true
# description: The words of the rules that the host asks about. Read by people, never judged.
explain := words

words["transfer/daily_limit"].values := data.rules.transfer.daily_limit.values if "transfer/daily_limit" in asked

words["transfer/daily_limit"].message := data.rules.transfer.daily_limit.message if "transfer/daily_limit" in asked

words["transfer/ordinary"].message := data.rules.transfer.ordinary.message if "transfer/ordinary" in asked

asked := object.get(input, "explain", [])

# METADATA
# entrypoint: true
# description: What the rules ask of history. Asked once, when the release goes live; reads no input.
facts := {
	"transfer": {"daily_limit": data.rules.transfer.daily_limit.facts},
}
`;

/** What `opa fmt` makes of the text. */
function formatted(text: string): string {
  const opa = fileURLToPath(new URL("../../../tools/bin/opa", import.meta.url));
  return execFileSync(opa, ["fmt"], { input: text, encoding: "utf8" });
}

test("names each part of each rule, and nothing else", () => {
  expect(generateEntrypoints({ rules: RULES })).toBe(GOLDEN);
});

test("is formatted as OPA formats", () => {
  expect(formatted(GOLDEN)).toBe(GOLDEN);
});

test("has all entrypoints without any rule", () => {
  const text = generateEntrypoints({ rules: [] });
  expect(formatted(text)).toBe(text);
  expect(text).toContain("\nexplain := {}\n");
  expect(text).toContain("\nfacts := {}\n");
});
