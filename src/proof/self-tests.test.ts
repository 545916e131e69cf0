import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SEEDS } from "../../test/fixtures/pushes/pushes.ts";
import { withoutEnd } from "../../test/support/endless-rego.ts";
import { compileRego, indexedRule, releaseOf as read, ruleIndex } from "../../test/support/policy.ts";
import { releaseOf } from "../../test/support/rego.ts";
import { activateRelease } from "../policy/activate.ts";
import type { LiveRelease } from "../policy/live.ts";
import { ANSWERS_NOBODY } from "../policy/prover.ts";
import { LateReleaseError } from "../policy/release.ts";
import type { SelfTest } from "../policy/self-tests.ts";
import { proveSelfTests, resultText, runSelfTests } from "./self-tests.ts";

const PAID = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";
const TRANSFER = readFileSync("bundles/demo/requests/listed-transfer.json", "utf8");
const NOW = 1_756_953_990_112;

const metadata = (custom: string): string =>
  `# METADATA\n# title: A rule\n# custom:\n#   severity: high\n${custom.replaceAll(/^/gm, "#   ")}\n`;

const RULES = {
  "data.yaml": `allowlist: {"${PAID}": {name: cold}}\ntokens: {ETH: {chain: ETH, decimals: 18}}\n`,
  "rules/transfer/pays/rule.rego": `${metadata("kinds: [transaction_signing, withdrawal_confirmation]\napproves: [PAYS]")}package rules.transfer.pays

approve["PAYS"] if {
	every destination in input.transaction.destinations {
		data.allowlist[destination.address]
	}
}
`,
  "rules/transfer/limit/rule.rego": `${metadata("requires: {LIMIT: hold, LARGE: alert}")}package rules.transfer.limit

import data.lib.amount

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": "24h"}

facts["paid"] := {"kind": "count", "by": ["transaction.destinations[].address"]}

after := amount.int(input.facts.limit.spent) + amount.int(input.transaction.total_usd_micros)

require["LIMIT"] if after <= 1000000

require["LARGE"] if {
	after <= 300000
	every destination in input.transaction.destinations {
		amount.int(input.facts.limit.paid[destination.address]) < 5
	}
}
`,
  "rules/transfer/listed/rule.rego": `${metadata("kinds: [transaction_signing]\nrequires: {LISTED: deny}")}package rules.transfer.listed

require["LISTED"] if {
	every destination in input.transaction.destinations {
		not input.lists.sanctions[destination.address]
	}
}
`,
  "rules/deposit/sender/rule.rego": `${metadata("requires: {SENDER: deny, MUCH: alert}\noptional: [transaction.sources]")}package rules.deposit.sender

require["SENDER"] if {
	every source in input.transaction.sources {
		not input.lists.sanctions[source.address]
	}
}

require["MUCH"] if input.deposit.confirmations > 20
`,
};

let live: LiveRelease;
beforeAll(async () => {
  live = await releaseOf(RULES, { prover: ANSWERS_NOBODY });
});
afterAll(() => live.engine.close());

function transfer(expects: SelfTest["expect"], members: Partial<SelfTest> = {}): SelfTest {
  return {
    title: "a transfer",
    place: "cases/a.yaml:1",
    channel: "tss.v2",
    request: TRANSFER,
    now: NOW,
    prices: { ETH: "3000" },
    expect: expects,
    ...members,
  };
}

async function one(test: SelfTest) {
  const [result] = await runSelfTests(live, [test]);
  if (result === undefined) throw new Error("it did not run");
  return result;
}

const sanctions = { [PAID]: { name: "somebody" } };
const deposit = { channel: "push.custodial", request: SEEDS.custodial, prices: {} } as const;
const SENDER = "TWDchZBmYvTQBeXD4w8rRUowDv5ka8kiFU";

describe("a case that is not as expected says what came out", () => {
  it.each<[string, SelfTest, string]>([
    ["another outcome", transfer({ outcome: "denied" }), "expected denied, found approved"],
    [
      "the outcome by other codes",
      transfer({ outcome: "held", codes: ["OTHER"] }, { facts: { limit: { spent: "900000" } } }),
      "expected held with OTHER, found held with HELD (host), LIMIT (transfer/limit), LARGE (transfer/limit)",
    ],
    ["of a push", transfer({ outcome: "flagged" }, deposit), "expected flagged, found clear"],
    [
      "what nobody can read",
      transfer({ outcome: "approved" }, { request: '{"request_type":2}' }),
      "expected approved, found unusable with REQUEST_SCHEMA (host)",
    ],
    [
      "a ping",
      transfer({ outcome: "approved" }, { request: '{"request_id":"p"}' }),
      "expected approved, found unusable with KIND_UNKNOWN (host)",
    ],
    [
      "history that no rule asks for",
      transfer({ outcome: "approved" }, { facts: { limit: { spend: "0" } } }),
      "no rule asks history for limit.spend",
    ],
    [
      "a list that no rule reads",
      transfer({ outcome: "approved" }, { lists: { sanction: {} } }),
      "no rule reads the list sanction",
    ],
  ])("%s", async (_name, test, text) => {
    const result = await one(test);
    expect(result.ok).toBe(false);
    expect(resultText(result)).toBe(`case "a transfer" (cases/a.yaml:1): ${text}`);
  });

  it("and the release is refused", async () => {
    const bad = [1, 2, 3, 4, 5].map((at) => transfer({ outcome: "denied" }, { title: `case ${at}` }));
    await expect(proveSelfTests(live, [transfer({ outcome: "approved" }), ...bad])).rejects.toMatchObject({
      step: "self_test",
      message: expect.stringMatching(
        /^5 of 6 failed: case "case 1" \(cases\/a\.yaml:1\): expected denied, found approved; .*; and 2 more$/,
      ),
    });
    const cases = `requests: {one: ${JSON.stringify(JSON.parse(TRANSFER))}}
cases:
  nobody is paid: {request: one, now: ${NOW}, prices: {ETH: "3000"}, expect: {outcome: denied, codes: [LISTED]}}
`;
    await expect(releaseOf({ ...RULES, "cases/a.yaml": cases })).rejects.toMatchObject({
      step: "self_test",
      message: `1 of 1 failed: case "nobody is paid" (cases/a.yaml:3): expected denied with LISTED, found approved`,
    });
  });
});

