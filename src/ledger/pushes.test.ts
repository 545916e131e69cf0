import { expect, test } from "vitest";
import {
  beside,
  count,
  entry,
  judgement,
  movement,
  opened,
  push,
  reserved,
  stateDirectory,
} from "../../test/support/ledger.ts";
import { type FactShape, factKey } from "../input/fact-shape.ts";
import type { MovementState, NewEntry, TransactionNames } from "./ledger.ts";

const IN: FactShape = { by: [], where: { direction: "in" } };
const SETTLED: FactShape = { by: [], where: { direction: "in", state: "settled" } };
const SIGNING = "ab".repeat(32);

test("a push is found by its bytes and by its transaction, and by no question about decisions", async () => {
  const { ledger } = await opened(stateDirectory());
  expect(ledger.read((snapshot) => snapshot.firstAt())).toBeUndefined();
  const transaction = { organization: "", names: ["cobo:d"] };
  const first = push({ push: { transaction } });
  const identity = first.push?.identity ?? "";
  await ledger.append(first).durable;
  await ledger.append(entry({ at: 1_700_000_000_001, decision: { transaction, identity } })).durable;
  const other = push({ at: 1_700_000_000_002, push: { transaction, source: "cobo-2" } });
  await ledger.append(other).durable;
  await ledger.append(judgement({ at: 1_700_000_000_002, transaction })).durable;
  ledger.read((snapshot) => {
    expect(snapshot.firstAt()).toBe(1_700_000_000_000);
    expect(snapshot.push(identity)).toMatchObject({ seq: 1, type: "push", id: first.id, row: first.row });
    expect(snapshot.push("00".repeat(32))).toBeUndefined();
    expect(snapshot.newestPush(1)).toMatchObject({ seq: 3, id: other.id });
    expect(snapshot.newestPush(2)).toBeUndefined();
  });
  expect(ledger.entry(3)).toMatchObject({ seq: 3, id: other.id, body: other.body });
  expect(ledger.entry(5)).toBeUndefined();
});

test("of the same bytes twice the newest is found; bytes of a decision are none of a push", async () => {
  const { ledger } = await opened(stateDirectory());
  const again = { identity: "cd".repeat(32) };
  await ledger.append(push({ push: again })).durable;
  await ledger.append(push({ push: again })).durable;
  await ledger.append(entry({ decision: { identity: "ef".repeat(32) } })).durable;
  expect(ledger.read((snapshot) => snapshot.push(again.identity))?.seq).toBe(2);
  expect(ledger.read((snapshot) => snapshot.push("ef".repeat(32)))).toBeUndefined();
});

test("its columns are its own: no request, no answer, no outcome; the transaction is that of a judgement, too", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const transaction = { organization: "", names: ["cobo:d"] };
  await ledger.append(push({ push: { transaction } })).durable;
  await ledger.append(judgement({ transaction })).durable;
  const connection = beside(directory);
  const empty = "request_id IS NULL AND is_answer IS NULL AND outcome IS NULL AND wallet IS NULL AND tx = 1";
  const of = (where: string) => count(connection, `SELECT count(*) FROM entries WHERE ${empty} AND ${where}`);
  expect(of("source = 'cobo' AND length(identity) = 32 AND seq = 1")).toBe(1);
  expect(of("source IS NULL AND identity IS NULL AND seq = 2")).toBe(1);
});

async function deposits() {
  const { ledger } = await opened(stateDirectory());
  await ledger.keepShapes([IN, SETTLED]);
  const rows = [movement({ direction: "in", kind: "deposit" })];
  const told = (state: MovementState, transition?: NewEntry["transition"], claims = rows) =>
    ledger.append(
      push({
        movements: { ...reserved(claims, SIGNING), state },
        ...(transition === undefined ? {} : { transition }),
      }),
    ).durable;
  const stored = () =>
    ledger.read((snapshot) => snapshot.signed(SIGNING)).map(({ number, state }) => [number, state]);
  const counted = () =>
    ledger.read((snapshot) => [IN, SETTLED].map((shape) => snapshot.totals(shape, factKey([])).count));
  return { ledger, told, stored, counted, rows };
}

test("a deposit begins in the state that its push tells of, and is one however often it is told of", async () => {
  const { told, stored, counted } = await deposits();
  expect(counted()).toEqual([0, 0]);
  await told("broadcast");
  expect([stored(), counted()]).toEqual([[[1, "broadcast"]], [1, 0]]);
  await told("broadcast");
  await Promise.all([told("broadcast"), told("settled", { movements: [1], state: "settled" })]);
  expect([stored(), counted()]).toEqual([[[1, "settled"]], [1, 1]]);
  await told("released", { movements: [1], state: "released" });
  expect([stored(), counted()]).toEqual([[[1, "released"]], [0, 0]]);
  await told("released");
  await told("broadcast", { movements: [1], state: "broadcast" });
  expect([stored(), counted()]).toEqual([[[1, "broadcast"]], [1, 0]]);
});

test("one that failed before anyone knew of it counts nothing, until it does", async () => {
  const { told, stored, counted } = await deposits();
  await told("released");
  await told("released");
  expect([stored(), counted()]).toEqual([[[1, "released"]], [0, 0]]);
  await told("settled", { movements: [1], state: "settled" });
  expect([stored(), counted()]).toEqual([[[1, "settled"]], [1, 1]]);
});

