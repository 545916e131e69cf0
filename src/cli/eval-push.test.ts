import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runInside } from "../../test/support/command-inside.ts";
import { policySource, removePolicySources, ruleText } from "../../test/support/policy-source.ts";
import { buildRelease } from "../policy/build/build.ts";

const CUSTODIAL = "test/fixtures/pushes/custodial-deposit.json";
const MPC = "test/fixtures/pushes/mpc-deposit.json";
const SENDER = "TWDchZBmYvTQBeXD4w8rRUowDv5ka8kiFU";
const VECTORS: { id: string; body: string }[] = JSON.parse(
  readFileSync("test/fixtures/pushes/vectors.json", "utf8"),
);
/** Published: a withdrawal that Cobo asks about. */
const ASKED = JSON.parse(VECTORS.find(({ id }) => id === "P1")?.body ?? "");

const SOURCE = ruleText(
  `require["DEPOSIT_SOURCE"] if {
	every source in input.deposit.sources {
		not input.lists.sanctions[source.address]
	}
}

require["DEPOSIT_FINAL"] if input.deposit.status == "success"

message["DEPOSIT_SOURCE"] := "a sender is listed"`,
  { name: "deposit/source", custom: ["requires: {DEPOSIT_SOURCE: deny, DEPOSIT_FINAL: alert}"] },
);
const CONFIRM = ruleText(
  `approve["SMALL"] if {
	every destination in input.transaction.destinations {
		destination.amount.text == "0.000000000000012345"
	}
}`,
  {
    ...{ name: "transfer/confirm", custom: ["kinds: [withdrawal_confirmation]", "approves: [SMALL]"] },
  },
);

let folder = "";
let release = "";
beforeAll(async () => {
  folder = await policySource({
    "rules/deposit/source/rule.rego": SOURCE,
    "rules/transfer/confirm/rule.rego": CONFIRM,
  });
  const { bytes } = await buildRelease(folder);
  release = written("release.tar.gz", bytes);
});
afterAll(() => removePolicySources());

function written(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** The body of a fixture with other members. */
function changed(file: string, members: Readonly<Record<string, unknown>>): string {
  return written("changed.json", JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...members }));
}

function evaluate(
  channel: string,
  request: string,
  ...options: readonly string[]
): ReturnType<typeof runInside> {
  const all = ["eval", release, "--channel", channel, "--request", request, ...options];
  return runInside(...all);
}

const listed = () => ["--lists", written("listed.json", JSON.stringify({ sanctions: { [SENDER]: {} } }))];
const unlisted = () => ["--lists", written("unlisted.json", '{"sanctions":{}}')];

describe("a push", () => {
  test("that a rule refuses is flagged: 1", async () => {
    const { code, out } = await evaluate("push.custodial", CUSTODIAL, "--json", ...listed());
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ...{ channel: "push.custodial", kind: "deposit", outcome: "flagged" },
      reasons: [{ rule: "deposit/source", code: "DEPOSIT_SOURCE", message: "a sender is listed" }],
    });
    expect((await evaluate("push.custodial", CUSTODIAL, ...listed())).out).toMatch(
      /^flagged {2}deposit {2}release .*\n {2}DEPOSIT_SOURCE {2}deposit\/source {2}high\n/,
    );
  });

  test("without the list that a rule reads is flagged: 1", async () => {
    const { code, out } = await evaluate("push.custodial", CUSTODIAL, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      outcome: "flagged",
      reasons: [{ code: "DEPOSIT_SOURCE", absent: ["lists.sanctions.*"] }],
    });
  });

  test.each([
    ["push.mpc", CUSTODIAL, "REQUEST_TYPE_UNKNOWN"],
    ["push.custodial", MPC, "REQUEST_TYPE_UNKNOWN"],
    ["confirm.waas1", CUSTODIAL, "KIND_UNKNOWN"],
  ])("to %s that is none of its kind is unusable: 1", async (channel, file, reason) => {
    const { code, out } = await evaluate(channel, file, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ outcome: "unusable", reasons: [{ code: reason }] });
  });

  test("that contradicts itself is unusable: 1", async () => {
    const body = changed(CUSTODIAL, { abs_amount: "0.000002" });
    const { code, out } = await evaluate("push.custodial", body, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ outcome: "unusable", reasons: [{ code: "REQUEST_SCHEMA" }] });
  });

  test("that is only noted: 0, and what was noted", async () => {
    const body = changed(CUSTODIAL, { status: "pending" });
    const { code, out } = await evaluate("push.custodial", body, ...unlisted());
    expect(code).toBe(0);
    expect(out).toMatch(/^noted {2}deposit .*\n {2}DEPOSIT_FINAL {2}deposit\/source {2}high {2}noted\n/);
  });

  test("that is clear: 0, of both generations, at the time that is given", async () => {
    for (const [channel, file] of [
      ["push.custodial", CUSTODIAL],
      ["push.mpc", MPC],
    ] as const) {
      const { code, out } = await evaluate(channel, file, "--json", "--now", "1767520800000", ...unlisted());
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        ...{ channel, outcome: "clear", reasons: [], alerts: [], at: 1_767_520_800_000 },
        release: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
    }
  });
});

describe("a withdrawal that Cobo asks about", () => {
  test("that no rule approves: 1", async () => {
    const body = written(
      "large.json",
      JSON.stringify({ ...ASKED, amount: "1", abs_amount: "0.000000000000000001" }),
    );
    const { code, out } = await evaluate("confirm.waas1", body, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ...{
        channel: "confirm.waas1",
        kind: "withdrawal_confirmation",
        outcome: "unapproved",
        action: "REJECT",
      },
      reasons: [{ code: "NO_RULE_APPROVES" }],
    });
  });

  test("that one approves: 0", async () => {
    const { code, out } = await evaluate(
      "confirm.waas1",
      written("asked.json", JSON.stringify(ASKED)),
      "--json",
    );
    expect(JSON.parse(out)).toMatchObject({ outcome: "approved", action: "APPROVE", reasons: [] });
    expect(code).toBe(0);
  });
});
