import { expect, test } from "vitest";
import {
  beside,
  entry,
  flag,
  judgement,
  movement,
  opened,
  push,
  reserved,
  stateDirectory,
} from "../../test/support/ledger.ts";
import type { FlagMark, Ledger, NewFlag } from "./ledger.ts";

const marked = (ledger: Ledger, value = "0xours", kind: FlagMark["kind"] = "address") =>
  ledger.read((snapshot) => snapshot.marked(kind, value));
const idsOf = (flags: readonly { readonly id: string }[]) => flags.map(({ id }) => id);
const NAMES = { organization: "", names: ["cobo:d", "request:r"] };

/** A push of one deposit that raises these. */
const raising = (...flags: NewFlag[]) => push({ push: { transaction: NAMES }, flags });

async function open(directory = stateDirectory()) {
  const { ledger } = await opened(directory);
  await ledger.append(entry({ type: "mark" })).durable;
  return ledger;
}

test("a flag is found by what it marks, its transaction, its id and its code", async () => {
  const ledger = await open();
  const marks: FlagMark[] = [
    { kind: "address", value: "0xours", role: "paid_into" },
    { kind: "outpoint", value: "hash:0", role: "paid_into" },
    { kind: "address", value: "0xevil", role: "sender" },
  ];
  const raised = flag({ marks, values: { "10": "b", "9": "a" }, chain: "ETH", usd_micros: "5" });
  await ledger.append(raising(raised)).durable;
  const stored = { ...raised, names: NAMES.names, transaction: 2, entry: 2, at: 1_700_000_000_000 };
  expect(ledger.flag(raised.id)).toEqual(stored);
  expect(ledger.openFlags("SOURCE_LISTED", 9)).toEqual([stored]);
  expect(ledger.read((snapshot) => snapshot.flagsOf(2))).toEqual([stored]);
  expect(marked(ledger)).toEqual({ known: false, open: [{ ...stored, role: "paid_into" }] });
  expect(marked(ledger, "hash:0", "outpoint").open).toMatchObject([{ role: "paid_into" }]);
  expect(marked(ledger, "0xevil").open).toMatchObject([{ role: "sender" }]);
  for (const nothing of [marked(ledger, "0xevil", "outpoint"), marked(ledger, "0xother")]) {
    expect(nothing).toEqual({ known: false, open: [] });
  }
  expect([ledger.flag("g_other"), ledger.openFlags("OTHER", 9)]).toEqual([undefined, []]);
});

test("there is one flag of a key, open or resolved; without a key one of a transaction, rule and code", async () => {
  const ledger = await open();
  const [first, keyed] = [flag(), flag({ key: "one a day" })];
  await ledger.append(raising(first, flag(), keyed)).durable;
  const others = [flag({ code: "OTHER" }), flag({ rule: undefined })];
  await ledger.append(raising(flag(), flag({ key: "one a day" }), ...others)).durable;
  const stranger = flag();
  await ledger.append(push({ flags: [stranger] })).durable;
  const all = [first, keyed, ...others, stranger];
  expect(idsOf(marked(ledger).open).sort()).toEqual(idsOf(all).sort());
  await ledger.append(entry({ type: "act", resolves: [first.id] })).durable;
  await ledger.append(raising(flag())).durable;
  expect(marked(ledger).open).toHaveLength(4);
});

test("it is open until it is resolved, and the first who resolves it did", async () => {
  const directory = stateDirectory();
  const ledger = await open(directory);
  const [one, two, three] = [flag(), flag({ code: "B" }), flag({ code: "C" })];
  await ledger.append(raising(one, two, three)).durable;
  await ledger.append(entry({ type: "act", resolves: [one.id, "g_unheard_of"] })).durable;
  await ledger.append(judgement({ resolves: [one.id, two.id], transaction: NAMES })).durable;
  expect(ledger.read((snapshot) => snapshot.flagsOf(2)).map(({ resolved }) => resolved)).toEqual([
    3,
    4,
    undefined,
  ]);
  expect(idsOf(marked(ledger).open)).toEqual([three.id]);
  expect(ledger.openFlags("B", 9)).toEqual([]);
  await ledger.close();
  const { ledger: again } = await opened(directory);
  expect(again.flag(one.id)?.resolved).toBe(3);
  expect(idsOf(marked(again).open)).toEqual([three.id]);
});

test("open flags of a code are the oldest first, and no more than are asked for", async () => {
  const ledger = await open();
  const all = Array.from({ length: 5 }, (_, at) => flag({ code: "UNDECIDED", key: `${at}` }));
  for (const each of all) await ledger.append(raising(each)).durable;
  await ledger.append(entry({ type: "act", resolves: [all[1]?.id ?? ""] })).durable;
  expect(idsOf(ledger.openFlags("UNDECIDED", 3))).toEqual([all[0]?.id, all[2]?.id, all[3]?.id]);
});

test("an entry whose flag can't be kept fails alone", async () => {
  const ledger = await open();
  const first = flag();
  await ledger.append(raising(first)).durable;
  const twice = { ...flag({ code: "OTHER" }), id: first.id };
  for (const bad of [twice, flag({ code: "OTHER", usd_micros: "much" })]) {
    const good = push();
    const [refused, written] = await Promise.allSettled([
      ledger.append(push({ flags: [flag({ code: "GOOD" }), bad] })).durable,
      ledger.append(good).durable,
    ]);
    expect([refused.status, written.status]).toEqual(["rejected", "fulfilled"]);
  }
  expect(ledger.health().ok).toBe(true);
  expect(idsOf(marked(ledger).open)).toEqual([first.id]);
});

