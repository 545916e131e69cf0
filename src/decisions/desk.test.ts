import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { PAYS, releaseOf } from "../../test/support/rego.ts";
import { nowMembers } from "../input/clock.ts";
import type { Document, Effect } from "../input/document.ts";
import { readAnchor } from "../ledger/anchor-file.ts";
import { connect } from "../ledger/database.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { openLedger } from "../ledger/open.ts";
import type { UpkeepOptions } from "../ledger/upkeep.ts";
import { verifyLedger } from "../ledger/verify.ts";
import { LivePolicy, type LiveRelease } from "../policy/live.ts";
import { Approval } from "./approval.ts";
import type { Decided } from "./decide.ts";
import { DecisionDesk, type DeskOptions } from "./desk.ts";
import { Freezes } from "./freeze.ts";
import { movementsOf } from "./movements.ts";
import { Operations } from "./operations.ts";
import { VerifiedRequest } from "./request.ts";
import { Tickets } from "./tickets.ts";

const CAP = 100;

const RULES = {
  ...PAYS,
  "rules/transfer/cap/rule.rego": `# METADATA
# title: Cap
# description: A wallet sends so much in a day.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {CAP: deny}
package rules.transfer.cap

import data.lib.amount

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": "24h"}

after := amount.int(input.facts.cap.spent) + amount.int(input.transaction.total_usd_micros)

require["CAP"] if after <= ${CAP}

values := {"after": amount.text(after)}
`,
  "rules/transfer/fails/rule.rego": `# METADATA
# title: Fails
# description: Two words for one thing, where the description says so.
# custom:
#   severity: low
#   kinds: [transaction_signing]
#   requires: {FAILS: deny}
#   optional: [transaction.description]
package rules.transfer.fails

word := 1 if true

word := 2 if input.transaction.description == "fail"

require["FAILS"] if word == 1
`,
  "data.yaml": "approve_unverified: true\n",
};

const START = 1_790_000_000_000;
let clock = START;
let directory: string;
let ledger: Ledger;
let freezes: Freezes;
let operations: Operations;
let live: LiveRelease;
let desk: DecisionDesk;
const alarms: string[] = [];

