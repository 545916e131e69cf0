import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { withoutEnd } from "../../test/support/endless-rego.ts";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
import { PAYS, releaseOf } from "../../test/support/rego.ts";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import type { SqliteLedger } from "../ledger/open.ts";
import type { LiveRelease } from "../policy/live.ts";
import { DecisionDesk } from "./desk.ts";
import { Freezes } from "./freeze.ts";
import { VerifiedRequest } from "./request.ts";
import { Shadow, type ShadowEvent } from "./shadow.ts";
import { Tickets } from "./tickets.ts";

const START = 1_790_000_000_000;

const rule = (name: string, custom: string, body: string) => ({
  [`rules/transfer/${name}/rule.rego`]: `# METADATA
# title: ${name}
# description: For the tests.
# custom:
#   kinds: [transaction_signing]
${custom
  .split("\n")
  .map((line) => `#   ${line}`)
  .join("\n")}
package rules.transfer.${name}

${body}
`,
});

const cap = (name: string, limit: number, window = "24h") =>
  rule(
    name,
    `severity: high\nrequires: {${name.toUpperCase()}: deny}`,
    `import data.lib.amount

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": "${window}"}

after := amount.int(input.facts.${name}.spent) + amount.int(input.transaction.total_usd_micros)

require["${name.toUpperCase()}"] if after <= ${limit}

message["${name.toUpperCase()}"] := $"{after} of ${limit}"`,
  );

const DATA = { "data.yaml": "approve_unverified: true\n" };
const LIVE = { ...PAYS, ...cap("cap", 100), ...DATA };
/** The live one's fact under another name, and one of its own: how often a destination was paid. */
const OTHER = {
  ...PAYS,
  ...cap("limit", 60),
  ...rule(
    "twice",
    "severity: low\nrequires: {TWICE: hold}",
    `import data.lib.amount

facts["before"] := {"kind": "count", "by": ["transaction.destinations[].address"]}

require["TWICE"] if {
	every destination in input.transaction.destinations {
		amount.int(input.facts.twice.before[destination.address]) < 2
	}
}`,
  ),
  ...DATA,
};
const BROKEN = {
  ...PAYS,
  ...rule(
    "breaks",
    "severity: low\nrequires: {BREAKS: deny}\noptional: [transaction.description]",
    `word := 1 if true

word := 2 if input.transaction.description == "fail"

ends if not input.transaction.description == "loop"

ends if {
	input.transaction.description == "loop"
	${withoutEnd("input.now.ms")}
}

require["BREAKS"] if {
	word == 1
	ends
}`,
  ),
  ...DATA,
};

let live: LiveRelease;
let other: LiveRelease;
let broken: LiveRelease;
const engineEvents: ((candidate: LiveRelease) => void)[] = [];
beforeAll(async () => {
  [live, other, broken] = await Promise.all([
    releaseOf(LIVE),
    releaseOf(OTHER, { workers: 1 }),
    releaseOf(BROKEN, {
      workers: 1,
      evaluationMs: 100,
      onEvent: (event) => engineEvents.push((candidate) => here.shadow.engineEvent(candidate, event)),
    }),
  ]);
}, 120_000);
afterAll(() => Promise.all([live, other, broken].map(({ engine }) => engine.close())));

interface Here {
  readonly ledger: SqliteLedger;
  readonly desk: DecisionDesk;
  readonly shadow: Shadow;
  readonly events: ShadowEvent[];
}

let here: Here;
let clock = START;
beforeEach(async () => {
  clock = START;
  engineEvents.length = 0;
  here = await place();
});

async function place(withShadow = true): Promise<Here> {
  const { ledger } = await opened(stateDirectory(), { now: () => clock });
  await ledger.keepShapes(live.queries.map(({ shape }) => shape));
  const events: ShadowEvent[] = [];
  const shadow = new Shadow(
    ledger,
    () => clock,
    (event) => events.push(event),
  );
  const freezes = new Freezes("/nowhere/FREEZE");
  freezes.restored();
  const desk = new DecisionDesk({
    ...{ ledger, freezes, tickets: new Tickets(), scope: {}, decisionMs: 10_000, reissueMs: 900_000 },
    clock: () => clock,
    onAlarm: () => {},
    ...(withShadow ? { shadow } : {}),
  });
  return { ledger, desk, shadow, events };
}

let made = 0;

interface Asked {
  readonly usd?: number;
  readonly to?: string;
  readonly wallet?: string;
  readonly description?: string;
  readonly number?: number;
}

function request({ usd = 10, to = "0xa", wallet = "w", description, number }: Asked = {}): VerifiedRequest {
  made += 1;
  const hash = String(number ?? made).padStart(64, "0");
  const usd_micros = String(usd);
  const document: Document = {
    ...{ version: 1, kind: "transaction_signing", group: "transfer", channel: "tss.v2" },
    request: { id: `r-${hash}`, source: "node-1", received_at: clock },
    now: nowMembers(clock, "UTC"),
    organization: { id: "o" },
    wallet: { id: wallet },
    signing: { hashes: [`0x${hash}`], paths: ["m/1"] },
    transaction: {
      ...{ id: `t-${hash}`, type: "Withdrawal", chain: "ETH", token: "ETH" },
      destinations: [{ address: to, amount: { token: "ETH", units: "5", usd_micros } }],
      total_usd_micros: usd_micros,
      ...(description === undefined ? {} : { description }),
    },
    evidence: { status: "unsupported", key: "unsupported" },
  };
  return new VerifiedRequest({
    ...{ input: { document, raw: "{}" }, identity: hash, participants: [] },
    ...{ startedAt: performance.now(), normalizeMs: 0 },
  });
}

async function ask(asked: Asked = {}, at: Here = here): Promise<string> {
  const { decision } = await at.desk.answer(request(asked), { live, refusedStep: undefined });
  return decision.id;
}

/** With history prepared for it. */
async function begin(candidate: LiveRelease): Promise<void> {
  here.shadow.begin(candidate, live);
  await expect.poll(() => here.shadow.sitting?.facts.isPrepared).toBe(true);
}

/** All that waits is judged. */
async function settled(events = here.events, count = 1): Promise<void> {
  await expect.poll(() => events.filter(({ type }) => type === "judged").length).toBe(count);
}

function tally() {
  const { sitting } = here.shadow;
  if (sitting === undefined) throw new Error("nothing is judged");
  return sitting.tally;
}

describe("what is not judged", () => {
  it("anything without a candidate, or without a release that decides", async () => {
    await ask();
    here.shadow.begin(other, live);
    await here.desk.answer(request(), { live: undefined, refusedStep: undefined });
    await ask();
    await settled();
    expect(here.events).toHaveLength(1);
    here.shadow.end();
    await ask();
    expect([here.shadow.sitting, here.shadow.waiting]).toEqual([undefined, 0]);
  });

  it("what an earlier live release decides", async () => {
    here.shadow.begin(live, other);
    await ask();
    expect(here.events).toEqual([]);
    expect(here.shadow.waiting).toBe(0);
  });

  it("what the host refused, and what is answered once more", async () => {
    here.shadow.begin(other, live);
    const strange = request();
    const participants = ["somebody"];
    const members = { ...strange, participant: "us", participants };
    const { decision } = await here.desk.answer(
      new VerifiedRequest({ ...members, startedAt: performance.now() }),
      { live, refusedStep: undefined },
    );
    expect(decision.reasons[0]?.code).toBe("NOT_A_PARTICIPANT");
    expect(tally().skipped).toMatchObject({ refused_by_host: 1 });
    await ask({ number: 77_777 });
    await ask({ number: 77_777 });
    await settled();
    expect(here.events.map(({ type }) => type)).toEqual(["skipped", "judged"]);
  });

  it("more than may wait: it is counted, and all are answered", async () => {
    await begin(broken);
    // Each of the first runs until its limit, so that the others wait behind them.
    const all = Array.from({ length: 360 }, (_, at) => (at < 60 ? "loop" : "ordinary"));
    await Promise.all(all.map((description, at) => ask({ description, wallet: `w-${at}`, usd: 1 })));
    const { behind } = tally().skipped;
    expect(behind).toBeGreaterThan(0);
    expect(here.shadow.waiting).toBeLessThanOrEqual(256);
    expect(here.ledger.entriesOf(["decision"])).toHaveLength(360);
    here.shadow.end();
    expect(here.shadow.waiting).toBe(0);
  });
});

describe("what is counted", () => {
  it("newly refused and held, by rule and code, with the words of both; the newest examples", async () => {
    await begin(other);
    const ids: string[] = [];
    for (const to of ["0xa", "0xa", "0xa", "0xb", "0xb", "0xb", "0xb"]) ids.push(await ask({ to }));
    await settled(here.events, 7);
    const { decisions, pairs } = tally();
    expect(decisions).toMatchObject({ same: 4, newly_approved: { count: 0 }, newly_refused: { count: 3 } });
    // The third to `0xa`, the third and fourth to `0xb`, and the seventh of the wallet.
    expect(decisions.newly_refused.by_rule).toMatchObject([
      {
        ...{ rule: "transfer/twice", code: "TWICE", count: 3 },
        examples: [{ id: ids[6] }, { id: ids[5] }, { id: ids[2] }],
      },
      { code: "HELD", count: 2 },
      {
        ...{ rule: "transfer/limit", code: "LIMIT", count: 1 },
        examples: [
          {
            id: ids[6],
            live: { outcome: "approved", reasons: [] },
            candidate: {
              outcome: "denied",
              reasons: expect.arrayContaining([
                { rule: "transfer/limit", code: "LIMIT", message: "70 of 60" },
              ]),
            },
          },
        ],
      },
    ]);
    expect(pairs).toEqual([
      { live: "approved", candidate: "approved", count: 4 },
      { live: "approved", candidate: "held", count: 2 },
      { live: "approved", candidate: "denied", count: 1 },
    ]);
  });

  it("newly approved, and refused for other reasons", async () => {
    await begin(broken);
    await ask({ usd: 101 });
    await settled();
    expect(tally().decisions.newly_approved).toMatchObject({
      count: 1,
      by_rule: [
        {
          ...{ rule: "transfer/cap", code: "CAP" },
          examples: [{ live: { outcome: "denied" }, candidate: { outcome: "approved", reasons: [] } }],
        },
      ],
    });
    await begin(other);
    expect(tally().decisions.newly_approved.count).toBe(0);
    await ask({ usd: 101 });
    await settled(here.events, 2);
    expect(
      tally()
        .decisions.other_reasons.by_rule.map(({ code }) => code)
        .sort(),
    ).toEqual(["CAP", "LIMIT"]);
  });

  it("history as the decision saw it: those at once, and those that were decided since, count as they did there", async () => {
    await begin(other);
    await Promise.all(Array.from({ length: 4 }, () => ask({ usd: 25 })));
    await settled(here.events, 4);
    // 25, 50, 75, 100: the live one approves each, and the candidate the first two.
    expect(tally().decisions).toMatchObject({
      same: 2,
      newly_refused: { count: 2, by_rule: [{ code: "LIMIT", count: 2 }, { code: "TWICE" }] },
    });
  });

  it("a fact that can't be had is absent, and the rule that reads it refuses", async () => {
    const { ledger } = here;
    ledger.keepShapes = async () => await new Promise<void>(() => {});
    here.shadow.begin(other, live);
    await ask();
    await settled();
    expect(here.shadow.sitting?.facts.isPrepared).toBe(false);
    const [change] = tally().decisions.newly_refused.by_rule.filter(({ code }) => code === "TWICE");
    expect(change?.examples[0]?.candidate.reasons[0]?.message).toMatch(/could not see facts\.twice\.before/);
  });
});

describe("a candidate that is broken", () => {
  it("fails where it fails, and nobody waits for it", async () => {
    await begin(broken);
    const asked = [...Array.from({ length: 8 }, () => "loop"), "fail", undefined];
    const decided = await Promise.all(
      asked.map((description, at) =>
        here.desk.answer(
          request({ usd: 1, wallet: `w-${at}`, ...(description === undefined ? {} : { description }) }),
          { live, refusedStep: undefined },
        ),
      ),
    );
    expect(decided.map(({ decision }) => decision.outcome)).toEqual(asked.map(() => "approved"));
    // The first of them may have run by then, never all.
    expect(here.events.filter(({ type }) => type === "judged").length).toBeLessThan(asked.length);
    await expect
      .poll(() => here.events.filter(({ type }) => type === "judged").length, { timeout: 30_000 })
      .toBe(10);
    expect(tally().decisions).toMatchObject({
      same: 1,
      failed: {
        count: 9,
        by_rule: [
          { code: "POLICY_TIMEOUT", count: 8 },
          { code: "POLICY_ERROR", count: 1 },
        ],
      },
    });
  });

  it("is stopped where its engine fails again and again, and not where it fails now and then", async () => {
    here.shadow.begin(broken, live);
    for (let at = 0; at < 9; at += 1) here.shadow.engineEvent(broken, { type: "spare_ready" });
    for (let at = 0; at < 9; at += 1)
      here.shadow.engineEvent(broken, { type: "worker_lost", message: "", retryMs: 0 });
    here.shadow.engineEvent(other, { type: "worker_lost", message: "of another one", retryMs: 0 });
    expect(here.events.filter(({ type }) => type === "fault")).toHaveLength(9);
    for (let at = 0; at < 10; at += 1) await ask({ wallet: `w-${at}` });
    await settled(here.events, 10);
    here.shadow.engineEvent(broken, { type: "timeout", entrypoint: "countersign/decision", ms: 1 });
    expect(here.shadow.sitting).toBeDefined();
    here.shadow.engineEvent(broken, { type: "timeout", entrypoint: "countersign/decision", ms: 1 });
    expect(here.shadow.sitting).toBeUndefined();
    expect(here.events.at(-1)).toMatchObject({ type: "stopped", candidate: broken });
    expect(here.events.some(({ type }) => type === "broken")).toBe(false);
  });
});

it("changes nothing of what is answered and written", { timeout: 120_000 }, async () => {
  const asking = fc.array(
    fc.record({
      number: fc.integer({ min: 1_000_000, max: 1_000_004 }),
      usd: fc.integer({ min: 1, max: 60 }),
      to: fc.constantFrom("0xa", "0xb"),
      wallet: fc.constantFrom("w", "v"),
      atOnce: fc.boolean(),
      description: fc.constantFrom("fail", "ordinary"),
    }),
    { maxLength: 12 },
  );
  const candidates = fc.constantFrom("other", "broken");
  await fc.assert(
    fc.asyncProperty(asking, candidates, async (all, which) => {
      const told: string[][] = [];
      for (const isOn of [false, true]) {
        clock = START;
        const at = await place();
        if (isOn) at.shadow.begin(which === "other" ? other : broken, live);
        const answers: Promise<unknown>[] = [];
        for (const { atOnce, ...asked } of all) {
          const answer = at.desk
            .answer(request(asked), { live, refusedStep: undefined })
            .then(({ decision, repeated }) => ({ ...decision, repeated, id: "", timings: {} }));
          answers.push(answer);
          if (!atOnce) await answer;
        }
        const said = await Promise.all(answers);
        const rows = at.ledger
          .entriesOf(["decision", "refusal", "push", "act", "release", "alarm", "mark"])
          .map(({ row }) => ({ ...JSON.parse(row), id: "", timings: {} }));
        told.push([...said, ...rows].map((each) => JSON.stringify(each)));
        at.shadow.end();
        await at.ledger.close();
      }
      expect(told[1]).toEqual(told[0]);
    }),
    { numRuns: 12 },
  );
});
