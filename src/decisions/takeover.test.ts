import { hash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PAYS, releaseOf } from "../../test/support/rego.ts";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import { connect, Statement } from "../ledger/database.ts";
import type { Ledger, StoredMovement } from "../ledger/ledger.ts";
import { openLedger } from "../ledger/open.ts";
import { verifyLedger } from "../ledger/verify.ts";
import type { LiveRelease } from "../policy/live.ts";
import { Approval } from "./approval.ts";
import type { Decided } from "./decide.ts";
import { DecisionDesk } from "./desk.ts";
import { Freezes } from "./freeze.ts";
import { Operations } from "./operations.ts";
import { VerifiedRequest } from "./request.ts";
import { Tickets } from "./tickets.ts";

const CAP = 100;

const RULES = {
  ...PAYS,
  "rules/transfer/confirms/rule.rego": `# METADATA
# title: Confirmed
# description: Approves a confirmation.
# custom:
#   severity: high
#   kinds: [withdrawal_confirmation]
#   approves: [CONFIRMS]
package rules.transfer.confirms

approve["CONFIRMS"] if {
	input.transaction.type == "Withdrawal"
	every destination in input.transaction.destinations {
		destination.address in {"0xa", "0xb"}
	}
}
`,
  "rules/transfer/cap/rule.rego": `# METADATA
# title: Cap
# description: So much of a token is paid in a day.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {CAP: deny}
package rules.transfer.cap

import data.lib.amount

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["transaction.token"], "window": "24h"}

after := amount.int(input.facts.cap.spent) + amount.int(input.transaction.total_usd_micros)

require["CAP"] if after <= ${CAP}

values := {"after": amount.text(after)}
`,
  "rules/transfer/known/rule.rego": `# METADATA
# title: Known
# description: What a wallet pays is counted, and how old an address is.
# custom:
#   severity: low
#   kinds: [transaction_signing]
#   requires: {KNOWN: alert}
package rules.transfer.known

import data.lib.amount

facts["wallet"] := {"kind": "count", "by": ["wallet.id"]}

facts["first"] := {"kind": "first", "by": ["transaction.destinations[].address"]}

require["KNOWN"] if {
	amount.int(input.facts.known.wallet) > 0
	every destination in input.transaction.destinations {
		amount.int(input.facts.known.first[destination.address]) > 0
	}
}
`,
};

const START = 1_790_000_000_000;
let clock = START;
let directory: string;
let ledger: Ledger;
let freezes: Freezes;
let operations: Operations;
let live: LiveRelease;
let desk: DecisionDesk;