test("claims that differ add, also of a deposit", async () => {
  const { told, stored, counted, rows } = await deposits();
  await told("reserved");
  await told("reserved", undefined, [movement({ ...rows[0], units: "7" })]);
  expect([stored().length, counted()]).toEqual([2, [2, 0]]);
});

test("sums at hand stay good through states that count alike", async () => {
  const { told, counted, ledger } = await deposits();
  await told("reserved");
  expect(counted()).toEqual([1, 0]);
  await told("broadcast", { movements: [1], state: "broadcast" });
  expect(counted()).toEqual([1, 0]);
  await ledger.append(push({ movements: { ...reserved([movement({ direction: "in" })]), state: "settled" } }))
    .durable;
  expect(counted()).toEqual([2, 1]);
  await told("settled", { movements: [1], state: "settled" });
  expect(counted()).toEqual([2, 2]);
});

test("what an approval takes over is released before its own movements are counted", async () => {
  const { ledger } = await opened(stateDirectory());
  const all: FactShape = { by: [], where: { direction: "out" } };
  await ledger.keepShapes([all]);
  const usd = () => ledger.read((snapshot) => snapshot.totals(all, factKey([])).usdMicros);
  const [signing, slot] = ["12".repeat(32), "34".repeat(32)];
  const rows = [movement({ usd_micros: "70" })];
  await ledger.append(entry({ movements: { signing, slot, rows } })).durable;
  expect(usd()).toBe(70n);
  // Said again in the very entry that releases it: it counts again, by itself.
  const transition = { movements: [1], state: "released" } as const;
  await ledger.append(entry({ movements: { signing, slot, rows }, transition })).durable;
  expect(usd()).toBe(70n);
  expect(ledger.read((snapshot) => snapshot.signed(signing)).map(({ state }) => state)).toEqual([
    "released",
    "reserved",
  ]);
  await ledger.append(entry({ movements: { signing: "56".repeat(32), rows }, transition })).durable;
  expect(usd()).toBe(140n);
});

test("each state that an entry tells of is written down with it", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  await ledger.append(entry({ movements: reserved([movement(), movement()]) })).durable;
  for (const state of ["broadcast", "settled"] as const) {
    await ledger.append(push({ transition: { movements: [2, 1, 2], state } })).durable;
  }
  const of = (where: string) => count(beside(directory), `SELECT count(*) FROM transitions WHERE ${where}`);
  expect(of("state = 'broadcast' AND entry = 2")).toBe(2);
  expect(of("state = 'settled' AND entry = 3")).toBe(2);
});

test("a Cobo id is the same within each organization, and what no organization has", async () => {
  const { ledger } = await opened(stateDirectory());
  const named = (organization: string, names: readonly string[]) =>
    ledger.read((snapshot) => snapshot.transactionsNamed({ organization, names }));
  const transactionOf = (transaction: TransactionNames) => async (of: "decision" | "push") => {
    const movements = reserved([movement()]);
    const made =
      of === "decision"
        ? entry({ decision: { transaction }, movements })
        : push({ push: { transaction }, movements });
    await ledger.append(made).durable;
    return ledger.read((snapshot) => snapshot.signed(movements.signing)[0]?.transaction);
  };
  const names = (organization: string, ...list: string[]) => transactionOf({ organization, names: list });

  // A push first: each organization's callback joins it, by the Cobo id alone.
  expect(await names("", "cobo:a", "request:r")("push")).toBe(1);
  expect(await names("org", "request:r")("decision")).toBe(2);
  expect(await names("org", "transaction:t", "cobo:a")("decision")).toBe(1);
  expect(await names("org", "transaction:t")("decision")).toBe(1);
  expect(named("org", ["cobo:a"])).toEqual([1]);
  expect(named("other", ["cobo:a", "request:r"])).toEqual([1]);
  expect(named("other", ["request:r", "transaction:t"])).toEqual([]);
  expect(named("", ["transaction:t"])).toEqual([]);

  // A callback first: the push joins it, whatever its organization.
  expect(await names("zorg", "transaction:u", "cobo:b")("decision")).toBe(5);
  expect(named("", ["cobo:b"])).toEqual([5]);
  expect(named("org", ["cobo:b"])).toEqual([]);
  expect(await names("", "cobo:b")("push")).toBe(5);
  expect(named("org", ["cobo:b"])).toEqual([5]);

  // Two that nobody joined: the oldest first.
  expect(await names("zorg", "cobo:c")("decision")).toBe(7);
  expect(await names("org", "cobo:c")("decision")).toBe(8);
  expect(named("", ["cobo:c", "cobo:a"])).toEqual([1, 7, 8]);
  expect(await names("", "cobo:c")("push")).toBe(7);
});

test("and so it is for entries that are written together", async () => {
  const { ledger } = await opened(stateDirectory());
  const movements = () => reserved([movement()]);
  const all = [
    ["", "cobo:a", "cobo:x"],
    ["org", "transaction:t", "cobo:a"],
    ["org", "transaction:u", "cobo:b"],
    ["", "cobo:b"],
    ["", "cobo:a", "cobo:b"],
    ["", "cobo:b"],
    ["org", "cobo:x"],
  ].map(([organization = "", ...names]) => {
    const made = push({ push: { transaction: { organization, names } }, movements: movements() });
    return { made, durable: ledger.append(made).durable };
  });
  await Promise.all(all.map(({ durable }) => durable));
  const found = all.map(({ made }) =>
    ledger.read((snapshot) => snapshot.signed(made.movements?.signing ?? "")[0]?.transaction),
  );
  expect(found).toEqual([1, 1, 3, 3, 1, 3, 1]);
});
