import { describe, expect, it } from "vitest";
import { entry, movement, opened, reserved, stateDirectory } from "../../test/support/ledger.ts";
import { nowMembers } from "../input/clock.ts";
import type { Document, Effect, Evidence } from "../input/document.ts";
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
