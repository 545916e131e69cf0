import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject, parseStrictJson } from "../../input/strict-json.ts";
import { UnreadableAnswer } from "./query-client.ts";
import { compare } from "./query-compare.ts";
import { readTransaction } from "./query-read.ts";

function sample(name: string): JsonObject {
  const value = parseStrictJson(readFileSync(`test/fixtures/pushes/${name}.json`, "utf8"));
  if (!isJsonObject(value)) throw new Error("no object");
  return value;
}

const CUSTODIAL = sample("custodial-deposit");
const MPC = sample("mpc-deposit");

const custodial = (changes: JsonObject = {}) =>
  readTransaction("push.custodial", { ...CUSTODIAL, ...changes });
const mpc = (changes: JsonObject = {}) => readTransaction("push.mpc", { ...MPC, ...changes });

describe("the seed's samples, changed in one member", () => {
  test.each<[string, JsonObject, string]>([
    ["id", { id: "20201207150724000192033000003702" }, "transaction.cobo_id"],
    ["side", { side: "withdraw" }, "kind"],
    ["coin", { coin: "TRON_USDT" }, "transaction.token"],
    ["amount", { amount: "2", abs_amount: "0.000002" }, "transaction.destinations[0].amount"],
    ["address", { address: "TWDchZBmYvTQBeXD4w8rRUowDv5ka8kiFU" }, "transaction.destinations[0].address"],
    ["memo", { memo: "7" }, "transaction.destinations[0].memo"],
    ["txid", { txid: "ab".repeat(32), tx_detail: null }, "deposit.outpoint.hash"],
    ["type", { type: "internal" }, "transaction.internal"],
  ])("custodial: %s", (_member, changes, field) => {
    expect(compare(custodial(), custodial(changes)).differences.map((one) => one.field)).toContain(field);
  });

  test.each<[string, JsonObject, string]>([
    ["cobo_id", { cobo_id: "20240117111135000139405000001666" }, "transaction.cobo_id"],
    ["transaction_type", { transaction_type: 300 }, "kind"],
    [
      "to_address",
      { to_address: "2N2xFZtbCFB6Nb3Pj9Sxsx5mX2fxX3yEgkF" },
      "transaction.destinations[0].address",
    ],
    ["tx_hash", { tx_hash: "ab".repeat(32), tx_detail: null }, "deposit.outpoint.hash"],
    [
      "amount",
      { amount_detail: { amount: "100001", abs_amount: "0.00100001", nft_amount: 0 } },
      "transaction.destinations[0].amount",
    ],
  ])("mpc: %s", (_member, changes, field) => {
    expect(compare(mpc(), mpc(changes)).differences.map((one) => one.field)).toContain(field);
  });

  test("a status that is behind", () => {
    expect(compare(custodial(), custodial({ status: "pending" })).behind).toMatchObject({
      pushed: "success",
    });
    expect(compare(mpc(), mpc({ status: 902 })).behind).toMatchObject({ answered: "reorganized" });
  });

  test("what contradicts itself, is of the other shape, or of none", () => {
    expect(() => custodial({ abs_amount: "1" })).toThrow(UnreadableAnswer);
    expect(() => readTransaction("push.mpc", CUSTODIAL)).toThrow(UnreadableAnswer);
    expect(() => readTransaction("push.custodial", MPC)).toThrow(UnreadableAnswer);
    expect(() => readTransaction("push.custodial", {})).toThrow(/^a signed answer that is no transaction: /);
    expect(() => mpc({ status: 999 })).toThrow(UnreadableAnswer);
  });
});

test("the seed's samples agree with themselves, also where members that move are other ones", () => {
  expect(compare(custodial(), custodial())).toEqual({ differences: [] });
  expect(compare(mpc(), mpc())).toEqual({ differences: [] });
  expect(compare(custodial(), custodial({ confirmed_num: 90, last_time: 1_607_324_999_999 }))).toEqual({
    differences: [],
  });
  expect(compare(mpc({ status: 501 }), mpc({ updated_time: 1_705_462_999_999 }))).toEqual({
    differences: [],
  });
});
