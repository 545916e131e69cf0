/** What the store writes is what a verification, which reads rows and tables by itself, finds good. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
import {
  type DecisionParts,
  decisionEntry,
  flag,
  judgementEntry,
  LedgerRows,
  movement,
  type PushParts,
  pushEntry,
  T0,
} from "../../test/support/ledger-rows.ts";
import { canonicalJson } from "../input/canonical-json.ts";
import { type FactShape, factKey } from "../input/fact-shape.ts";
import { MOVEMENT_STATES, type NewEntry } from "./ledger.ts";
import { verifyLedger } from "./verify.ts";

const SHAPES: readonly FactShape[] = [
  { by: [], where: { direction: "out" } },
  { by: ["transaction.sources[].address"], where: { direction: "in" } },
  { by: [], where: { direction: "in", state: "settled" } },
];

const digest = (of: string) => Buffer.from(of.padEnd(32)).toString("hex");
const some = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 2 });
const address = fc.constantFrom("0xa", "0xb", "0xc", 'quoted "é\u2028');
const state = fc.constantFrom(...MOVEMENT_STATES);
const numbers = fc.array(fc.nat(), { maxLength: 2 });

const movements = fc.array(
  fc
    .record({
      destination: fc.option(address, { nil: undefined }),
      from: some("0xa", "0xd"),
      outpoints: some("h:0"),
    })
    .map(({ from, ...parts }) => movement({ ...parts, sources: from })),
  { minLength: 1, maxLength: 2 },
);
const deposits = movements.map((rows) => rows.map((row) => ({ ...row, direction: "in" as const })));
const flags = fc.array(
  fc.record({
    code: fc.constantFrom("A", "B"),
    rule: fc.constantFrom("deposit/r", undefined),
    key: fc.constantFrom("day", undefined),
    marks: fc.array(
      fc.record({
        kind: fc.constantFrom("address" as const, "outpoint" as const),
        value: address,
        role: fc.constantFrom("paid_into" as const, "sender" as const),
      }),
      { maxLength: 3 },
    ),
    usd_micros: fc.constantFrom("7", undefined),
  }),
  { maxLength: 2 },
);
const judged = fc.record({ flags, resolves: numbers, names: some("cobo:x", "cobo:y", "request:r") });

const step = fc.oneof(
  fc.record({
    type: fc.constant("decision" as const),
    outcome: fc.constantFrom("approved" as const, "denied" as const),
    organization: fc.constantFrom("org-1", "org-2"),
    names: some("cobo:x", "cobo:y", "request:r", "transaction:t"),
    signing: fc.constantFrom("one", "two", undefined),
    sources: fc.option(some("0xa", "0xpool"), { nil: undefined }),
    takesOver: fc.option(numbers, { nil: undefined }),
    movements,
  }),
  fc.record({
    type: fc.constant("push" as const),
    signing: fc.constantFrom("in one", "in two"),
    state: fc.option(state, { nil: undefined }),
    movements: fc.option(deposits, { nil: undefined }),
    enters: fc.option(fc.record({ of: numbers, state }), { nil: undefined }),
    judged,
  }),
  fc.record({ type: fc.constant("judgement" as const), judged }),
  fc.record({ type: fc.constant("act" as const), releases: numbers }),
  fc.record({ type: fc.constant("resolve" as const), flag: fc.nat() }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What steps are about, so far: how many movements there are, and which flags were raised or might have been. */
interface Known {
  readonly movements: number;
  readonly flags: string[];
}

function entryOf(told: Step, number: number, known: Known): NewEntry {
  const at = T0 + Math.floor(number / 2);
  const existing = (list: readonly number[]) =>
    known.movements === 0 ? [] : list.map((each) => (each % known.movements) + 1);
  const foundParts = (of: typeof judged extends fc.Arbitrary<infer T> ? T : never) => {
    const raised = known.flags.length;
    return {
      names: of.names,
      resolves: raised === 0 ? [] : of.resolves.map((each) => known.flags[each % raised] ?? ""),
      flags: of.flags.map((parts, index) => {
        const id = `g_${number}_${index}`;
        known.flags.push(id);
        return flag(id, parts);
      }),
    };
  };
  switch (told.type) {
    case "decision": {
      const { type: _, signing, takesOver, sources, names, ...rest } = told;
      const parts: DecisionParts = {
        ...rest,
        ...(names.length === 0 ? {} : { names }),
        ...(signing === undefined ? {} : { signing: digest(signing) }),
        ...(takesOver === undefined ? {} : { takesOver: existing(takesOver) }),
        ...(sources === undefined ? {} : { sources }),
      };
      return decisionEntry(number, at, parts);
    }
    case "push": {
      const parts: PushParts = {
        ...foundParts(told.judged),
        signing: digest(told.signing),
        ...(told.state === undefined ? {} : { state: told.state }),
        ...(told.movements === undefined ? {} : { movements: told.movements }),
        ...(told.enters === undefined
          ? {}
          : { transition: { movements: existing(told.enters.of), state: told.enters.state } }),
      };
      return pushEntry(number, at, parts);
    }
    case "judgement":
      return judgementEntry(number, at, "p_1", foundParts(told.judged));
    case "act": {
      const list = existing(told.releases);
      const row = { act: "release", reason: "test", by: "alice", movements: list };
      return { ...actEntry(number, at, row), transition: { movements: list, state: "released" } };
    }
    case "resolve": {
      const id = known.flags[told.flag % Math.max(1, known.flags.length)] ?? "g_none";
      const row = { act: "resolve_flag", reason: "test", by: "alice", flag: id };
      return { ...actEntry(number, at, row), resolves: [id] };
    }
  }
}