beforeAll(async () => {
  live = await releaseOf(RULES);
});
afterAll(async () => {
  await live.engine.close();
});
beforeEach(async () => {
  clock = START;
  directory = await mkdtemp(join(tmpdir(), "countersign-takeover-"));
  await open();
});
afterEach(async () => {
  await ledger.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<void> {
  ledger = await openLedger({
    directory,
    minFreeBytes: 0,
    checkpointEvery: 1000,
    now: () => clock,
    onEvent: () => {},
  });
  await ledger.keepShapes(live.queries.map(({ shape }) => shape));
  freezes = new Freezes(join(directory, "FREEZE"));
  operations = new Operations(ledger, freezes, () => clock);
  operations.restore();
  desk = new DecisionDesk({
    ...{ ledger, freezes, tickets: new Tickets(), scope: {}, decisionMs: 5_000, reissueMs: 900_000 },
    clock: () => clock,
    onAlarm: () => {},
  });
}

interface Asked {
  readonly id?: string;
  readonly cobo?: string;
  readonly usd?: number;
  /** By default what it is worth. */
  readonly units?: number;
  readonly hash?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly token?: string;
  readonly type?: string;
}

const wide = (text: string) => text.padStart(64, "0");
let asked = 0;

function payment(options: Asked): NonNullable<Document["transaction"]> {
  const { cobo = "c-1", usd = 60, units = usd, destination = "0xa", token = "ETH" } = options;
  const amount = { token, units: String(units), usd_micros: String(usd) };
  return {
    type: options.type ?? "Withdrawal",
    cobo_id: cobo,
    ...{ chain: "ETH", token, destinations: [{ address: destination, amount }] },
    total_usd_micros: String(usd),
  };
}

function verified(members: Partial<Document>, identity: string, options: Asked): VerifiedRequest {
  asked += 1;
  const { id = `r-${asked}`, source = "node-1" } = options;
  const now = desk.now();
  const document: Document = {
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id, source, received_at: now },
    now: nowMembers(now, "UTC"),
    ...members,
  };
  return new VerifiedRequest({
    input: { document, raw: "{}" },
    ...{ identity, token: `token-${asked}`, participants: [], startedAt: performance.now(), normalizeMs: 0 },
  });
}

/** What Cobo asks, before anything is signed. */
function confirmation(options: Asked = {}): VerifiedRequest {
  const transaction = { ...payment(options), business_id: `request-${options.cobo ?? "c-1"}` };
  const id = options.id ?? `${transaction.cobo_id}`;
  return verified(
    {
      kind: "withdrawal_confirmation",
      channel: "confirm.waas1",
      transaction,
      evidence: { status: "absent", key: "absent" },
    },
    hash("sha256", JSON.stringify([id, transaction.destinations]), "hex"),
    { ...options, id, source: options.source ?? "prod" },
  );
}

/** What a node asks. */
function signing(options: Asked = {}): VerifiedRequest {
  const bytes = wide(options.hash ?? String(asked + 1));
  const transaction = {
    ...payment(options),
    id: `t-${options.cobo ?? "c-1"}`,
    sources: [{ address: "0xs" }],
  };
  return verified(
    {
      organization: { id: "o" },
      wallet: { id: "w" },
      signing: { hashes: [`0x${bytes}`], paths: ["m/1"] },
      transaction,
      evidence: { status: "unsupported", key: "unsupported" },
    },
    bytes,
    options,
  );
}

function answer(request: VerifiedRequest): Promise<Decided> {
  return desk.answer(request, { live, refusedStep: undefined });
}
const confirm = (options: Asked = {}) => answer(confirmation(options));
const sign = (options: Asked = {}) => answer(signing(options));

function codeOf({ decision }: Decided): string {
  return decision.reasons[0]?.code ?? decision.outcome;
}

/** What a payment of another transaction sees. */
async function spent(): Promise<unknown> {
  const { decision } = await sign({ cobo: `probe-${asked}`, usd: 1, type: "Nothing" });
  return decision.facts["cap"];
}

function movements(): { readonly kind: string; readonly state: string }[] {
  const connection = connect(join(directory, "ledger.db"), 5_000);
  try {
    const rows = new Statement(connection, "SELECT kind, state FROM movements ORDER BY number").all([]);
    return rows.map((row) => ({ kind: row.text(0), state: row.text(1) }));
  } finally {
    connection.close();
  }
}

const CONFIRMED = "withdrawal_confirmation";
const SIGNED = "transaction_signing";

describe("a signing of another", () => {
  it.each<[string, Asked]>([
    ["amount", { usd: 50 }],
    ["destination", { destination: "0xb" }],
    ["transaction", { cobo: "c-2" }],
  ])("%s takes nothing over, and both count", async (_, other) => {
    expect(codeOf(await confirm({ usd: 40 }))).toBe("approved");
    expect(codeOf(await sign({ usd: 40, ...other }))).toBe("approved");
    expect(await spent()).toEqual({ spent: String(40 + (other.usd ?? 40)) });
    expect(movements().map(({ state }) => state)).toEqual(["reserved", "reserved"]);
  });

  it("token takes nothing over", async () => {
    await confirm({ usd: 40 });
    expect(codeOf(await sign({ usd: 40, token: "ETH_USDT" }))).toBe("approved");
    expect(movements().map(({ state }) => state)).toEqual(["reserved", "reserved"]);
  });

  it("list of hashes than the first adds", async () => {
    await confirm({ usd: 60 });
    expect(codeOf(await sign({ hash: "1", usd: 60 }))).toBe("approved");
    const second = await sign({ hash: "2", usd: 60 });
    expect([codeOf(second), second.decision.facts["cap"]]).toEqual(["CAP", { spent: "60" }]);
  });

  it("kind of refusal releases nothing", async () => {
    await confirm({ usd: 60 });
    expect(codeOf(await sign({ usd: 60, type: "Nothing" }))).toBe("NO_RULE_APPROVES");
    expect(await spent()).toEqual({ spent: "60" });
  });
});

describe("a confirmation", () => {
  it("counts until it is signed for, then once", async () => {
    expect(codeOf(await confirm({ usd: 60 }))).toBe("approved");
    expect(codeOf(await sign({ cobo: "c-2", usd: 60 }))).toBe("CAP");
    clock += 60_000;
    const signed = await sign({ hash: "1", usd: 60 });
    expect([codeOf(signed), signed.decision.facts]).toEqual([
      "approved",
      { cap: { spent: "0" }, known: { wallet: "0", first: { "0xa": String(clock) } } },
    ]);
    expect(movements()).toEqual([
      { kind: CONFIRMED, state: "released" },
      { kind: SIGNED, state: "reserved" },
    ]);
    // The second node asks for the same bytes.
    expect(codeOf(await sign({ hash: "1", usd: 60, source: "node-2" }))).toBe("approved");
    expect(await spent()).toEqual({ spent: "60" });
  });

  it("stands in the row of what took it over, which also says from where it is paid", async () => {
    await confirm({ usd: 60 });
    const { decision } = await sign({ usd: 60 });
    const stored = ledger.answer("node-1", decision.request_id);
    expect(JSON.parse(stored?.row ?? "")).toMatchObject({ takes_over: [1], sources: ["0xs"] });
    await ledger.close();
    const anchor = undefined;
    const file = join(directory, "ledger.db");
    const options = { key: undefined, anchor, deep: true, threads: 1 };
    expect(await verifyLedger(file, options)).toMatchObject({ problems: [], movements: 2 });
  });

  it("still gets its answer after it was taken over, whatever its age, but not while it is frozen", async () => {
    const first = await confirm({ usd: 60 });
    await sign({ usd: 60 });
    clock += 3_600_000;
    const again = await confirm({ usd: 60 });
    expect(again).toMatchObject({ repeated: true, decision: { id: first.decision.id } });
    expect(Approval.isGenuine(again.approval)).toBe(true);
    expect(await spent()).toEqual({ spent: "60" });
    await operations.freeze(["all"], { by: "alice", reason: "test" });
    expect(codeOf(await confirm({ usd: 60 }))).toBe("FROZEN");
  });

  it("is judged anew where an operator gave it back, or what took it over", async () => {
    const first = await confirm({ usd: 60 });
    const act = { by: "alice", reason: "test" };
    const names = { organization: "o", names: ["cobo:c-1"] };
    const all = () =>
      ledger
        .read((snapshot) => snapshot.transactionsNamed(names).flatMap((each) => snapshot.movementsOf(each)))
        .filter(isHeld);
    await operations.release("c-1", all(), act);
    const anew = await confirm({ usd: 60 });
    expect([codeOf(anew), anew.repeated]).toEqual(["approved", undefined]);
    expect(anew.decision.id).not.toBe(first.decision.id);
    await sign({ usd: 60 });
    await operations.release("c-1", all(), act);
    expect((await confirm({ usd: 60 })).repeated).toBeUndefined();
    expect(await spent()).toEqual({ spent: "60" });
  });

  it("is left alone once it is on its chain", async () => {
    await confirm({ usd: 40 });
    await ledger.append({
      ...{ type: "act", id: "a_1", at: ledger.newestAt(), row: '{"at":1,"id":"a_1","type":"act"}' },
      transition: { movements: [1], state: "broadcast" },
    }).durable;
    expect(codeOf(await sign({ usd: 40 }))).toBe("approved");
    expect(await spent()).toEqual({ spent: "80" });
  });

  it("and what is signed for it count once when they come at once", async () => {
    for (let run = 0; run < 12; run += 1) {
      const cobo = `once-${run}`;
      const token = `T${run}`;
      const confirmed = confirm({ cobo, token, usd: 60 });
      for (let tick = 0; tick < run; tick += 1) await new Promise(setImmediate);
      const signed = [
        sign({ cobo, token, hash: `${run + 1}000000`, usd: 60 }),
        sign({ cobo, token, hash: `${run + 1}000000`, usd: 60 }),
      ];
      const codes = (await Promise.all([confirmed, ...signed])).map(codeOf);
      expect(codes).toEqual(["approved", "approved", "approved"]);
      const other = await sign({ cobo: `other-${run}`, token, usd: 40 });
      expect([codeOf(other), other.decision.facts["cap"]]).toEqual(["approved", { spent: "60" }]);
    }
  });
});

function isHeld({ state }: StoredMovement): boolean {
  return state !== "released";
}

const claim = fc.record({
  confirms: fc.boolean(),
  cobo: fc.integer({ min: 1, max: 3 }),
  units: fc.constantFrom(20, 35),
  bytes: fc.integer({ min: 1, max: 2 }),
  /** Of a unit, when it is signed. */
  price: fc.constantFrom(1, 2),
  type: fc.constantFrom("Withdrawal", "Withdrawal", "Withdrawal", "Nothing"),
  ticks: fc.integer({ min: 0, max: 6 }),
});
type Claim = typeof claim extends fc.Arbitrary<infer T> ? T : never;

describe("confirmations and signings", () => {
  let runs = 0;

  function ask({ confirms, cobo, units, bytes, price, type }: Claim): Promise<Decided> {
    const transaction = `${runs}-${cobo}`;
    const options = {
      cobo: transaction,
      units,
      type,
      token: `T-${runs}`,
      usd: units * (confirms ? 1 : price),
    };
    // A confirmation that says something else comes under an id of its own.
    if (confirms) return confirm({ ...options, id: `${transaction}-${units}` });
    return sign({ ...options, hash: `${runs}00${cobo}${bytes}${units}` });
  }

  /** What counts after every entry, in the order of the ledger: it never exceeds the cap. */
  function expectCapped(): void {
    const held = new Map<number, bigint>();
    let number = 0;
    let largest = 0n;
    const rows = ledger.entriesOf(["decision"]).map(({ row }) => JSON.parse(row));
    const known = new Set<string>();
    for (const { action, signing: bytes, movements: moved, takes_over: taken } of rows) {
      if (action !== "APPROVE") continue;
      for (const each of taken ?? []) held.delete(each);
      const said = `${bytes} ${JSON.stringify(moved.map((each: { units: string }) => each.units))}`;
      if (known.has(said)) continue;
      known.add(said);
      number += 1;
      if (moved[0].token === `T-${runs}`) held.set(number, BigInt(moved[0].usd_micros));
      const sum = [...held.values()].reduce((total, each) => total + each, 0n);
      if (sum > largest) largest = sum;
    }
    expect(largest <= BigInt(CAP), `${largest}`).toBe(true);
  }

  it("count as if one came after the other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(claim, { minLength: 1, maxLength: 16 }), async (claims) => {
        runs += 1;
        const held: { what: string; cobo: number; units: number; usd: number; confirms: boolean }[] = [];
        const answered = new Map<string, string>();
        const taken = new Set<string>();
        for (const each of claims) {
          const { confirms, cobo, units, bytes, price, type } = each;
          const usd = confirms ? units : units * price;
          const what = confirms ? `c ${cobo} ${units}` : `s ${cobo} ${bytes} ${units}`;
          const place = held.find((other) => other.confirms && other.cobo === cobo && other.units === units);
          const others = held.filter((other) => other.what !== what && (confirms || other !== place));
          let expected = "approved";
          if (others.reduce((sum, other) => sum + other.usd, 0) + usd > CAP) expected = "CAP";
          else if (type === "Nothing") expected = "NO_RULE_APPROVES";
          const stored = confirms ? answered.get(what) : undefined;
          if (stored !== undefined && (stored !== "approved" || taken.has(what))) expected = stored;
          const { decision } = await ask(each);
          expect(decision.reasons[0]?.code ?? decision.outcome, `${JSON.stringify(claims)} at ${what}`).toBe(
            expected,
          );
          if (confirms) answered.set(what, expected);
          if (expected !== "approved" || taken.has(what)) continue;
          if (!confirms && place !== undefined) {
            held.splice(held.indexOf(place), 1);
            taken.add(place.what);
          }
          if (!held.some((other) => other.what === what)) held.push({ what, cobo, units, usd, confirms });
        }
        expectCapped();
      }),
      { numRuns: 60 },
    );
  });

  it("never count for less than they are, whatever the order in which they come and are decided", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(claim, { minLength: 2, maxLength: 24 }), async (claims) => {
        runs += 1;
        const decided: Promise<Decided>[] = [];
        for (const each of claims) {
          for (let tick = 0; tick < each.ticks; tick += 1) await new Promise(setImmediate);
          decided.push(ask(each));
        }
        const answers = await Promise.all(decided);
        expect(answers.filter(({ decision }) => decision.outcome === "failed")).toEqual([]);
        expectCapped();
      }),
      { numRuns: 120 },
    );
  });
});
