import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexedRule, ruleIndex } from "../../test/support/policy.ts";
import { type CombineInput, combine, withWords } from "./combine.ts";
import type { Reason } from "./verdict.ts";

const INDEX = ruleIndex([
  indexedRule("transfer/listed", [{ code: "LISTED" }], { severity: "critical", title: "On the list" }),
  indexedRule("transfer/limits", [
    { code: "LIMIT" },
    { code: "SOFT_LIMIT", consequence: "hold" },
    { code: "UNUSUAL", consequence: "alert" },
  ]),
  indexedRule("transfer/law", [{ code: "LAWFUL" }], { mandatory: true, severity: "low" }),
  indexedRule("transfer/confirmed", [{ code: "CONFIRMED" }], { kinds: ["withdrawal_confirmation"] }),
  indexedRule("transfer/ordinary", [{ code: "ORDINARY", part: "approve" }]),
  indexedRule("transfer/confirming", [{ code: "CONFIRMING", part: "approve" }], {
    kinds: ["withdrawal_confirmation"],
  }),
  indexedRule("key/listed", [{ code: "LISTED" }], { group: "key", kinds: ["key_generation"] }),
]);

type Codes = Partial<Record<(typeof CODES)[number], unknown>>;
type Parts = Partial<Record<"require" | "approve", Codes>>;
type Answer = Partial<Record<(typeof RULES)[number], Parts>>;

const RULES = ["listed", "limits", "law", "confirmed", "ordinary", "confirming", "ghost"] as const;
const CODES = [
  "LISTED",
  "LIMIT",
  "SOFT_LIMIT",
  "UNUSUAL",
  "LAWFUL",
  "ORDINARY",
  "CONFIRMING",
  "GHOST",
] as const;

/** An answer in which all is true, with some of it replaced. */
function answer(change: (all: Answer) => void = () => {}): Answer {
  const all: Answer = {
    listed: { require: { LISTED: true } },
    limits: { require: { LIMIT: true, SOFT_LIMIT: true, UNUSUAL: true } },
    law: { require: { LAWFUL: true } },
    confirmed: { require: {} },
    ordinary: { approve: { ORDINARY: true } },
    confirming: { approve: {} },
  };
  change(all);
  return all;
}

function judge(result: unknown, rest: Partial<CombineInput> = {}) {
  return combine({
    index: INDEX,
    group: "transfer",
    kind: "transaction_signing",
    absent: new Map(),
    modes: {},
    result,
    ...rest,
  });
}

const without = (rule: (typeof RULES)[number], part: "require" | "approve") =>
  answer((all) => (all[rule] = { [part]: {} }));

describe("a result of another shape fails", () => {
  const shape = (rule?: string) => ({
    outcome: "failed",
    reasons: [expect.objectContaining({ code: "POLICY_SHAPE", ...(rule === undefined ? {} : { rule }) })],
    approvals: [],
    refusedRules: [],
  });

  it.each([undefined, null, true, "approve", 1, [], [answer()]])("where it is %j", (result) => {
    expect(judge(result)).toMatchObject(shape());
  });

  it("where a rule of the index is missing", () => {
    expect(judge(answer((all) => delete all.listed))).toMatchObject(shape("transfer/listed"));
  });

  it("where a rule that judges another kind is missing", () => {
    expect(judge(answer((all) => delete all.confirmed))).toMatchObject(shape("transfer/confirmed"));
  });

  it.each(["ghost", "__proto__", "constructor"])(
    "where the module has the rule %s and the index does not",
    (ghost) => {
      const result = JSON.parse(
        JSON.stringify(answer()).replace("{", `{"${ghost}":{"approve":{"GHOST":true}},`),
      );
      expect(judge(result)).toMatchObject(shape(`transfer/${ghost}`));
    },
  );

  it.each([
    ["no object", true],
    ["an array", [{ require: { LISTED: true } }]],
    ["without its part", {}],
    ["of another part", { approve: { LISTED: true } }],
    ["with one part more", { require: { LISTED: true }, approve: {} }],
    ["with an unknown part", { require: { LISTED: true }, deny: {} }],
    ["with an array for a part", { require: ["LISTED"] }],
    ["with an unknown code", { require: { LISTED: true, LISTD: true } }],
    ["with the string true", { require: { LISTED: "true" } }],
    ["with 1", { require: { LISTED: 1 } }],
    ["with null", { require: { LISTED: null } }],
    ["with an object", { require: { LISTED: { LISTED: true } } }],
  ])("where a rule is %s", (_name, listed) => {
    expect(judge({ ...answer(), listed })).toMatchObject(shape("transfer/listed"));
  });

  it("where a group without rules has an answer", () => {
    expect(
      judge({ ghost: { approve: { OK: true } } }, { group: "message", kind: "message_signing" }),
    ).toMatchObject({
      outcome: "failed",
    });
  });
});