beforeAll(async () => {
  live = await releaseOf(RULES);
});
afterAll(async () => {
  await live.engine.close();
});
beforeEach(async () => {
  clock = START;
  alarms.length = 0;
  directory = await mkdtemp(join(tmpdir(), "countersign-desk-"));
  await open();
});
afterEach(async () => {
  await ledger.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(options: Partial<DeskOptions> = {}, upkeep?: UpkeepOptions): Promise<void> {
  ledger = await openLedger({
    directory,
    minFreeBytes: 0,
    checkpointEvery: 1000,
    now: () => clock,
    onEvent: ({ type }) => alarms.push(type),
    ...(upkeep === undefined ? {} : { upkeep }),
  });
  await ledger.keepShapes(live.queries.map(({ shape }) => shape));
  freezes = new Freezes(join(directory, "FREEZE"));
  operations = new Operations(ledger, freezes, () => clock);
  operations.restore();
  desk = new DecisionDesk({
    ledger,
    freezes,
    tickets: new Tickets(),
    scope: {},
    decisionMs: 5_000,
    reissueMs: 900_000,
    clock: () => clock,
    onAlarm: (code) => alarms.push(code),
    ...options,
  });
}

async function reopen(): Promise<void> {
  await ledger.close();
  await open();
}

interface Asked {
  readonly id?: string;
  readonly source?: string;
  readonly wallet?: string;
  readonly usd?: number;
  readonly hash?: string;
  readonly identity?: string;
  readonly raw?: string;
  readonly transaction?: Partial<NonNullable<Document["transaction"]>>;
  readonly members?: Partial<Document>;
}

let asked = 0;

function request(options: Asked = {}): VerifiedRequest {
  asked += 1;
  const { id = `r-${asked}`, source = "node-1", wallet = "w", usd = 10, hash = String(asked) } = options;
  const usd_micros = String(usd);
  const now = desk.now();
  const document: Document = {
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id, source, received_at: now },
    now: nowMembers(now, "UTC"),
    organization: { id: "o" },
    wallet: { id: wallet },
    signing: { hashes: [`0x${hash.padStart(64, "0")}`], paths: ["m/1"] },
    transaction: {
      id: `t-${hash}`,
      type: "Withdrawal",
      chain: "ETH",
      token: "ETH",
      destinations: [{ address: "0xa", amount: { token: "ETH", units: "5", usd_micros } }],
      total_usd_micros: usd_micros,
      ...options.transaction,
    },
    evidence: { status: "unsupported", key: "unsupported" },
    ...options.members,
  };
  return new VerifiedRequest({
    input: { document, raw: options.raw ?? "{}" },
    identity: options.identity ?? hash.padStart(64, "0"),
    token: `token-${asked}`,
    participants: [],
    startedAt: performance.now(),
    normalizeMs: 0,
  });
}

function answer(options: Asked = {}): Promise<Decided> {
  return desk.answer(request(options), { live, refusedStep: undefined });
}

/** The signing of a request with this hash. */
function signingOf(hash: string): string {
  return movementsOf(request({ hash }).document, "").signing;
}

function codeOf({ decision }: Decided): string {
  return decision.reasons[0]?.code ?? decision.outcome;
}

describe("the same request", () => {
  it("is refused where something else comes under its id, while it is decided and after", async () => {
    const [first, second] = await Promise.all([
      answer({ id: "r", hash: "1" }),
      answer({ id: "r", hash: "2" }),
    ]);
    expect(codeOf(first)).toBe("approved");
    expect(codeOf(second)).toBe("CHANGED_REQUEST");
    const third = await answer({ id: "r", hash: "3" });
    expect(codeOf(third)).toBe("CHANGED_REQUEST");
    const repeated = await answer({ id: "r", hash: "3" });
    expect([repeated.decision.id, repeated.approval]).toEqual([third.decision.id, undefined]);
    await reopen();
    expect(codeOf(await answer({ id: "r", hash: "4" }))).toBe("CHANGED_REQUEST");
    expect(alarms.filter((code) => code === "CHANGED_REQUEST")).toHaveLength(3);
    const again = await answer({ id: "r", hash: "1" });
    expect(again.decision.id).toBe(first.decision.id);
    expect(again.approval).toBeDefined();
  });

  it("gets the same answer and counts once: at once, later, and after a restart", async () => {
    const both = await Promise.all([answer({ id: "r", hash: "1" }), answer({ id: "r", hash: "1" })]);
    const again = await answer({ id: "r", hash: "1" });
    await reopen();
    const later = await answer({ id: "r", hash: "1" });
    const all = [...both, again, later];
    expect(new Set(all.map(({ decision }) => decision.id)).size).toBe(1);
    expect(all.map(({ approval }) => Approval.isGenuine(approval))).toEqual([true, true, true, true]);
    expect([again.repeated, later.repeated]).toEqual([true, true]);
    const next = await answer({ usd: CAP - 10 });
    expect(next.decision.facts).toEqual({ cap: { spent: "10" } });
    expect(codeOf(next)).toBe("approved");
  });

  it("is refused again where it was refused, whatever has become of the reason", async () => {
    await answer({ usd: CAP });
    const refused = await answer({ id: "r", hash: "1", usd: 1 });
    expect(codeOf(refused)).toBe("CAP");
    clock += 25 * 3_600_000;
    const again = await answer({ id: "r", hash: "1", usd: 1 });
    expect(again.decision).toMatchObject({ id: refused.decision.id, action: "REJECT" });
    expect(again.approval).toBeUndefined();
    expect(codeOf(await answer({ usd: 1 }))).toBe("approved");
  });

  it("is judged anew when the approval is old, its own movements left out", async () => {
    const first = await answer({ id: "r", hash: "1", usd: CAP });
    clock += 900_000;
    const anew = await answer({ id: "r", hash: "1", usd: CAP });
    expect(anew.approval).toBeDefined();
    expect(anew.repeated).toBeUndefined();
    expect(anew.decision.id).not.toBe(first.decision.id);
    expect(anew.decision.facts).toEqual({ cap: { spent: "0" } });
    const other = await answer({ usd: 1 });
    expect(other.decision.facts).toEqual({ cap: { spent: String(CAP) } });
    expect(codeOf(other)).toBe("CAP");
  });

  it("is not approved again by a release that is too old, and the approval stays for when it is confirmed", async () => {
    const aged = await releaseOf(RULES, { maxAgeMs: 60_000, now: () => START });
    const ask = () =>
      desk.answer(request({ id: "r", hash: "1", usd: CAP }), { live: aged, refusedStep: undefined });
    const first = await ask();
    expect(first.approval).toBeDefined();
    clock += 60_000;
    const late = await ask();
    expect(codeOf(late)).toBe("POLICY_STALE");
    expect(late.approval).toBeUndefined();
    // The clock runs back, time does not: the refusal is the newest entry.
    clock -= 4_000;
    expect(codeOf(await ask())).toBe("POLICY_STALE");
    clock += 5_000;
    aged.age.confirm(clock);
    expect(await ask()).toMatchObject({ repeated: true, decision: { id: first.decision.id } });
    await aged.engine.close();
  });

  it("is repeated where it was refused and judged anew where it was approved, when its document is pruned", async () => {
    await ledger.close();
    await open({}, { keepMs: 60_000, everyMs: 5 });
    const approved = await answer({ id: "r", hash: "1", usd: 60 });
    const refused = await answer({ id: "q", hash: "2", usd: CAP });
    clock += 120_000;
    await answer({ wallet: "other" });
    await vi.waitFor(() => expect(alarms).toContain("kept"), 10_000);
    expect(ledger.answer("node-1", "r")?.body).toEqual({});
    const again = await answer({ id: "q", hash: "2", usd: CAP });
    expect(again).toMatchObject({ repeated: true, decision: { id: refused.decision.id } });
    const anew = await answer({ id: "r", hash: "1", usd: 60 });
    expect(anew.decision.id).not.toBe(approved.decision.id);
    expect(anew.decision).toMatchObject({ action: "APPROVE", facts: { cap: { spent: "0" } } });
    expect((await answer({ usd: 50 })).decision.facts).toEqual({ cap: { spent: "60" } });
  });

  it("is judged anew where an operator released what it reserved, and counts again", async () => {
    await answer({ id: "r", hash: "1", usd: 60 });
    const held = ledger.read((snapshot) => snapshot.signed(signingOf("1")));
    const act = { by: "alice", reason: "test" };
    expect(await operations.release("t-1", held, act)).toHaveLength(1);
    expect(codeOf(await answer({ hash: "2", usd: 50 }))).toBe("approved");
    const again = await answer({ id: "r", hash: "1", usd: 60 });
    expect(codeOf(again)).toBe("CAP");
    expect(again.decision.facts).toEqual({ cap: { spent: "50" } });

    await answer({ id: "q", hash: "3", usd: 10 });
    await operations.release(
      "t-3",
      ledger.read((snapshot) => snapshot.signed(signingOf("3"))),
      act,
    );
    expect((await answer({ id: "q", hash: "3", usd: 10 })).repeated).toBeUndefined();
    expect((await answer({ usd: 1 })).decision.facts).toEqual({ cap: { spent: "60" } });
    expect((await answer({ id: "q", hash: "3", usd: 10 })).repeated).toBe(true);
  });

  it("is judged anew where what it reserved was released, and something less was said of the same bytes", async () => {
    await answer({ id: "a", hash: "1", usd: 90 });
    const held = ledger.read((snapshot) => snapshot.signed(signingOf("1")));
    const destinations = [{ address: "0xa", amount: { token: "ETH", units: "1", usd_micros: "1" } }];
    const less = { id: "t-less", destinations, total_usd_micros: "1" };
    expect(codeOf(await answer({ id: "b", hash: "1", transaction: less }))).toBe("approved");
    await operations.release("t-1", held, { by: "alice", reason: "test" });
    expect((await answer({ hash: "2", usd: 90 })).decision.facts).toEqual({ cap: { spent: "1" } });
    const again = await answer({ id: "a", hash: "1", usd: 90 });
    expect([codeOf(again), again.repeated]).toEqual(["CAP", undefined]);
    expect((await answer({ id: "b", hash: "1", transaction: less })).repeated).toBe(true);
  });

  it("is judged anew when its document differs by more than drift, and the stricter answer stays", async () => {
    await answer({ id: "r", hash: "1" });
    const drifted = { key: { group: { id: "g", holders: [{ node: "n", online: true }] } } };
    expect((await answer({ id: "q", hash: "2", members: drifted })).approval).toBeDefined();
    const offline = { key: { group: { id: "g", status: "x", holders: [{ node: "n", online: false }] } } };
    expect(await answer({ id: "q", hash: "2", members: offline })).toMatchObject({ repeated: true });

    const other = await answer({ id: "r", hash: "1", transaction: { type: "Deposit" } });
    expect(codeOf(other)).toBe("NO_RULE_APPROVES");
    const first = await answer({ id: "r", hash: "1" });
    expect(first.decision.id).toBe(other.decision.id);
    expect(first.approval).toBeUndefined();
  });

  it("is judged anew when its document differs from that of the one being decided", async () => {
    const decided = await Promise.all([
      answer({ id: "r", hash: "1", usd: 1 }),
      answer({ id: "r", hash: "1", usd: 1 }),
      answer({ id: "r", hash: "1", usd: CAP + 1 }),
      answer({ id: "r", hash: "1", usd: CAP + 2 }),
    ]);
    expect(decided.map(codeOf)).toEqual(["approved", "approved", "CAP", "CAP"]);
    expect(new Set(decided.map(({ decision }) => decision.id)).size).toBe(2);
    expect(codeOf(await answer({ id: "r", hash: "1", usd: 1 }))).toBe("CAP");
  });

  it("is judged anew when the original differs that its rules read", async () => {
    const pays = RULES["rules/transfer/pays/rule.rego"].replace(
      'input.transaction.type == "Withdrawal"',
      'input.raw.say == "yes"',
    );
    const rawLive = await releaseOf({ ...RULES, "rules/transfer/pays/rule.rego": pays });
    expect(rawLive.index.reads_raw).toBe(true);
    const bench = { live: rawLive, refusedStep: undefined };
    const decided = await Promise.all(
      ["yes", "no"].map((say) =>
        desk.answer(request({ id: "r", hash: "1", raw: JSON.stringify({ say }) }), bench),
      ),
    );
    expect(decided.map(codeOf)).toEqual(["approved", "NO_RULE_APPROVES"]);
    await rawLive.engine.close();
  });

  it("is the same while its answer is late, on a disk that does not take it yet", async () => {
    await ledger.close();
    await open({ decisionMs: 300 });
    await answer({ usd: 1 });
    const other = connect(join(directory, "ledger.db"), 5_000);
    other.exec("BEGIN IMMEDIATE");
    expect(codeOf(await answer({ id: "r", hash: "101" }))).toBe("OVERLOADED");
    const late = [answer({ id: "r", hash: "102" }), answer({ id: "r", hash: "101" })];
    setTimeout(() => other.exec("ROLLBACK"), 50);
    const [changed, again] = await Promise.all(late);
    expect([changed, again].map((decided) => decided && codeOf(decided))).toEqual([
      "CHANGED_REQUEST",
      "approved",
    ]);
    expect(again?.repeated).toBe(true);
    other.close();
  });

  it("is judged again where the failure was ours", async () => {
    const failed = await answer({ id: "r", hash: "1", transaction: { description: "fail" } });
    expect(failed.decision).toMatchObject({ outcome: "failed", action: "REJECT" });
    expect(codeOf(failed)).toBe("POLICY_ERROR");
    expect(codeOf(await answer({ id: "r", hash: "1" }))).toBe("approved");
  });
});

describe("one transaction", () => {
  it("counts once when a second node asks for the same bytes, at once or later", async () => {
    const [first, second] = await Promise.all([
      answer({ id: "a", hash: "1", usd: CAP }),
      answer({ id: "a", source: "node-2", hash: "1", usd: CAP }),
    ]);
    expect([codeOf(first), codeOf(second)]).toEqual(["approved", "approved"]);
    expect(second.decision.id).not.toBe(first.decision.id);
    await reopen();
    const third = await answer({ id: "b", source: "node-3", hash: "1", usd: CAP });
    expect(codeOf(third)).toBe("approved");
    const next = await answer({ usd: 0 });
    expect(next.decision.facts).toEqual({ cap: { spent: String(CAP) } });
  });

  it("leaves the others their room while it is asked for again", async () => {
    await answer({ hash: "1", usd: 40 });
    const decided = await Promise.all([
      answer({ source: "node-2", hash: "1", usd: 40 }),
      answer({ usd: 40 }),
      answer({ usd: 20 }),
    ]);
    expect(decided.map(codeOf)).toEqual(["approved", "approved", "approved"]);
  });

  it("counts twice where other bytes come under the same ids", async () => {
    await answer({ hash: "1", usd: CAP, transaction: { id: "t" } });
    expect(codeOf(await answer({ hash: "2", usd: CAP, transaction: { id: "t" } }))).toBe("CAP");
  });

  it("counts twice where the same bytes are said to do something else", async () => {
    await answer({ hash: "1", usd: 60 });
    const other = {
      destinations: [{ address: "0xb", amount: { token: "ETH", units: "9", usd_micros: "30" } }],
      total_usd_micros: "30",
    };
    expect(codeOf(await answer({ hash: "1", transaction: other }))).toBe("approved");
    expect((await answer({ usd: 1 })).decision.facts).toEqual({ cap: { spent: "90" } });
  });

  it("counts once while it is asked for again: by a second node, or after its approval grew old", async () => {
    for (let run = 0; run < 8; run += 1) {
      const wallet = `w-${run}`;
      const hash = String(500 + run);
      const first = answer({ id: `a-${run}`, hash, wallet, usd: 60 });
      for (let tick = 0; tick < run; tick += 1) await new Promise(setImmediate);
      const second = answer({ id: `b-${run}`, source: "node-2", hash, wallet, usd: 60 });
      await first;
      const other = answer({ wallet, usd: 30 });
      expect((await Promise.all([first, second, other])).map(codeOf)).toEqual(
        Array.from({ length: 3 }, () => "approved"),
      );
      clock += 900_000;
      const later = [answer({ id: `a-${run}`, hash, wallet, usd: 60 }), answer({ wallet, usd: 10 })];
      expect((await Promise.all(later)).map(codeOf)).toEqual(["approved", "approved"]);
    }
  });

  it("counts all that is said of the same bytes at once, approved or not", async () => {
    for (const type of ["Withdrawal", "Deposit"]) {
      const wallet = `w-${type}`;
      const hash = type === "Deposit" ? "77" : "88";
      const decided = await Promise.all([
        answer({ hash, wallet: "other", usd: 1, transaction: { type } }),
        answer({ hash, wallet, usd: 90 }),
        answer({ wallet, usd: 90 }),
      ]);
      const first = type === "Deposit" ? "NO_RULE_APPROVES" : "approved";
      expect(decided.map(codeOf)).toEqual([first, "approved", "CAP"]);
    }
  });
});

/** Where the bytes are read and pay so much, by a transaction of the key's account with this nonce. */
function proven(nonce: string, usd: number, more: Asked["transaction"] = {}): Asked {
  const amount = { token: "ETH", units: String(usd), usd_micros: String(usd) };
  const effects: Effect[] = [{ type: "transfer", asset: "ETH", from: "0xs", to: "0xa", amount }];
  return {
    usd,
    transaction: { nonce, destinations: [{ address: "0xa", amount }], ...more },
    members: {
      key: { root_public_key: "key" },
      evidence: { status: "verified", key: "verified", family: "evm", effects },
    },
  };
}

describe("a replacement", () => {
  it.each<[string, Asked]>([
    ["of another nonce", proven("2", 70)],
    ["that only says so", proven("2", 70, { replaces: { id: "t-1", how: "speed_up" } })],
    ["on another chain", proven("1", 70, { chain: "BASE_ETH" })],
    ["without a nonce", { ...proven("1", 70), transaction: {} }],
    ["whose bytes are not read", { ...proven("1", 70), members: { key: { root_public_key: "key" } } }],
    [
      "by another key",
      { ...proven("1", 70), members: { ...proven("1", 70).members, key: { root_public_key: "other" } } },
    ],
    ["by nobody knows which key", { ...proven("1", 70), members: { ...proven("1", 70).members, key: {} } }],
    [
      "by another address of the key",
      {
        ...proven("1", 70),
        members: { ...proven("1", 70).members, signing: { hashes: [`0x${"7".repeat(64)}`], paths: ["m/2"] } },
      },
    ],
    [
      "of a chain without such nonces",
      {
        ...proven("1", 70),
        members: {
          ...proven("1", 70).members,
          evidence: { status: "verified", key: "verified", family: "tron" },
        },
      },
    ],
  ])("adds %s", async (_, other) => {
    expect(codeOf(await answer({ ...proven("1", 60), hash: "1" }))).toBe("approved");
    const refused = await answer(other);
    expect([codeOf(refused), refused.decision.facts]).toEqual(["CAP", { cap: { spent: "60" } }]);
  });

  it("adds to bytes that were not read when they were approved", async () => {
    await answer({
      usd: 60,
      hash: "1",
      transaction: { nonce: "1" },
      members: { key: { root_public_key: "key" } },
    });
    expect(codeOf(await answer(proven("1", 70)))).toBe("CAP");
  });

  it("counts as the largest, whatever comes last, for all others", async () => {
    const answers: unknown[] = [];
    for (const usd of [60, 70, 65]) answers.push((await answer(proven("1", usd))).decision.facts);
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ cap: { spent: "0" } })));
    const other = await answer(proven("2", 30));
    expect([codeOf(other), other.decision.facts]).toEqual(["approved", { cap: { spent: "70" } }]);
    const more = await answer(proven("1", 71));
    expect([codeOf(more), more.decision.facts]).toEqual(["CAP", { cap: { spent: "30" } }]);
    await reopen();
    expect(codeOf(await answer(proven("1", 70)))).toBe("approved");
    expect((await answer(proven("3", 1))).decision.facts).toEqual({ cap: { spent: "100" } });
    await ledger.close();
    const anchor = await readAnchor(join(directory, "anchor"));
    const file = join(directory, "ledger.db");
    const verified = await verifyLedger(file, { key: undefined, anchor, deep: true, threads: 1 });
    expect(verified).toMatchObject({ problems: [], movements: 5 });
  });

  it("counts as the largest while all are on their way", async () => {
    const asked = [
      proven("1", 60),
      proven("1", 70),
      proven("1", 101),
      proven("2", 30),
      proven("1", 65),
      proven("3", 1),
    ];
    const answers = await Promise.all(asked.map((each) => answer(each)));
    expect(answers.map(codeOf)).toEqual(["approved", "approved", "CAP", "approved", "approved", "CAP"]);
    const spent = answers.map(({ decision }) => decision.facts);
    expect(spent).toEqual(["0", "0", "0", "70", "30", "100"].map((usd) => ({ cap: { spent: usd } })));
  });

  it("adds only its excess when what it replaces is a day old, and all where that is released", async () => {
    await answer({ ...proven("1", 60), hash: "1" });
    clock += 23 * 3_600_000;
    await answer({ ...proven("1", 70), hash: "2" });
    clock += 2 * 3_600_000;
    expect((await answer(proven("2", 1))).decision.facts).toEqual({ cap: { spent: "10" } });
    const held = ledger.read((snapshot) =>
      snapshot.signed(movementsOf(request({ ...proven("1", 60), hash: "1" }).document, "").signing),
    );
    await operations.release("t-1", held, { by: "alice", reason: "test" });
    expect((await answer(proven("3", 1))).decision.facts).toEqual({ cap: { spent: "71" } });
    // The document's own is out of the answer, in whichever window it was.
    expect((await answer(proven("1", 98))).decision.facts).toEqual({ cap: { spent: "2" } });
  });
});

