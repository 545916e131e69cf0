import { describe, expect, it } from "vitest";
import { entry, movement, opened, reserved, stateDirectory } from "../../test/support/ledger.ts";
import { nowMembers } from "../input/clock.ts";
import { type Document, documentSchema, type FlagsAnswer } from "../input/document.ts";
import type { FactMember } from "../input/fact-shape.ts";
import type { FlagMark, NewFlag } from "../ledger/ledger.ts";
import type { FactQuery } from "../policy/fact-queries.ts";
import { answerFacts } from "./facts.ts";
import { movementsOf } from "./movements.ts";
import { Ticket } from "./tickets.ts";

const NOW = 1_700_000_000_000;
let made = 0;

const mark = (value: string, role: FlagMark["role"] = "paid_into", kind: FlagMark["kind"] = "address") => ({
  ...{ kind, value, role },
});

function flag(members: Partial<NewFlag> = {}): NewFlag {
  made += 1;
  return {
    id: `g_${String(made).padStart(6, "0")}`,
    severity: "high",
    rule: "deposit/sanctions",
    code: "SANCTIONED",
    message: "a listed address sent it",
    marks: [mark("0xa")],
    key: `key ${made}`,
    ...members,
  };
}

async function ledgerWith(flags: readonly NewFlag[], names = ["cobo:77", "request:r"]) {
  const { ledger } = await opened(stateDirectory());
  const transaction = { organization: "", names };
  const row = movement({ direction: "in", destination: "0xa", sources: ["0xs"], outpoints: ["h:0"] });
  await ledger.append(entry({ at: NOW, decision: { transaction }, movements: reserved([row]), flags }))
    .durable;
  return ledger;
}

type OpenedLedger = Awaited<ReturnType<typeof ledgerWith>>;

function answer(ledger: OpenedLedger, member: FactMember, transaction: Document["transaction"]) {
  const document: Document = {
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "r", source: "node-1", received_at: NOW },
    now: nowMembers(NOW, "UTC"),
    transaction,
  };
  const shape = { by: [member], where: { direction: "out" } };
  const query: FactQuery = { group: "transfer", rule: "rule", name: "fact", kind: "flags", shape };
  const own = new Ticket(movementsOf(document, "00".repeat(32)), NOW);
  const { facts, assumed } = ledger.read((snapshot) => answerFacts(document, [query], own, [], snapshot));
  expect(assumed.size).toBe(0);
  const fact = facts["rule"]?.["fact"];
  if (fact !== undefined) expect(documentSchema.safeParse({ ...document, facts }).error).toBeUndefined();
  return fact;
}

const SOURCES = "transaction.sources[].address";
const DESTINATIONS = "transaction.destinations[].address";
const from = (...addresses: string[]) => ({ sources: addresses.map((address) => ({ address })) });

/** The ids of the open flags of the one address that is asked for. */
async function idsOf(flags: readonly NewFlag[], chain = "ETH"): Promise<string[]> {
  const ledger = await ledgerWith(flags);
  const fact = answer(ledger, SOURCES, { chain, ...from("0xa") });
  const values: unknown[] = Object.values(fact ?? {});
  return (values as FlagsAnswer[]).flatMap(({ open }) => open.map(({ id }) => id));
}