describe("requirements", () => {
  it.each([{}, { LISTED: false }])("deny where the code is not true: %j", (codes) => {
    const verdict = judge(answer((all) => (all.listed = { require: codes })));
    expect(verdict.outcome).toBe("denied");
    expect(verdict.reasons).toEqual([
      {
        rule: "transfer/listed",
        code: "LISTED",
        message: "On the list",
        severity: "critical",
        consequence: "deny",
      },
    ]);
    expect(verdict.refusedRules).toEqual(["transfer/listed"]);
  });

  it("deny where a read is absent, though Rego said true", () => {
    const absent = new Map([["transfer/listed require LISTED", ["transaction.chain"]]]);
    const verdict = judge(answer(), { absent });
    expect(verdict.outcome).toBe("denied");
    expect(verdict.reasons).toMatchObject([
      {
        code: "LISTED",
        absent: ["transaction.chain"],
        message: "On the list: could not see transaction.chain",
      },
    ]);
  });

  it("hold where nothing denies", () => {
    const held = answer((all) => (all.limits = { require: { LIMIT: true, UNUSUAL: true } }));
    expect(judge(held)).toMatchObject({
      outcome: "held",
      reasons: [{ code: "SOFT_LIMIT", consequence: "hold" }],
    });
    const both = judge({ ...held, listed: { require: {} } });
    expect(both).toMatchObject({ outcome: "denied", reasons: [{ code: "LISTED" }, { code: "SOFT_LIMIT" }] });
  });

  it("alert beside an approval", () => {
    const verdict = judge(answer((all) => (all.limits = { require: { LIMIT: true, SOFT_LIMIT: true } })));
    expect(verdict).toMatchObject({ outcome: "approved", reasons: [], alerts: [{ code: "UNUSUAL" }] });
  });

  it("come the most severe first, then by rule and code", () => {
    const none = answer((all) => {
      all.listed = { require: {} };
      all.limits = { require: {} };
      all.law = { require: {} };
    });
    const { reasons, alerts } = judge(none);
    expect(reasons.map((reason) => reason.code)).toEqual(["LISTED", "LIMIT", "SOFT_LIMIT", "LAWFUL"]);
    expect(alerts.map((reason) => reason.code)).toEqual(["UNUSUAL"]);
  });

  it("of another kind are not judged", () => {
    expect(judge(answer(), { kind: "withdrawal_confirmation" })).toMatchObject({
      outcome: "denied",
      reasons: [{ code: "CONFIRMED" }],
    });
  });
});

describe("approvals", () => {
  it("are needed", () => {
    expect(judge(without("ordinary", "approve"))).toMatchObject({
      outcome: "unapproved",
      reasons: [
        {
          code: "NO_RULE_APPROVES",
          values: { approve_rules: [{ rule: "transfer/ordinary", code: "ORDINARY", why: "not fulfilled" }] },
        },
      ],
    });
  });

  it("do not count where a read is absent", () => {
    const absent = new Map([["transfer/ordinary approve ORDINARY", ["evidence.status"]]]);
    expect(judge(answer(), { absent })).toMatchObject({
      outcome: "unapproved",
      reasons: [{ code: "NO_RULE_APPROVES", absent: ["evidence.status"] }],
    });
  });

  it("of another kind do not count", () => {
    const other = answer((all) => {
      all.ordinary = { approve: {} };
      all.confirming = { approve: { CONFIRMING: true } };
    });
    expect(judge(other)).toMatchObject({ outcome: "unapproved" });
  });

  it("are not there where a group has no rules", () => {
    expect(judge(undefined, { group: "message", kind: "message_signing" })).toMatchObject({
      outcome: "unapproved",
      reasons: [{ code: "NO_RULE_APPROVES" }],
    });
  });

  it("approve where nothing refuses", () => {
    expect(judge(answer())).toEqual({
      outcome: "approved",
      reasons: [],
      alerts: [],
      approvals: [{ rule: "transfer/ordinary", code: "ORDINARY" }],
      refusedRules: [],
    });
  });
});