test("of thousands of flags the heaviest of each role, rule and chain are told of", async () => {
  const ledger = await open();
  const dust = Array.from({ length: 1_000 }, (_, at) =>
    flag({ key: `dust ${at}`, chain: "ETH", usd_micros: String(at) }),
  );
  const marks: FlagMark[] = [{ kind: "address", value: "0xours", role: "sender" }];
  const largest = flag({ key: "a", chain: "ETH", usd_micros: "9".repeat(40) });
  const others = [
    flag({ key: "b", chain: "ETH" }),
    flag({ key: "c", chain: "ETH", severity: "critical" }),
    largest,
    flag({ key: "d", chain: "BASE_ETH", usd_micros: "1" }),
    flag({ key: "e", rule: "deposit/other", usd_micros: "1" }),
    flag({ key: "f", rule: undefined, usd_micros: "1" }),
    flag({ key: "g", chain: "ETH", marks }),
  ];
  await ledger.append(raising(...dust, ...others)).durable;
  const { open: found } = marked(ledger);
  const told = found.filter((each) => each.key?.startsWith("dust"));
  expect(told.map(({ usd_micros }) => usd_micros)).toEqual(
    Array.from({ length: 13 }, (_, at) => String(999 - at)),
  );
  const ofGroup = found.filter(
    ({ chain, role, rule }) => [chain, role, rule].join() === "ETH,paid_into,deposit/source",
  );
  expect(ofGroup).toHaveLength(16);
  expect(ofGroup.slice(0, 3).map(({ key }) => key)).toEqual(["c", "a", "b"]);
  expect(found).toHaveLength(20);
});

test("a reading in the cached state sees nothing of the entries behind it", async () => {
  const directory = stateDirectory();
  const ledger = await open(directory);
  const [resolved, later] = [flag(), flag({ code: "LATER" })];
  await ledger.append(raising(resolved, later)).durable;
  await ledger.append(entry({ movements: reserved([movement({ destination: "0xknown" })]) })).durable;
  await ledger.append(entry({ governs: { addresses: ["0xgoverned"] } })).durable;
  const before = ledger.read((snapshot) => snapshot.flagsOf(2));
  const connection = beside(directory);
  connection.exec(`UPDATE flags SET resolved = 5 WHERE id = '${resolved.id}'`);
  connection.exec(
    `UPDATE flag_marks SET open_until = 5 WHERE flag = (SELECT number FROM flags WHERE id = '${resolved.id}')`,
  );
  connection.exec(`UPDATE flags SET entry = 5 WHERE id = '${later.id}'`);
  connection.exec("UPDATE named SET entry = 5 WHERE value = '0xknown'");
  connection.exec("UPDATE governed SET entry = 5");
  expect(before).toHaveLength(2);
  ledger.read((snapshot) => {
    expect(snapshot.flagsOf(2)).toEqual(before.slice(0, 1));
    expect(idsOf(snapshot.marked("address", "0xours").open)).toEqual([resolved.id]);
    expect(snapshot.marked("address", "0xknown").known).toBe(false);
    expect(snapshot.governed("0xgoverned")).toBeUndefined();
  });
  await ledger.append(entry()).durable;
  ledger.read((snapshot) => {
    expect(snapshot.flagsOf(2)).toMatchObject([{ resolved: 5 }, { id: later.id }]);
    expect(idsOf(snapshot.marked("address", "0xours").open)).toEqual([later.id]);
    expect(snapshot.marked("address", "0xknown").known).toBe(true);
    expect(snapshot.governed("0xgoverned")).toEqual({});
  });
});

test("what any movement named is known, and what was rolled back is not", async () => {
  const ledger = await open();
  const rows = [movement({ sources: ["0xa", "0xb"], outpoints: ["h:1"], destination: "0xc" })];
  const [refused] = await Promise.allSettled([
    ledger.append(entry({ movements: reserved(rows), transition: { movements: [9], state: "released" } }))
      .durable,
    ledger.append(push()).durable,
  ]);
  expect(refused.status).toBe("rejected");
  const known = () =>
    [
      ...["0xa", "0xb", "0xc", "h:1"].map((value) => marked(ledger, value)),
      marked(ledger, "h:1", "outpoint"),
      marked(ledger, "0xa", "outpoint"),
    ].map((each) => each.known);
  expect(known()).toEqual([false, false, false, false, false, false]);
  await ledger.append(push({ movements: { ...reserved(rows), state: "released" } })).durable;
  expect(known()).toEqual([true, true, true, false, true, false]);
});

test("an address is governed by the first decision that named it, whatever that said", async () => {
  const ledger = await open();
  const governed = (address: string) => ledger.read((snapshot) => snapshot.governed(address));
  expect(governed("0xa")).toBeUndefined();
  const denied = { decision: { outcome: "denied" }, governs: { addresses: ["0xa", "0xb"], wallet: "w1" } };
  await ledger.append(entry(denied)).durable;
  await ledger.append(entry({ governs: { addresses: ["0xb", "0xc"], wallet: "w2" } })).durable;
  await ledger.append(entry({ governs: { addresses: ["0xd"] } })).durable;
  expect(["0xa", "0xb", "0xc", "0xd"].map(governed)).toEqual([
    { wallet: "w1" },
    { wallet: "w1" },
    { wallet: "w2" },
    {},
  ]);
});
