import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policySource, removePolicySources, ruleText } from "../../../test/support/policy-source.ts";
import { analyseSource } from "./build.ts";
import { BuildError, type Problem } from "./problem.ts";

interface Case {
  /** The files of the source, besides one good rule. A lone rule `transfer/b` shares its folder with others. */
  readonly files: Readonly<Record<string, string>>;
  /** It needs a folder of its own, because OPA stops at the first of its stages that finds anything. */
  readonly alone?: true;
  /** `file:line: message` of one problem; `undefined` where the source is good. */
  readonly problem: RegExp | undefined;
}

const B = "rules/transfer/b/rule.rego";

const GOOD = ruleText('require["X_X"] if input.channel == "tss.v2"');

function rule(body: string, custom: readonly string[] = ["requires: {X_X: deny}"]): Record<string, string> {
  return { "rules/transfer/b/rule.rego": ruleText(body, { name: "transfer/b", custom }) };
}

const FINE = 'require["X_X"] if input.channel == "tss.v2"';
const AT = String.raw`^rules/transfer/b/rule\.rego:\d+: `;

/** Each line of section 4 of the rule contract, and the lines around it that belong to the same form. */
const CASES: Readonly<Record<string, Case>> = {
  "a good rule": { files: {}, problem: undefined },
  "the dotted spelling": {
    alone: true,
    files: rule('require.X_X if input.channel == "tss.v2"'),
    problem: undefined,
  },
  "a code that is not in METADATA": {
    files: rule(`${FINE}\n\nrequire["Y_Y"] if input.channel == "tss.v1"`),
    problem: new RegExp(`${AT}Y_Y is not in METADATA`),
  },
  "an approval that is not in METADATA": {
    files: rule(`${FINE}\n\napprove["Y_Y"] if input.channel == "tss.v1"`),
    problem: new RegExp(`${AT}Y_Y is not in METADATA: add .approves`),
  },
  "a code that is not in Rego": {
    files: rule(FINE, ["requires: {X_X: deny, Y_Y: hold}"]),
    problem: new RegExp(`${AT}METADATA lists Y_Y`),
  },
  "a misspelt part": {
    files: rule('requires["X_X"] if input.channel == "tss.v2"'),
    problem: new RegExp(`${AT}METADATA lists X_X`),
  },
  "a code in the wrong part": {
    files: rule('approve["X_X"] if input.channel == "tss.v2"'),
    problem: new RegExp(`${AT}X_X is not in METADATA`),
  },
  "METADATA with a second document": {
    files: {
      "rules/transfer/b/rule.rego": `# METADATA\n# title: A\n# custom: {severity: low, requires: {X_X: alert}}\n# ---\n# title: B\n# custom: {severity: high, requires: {X_X: deny}}\npackage rules.transfer.b\n\n${FINE}\n`,
    },
    problem: new RegExp(`${AT}METADATA ends at a line`),
  },
  "a package of two steps that spells as three": {
    files: {
      "rules/transfer/b/rule.rego": ruleText(FINE, { name: "transfer/b" }).replace(
        "package rules.transfer.b",
        'package rules["transfer.b"]',
      ),
    },
    problem: new RegExp(`${AT}the package must be the folder`),
  },
  "a fact by a variable": {
    files: rule(
      `by := "transaction.destinations[].address"\n\nfacts["n"] := {"kind": "sum", "by": [by]}\n\n${FINE}`,
    ),
    problem: new RegExp(`${AT}facts\\["n"\\]: .kind. and .by. are literals`),
  },
  "a rule's file under another name": {
    files: { "rules/transfer/b/rule.rego.off": GOOD },
    problem: /^rules\/transfer\/b\/rule\.rego: is not there/,
  },
  "a rule's file in capitals": {
    files: { "rules/transfer/b/rule.REGO": GOOD },
    problem: /^rules\/transfer\/b\/rule\.REGO: is read by nothing/,
  },
  "a rule that left its tests behind": {
    files: { "rules/transfer/b/rule_test.rego": "package tests.transfer.b\n\ntest_x if true\n" },
    problem: /^rules\/transfer\/b\/rule\.rego: is not there/,
  },
  "METADATA on a rule instead of the package": {
    files: {
      "rules/transfer/b/rule.rego": [
        "package rules.transfer.b\n",
        "# METADATA",
        "# title: A rule",
        "# custom: {severity: high, requires: {X_X: deny}}",
        FINE,
        "",
      ].join("\n"),
    },
    problem: new RegExp(`${AT}METADATA with .custom. stands above a rule`),
  },
  "no METADATA": {
    files: { "rules/transfer/b/rule.rego": `package rules.transfer.b\n\n${FINE}\n` },
    problem: new RegExp(`${AT}has no METADATA`),
  },
  "no title": {
    files: {
      "rules/transfer/b/rule.rego": `# METADATA\n# custom: {severity: high, requires: {X_X: deny}}\npackage rules.transfer.b\n\n${FINE}\n`,
    },
    problem: new RegExp(`${AT}METADATA has no .title.`),
  },
  "a consequence in capitals": {
    files: rule(FINE, ["requires: {X_X: Deny}"]),
    problem: new RegExp(`${AT}METADATA custom\\.requires\\.X_X`),
  },
  "kinds as a string": {
    files: rule(FINE, ["requires: {X_X: deny}", "kinds: transaction_signing"]),
    problem: new RegExp(`${AT}METADATA custom\\.kinds`),
  },
  "a kind of another group": {
    files: rule(FINE, ["requires: {X_X: deny}", "kinds: [deposit]"]),
    problem: new RegExp(`${AT}METADATA custom\\.kinds: deposit is not of the group transfer`),
  },
  "an unknown severity": {
    files: rule(FINE, ["requires: {X_X: deny}", "severity_: low"]),
    problem: new RegExp(`${AT}METADATA custom: unknown severity_; known are severity, kinds`),
  },
  "no code at all": {
    files: rule("helper if input.channel", []),
    problem: new RegExp(`${AT}METADATA custom: a rule has codes`),
  },
  "a code of the host": {
    files: rule('require["HELD"] if input.channel == "tss.v2"', ["requires: {HELD: deny}"]),
    problem: new RegExp(`${AT}METADATA custom.*the host's own`),
  },
  "a code of the host's flags": {
    files: rule('require["UNDECIDED"] if input.channel == "tss.v2"', ["requires: {UNDECIDED: alert}"]),
    problem: new RegExp(`${AT}METADATA custom.*the host's own`),
  },
  "a code in lower case": {
    files: rule('require["x_x"] if input.channel == "tss.v2"', ["requires: {x_x: deny}"]),
    problem: new RegExp(`${AT}METADATA custom.*capital letters`),
  },
  "a code in both parts of METADATA": {
    files: rule(FINE, ["requires: {X_X: deny}", "approves: [X_X]"]),
    problem: new RegExp(`${AT}METADATA custom: a code stands twice`),
  },
  "two files of one package": {
    files: { ...rule(FINE), "rules/transfer/b/more.rego": "package rules.transfer.b\n\nhelper := 1\n" },
    problem: /^rules\/transfer\/b\/more\.rego:1: no rule or library lies here/,
  },
  "METADATA of one package in two files": {
    files: {
      ...rule(FINE),
      "rules/transfer/b/more.rego": ruleText("helper := 1", { name: "transfer/b" }),
    },
    problem: /^rules\/transfer\/b\/more\.rego:\d+: no rule or library lies here/,
  },
  "METADATA with a key twice": {
    alone: true,
    files: rule(FINE, ["requires: {X_X: deny}", "requires: {X_X: alert}"]),
    problem: /mapping key "requires" already defined/,
  },
  "METADATA above a blank line": {
    alone: true,
    files: {
      [B]: ruleText(FINE, { name: "transfer/b" }).replace("package", "\npackage"),
    },
    problem: undefined,
  },
  "the same package in another folder": {
    files: { "rules/transfer/c/rule.rego": ruleText(FINE, { name: "transfer/a" }) },
    problem:
      /^rules\/transfer\/c\/rule\.rego:6: the package must be the folder: `package rules\.transfer\.c`/,
  },
  "a test in the rule's package": {
    files: { "rules/transfer/a/rule_test.rego": 'package rules.transfer.a\n\nrequire["X_X"] if true\n' },
    problem: /^rules\/transfer\/a\/rule_test\.rego:1: tests lie in packages of their own/,
  },
  "a test elsewhere": {
    files: { "more/a_test.rego": "package tests.a\n\ntest_a if true\n" },
    problem: /^more\/a_test\.rego: a test lies beside its rule/,
  },
  "the package of a group": {
    files: { "rules/transfer/rule.rego": 'package rules.transfer\n\na.require["X_X"] if true\n' },
    problem: /^rules\/transfer\/rule\.rego:1: no rule or library lies here/,
  },
  "the package of a group, in a rule's folder": {
    files: { "rules/transfer/b/rule.rego": 'package rules.transfer\n\na.require["X_X"] if true\n' },
    problem: /^rules\/transfer\/b\/rule\.rego:1: the package must be the folder/,
  },
  "the package of a part": {
    files: { "rules/transfer/b/rule.rego": "package rules.transfer.a.require\n\nX_X if true\n" },
    problem: /^rules\/transfer\/b\/rule\.rego:1: the package must be the folder/,
  },
  "a deeper folder": {
    files: { "rules/transfer/b/c/rule.rego": "package rules.transfer.b.c\n\nx := 1\n" },
    problem: /^rules\/transfer\/b\/c\/rule\.rego:1: no rule or library lies here/,
  },
  "an unknown group": {
    files: { "rules/transfers/b/rule.rego": ruleText(FINE, { name: "transfers/b" }) },
    problem: /^rules\/transfers\/b\/rule\.rego:6: there is no group transfers/,
  },
  "a file in countersign": {
    files: { "countersign/more.rego": "package countersign\n\ndecision := {}\n" },
    problem: /^countersign\/more\.rego: countersign\/ is written by/,
  },
  "package countersign elsewhere": {
    files: { "rules/transfer/b/rule.rego": "package countersign\n\ndecision := {}\n" },
    problem: /^rules\/transfer\/b\/rule\.rego:1: the package must be the folder/,
  },
  "package countersign in lib": {
    files: { "lib/b.rego": "package countersign\n\ndecision := {}\n" },
    problem: /^lib\/b\.rego:1: must be `package lib\.b`/,
  },
  "a rule's package in lib": {
    files: { "lib/b.rego": 'package rules.transfer.a\n\nrequire["X_X"] if true\n' },
    problem: /^lib\/b\.rego:1: must be `package lib\.b`/,
  },
  "a library of the product's name": {
    files: { "lib/amount.rego": "package lib.amount\n\nint(x) := 0\n" },
    problem: /^lib\/amount\.rego: the product has a library of this name/,
  },
  "Rego elsewhere": {
    files: { "more.rego": "package more\n\nx := 1\n" },
    problem: /^more\.rego:1: no rule or library lies here/,
  },
  "data at a rule's place": {
    files: { "data.json": '{"rules": {"transfer": {"a": {"require": {"X_X": true}}}}}' },
    problem: /^data\.json: data\.rules: the name is taken/,
  },
  "a default": {
    files: rule(`default require["X_X"] := true\n\n${FINE}`),
    problem: new RegExp(`${AT}code-form`),
  },
  "a default object": {
    files: rule(`default require := {"X_X": true}`),
    problem: new RegExp(`${AT}code-form`),
  },
  "a variable code": {
    files: rule('require[code] if some code in ["X_X"]'),
    problem: new RegExp(`${AT}code-form: the code is a variable`),
  },
  "a code out of the input": {
    files: rule("require[code] if some code in input.signing.paths"),
    problem: new RegExp(`${AT}code-form: the code is a variable`),
  },
  "a set": {
    files: rule('require contains "X_X" if input.channel'),
    problem: new RegExp(`${AT}code-form: this is a set`),
  },
  "an object": {
    files: rule('require := {"X_X": input.channel == "tss.v2"}'),
    problem: new RegExp(`${AT}code-form: this is the whole object`),
  },
  "a value": {
    files: rule('require["X_X"] := "yes" if input.channel'),
    problem: new RegExp(`${AT}code-form: a value is assigned`),
  },
  "a value without a condition": {
    files: rule('require["X_X"] := true'),
    problem: new RegExp(`${AT}code-form: a value is assigned`),
  },
  "a third term": {
    files: rule('require["X_X"]["sub"] if input.channel'),
    problem: new RegExp(`${AT}code-form: there is more than one step`),
  },
  "a function": {
    files: rule("require(x) if x"),
    problem: new RegExp(`${AT}code-form: this is a function`),
  },
  "an else": {
    files: rule('require["X_X"] if {\n\tinput.channel == "x"\n} else if {\n\tinput.channel == "y"\n}'),
    problem: new RegExp(`${AT}code-form: an else`),
  },
  "true and false for one code": {
    files: rule(`${FINE}\n\nrequire["X_X"] := false if input.channel == "tss.v1"`),
    problem: new RegExp(`${AT}code-form: a value is assigned`),
  },
  "two bodies for one code": {
    files: rule(`${FINE}\n\nrequire["X_X"] if input.channel == "tss.v1"`),
    problem: new RegExp(`${AT}one-body-per-code: X_X has a body in line 8`),
  },
  "a message for a foreign code": {
    files: rule(`${FINE}\n\nmessage["Y_Y"] := "no"`),
    problem: new RegExp(`${AT}message\\["Y_Y"\\]: the rule has no code`),
  },
  "a fact with a condition": {
    files: rule(`${FINE}\n\nfacts["n"] := {"kind": "sum", "by": []} if input.channel`),
    problem: new RegExp(`${AT}a fact is`),
  },
  "a fact with a variable kind": {
    files: rule(`${FINE}\n\nkind := "sum"\n\nfacts["n"] := {"kind": kind, "by": []}`),
    problem: new RegExp(`${AT}facts\\["n"\\]: .kind. and .by. are literals`),
  },
  "rego.metadata in words": {
    alone: true,
    files: rule(`${FINE}\n\nvalues := {"severity": rego.metadata.chain()[1].annotations.custom.severity}`),
    problem: undefined,
  },
  "rego.metadata that is not there": {
    alone: true,
    files: rule(`${FINE}\n\nvalues := {"x": rego.metadata.rule().custom.x}`),
    problem: new RegExp(`${AT}undefined ref`),
  },
  "a rule that reads its own group": {
    files: rule('require["X_X"] if data.rules.transfer'),
    problem: new RegExp(`${AT}no-cross-rule`),
  },
  "a rule that reads another rule": {
    files: rule('require["X_X"] if data.rules.transfer.a.require.X_X'),
    problem: new RegExp(`${AT}no-cross-rule`),
  },
  "an import of another rule": {
    files: rule('import data.rules.transfer.a\n\nrequire["X_X"] if a.require.X_X'),
    problem: new RegExp(`${AT}no-cross-rule`),
  },
  "a rule that reads the entrypoints": {
    files: rule('require["X_X"] if data.countersign.facts'),
    problem: new RegExp(`${AT}no-cross-rule`),
  },
  "a library that reads a rule": {
    files: { "lib/b.rego": "package lib.b\n\nx := data.rules.transfer.a.require\n" },
    problem: /^lib\/b\.rego:3: no-cross-rule/,
  },
  "words that read another rule": {
    files: rule(`${FINE}\n\nvalues := {"other": data.rules.transfer.a.require}`),
    problem: new RegExp(`${AT}no-cross-rule`),
  },
  "data as a whole": {
    files: rule(`${FINE}\n\nvalues := {"all": data}`),
    problem: new RegExp(`${AT}no-cross-rule`),
  },
  "with in a rule": {
    files: rule('require["X_X"] if input.now.hour == 2 with input.now as {"hour": 2}'),
    problem: new RegExp(`${AT}no-with`),
  },
  "with in a loop of a library": {
    files: {
      "lib/b.rego":
        "package lib.b\n\nx if {\n\tevery y in [1] {\n\t\tinput.now.hour == y with input.now as {}\n\t}\n}\n",
    },
    problem: /^lib\/b\.rego:5: no-with/,
  },
  "a helper with the name of a built-in's family": {
    files: rule(`${FINE}\n\narray.reverse(xs) if {\n\tevery x in xs {\n\t\tnot x.memo == "bad"\n\t}\n}`),
    problem: new RegExp(`${AT}no-shadow: array is the name of a built-in: give the rule`),
  },
  "a helper with the name of an operator": {
    files: rule(`${FINE}\n\neq(_, _) := true`),
    problem: new RegExp(`${AT}no-shadow: eq is the name`),
  },
  "a helper with the name of a built-in, in a library": {
    files: { "lib/b.rego": "package lib.b\n\ninternal.member_2(_, _) := true\n" },
    problem: /^lib\/b\.rego:3: no-shadow: internal is the name/,
  },
  "a function imported as an operator": {
    files: {
      ...rule('import data.lib.b.f as eq\n\nrequire["X_X"] if input.channel = "tss.v1"'),
      "lib/b.rego": "package lib.b\n\nf(_, _) := true\n",
    },
    problem: new RegExp(`${AT}no-shadow: eq is the name of a built-in: import it .as. another name`),
  },
  "a helper with the name of an import": {
    files: rule(
      `import input.transaction.destinations as dests\n\ndests := [{"memo": "x"}]\n\nrequire["X_X"] if {\n\tcount(input.transaction.destinations) > 0\n\tevery d in dests {\n\t\tnot d.memo == "bad"\n\t}\n}`,
    ),
    problem: /rule\.rego:10: no-shadow: dests is imported in line 8, which hides this rule/,
  },
  "an entrypoint in a rule": {
    files: rule(`# METADATA\n# entrypoint: true\n${FINE}`),
    problem: new RegExp(`${AT}no-entrypoint`),
  },
  "an import of the other not": {
    files: rule(`import future.keywords.not\n\n${FINE}`),
    problem: new RegExp(`${AT}import future\\.keywords\\.not`),
  },
  "a built-in that differs in WebAssembly": {
    alone: true,
    files: rule(`${FINE}\n\nvalues := {"n": sprintf("%d", [1])}`),
    problem: new RegExp(`${AT}undefined function sprintf`),
  },
  "words that misspell a member": {
    alone: true,
    files: rule(`${FINE}\n\nvalues := {"n": input.chanel}`),
    problem: new RegExp(`${AT}undefined ref: input\\.chanel`),
  },
  "what is no Rego": { alone: true, files: rule(`${FINE}\n\nvalues := {`), problem: new RegExp(`${AT}`) },
};

