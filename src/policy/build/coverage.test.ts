import { expect, test } from "vitest";
import { coverageProblems, notFollowed } from "./coverage.ts";
import { inStage } from "./stage.ts";

const FOLLOWED = {
  input: new Set(["transaction.destinations.*.address", "lists.sanctions.*", "channel"]),
  data: new Set(["allowlist.*.*"]),
};

test("a path that was not followed is reported", () => {
  const missed = [
    ["input", "transaction", "chain"],
    ["input", "transaction", "destinations", "*", "memo"],
    ["input", "channel", "deeper"],
    ["data", "blocked"],
    ["data", "lib", "missing", "amount"],
  ];
  expect(notFollowed(missed, FOLLOWED)).toEqual(missed.map((path) => path.join(".")));
});

test("a path that is followed, or lies above one, is covered", () => {
  const covered = [
    ["input"],
    ["input", "transaction"],
    ["input", "transaction", "destinations", "*"],
    ["input", "lists", "sanctions", "0xaa"],
    ["input", "channel"],
    ["data", "allowlist", "ETH"],
    ["data", "rules", "transfer", "a", "helper"],
  ];
  expect(notFollowed(covered, FOLLOWED)).toEqual([]);
});

const RULE = "rules/transfer/a/rule.rego";

function withLibraries(rule: string): Map<string, string> {
  return new Map([
    [RULE, rule],
    ["lib/amount.rego", "package lib.amount\n\nint(text) := to_number(text)\n"],
    ["lib/daily.rego", "package lib.daily\n\nimport data.lib.amount\n\nspent := amount.int(input.spent)\n"],
    ["lib/other.rego", "package lib.other\n\nkind := input.kind\n"],
  ]);
}

/** What is missed of a rule whose reads were all overlooked. */
async function missed(body: string): Promise<string[]> {
  const texts = withLibraries(`package rules.transfer.a\n\nimport data.lib.daily\n\n${body}\n`);
  const module = { file: RULE, package: ["rules", "transfer", "a"], packageLine: 1 };
  const rule = { module, checks: [{ part: "require" as const }], facts: new Map() };
  const overlooked = { rule, input: new Set<string>(), data: new Set<string>() };
  const problems = await inStage(texts, (dir) => coverageProblems(dir, texts, [overlooked]));
  return problems.map(({ message }) => /reads (\S+):/.exec(message)?.[1] ?? message);
}

test("what a rule reads through libraries of libraries is reported where nobody followed it", async () => {
  expect(await missed('require["X"] if daily.spent > input.limit')).toEqual(["input.limit", "input.spent"]);
});
