import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PAYS, releaseOf } from "../../test/support/rego.ts";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Verdict } from "../policy/verdict.ts";
import { Approval, type Grounds } from "./approval.ts";
import { type DecideContext, decide } from "./decide.ts";
import { VerifiedRequest } from "./request.ts";

const RULES = {
  ...PAYS,
  "rules/transfer/wallet/rule.rego": `# METADATA
# title: Wallet
# description: Refuses one wallet and holds another one.
# custom:
#   severity: medium
#   kinds: [transaction_signing]
#   requires: {WALLET_OPEN: deny, WALLET_CALM: hold}
package rules.transfer.wallet

require["WALLET_OPEN"] if input.wallet.id in {"open", "calm"}

require["WALLET_CALM"] if input.wallet.id in {"open", "closed"}

values := {"wallet": input.wallet.id}

message["WALLET_OPEN"] := $"wallet {input.wallet.id} is closed"

message["WALLET_CALM"] := "quiet please"
`,
  "rules/key/quarrel/rule.rego": `# METADATA
# title: Quarrel
# description: Its words contradict each other.
# custom:
#   severity: low
#   requires: {QUARREL: deny}
package rules.key.quarrel

require["QUARREL"] if input.key.curve == "ed25519"

message["QUARREL"] := "one" if input.key.threshold > 0

message["QUARREL"] := "two" if input.key.threshold > 1
`,
  "data.yaml": "approve_unverified: true\n",
};

const NOW = 1_790_000_000_000;

function document(members: Partial<Document> = {}): Document {
  return {
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "request-1", source: "node-1", received_at: NOW },
    now: nowMembers(NOW, "UTC"),
    wallet: { id: "open" },
    transaction: { id: "t", type: "Withdrawal" },
    evidence: { status: "unsupported", key: "unsupported" },
    ...members,
  };
}

function request(members: Partial<Document> = {}, participants: string[] = []): VerifiedRequest {
  return new VerifiedRequest({
    input: { document: document(members), raw: "{}" },
    identity: "0".repeat(64),
    participant: participants.length === 0 ? undefined : "coboOwn",
    participants,
    startedAt: performance.now(),
    normalizeMs: 0,
  });
}

let live: LiveRelease;
beforeAll(async () => {
  live = await releaseOf(RULES);
});
afterAll(async () => {
  await live.engine.close();
});

function context(members: Partial<DecideContext> = {}): DecideContext {
  return { live, scope: {}, decisionMs: 5_000, ...members };
}

describe("refuses", () => {
  test("without a live release", async () => {
    const { decision, approval } = await decide(request(), context({ live: undefined }));
    expect(decision).toMatchObject({
      outcome: "failed",
      action: "REJECT",
      reasons: [{ code: "POLICY_ABSENT" }],
    });
    expect(approval).toBeUndefined();
  });

  test("out of scope, before the policy is asked", async () => {
    const { decision } = await decide(request(), context({ scope: { wallets: ["other"] }, live: undefined }));
    expect(decision).toMatchObject({
      outcome: "denied",
      reasons: [{ code: "OUT_OF_SCOPE", severity: "critical" }],
    });
  });

  test("a node that is not among the participants", async () => {
    const { decision } = await decide(request({}, ["coboOther"]), context());
    expect(decision).toMatchObject({ outcome: "denied", reasons: [{ code: "NOT_A_PARTICIPANT" }] });
  });

  test("a document that breaks its own schema", async () => {
    const broken = request({ wallet: { id: "" } });
    const { decision } = await decide(broken, context());
    expect(decision).toMatchObject({ outcome: "failed", reasons: [{ code: "INTERNAL" }] });
  });

  test("what a rule denies, with the rule's words and values", async () => {
    const { decision } = await decide(request({ wallet: { id: "closed" } }), context());
    expect(decision.outcome).toBe("denied");
    expect(decision.release).toEqual(live.identity);
    expect(decision.reasons.find(({ code }) => code === "WALLET_OPEN")).toEqual({
      rule: "transfer/wallet",
      code: "WALLET_OPEN",
      message: "wallet closed is closed",
      severity: "medium",
      consequence: "deny",
      values: { wallet: "closed" },
    });
  });

  test("what a rule holds, with HELD first", async () => {
    const { decision, approval } = await decide(request({ wallet: { id: "calm" } }), context());
    expect(decision).toMatchObject({ outcome: "held", action: "REJECT" });
    expect(decision.reasons.map(({ code }) => code)).toEqual(["HELD", "WALLET_CALM"]);
    expect(approval).toBeUndefined();
  });

  test("what no rule approves", async () => {
    const { decision } = await decide(request({ transaction: { id: "t", type: "Stake" } }), context());
    expect(decision).toMatchObject({ outcome: "unapproved", reasons: [{ code: "NO_RULE_APPROVES" }] });
  });

  test("a group without rules", async () => {
    const { decision } = await decide(request({ kind: "message_signing", group: "message" }), context());
    expect(decision).toMatchObject({ outcome: "unapproved", reasons: [{ code: "NO_RULE_APPROVES" }] });
  });

  test("by the rule's title where its words contradict each other, and goes on", async () => {
    const key = { curve: "secp256k1", threshold: 2 } as const;
    const { decision } = await decide(request({ kind: "key_generation", group: "key", key }), context());
    expect(decision.reasons).toMatchObject([{ code: "QUARREL", message: "Quarrel" }]);
    expect((await decide(request(), context())).decision.outcome).toBe("approved");
  });

  test("what comes too late", async () => {
    const { decision, approval } = await decide(request(), context({ decisionMs: 0 }));
    expect(decision).toMatchObject({ outcome: "failed", reasons: [{ code: "OVERLOADED" }] });
    expect(approval).toBeUndefined();
  });

  test("with a release whose engine has ended", async () => {
    const ended = await releaseOf(RULES);
    await ended.engine.close();
    const { decision, approval } = await decide(request(), context({ live: ended }));
    expect(decision).toMatchObject({ outcome: "failed", reasons: [{ code: "POLICY_ERROR" }] });
    expect(approval).toBeUndefined();
  });
});

