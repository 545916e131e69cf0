import { expect, test } from "vitest";
import { entry, movement, opened, reserved, stateDirectory } from "../../test/support/ledger.ts";
import { type FactShape, factKey } from "../input/fact-shape.ts";
import { factKeys } from "./fact-keys.ts";
import type { Movement } from "./ledger.ts";

const ALL: FactShape = { by: [], where: { direction: "out" } };
const SIGNING = "ab".repeat(32);

async function counted() {
  const { ledger } = await opened(stateDirectory());
  await ledger.keepShapes([ALL]);
  const approve = (rows: readonly Movement[], signing = SIGNING) =>
    ledger.append(entry({ movements: reserved(rows, signing) })).durable;
  const release = (movements: readonly number[]) =>
    ledger.append(entry({ type: "act", transition: { movements, state: "released" } })).durable;
  const count = () => ledger.read((snapshot) => snapshot.totals(ALL, factKey([])).count);
  return { ledger, approve, release, count };
}

test("the same bytes count once, in whatever order, at whatever price, in one group or two", async () => {
  const { ledger, approve, count } = await counted();
  const [a, b] = [movement({ destination: "0xa" }), movement({ destination: "0xb" })];
  await approve([a, b]);
  await Promise.all([approve([b, a]), approve([{ ...a, usd_micros: "7" }, b])]);
  await Promise.all([approve([a], "cd".repeat(32)), approve([a], "cd".repeat(32))]);
  expect(count()).toBe(3);
  expect(ledger.read((snapshot) => snapshot.signed(SIGNING))).toEqual([
    { ...a, number: 1, entry: 1, transaction: 1, signing: SIGNING, at: 1_700_000_000_000, state: "reserved" },
    { ...b, number: 2, entry: 1, transaction: 1, signing: SIGNING, at: 1_700_000_000_000, state: "reserved" },
  ]);
});

test("claims about the same bytes that contradict each other add, each once", async () => {
  const { approve, count } = await counted();
  const [a, b] = [movement({ destination: "0xa" }), movement({ destination: "0xb" })];
  await approve([a]);
  await approve([b]);
  await approve([a, b]);
  expect(count()).toBe(4);
  for (const rows of [[a], [b], [b, a]]) await approve(rows);
  expect(count()).toBe(4);
  await approve([a, a]);
  expect(count()).toBe(6);
});

test("bytes that were released and are approved again count again", async () => {
  const { approve, release, count } = await counted();
  await approve([movement()]);
  await release([1, 1]);
  await release([1]);
  expect(count()).toBe(0);
  await approve([movement()]);
  expect(count()).toBe(1);
});

test("a movement that there is not can't be released", async () => {
  const { ledger, release, count } = await counted();
  await expect(release([1])).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE", message: /no movement 1/ });
  expect(ledger.health().ok).toBe(true);
  expect(count()).toBe(0);
});

test("entries that share a name within an organization are of one transaction", async () => {
  const { ledger } = await opened(stateDirectory());
  const approve = async (names: readonly string[], organization = "org") => {
    const movements = reserved([movement()]);
    const transaction = { organization, names };
    await ledger.append(entry({ decision: { transaction }, movements })).durable;
    return ledger.read((snapshot) => snapshot.signed(movements.signing)[0]?.transaction);
  };
  expect(await approve(["transaction:1", "request:a"])).toBe(1);
  expect(await approve(["transaction:2"])).toBe(2);
  expect(await approve(["request:a", "cobo:x"])).toBe(1);
  expect(await approve(["cobo:x"])).toBe(1);
  expect(await approve(["cobo:x"], "other")).toBe(5);
  // A claim that it is of two: it is of the older one, and the names stay what they were.
  expect(await approve(["transaction:2", "cobo:x", "cobo:y"])).toBe(1);
  expect(await approve(["transaction:2"])).toBe(2);
  const [first, second] = await Promise.all([approve(["request:b", "cobo:z"]), approve(["cobo:z"])]);
  expect([first, second]).toEqual([8, 8]);
});

test("a movement counts under each combination of its values", () => {
  const shape: FactShape = {
    by: ["wallet.id", "transaction.sources[].address"],
    where: { direction: "out" },
  };
  const many = movement({ sources: ["a", "b"], wallet: "w" });
  expect(factKeys(shape, many, "reserved")).toEqual([factKey(["a", "w"]), factKey(["b", "w"])]);
  expect(factKeys({ ...shape, by: [] }, many, "reserved")).toEqual([factKey([])]);
});

test("a movement counts nowhere where it lacks a member, is released, or doesn't fit", () => {
  const shape = (where: Partial<FactShape["where"]>): FactShape => ({
    by: ["wallet.id"],
    where: { direction: "out", ...where },
  });
  const { wallet: _, ...homeless } = movement();
  expect(factKeys(shape({}), homeless, "reserved")).toEqual([]);
  expect(factKeys(shape({}), movement(), "released")).toEqual([]);
  expect(factKeys(shape({ state: "released" }), movement(), "released")).toEqual([]);
  expect(factKeys(shape({ direction: "in" }), movement(), "reserved")).toEqual([]);
  expect(factKeys(shape({ state: "signed" }), movement(), "reserved")).toEqual([]);
  expect(factKeys(shape({ state: "signed" }), movement(), "signed")).toHaveLength(1);
  expect(
    factKeys(shape({ "transaction.sources[].address": "b" }), movement({ sources: ["a", "b"] }), "signed"),
  ).toHaveLength(1);
  expect(
    factKeys(shape({ "transaction.sources[].address": "c" }), movement({ sources: ["a", "b"] }), "signed"),
  ).toEqual([]);
  expect(factKeys(shape({ "project.id": "p" }), movement(), "signed")).toEqual([]);
});