describe("the fact `flags`", () => {
  it("is absent where a value is not known", async () => {
    const ledger = await ledgerWith([flag()]);
    expect(answer(ledger, SOURCES, undefined)).toBeUndefined();
    expect(answer(ledger, SOURCES, { sources: [{ address: "0xa" }, { path: "m" }] })).toBeUndefined();
    expect(answer(ledger, "transaction.sources[].outpoint", from("0xa"))).toBeUndefined();
  });

  it("has every value, and whether any movement named it", async () => {
    const ledger = await ledgerWith([]);
    const known = { known: true, open: [] };
    expect(answer(ledger, SOURCES, from("0xa", "0xs", "0xnew", "0xa"))).toEqual({
      "0xa": known,
      "0xs": known,
      "0xnew": { known: false, open: [] },
    });
    expect(answer(ledger, DESTINATIONS, { destinations: [{ address: "0xnew" }] })).toEqual({
      "0xnew": { known: false, open: [] },
    });
    const sources = [{ outpoint: "h:0" }, { outpoint: "h:1" }];
    expect(answer(ledger, "transaction.sources[].outpoint", { sources })).toEqual({
      "h:0": known,
      "h:1": { known: false, open: [] },
    });
  });

  it("has the open flags, as rules see them", async () => {
    const amount = { token: "USDT", units: "5", decimals: 6, usd_micros: "5" };
    const flags = [
      flag({ id: "g_1", marks: [mark("0xa"), mark("0xs", "sender"), mark("h:0", "paid_into", "outpoint")] }),
      flag({ id: "g_2", rule: undefined, code: "UNREADABLE_PUSH", ...amount, marks: [mark("0xa")] }),
    ];
    const ledger = await ledgerWith(flags);
    const first = { id: "g_1", severity: "high", rule: "deposit/sanctions", transaction: "77" };
    const second = { id: "g_2", severity: "high", rule: "UNREADABLE_PUSH", transaction: "77", amount };
    expect(answer(ledger, SOURCES, from("0xa", "0xs"))).toEqual({
      "0xa": {
        known: true,
        open: [
          { role: "paid_into", ...first },
          { role: "paid_into", ...second },
        ],
      },
      "0xs": { known: true, open: [{ role: "sender", ...first }] },
    });
    expect(answer(ledger, "transaction.sources[].outpoint", { sources: [{ outpoint: "h:0" }] })).toEqual({
      "h:0": { known: true, open: [{ role: "paid_into", ...first }] },
    });
  });

  it("names what has no name by the ledger's number", async () => {
    const ledger = await ledgerWith([flag()], []);
    expect(answer(ledger, SOURCES, from("0xa"))).toMatchObject({ "0xa": { open: [{ transaction: "1" }] } });
  });

  it("leaves out what was paid into the same address on another chain, and what is resolved", async () => {
    const here = flag({ chain: "ETH" });
    const there = flag({ chain: "BASE_ETH" });
    const sender = flag({ chain: "BASE_ETH", marks: [mark("0xa", "sender")] });
    const nowhere = flag();
    expect(await idsOf([here, there, sender, nowhere])).toEqual([here.id, sender.id, nowhere.id]);
    const ledger = await ledgerWith([here, there]);
    expect(answer(ledger, SOURCES, from("0xa"))).toMatchObject({
      "0xa": { open: [{ id: here.id }, { id: there.id }] },
    });
    await ledger.append(entry({ at: NOW, type: "act", resolves: [here.id, there.id] })).durable;
    expect(answer(ledger, SOURCES, from("0xa"))).toEqual({ "0xa": { known: true, open: [] } });
  });

  it("has whoever got what nobody approved on any chain, where he is to be paid", async () => {
    const robbed = flag({ rule: undefined, code: "UNAPPROVED_WITHDRAWAL", chain: "BASE_ETH" });
    const ledger = await ledgerWith([robbed, flag({ chain: "BASE_ETH" })]);
    const members = { chain: "ETH", ...from("0xa"), destinations: [{ address: "0xa" }] };
    expect(answer(ledger, DESTINATIONS, members)).toMatchObject({ "0xa": { open: [{ id: robbed.id }] } });
    expect(answer(ledger, SOURCES, members)).toMatchObject({ "0xa": { open: [] } });
  });

  it("is the largest of many that are alike, what nobody knows the worth of first", async () => {
    const dust = Array.from({ length: 40 }, (_, at) =>
      flag({ usd_micros: String(at), rule: "deposit/dust" }),
    );
    const large = flag({ usd_micros: "12345678901234567890", rule: "deposit/dust" });
    const unpriced = flag({ rule: "deposit/dust" });
    const grave = flag({ usd_micros: "39", rule: "deposit/dust", severity: "critical" });
    const other = flag({ usd_micros: "0" });
    const sent = flag({ usd_micros: "1", rule: "deposit/dust", marks: [mark("0xa", "sender")] });
    const ids = await idsOf([...dust, large, unpriced, grave, other, sent]);
    const largest = dust
      .slice(-13)
      .reverse()
      .map(({ id }) => id);
    expect(ids).toEqual([unpriced.id, large.id, grave.id, ...largest, sent.id, other.id]);
  });

  it("is as many of each chain together where the document names none", async () => {
    const many = ["ETH", "BASE_ETH"].flatMap((chain) =>
      Array.from({ length: 12 }, () => flag({ chain, usd_micros: "1" })),
    );
    const ledger = await ledgerWith(many);
    const fact = answer(ledger, SOURCES, from("0xa"));
    expect(fact).toMatchObject({ "0xa": { open: expect.arrayContaining([]) } });
    const [[, value] = []] = Object.entries(fact ?? {});
    expect(value).toHaveProperty("open.length", 16);
  });
});