describe("a rule on what is replaced", () => {
  const RULE = `# METADATA
# title: Replacement
# description: What replaces another transaction pays the same address.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {SAME_ADDRESS: deny}
package rules.transfer.replacement

facts["old"] := {"kind": "movement"}

require["SAME_ADDRESS"] if {
	every movement in input.facts.replacement.old {
		every destination in input.transaction.destinations {
			movement.to == destination.address
		}
	}
}
`;
  let strict: LiveRelease;
  beforeAll(async () => {
    strict = await releaseOf({ ...RULES, "rules/transfer/replacement/rule.rego": RULE });
  });
  afterAll(async () => {
    await strict.engine.close();
  });
  const replace = (id: string, address: string) => {
    const amount = { token: "ETH", units: "5", usd_micros: "7" };
    const transaction = { replaces: { id }, destinations: [{ address, amount }] };
    return desk.answer(request({ transaction }), { live: strict, refusedStep: undefined });
  };

  it("refuses where nobody knows what is replaced, or it paid another", async () => {
    expect((await replace("t-1", "0xa")).decision.reasons).toMatchObject([
      { code: "SAME_ADDRESS", absent: [expect.stringContaining("facts.replacement.old")] },
    ]);
    await answer({ hash: "1" });
    expect((await replace("t-1", "0xb")).decision.reasons).toMatchObject([{ code: "SAME_ADDRESS" }]);
  });

  it("sees what is on its way", async () => {
    const asked = [
      answer({ hash: "1" }),
      replace("t-1", "0xa"),
      replace("t-1", "0xb"),
      answer({ hash: "2", usd: 99 }),
    ];
    const answers = [...(await Promise.all(asked)), await replace("t-2", "0xa")];
    expect(answers.map(codeOf)).toEqual(["approved", "approved", "SAME_ADDRESS", "CAP", "SAME_ADDRESS"]);
  });
});

