import { describe, expect, it } from "vitest";
import { entry, movement, opened, reserved, stateDirectory } from "../../test/support/ledger.ts";
import { nowMembers } from "../input/clock.ts";
import { type Document, documentSchema, type Effect, type Evidence } from "../input/document.ts";
import type { FactMember } from "../input/fact-shape.ts";
import type { Movement } from "../ledger/ledger.ts";
import type { FactQuery } from "../policy/fact-queries.ts";
import { answerFacts } from "./facts.ts";
import { movementsOf } from "./movements.ts";
import { Ticket } from "./tickets.ts";

const NOW = 1_700_000_000_000;

function countBy(...by: FactMember[]): FactQuery {
  const shape = { by: [...by].sort(), where: { direction: "out" } };
  return { group: "transfer", rule: "rule", name: "fact", kind: "count", shape };
}

function documentOf(members: Partial<Document>): Document {
  return {
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "r", source: "node-1", received_at: NOW },
    now: nowMembers(NOW, "UTC"),
    ...members,
  };
}

/** The answer for a document after these movements. */
async function answer(
  query: FactQuery,
  document: Document,
  past: readonly Movement[] = [],
): Promise<unknown> {
  const { ledger } = await opened(stateDirectory());
  await ledger.keepShapes([query.shape]);
  if (past.length > 0) await ledger.append(entry({ at: NOW, movements: reserved(past) })).durable;
  const own = new Ticket(movementsOf(document, "00".repeat(32)), NOW);
  const { facts } = ledger.read((snapshot) => answerFacts(document, [query], own, [], snapshot));
  return facts["rule"]?.["fact"];
}

it("has an answer for a rule that is named as a member of each object", async () => {
  const { ledger } = await opened(stateDirectory());
  const query = { ...countBy(), rule: "constructor", name: "made" };
  await ledger.keepShapes([query.shape]);
  const document = documentOf({});
  const own = new Ticket(movementsOf(document, "00".repeat(32)), NOW);
  const { facts } = ledger.read((snapshot) => answerFacts(document, [query], own, [], snapshot));
  expect(JSON.stringify(facts)).toBe('{"constructor":{"made":"0"}}');
  expect(Object).not.toHaveProperty("made");
});

describe("by what the bytes do", () => {
  const amount = { token: "USDT", units: "5" };
  const paid: Effect = { type: "transfer", asset: "USDT", from: "0xs2", to: "0xa2", amount };
  const transaction = { sources: [{ address: "0xs1" }], destinations: [{ address: "0xa1" }] };
  const read = (
    status: Evidence["status"],
    effects: Effect[],
    members: Document["transaction"] = transaction,
  ) => documentOf({ transaction: members, evidence: { status, key: "verified", effects } });
  const proven = (effects: Effect[], members?: Document["transaction"]) => read("verified", effects, members);
  const past = [
    movement({ destination: "0xa1", sources: ["0xs1"] }),
    movement({ destination: "0xa2", sources: ["0xs2"] }),
    movement({ destination: "0xa2", sources: ["0xs1"], token: "ETH" }),
  ];
  const byDestination = countBy("transaction.destinations[].address");
  const bySource = countBy("transaction.sources[].address");
  const byToken = countBy("transaction.totals[].token");

  it("has no answer where one of them is not known", async () => {
    const { to: _, ...nowhere } = paid;
    expect(await answer(byDestination, proven([nowhere]))).toBeUndefined();
    const memo = { ...transaction, destinations: [{ memo: "m" }] };
    expect(await answer(byDestination, proven([paid], memo))).toBeUndefined();
    const { from: _from, ...unnamed } = paid;
    expect(await answer(bySource, proven([unnamed], {}))).toBeUndefined();
    expect(await answer(byToken, proven([paid]))).toBeUndefined();
  });

  it("knows nothing but the words of bytes that prove nothing", async () => {
    const document = read("mismatch", [paid]);
    expect(await answer(byDestination, document, past)).toEqual({ "0xa1": "1" });
    expect(await answer(bySource, document, past)).toEqual({ "0xs1": "2" });
  });

  it("answers for each party, declared and real", async () => {
    expect(await answer(byDestination, proven([paid]), past)).toEqual({ "0xa1": "1", "0xa2": "2" });
    expect(await answer(bySource, proven([paid]), past)).toEqual({ "0xs1": "2", "0xs2": "1" });
    const { from: _, ...unnamed } = paid;
    expect(await answer(bySource, proven([unnamed]), past)).toEqual({ "0xs1": "2" });
    expect(await answer(byDestination, proven([paid], {}), past)).toEqual({ "0xa2": "2" });
  });

  it("answers for a contract that is called without value", async () => {
    const called = { ...transaction, contract: { address: "0xa2" } };
    expect(await answer(byDestination, proven([{ type: "call", to: "0xa2" }], called), past)).toEqual({
      "0xa1": "1",
      "0xa2": "2",
    });
    expect(await answer(bySource, proven([{ type: "call", to: "0xa2" }], called), past)).toEqual({
      "0xs1": "2",
    });
  });

  it("answers for each token that is paid in total", async () => {
    const totals = { ETH: { token: "ETH" }, ETH_USDT: { token: "ETH_USDT" }, BTC: { token: "BTC" } };
    expect(await answer(byToken, proven([paid], { ...transaction, totals }), past)).toEqual({
      ETH: "1",
      ETH_USDT: "2",
      BTC: "0",
    });
  });
});