it.each<[string, SelfTest]>([
  ["a payment to somebody who is listed", transfer({ outcome: "approved" })],
  [
    "what is noted beside an approval",
    transfer({ outcome: "approved", codes: ["LARGE"] }, { facts: { limit: { spent: "100000" } } }),
  ],
  [
    "one answer of history, the others as of a first day",
    transfer({ outcome: "approved", codes: ["LARGE"] }, { facts: { limit: { paid: { [PAID]: "5" } } } }),
  ],
  ["no price", transfer({ outcome: "held", codes: ["LIMIT"] }, { prices: {} })],
  ["a list", transfer({ outcome: "denied", codes: ["LISTED"] }, { lists: { sanctions } })],
  [
    "an invariant",
    transfer(
      { outcome: "denied", codes: ["EVIDENCE_MISMATCH"] },
      { request: TRANSFER.replace(/\\"amount\\":\\"0.0001\\"/, '\\"amount\\":\\"0.0002\\"') },
    ),
  ],
  [
    "a payload of another version",
    transfer({ outcome: "unusable", codes: ["PAYLOAD_VERSION"] }, { channel: "tss.v1" }),
  ],
  ["a push", transfer({ outcome: "clear" }, deposit)],
  [
    "a push that is flagged",
    transfer(
      { outcome: "flagged", codes: ["SENDER"] },
      { ...deposit, lists: { sanctions: { [SENDER]: { name: "x" } } } },
    ),
  ],
  [
    "a push that is noted",
    transfer(
      { outcome: "noted", codes: ["MUCH"] },
      { ...deposit, request: SEEDS.custodial.replace('"confirmed_num": 27', '"confirmed_num": 2') },
    ),
  ],
  ["a push of another shape", transfer({ outcome: "unusable" }, { ...deposit, channel: "push.mpc" })],
  [
    "a confirmation of what has happened",
    transfer({ outcome: "unusable", codes: ["KIND_UNKNOWN"] }, { ...deposit, channel: "confirm.waas1" }),
  ],
])("a case with %s is as expected", async (_name, test) => {
  const result = await one(test);
  expect(resultText(result)).toContain("expected");
  expect(result).toMatchObject({ ok: true });
});

it("a clock of a case does not make the release older or younger", async () => {
  const far = transfer({ outcome: "approved" }, { now: 4_000_000_000_000 });
  const cases = `requests: {one: ${JSON.stringify(JSON.parse(TRANSFER))}}
cases:
  in a hundred years: {request: one, now: ${far.now}, prices: {ETH: "3000"}, expect: {outcome: approved}}
  long ago: {request: one, now: 1, prices: {ETH: "3000"}, expect: {outcome: approved}}
`;
  const aged = await releaseOf({ ...RULES, "cases/a.yaml": cases }, { maxAgeMs: 60_000 });
  expect(aged.age.refusalAt(Date.now())).toBeUndefined();
  expect(aged.age.refusalAt(far.now)).toMatchObject({ code: "POLICY_STALE" });
  await aged.engine.close();
});

describe("cases that take too long", () => {
  it("say nothing of the release that would last, each or all together", async () => {
    const slow = `every n in numbers.range(1, 300000) { n > 0 }`;
    const endless = withoutEnd("input.never");
    const started = async (body: string) => {
      const rule = `package rules.transfer.any\n\nrequire["ANY"] if {\n\tinput.transaction\n\t${body}\n}\n`;
      const entry = `package countersign

decision := {"any": {"require": data.rules.transfer.any.require}} if input.group == "transfer"

explain["none"] := {} if input.never

facts := {}
`;
      const wasm = compileRego({ "rules/transfer/any/rule.rego": rule, "countersign/entry.rego": entry });
      const index = ruleIndex([indexedRule("transfer/any", [{ code: "ANY" }])]);
      const options = { source: "test", prover: ANSWERS_NOBODY, evaluationMs: 1_000 } as const;
      return await activateRelease(read({ wasm, index }), options);
    };
    const never = await started(endless);
    await expect(proveSelfTests(never, [transfer({ outcome: "denied" })])).rejects.toThrow(LateReleaseError);
    await never.engine.close();
    const long = await started(slow);
    const many = Array.from({ length: 1000 }, (_, at) =>
      transfer({ outcome: "unapproved" }, { title: `${at}` }),
    );
    await expect(proveSelfTests(long, many, 400)).rejects.toThrow(
      expect.objectContaining({
        step: "self_test",
        message: expect.stringMatching(/^the cases take longer than 400 ms|OVERLOADED/),
      }),
    );
    await long.engine.close();
  });

  it("give way to others after each", async () => {
    const many = Array.from({ length: 200 }, (_, at) =>
      transfer({ outcome: "approved" }, { title: `${at}` }),
    );
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await proveSelfTests(live, many);
    running = false;
    expect(turns).toBeGreaterThanOrEqual(many.length);
  });
});