function actEntry(number: number, at: number, row: Readonly<Record<string, unknown>>): NewEntry {
  const id = `a_${number}`;
  return { type: "act", id, at, row: canonicalJson({ type: "act", id, at, ...row }) };
}

test("whatever decisions, pushes and acts write is found good", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
      fc.nat({ max: 7 }),
      async (groups, keptAt) => {
        const directory = stateDirectory();
        const { ledger } = await opened(directory);
        const file = join(directory, "ledger.db");
        const known = { movements: 0, flags: [] as string[] };
        let number = 0;
        for (const [at, group] of groups.entries()) {
          // Some shapes see the past, others all of it as it comes.
          if (at === keptAt % groups.length) await ledger.keepShapes(SHAPES);
          const entries = group.map((each) => {
            number += 1;
            return entryOf(each, number, known);
          });
          await Promise.all(entries.map((entry) => ledger.append(entry).durable));
          known.movements =
            ledger.read((snapshot) => newestMovement(entries, snapshot.signed)) || known.movements;
        }
        await ledger.close();
        const { problems } = await verifyLedger(file, {
          anchor: undefined,
          key: undefined,
          deep: true,
          threads: 1,
        });
        expect(problems.filter(({ what }) => !what.includes("no anchor"))).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

/** The number of the newest movement that entries made; 0 where they made none. */
function newestMovement(
  entries: readonly NewEntry[],
  signed: (signing: string) => readonly { readonly number: number }[],
): number {
  const all = entries.flatMap(({ movements: of }) => (of === undefined ? [] : signed(of.signing)));
  return Math.max(0, ...all.map(({ number }) => number));
}

test("a ledger that knows of no pushes is brought up to date with what it has", async () => {
  const directory = stateDirectory();
  const file = join(directory, "ledger.db");
  const rows = await LedgerRows.createFirst(file);
  rows.decision({ movements: [movement({ outpoints: ["h:0"] }), movement({ destination: "0xto" })] });
  rows.decision({ movements: [movement({ sources: ["0xlate", "0xaa"] })] });
  rows.decision({ movements: [movement({ destination: "0xlate", sources: [] })] });
  rows.other(
    "act",
    { act: "release", reason: "dropped", by: "alice", movements: [2, 4] },
    { transition: { movements: [2, 4], state: "released" } },
  );
  rows.other("act", { act: "accept_price", reason: "real", by: "bob", token: "ETH" });
  rows.close();
  await expect(verifyLedger(file, { anchor: undefined, key: undefined })).rejects.toMatchObject({
    code: "LEDGER_UNAVAILABLE",
    message: /older version/,
  });

  const { ledger } = await opened(directory);
  ledger.read((snapshot) => {
    const known = (value: string) => snapshot.marked("address", value).known;
    expect(["0xaa", "0xbb", "0xto", "0xlate", "0xother"].map(known)).toEqual([true, true, true, true, false]);
    expect(snapshot.marked("outpoint", "h:0").known).toBe(true);
    expect(snapshot.governed("0xaa")).toBeUndefined();
  });
  await ledger.keepShapes(SHAPES);
  expect(ledger.read((snapshot) => snapshot.totals(SHAPES[0] ?? never(), factKey([])).count)).toBe(2);
  const release = { act: "release", reason: "again", by: "alice", movements: [1] };
  await ledger.append({
    ...actEntry(6, T0 + 99_000, release),
    transition: { movements: [1], state: "released" },
  }).durable;
  await ledger.close();
  const { problems, rows: read } = await verifyLedger(file, {
    anchor: undefined,
    key: undefined,
    deep: true,
  });
  expect([problems.filter(({ what }) => !what.includes("no anchor")), read]).toEqual([[], 6]);
});

function never(): never {
  throw new Error("there is one");
}