describe("a release that is too old", () => {
  const AGE = { maxAgeMs: 60_000, now: () => NOW - 60_000 };
  let old: LiveRelease;
  beforeAll(async () => {
    old = await releaseOf(RULES, AGE);
  });
  afterAll(() => old.engine.close());

  test("judges nothing, whatever its engine would say, and the host's invariants still come first", async () => {
    const { decision, approval } = await decide(request(), context({ live: old }));
    expect(decision).toMatchObject({
      outcome: "failed",
      action: "REJECT",
      release: old.identity,
      reasons: [{ code: "POLICY_STALE", values: { confirmed_at: NOW - 60_000, max_age_ms: 60_000 } }],
    });
    expect(approval).toBeUndefined();
    const elsewhere = context({ live: old, scope: { wallets: ["other"] } });
    expect((await decide(request(), elsewhere)).decision.reasons).toMatchObject([{ code: "OUT_OF_SCOPE" }]);
  });

  test("judges a millisecond earlier", async () => {
    const now = nowMembers(NOW - 1, "UTC");
    expect((await decide(request({ now }), context({ live: old }))).decision.outcome).toBe("approved");
  });
});

describe("approves", () => {
  test("what a rule approves and none refuses, once", async () => {
    const { decision, approval } = await decide(request(), context());
    expect(decision).toMatchObject({ outcome: "approved", action: "APPROVE", reasons: [], at: NOW });
    expect(decision.id).toMatch(/^d_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(decision.input_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Approval.isGenuine(approval)).toBe(true);
    expect(approval?.requestId).toBe("request-1");
  });
});

describe("an approval", () => {
  const verdict: Verdict = { outcome: "approved", reasons: [], alerts: [], approvals: [], refusedRules: [] };
  const approvals = [{ rule: "transfer/pays", code: "PAYS" }];
  const grounds = (members: Partial<Verdict>): Grounds => ({
    type: "verdict",
    verdict: { ...verdict, ...members },
  });

  test("can't be had by a look-alike", () => {
    const lookalike: unknown = Object.create(Approval.prototype, { requestId: { value: "request-1" } });
    expect(Approval.isGenuine(lookalike)).toBe(false);
    expect(Approval.isGenuine({ requestId: "request-1" })).toBe(false);
    expect(Approval.isGenuine(undefined)).toBe(false);
  });

  test("needs every one of its three parts", async () => {
    const refusal = { code: "X_Y_Z", message: "", severity: "low", consequence: "deny" } as const;
    expect(() => Approval.grant(request(), grounds({ approvals: [] }), live)).toThrow();
    expect(() => Approval.grant(request(), grounds({ outcome: "held", approvals }), live)).toThrow();
    expect(() => Approval.grant(request(), grounds({ reasons: [refusal], approvals }), live)).toThrow();
    const lookalike = { ...request() } as VerifiedRequest;
    expect(() => Approval.grant(lookalike, grounds({ approvals }), live)).toThrow();
    const ended = await releaseOf(RULES);
    await ended.engine.close();
    expect(() => Approval.grant(request(), grounds({ approvals }), ended)).toThrow();
    const old = await releaseOf(RULES, { maxAgeMs: 1, now: () => NOW - 1 });
    expect(() => Approval.grant(request(), grounds({ approvals }), old)).toThrow();
    await old.engine.close();
    expect(Approval.isGenuine(Approval.grant(request(), grounds({ approvals }), live))).toBe(true);
  });

  test("is granted in one place of the code", async () => {
    const src = fileURLToPath(new URL("../", import.meta.url));
    const files = (await readdir(src, { recursive: true })).filter((file) => /(?<!\.test)\.ts$/.test(file));
    const callers: string[] = [];
    for (const file of files) {
      const text = await readFile(join(src, file), "utf8");
      if (/Approval\.grant\(/.test(text)) callers.push(file);
    }
    expect(callers).toEqual([join("decisions", "decide.ts"), join("decisions", "desk.ts")]);
  });
});
