import { describe, expect, test } from "vitest";
import { startAdmin } from "../../test/support/admin.ts";
import { LedgerError } from "../ledger/ledger.ts";

const PATH = "/v1/prices/ETH_USDT/accept";

describe("refused", () => {
  test.each([
    [{}, "reason: a reason is required."],
    [{ reason: "" }, "reason: a reason is required."],
    [{ reason: "x".repeat(1_001) }, "reason: at most 1000 characters."],
    [{ reason: "r", usd: "7" }, "There are members that this path does not take."],
  ])("%j: 400", async (body, detail) => {
    const asked: string[] = [];
    const admin = await startAdmin({
      acceptPrice: async (token) => {
        asked.push(token);
        return undefined;
      },
    });
    const response = await admin.post(PATH, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail });
    expect(asked).toEqual([]);
  });

  test("a token whose price has no step that waits: 404", async () => {
    const response = await (await startAdmin()).post(PATH, { reason: "r" });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      detail: "No step of this token's price waits to be accepted.",
    });
  });

  test("where the ledger can't be written: 503, and the price is not accepted", async () => {
    const admin = await startAdmin({
      acceptPrice: () => Promise.reject(new LedgerError("LEDGER_FULL", "the disk is full")),
    });
    const response = await admin.post(PATH, { reason: "r" });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      code: "LEDGER_FULL",
      detail: expect.stringMatching(/it is not accepted.*the disk is full/),
    });
    expect(admin.events).toEqual([]);
  });
});

test("accepted with the operator's name and reason, whatever the token's name", async () => {
  const asked: unknown[] = [];
  const admin = await startAdmin({
    acceptPrice: async (...given) => {
      asked.push(given);
      return { usd: "31.2", at: 7 };
    },
  });
  const response = await admin.post("/v1/prices/A%2FB%20%C3%A9/accept", { reason: "a split of the token" });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ token: "A/B é", usd: "31.2", at: 7 });
  expect(asked).toEqual([["A/B é", "a split of the token", "local"]]);
  expect(admin.events).toEqual(["local accept price A/B é"]);
});