describe("a freeze", () => {
  it("refuses what it covers, for good under that id", async () => {
    const { id } = await operations.freeze(["wallet:w"], { by: "alice", reason: "test" });
    const refused = await answer({ id: "r", hash: "1" });
    expect(refused.decision).toMatchObject({ outcome: "denied", reasons: [{ code: "FROZEN" }] });
    expect(codeOf(await answer({ wallet: "other" }))).toBe("approved");
    await reopen();
    expect(codeOf(await answer())).toBe("FROZEN");
    expect(await operations.unfreeze("f_none", { by: "bob", reason: "test" })).toBe(false);
    expect(await operations.unfreeze(id, { by: "bob", reason: "test" })).toBe(true);
    expect(codeOf(await answer({ id: "r", hash: "1" }))).toBe("FROZEN");
    await reopen();
    expect(codeOf(await answer())).toBe("approved");
  });

  it("beats an approval that is stored, and one that is about to leave", async () => {
    const stored = request({ id: "r", hash: "1" });
    const bench = { live, refusedStep: undefined };
    await desk.answer(stored, bench);
    await operations.freeze(["all"], { by: "alice", reason: "test" });
    const refusal = desk.letLeave(stored, { onDone: () => {}, destroy: () => {} });
    expect(refusal?.code).toBe("FROZEN");
    if (refusal === undefined) return;
    const late = await desk.refuseLate(stored, refusal, bench);
    expect(late.approval).toBeUndefined();
    const again = await answer({ id: "r", hash: "1" });
    expect(again).toMatchObject({ repeated: true, decision: { id: late.decision.id } });
  });
});