describe("the movement that is replaced", () => {
  const shape = { by: [], where: { direction: "out" } };
  const query = { group: "transfer", rule: "rule", name: "fact", kind: "movement", shape } as const;
  const replacing = (id: string | undefined, organization = "org") =>
    documentOf({
      organization: { id: organization },
      transaction: { id: "new", replaces: { id, hash: "0x1", how: "speed_up" } },
    });
  const names = (...all: string[]) => ({ organization: "org", names: all });

  async function approvals() {
    const { ledger } = await opened(stateDirectory());
    const approve = async (of: readonly string[], rows: readonly Movement[], signing?: string) => {
      const transaction = names(...of);
      await ledger.append(entry({ at: NOW, decision: { transaction }, movements: reserved(rows, signing) }))
        .durable;
    };
    const ask = (document: Document, earlier: readonly Ticket[] = []) => {
      const own = new Ticket(movementsOf(document, "00".repeat(32)), NOW);
      return ledger.read((snapshot) => {
        const { facts, assumed } = answerFacts(document, [query], own, earlier, snapshot);
        return { fact: facts["rule"]?.["fact"], assumed: [...assumed] };
      });
    };
    const fact = (document: Document, earlier?: readonly Ticket[]) => ask(document, earlier).fact;
    return { ledger, approve, ask, fact };
  }

  it("is absent where none is named, or none of that name is known", async () => {
    const { approve, fact } = await approvals();
    await approve(["transaction:1", "request:2"], [movement()]);
    expect(fact(replacing(undefined))).toBeUndefined();
    expect(fact(documentOf({}))).toBeUndefined();
    // Of the business's own id nobody says that it is replaced.
    expect(fact(replacing("2"))).toBeUndefined();
    expect(fact(replacing("1", "other"))).toBeUndefined();
  });

  it("is absent where the name is of two transactions, or an asset has none", async () => {
    const { approve, fact } = await approvals();
    await approve(["transaction:1"], [movement()]);
    await approve(["cobo:1"], [movement()]);
    expect(fact(replacing("1"))).toBeUndefined();
    await approve(["transaction:3"], [movement(), movement({ token: undefined })]);
    expect(fact(replacing("3"))).toBeUndefined();
  });

  it("is absent where there is nothing but the document's own", async () => {
    const { approve, fact } = await approvals();
    await approve(["transaction:1"], [movement()], "00".repeat(32));
    expect(fact(replacing("1"))).toBeUndefined();
  });

  it("is the newest claim of either id, in its state", async () => {
    const { ledger, approve, fact } = await approvals();
    await approve(["transaction:1", "request:r"], [movement({ destination: "0xold" })]);
    const unknown = { units: undefined, usd_micros: undefined };
    await approve(
      ["cobo:9", "request:r"],
      [movement({ nonce: "7" }), movement({ sources: ["0xs1", "0xs2"], destination: undefined, ...unknown })],
    );
    await ledger.append(entry({ at: NOW, type: "act", transition: { movements: [2], state: "released" } }))
      .durable;
    for (const id of ["1", "9"]) {
      expect(fact(replacing(id))).toEqual([
        {
          asset: "ETH_USDT",
          from: "0xfrom",
          to: "0xto",
          amount: { token: "ETH_USDT", units: "1000000", usd_micros: "1000000" },
          nonce: "7",
          state: "released",
        },
        { asset: "ETH_USDT", state: "reserved" },
      ]);
    }
    expect(
      documentSchema.safeParse({ ...replacing("1"), facts: { rule: { fact: fact(replacing("1")) } } })
        .success,
    ).toBe(true);
  });

  it("is what is on its way, approved or not yet, and not what was refused", async () => {
    const { approve, ask } = await approvals();
    await approve(["transaction:1", "request:r"], [movement()]);
    const ticket = (of: string[], destination: string, organization = "org") =>
      new Ticket(reserved([movement({ destination })]), NOW, { organization, names: of });
    const refused = ticket(["transaction:1"], "0xrefused");
    refused.drop();
    const elsewhere = ticket(["transaction:1"], "0xelsewhere", "other");
    expect(ask(replacing("1"), [refused, elsewhere])).toMatchObject({ fact: [{ to: "0xto" }], assumed: [] });
    const open = ticket(["request:r"], "0xopen");
    expect(ask(replacing("1"), [open])).toMatchObject({ fact: [{ to: "0xopen" }], assumed: [open] });
    const joined = ticket(["request:r", "transaction:8"], "0xjoined");
    joined.reserve(99);
    const last = ticket(["transaction:8"], "0xlast");
    const { fact, assumed } = ask(replacing("1"), [open, joined, last, refused]);
    expect([fact, assumed]).toMatchObject([[{ to: "0xlast", state: "reserved" }], [last]]);
    expect(ask(replacing("2"), [ticket(["cobo:2"], "0xnew")]).fact).toMatchObject([{ to: "0xnew" }]);
  });
});