const found = new Map<string, readonly Problem[]>();

beforeAll(async () => {
  const base = { "data.json": "{}", "rules/transfer/a/rule.rego": GOOD };
  const shared = new Map<string, string>();
  for (const [name, { files, alone }] of Object.entries(CASES)) {
    const text = files[B];
    if (
      alone === undefined &&
      text?.includes("package rules.transfer.b\n") &&
      Object.keys(files).length === 1
    ) {
      shared.set(`b${shared.size}`, name);
    } else {
      found.set(name, (await analyseSource(await policySource({ ...base, ...files }))).problems);
    }
  }
  const rules = [...shared].map(([as, name]) => [
    B.replace("/b/", `/${as}/`),
    (CASES[name]?.files[B] ?? "").replace("package rules.transfer.b\n", `package rules.transfer.${as}\n`),
  ]);
  const dir = await policySource({ ...base, ...Object.fromEntries(rules) });
  const { problems } = await analyseSource(dir);
  for (const [as, name] of shared) {
    const file = B.replace("/b/", `/${as}/`);
    found.set(
      name,
      problems.filter((each) => each.file === file).map((each) => ({ ...each, file: B })),
    );
  }
});

afterAll(removePolicySources);

describe("the rule index", () => {
  for (const [name, { problem }] of Object.entries(CASES)) {
    test(name, () => {
      const problems = found.get(name) ?? [];
      const lines = new BuildError(problems).message.split("\n");
      if (problem === undefined) expect(problems).toEqual([]);
      else expect(lines.some((line) => problem.test(line)) ? problem.source : lines).toBe(problem.source);
    });
  }

  test("one index entry holds all that the host must know", async () => {
    const dir = await policySource({
      "data.json": '{"allow": {}}',
      "rules/key/b/rule.rego": ruleText(
        [
          'facts["n"] := {"kind": "count", "by": []}\n',
          'require["ONE"] if data.allow[input.key.curve]\n',
          'approve["TWO"] if input.key.threshold == 2\n',
          'values["a"] := 1\n',
          'message["ONE"] := "no"',
        ].join("\n"),
        {
          name: "key/b",
          custom: [
            "kinds: [key_generation]",
            "requires: {ONE: hold}",
            "approves: [TWO]",
            "optional: [key.curve]",
            "allow_empty: [allow]",
            "mandatory: true",
          ],
        },
      ),
    });
    const { index, problems } = await analyseSource(dir);
    expect(problems).toEqual([]);
    expect(index.rules).toEqual([
      {
        name: "key/b",
        group: "key",
        file: "rules/key/b/rule.rego",
        title: "A rule",
        description: "",
        severity: "high",
        kinds: ["key_generation"],
        mandatory: true,
        checks: [
          { code: "ONE", part: "require", consequence: "hold", line: 15, reads: ["key.curve"] },
          { code: "TWO", part: "approve", line: 17, reads: ["key.threshold"] },
        ],
        optional: ["key.curve"],
        data: [{ path: "allow", type: "object", allow_empty: true }],
        data_uses: [{ path: "allow", uses: ["key"] }],
        has_values: true,
        messages: ["ONE"],
        has_facts: true,
      },
    ]);
  });

  test("rules on pushes: what they flag once, and nothing to approve", async () => {
    const once = 'require["X_X"] if input.deposit.status == "success"';
    const deposit = (...custom: string[]) => ruleText(once, { name: "deposit/b", custom });
    const severe = deposit("requires: {X_X: deny}", "flag_once: token_day");
    const light = severe.replace("severity: high", "severity: medium");
    const dir = await policySource({
      "rules/deposit/b/rule.rego": light,
    });
    const { index, problems } = await analyseSource(dir);
    expect(problems).toEqual([]);
    expect(index.rules).toMatchObject([{ name: "deposit/b", flag_once: "token_day", kinds: ["deposit"] }]);

    const wrong: readonly (readonly [string, string, RegExp])[] = [
      ["deposit", deposit("requires: {X_X: deny}", "flag_once: day"), /custom\.flag_once: /],
      ["deposit", severe, /custom\.flag_once: a flag of severity high holds what it is about/],
      [
        "deposit",
        severe.replace("severity: high", "severity: critical"),
        /custom\.flag_once: a flag of severity critical holds what it is about/,
      ],
      [
        "deposit",
        ruleText(`${once}\n\n${once.replace("require", "approve").replace("X_X", "Y_Y")}`, {
          name: "deposit/b",
          custom: ["requires: {X_X: deny}", "approves: [Y_Y]"],
        }),
        /custom\.approves: nobody asks before a deposit/,
      ],
      [
        "transfer",
        ruleText(FINE, { name: "transfer/b", custom: ["requires: {X_X: deny}", "flag_once: token_day"] }),
        /custom\.flag_once: only rules on pushes raise flags/,
      ],
    ];
    for (const [group, text, message] of wrong) {
      const { problems } = await analyseSource(await policySource({ [`rules/${group}/b/rule.rego`]: text }));
      expect(problems.map((problem) => problem.message).join("\n")).toMatch(message);
    }
  });

  test("facts that may be absent, by group: of a deposit by its senders, of a message by whom it pays", async () => {
    const asking = (name: string, by: string) => ({
      [`rules/${name}/rule.rego`]: ruleText(
        `facts["n"] := {"kind": "count", "by": ["${by}"]}\n\nrequire["X_X"] if {\n\tevery n in input.facts.b.n {\n\t\tn == "0"\n\t}\n}`,
        { name, custom: ["requires: {X_X: deny}", "optional: [facts.b.n]"] },
      ),
    });
    const [senders, recipients] = ["transaction.sources[].address", "transaction.destinations[].address"];
    for (const files of [asking("deposit/b", senders), asking("message/b", recipients)]) {
      expect((await analyseSource(await policySource(files))).problems).toEqual([]);
    }
    for (const files of [
      asking("deposit/b", recipients),
      asking("message/b", senders),
      asking("transfer/b", senders),
      asking("withdrawal/b", senders),
    ]) {
      const { problems } = await analyseSource(await policySource(files));
      expect(problems.map(({ message }) => message)).toEqual([
        expect.stringContaining("`optional` lists facts.b.n: without it nothing is seen"),
      ]);
    }
  });
});