describe("time", () => {
  it("never runs back: a little behind the ledger it stands still, more refuses", async () => {
    await answer();
    clock -= 3_000;
    expect(desk.now()).toBe(START);
    expect(codeOf(await answer())).toBe("approved");
    clock -= 3_000;
    expect(() => desk.now()).toThrow(expect.objectContaining({ code: "CLOCK_BEHIND" }));
    clock += 6_000;
    expect(desk.now()).toBe(START);
  });
});

describe("requests at once", () => {
  it("approves exactly those that fit, as if one were decided after the other", async () => {
    let wallets = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ usd: fc.integer({ min: 1, max: 60 }), ticks: fc.integer({ min: 0, max: 3 }) }), {
          minLength: 1,
          maxLength: 24,
        }),
        async (payments) => {
          wallets += 1;
          const wallet = `w-${wallets}`;
          const decided: Promise<Decided>[] = [];
          let spent = 0;
          const expected = payments.map(({ usd }) => {
            const fits = spent + usd <= CAP;
            if (fits) spent += usd;
            return fits ? "approved" : "CAP";
          });
          for (const { usd, ticks } of payments) {
            for (let tick = 0; tick < ticks; tick += 1) await new Promise(setImmediate);
            decided.push(answer({ wallet, usd }));
          }
          expect((await Promise.all(decided)).map(codeOf)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("approves as if one after the other where several say the same, or something else, of the same bytes", async () => {
    let runs = 0;
    const claim = fc.record({
      usd: fc.constantFrom(10, 30, 45, 60),
      bytes: fc.integer({ min: 1, max: 5 }),
      wallet: fc.constantFrom("a", "b"),
      source: fc.constantFrom("node-1", "node-2"),
      type: fc.constantFrom("Withdrawal", "Deposit"),
      ticks: fc.integer({ min: 0, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(claim, { minLength: 1, maxLength: 30 }), async (claims) => {
        runs += 1;
        const counted: { bytes: number; wallet: string; usd: number }[] = [];
        const expected = claims.map(({ usd, bytes, wallet, type }) => {
          const others = counted.filter((each) => each.wallet === wallet && each.bytes !== bytes);
          const spent = others.reduce((sum, each) => sum + each.usd, 0);
          if (spent + usd > CAP) return "CAP";
          if (type !== "Withdrawal") return "NO_RULE_APPROVES";
          const same = counted.some(
            (each) => each.bytes === bytes && each.wallet === wallet && each.usd === usd,
          );
          if (!same) counted.push({ bytes, wallet, usd });
          return "approved";
        });
        const decided: Promise<Decided>[] = [];
        for (const { usd, bytes, wallet, source, type, ticks } of claims) {
          for (let tick = 0; tick < ticks; tick += 1) await new Promise(setImmediate);
          const amount = { token: "ETH", units: String(usd), usd_micros: String(usd) };
          const transaction = { id: "t", type, destinations: [{ address: "0xa", amount }] };
          const hash = String(runs * 100 + bytes);
          decided.push(answer({ hash, source, wallet: `${wallet}-${runs}`, usd, transaction }));
        }
        expect((await Promise.all(decided)).map(codeOf)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it("approves as if one after the other where some replace others, and some are read and some are not", async () => {
    let runs = 0;
    const claim = fc.record({
      usd: fc.constantFrom(10, 30, 45, 60),
      bytes: fc.integer({ min: 1, max: 6 }),
      wallet: fc.constantFrom("a", "a", "b"),
      source: fc.constantFrom("node-1", "node-2"),
      type: fc.constantFrom("Withdrawal", "Withdrawal", "Deposit"),
      isRead: fc.constantFrom(true, true, true, false),
      ticks: fc.integer({ min: 0, max: 6 }),
    });
    /** Three signings of one nonce, two of another, and one of its own. */
    const nonceOf = (bytes: number) => (bytes <= 3 ? 1 : bytes <= 5 ? 2 : 3);
    await fc.assert(
      fc.asyncProperty(fc.array(claim, { minLength: 1, maxLength: 30 }), async (claims) => {
        runs += 1;
        const counted: { bytes: number; wallet: string; usd: number; isRead: boolean }[] = [];
        const spentBefore = ({ bytes, wallet, isRead }: (typeof claims)[number]) => {
          const replaced = isRead ? nonceOf(bytes) : undefined;
          const others = counted.filter((each) => each.wallet === wallet && each.bytes !== bytes);
          let spent = others.reduce((sum, each) => sum + (each.isRead ? 0 : each.usd), 0);
          for (const nonce of [1, 2, 3]) {
            if (nonce === replaced) continue;
            const sums = new Map<number, number>();
            for (const each of others) {
              if (!each.isRead || nonceOf(each.bytes) !== nonce) continue;
              sums.set(each.bytes, (sums.get(each.bytes) ?? 0) + each.usd);
            }
            spent += Math.max(0, ...sums.values());
          }
          return spent;
        };
        const expected = claims.map((each) => {
          const { usd, bytes, wallet, type, isRead } = each;
          if (spentBefore(each) + usd > CAP) return "CAP";
          if (type !== "Withdrawal") return "NO_RULE_APPROVES";
          const same = counted.some(
            (other) => other.bytes === bytes && other.wallet === wallet && other.usd === usd,
          );
          if (!same) counted.push({ bytes, wallet, usd, isRead });
          return "approved";
        });
        const decided: Promise<Decided>[] = [];
        for (const { usd, bytes, wallet, source, type, isRead, ticks } of claims) {
          for (let tick = 0; tick < ticks; tick += 1) await new Promise(setImmediate);
          const sources = [{ address: "0xs" }];
          const { transaction, members } = proven(String(runs * 10 + nonceOf(bytes)), usd, { type, sources });
          const hash = String(runs * 100 + bytes);
          const evidence = isRead ? {} : { evidence: { status: "unsupported", key: "unsupported" } as const };
          const of = { hash, source, wallet: `${wallet}-${runs}`, usd };
          decided.push(
            answer({ ...of, transaction: { ...transaction }, members: { ...members, ...evidence } }),
          );
        }
        expect((await Promise.all(decided)).map(codeOf)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it("is decided to its end in its release, though that is replaced while it waits for another", async () => {
    const [slow, old, next] = await Promise.all([releaseOf(RULES), releaseOf(RULES), releaseOf(RULES)]);
    const evaluate = slow.engine.evaluate.bind(slow.engine);
    vi.spyOn(slow.engine, "evaluate").mockImplementation(async (...question) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return await evaluate(...question);
    });
    const policy = new LivePolicy();
    policy.replace(old);
    const usd = CAP;
    const first = desk.answer(request({ usd, transaction: { type: "Deposit" } }), {
      live: slow,
      refusedStep: undefined,
    });
    const second = desk.answer(request({ usd }), { live: old, refusedStep: undefined });
    policy.replace(next);
    expect((await Promise.all([first, second])).map(codeOf)).toEqual(["NO_RULE_APPROVES", "approved"]);
    await vi.waitFor(() => expect(old.isServing()).toBe(false));
    await Promise.all([policy.close(), slow.engine.close()]);
  });

  it("approves exactly K of N, whatever else is refused meanwhile", async () => {
    for (let run = 0; run < 10; run += 1) {
      const wallet = `k-${run}`;
      const decided = await Promise.all(
        Array.from({ length: 40 }, (_each, at) =>
          answer({ wallet, usd: 25, ...(at % 3 === 0 ? { transaction: { type: "Deposit" } } : {}) }),
        ),
      );
      const codes = decided.map(codeOf);
      expect(codes.filter((code) => code === "approved")).toHaveLength(4);
      expect(decided.filter(({ decision }) => decision.outcome === "failed")).toHaveLength(0);
    }
  });
});