describe("modes", () => {
  it("do not reach a mandatory rule", () => {
    for (const mode of ["warn", "off"] as const) {
      expect(judge(without("law", "require"), { modes: { "transfer/law": mode } })).toMatchObject({
        outcome: "denied",
      });
    }
  });

  it("take an approval from the rule that they loosen", () => {
    for (const mode of ["warn", "off"] as const) {
      expect(judge(answer(), { modes: { "transfer/ordinary": mode } })).toMatchObject({
        outcome: "unapproved",
        reasons: [{ values: { approve_rules: [{ why: `mode ${mode}` }] } }],
      });
    }
  });

  it("keep the shape of a rule that is off", () => {
    const result = answer((all) => delete all.listed);
    expect(judge(result, { modes: { "transfer/listed": "off" } })).toMatchObject({ outcome: "failed" });
  });

  it("warn turns a refusal into an alert, off leaves it out, enforce changes nothing", () => {
    const result = without("limits", "require");
    const of = (mode: "warn" | "off" | "enforce") => judge(result, { modes: { "transfer/limits": mode } });
    expect(of("enforce").outcome).toBe("denied");
    expect(of("warn")).toMatchObject({
      outcome: "approved",
      alerts: [{ code: "LIMIT", consequence: "alert" }, { code: "SOFT_LIMIT" }, { code: "UNUSUAL" }],
    });
    expect(of("off")).toMatchObject({ outcome: "approved", alerts: [] });
  });
});

it("approves nothing but what is complete, whatever the answer", () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(true, true, true, false, "true", 1, null, {}),
    fc.jsonValue(),
  );
  const mutated = fc.record({
    rule: fc.constantFrom(...RULES),
    part: fc.constantFrom("require" as const, "approve" as const),
    code: fc.constantFrom(...CODES),
    value,
  });
  fc.assert(
    fc.property(fc.array(mutated, { maxLength: 4 }), (changes) => {
      const result = answer((all) => {
        for (const { rule, part, code, value: each } of changes)
          all[rule] = { ...all[rule], [part]: { [code]: each } };
      });
      const { outcome, reasons } = judge(result);
      const complete =
        Object.keys(result).length === 6 &&
        Object.values(result).every((parts) => Object.keys(parts).length === 1) &&
        result.listed?.require?.LISTED === true &&
        result.limits?.require?.LIMIT === true &&
        result.limits?.require?.SOFT_LIMIT === true &&
        result.law?.require?.LAWFUL === true &&
        result.ordinary?.approve?.ORDINARY === true;
      if (outcome === "approved") expect(complete).toBe(true);
      else expect(reasons.length).toBeGreaterThan(0);
    }),
  );
});

describe("words", () => {
  const reason: Reason = {
    rule: "transfer/limits",
    code: "LIMIT",
    message: "Limits",
    severity: "high",
    consequence: "deny",
  };
  const host: Reason = { code: "NO_RULE_APPROVES", message: "none", severity: "high", consequence: "deny" };

  it.each([
    undefined,
    null,
    [],
    "words",
    { "transfer/limits": [] },
    { "transfer/limits": { message: "text", values: [] } },
    { "transfer/limits": { message: { LIMIT: 1 }, values: "text" } },
    { "transfer/limits": { message: { LIMIT: "" } } },
    { "transfer/limits": { message: { OTHER: "words" } } },
    { "transfer/limits": { values: { pad: "x".repeat(4097) } } },
    { "transfer/other": { message: { LIMIT: "words" } } },
  ])("of another shape are left out: %j", (explained) => {
    expect(withWords([reason, host], explained)).toEqual([reason, host]);
  });

  it("are cut to length, never inside a character", () => {
    const explained = { "transfer/limits": { message: { LIMIT: `${"x".repeat(499)}😀` } } };
    expect(withWords([reason], explained)[0]?.message).toBe("x".repeat(499));
  });

  it("do not hide what could not be seen", () => {
    const blind = { ...reason, message: "Limits: could not see a.b", absent: ["a.b"] };
    const explained = {
      "transfer/limits": { message: { LIMIT: "<undefined> is over" }, values: { limit: "1" } },
    };
    expect(withWords([blind], explained)).toEqual([{ ...blind, values: { limit: "1" } }]);
  });

  it("nested too deeply to be written are left out, and cost nothing else", () => {
    const nested: unknown = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
    const explained = { "transfer/a": { values: { nested }, message: { A_A: "no" } } };
    const [words] = withWords([{ ...reason, rule: "transfer/a", code: "A_A" }], explained);
    expect(words).toEqual({ ...reason, rule: "transfer/a", code: "A_A", message: "no" });
  });

  it("replace the title", () => {
    const explained = { "transfer/limits": { message: { LIMIT: "11 is over 10" }, values: { limit: "10" } } };
    expect(withWords([reason], explained)).toEqual([
      { ...reason, message: "11 is over 10", values: { limit: "10" } },
    ]);
  });
});
