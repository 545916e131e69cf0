import { describe, expect, test } from "vitest";
import { OPERATE, type RunningAdmin, startAdmin } from "../../test/support/admin.ts";
import { decided } from "../../test/support/decisions.ts";
import { depositPush, withdrawalPush } from "../../test/support/pushes.ts";
import { flagged, LISTED_SOURCE, told } from "../../test/support/told.ts";

const REASON = "expired on chain";

/** The states of a transaction's movements. */
async function states(admin: RunningAdmin, name: string): Promise<string[]> {
  const response = await admin.get(`/v1/transactions/${name}`);
  expect(response.status).toBe(200);
  const { movements } = (await response.json()) as { movements: { state: string }[] };
  return movements.map(({ state }) => state);
}

describe("refused, and nothing is released", () => {
  test.each([
    [{}, "reason: a reason is required."],
    [{ reason: "" }, "reason: a reason is required."],
    [{ reason: "x".repeat(1_001) }, "reason: at most 1000 characters."],
    [{ reason: REASON, movements: [1] }, "There are members that this path does not take."],
  ])("%j: 400", async (body, detail) => {
    const admin = await startAdmin();
    await decided(admin.ledger, { transaction: { id: "t" } });
    const response = await admin.post("/v1/transactions/t/release", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ title: "Bad request", detail });
    expect(await states(admin, "t")).toEqual(["reserved"]);
    expect(admin.events).toEqual([]);
  });

  test("a name that no transaction has: 404; an unknown parameter: 400", async () => {
    const admin = await startAdmin();
    expect((await admin.get("/v1/transactions/t")).status).toBe(404);
    const response = await admin.post("/v1/transactions/t/release", { reason: REASON });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: "No transaction has this name." });
    expect((await admin.get("/v1/transactions/t?wallet=w")).status).toBe(400);
  });

  test("a name that two organizations' transactions have: 409 until one is named", async () => {
    const admin = await startAdmin();
    await decided(admin.ledger, { organization: "a", transaction: { id: "t" } });
    await decided(admin.ledger, { organization: "b", transaction: { id: "t" } });
    const response = await admin.post("/v1/transactions/t/release", { reason: REASON });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ detail: expect.stringMatching(/name the organization/) });
    const named = await admin.post("/v1/transactions/t/release?organization=b", { reason: REASON });
    expect(await named.json()).toMatchObject({ released: [{ organization: "b", state: "released" }] });
    expect(await states(admin, "t?organization=a")).toEqual(["reserved"]);
  });

  test("where the ledger can't be written: 503, and it stays counted", async () => {
    const admin = await startAdmin();
    await decided(admin.ledger, { transaction: { id: "t" } });
    await admin.ledger.close();
    const response = await admin.post("/v1/transactions/t/release", { reason: REASON });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      ...{ title: "Service unavailable", code: expect.stringMatching(/^LEDGER_/) },
      detail: expect.stringMatching(/stays counted/),
    });
    expect(await states(admin, "t")).toEqual(["reserved"]);
  });
});

describe("answered", () => {
  test("by any of its names, with decisions and movements; nothing of it was pushed", async () => {
    const admin = await startAdmin();
    const names = { id: "t/1", cobo_id: "c", business_id: "b" };
    const first = await decided(admin.ledger, { transaction: names });
    const second = await decided(admin.ledger, { transaction: names, outcome: "denied" });
    for (const name of ["t%2F1", "transaction:t%2F1", "cobo:c", "request:b"]) {
      const response = await admin.get(`/v1/transactions/${name}`);
      expect(response.status).toBe(200);
      const found = await response.json();
      expect(found).not.toHaveProperty("booking");
      expect(found).toMatchObject({
        transaction: { organization: "org", names: ["cobo:c", "request:b", "transaction:t/1"] },
        decisions: [{ id: second }, { id: first }],
        movements: [{ state: "reserved", units: "1", usd_micros: "3000" }],
        ...{ acts: [], flags: [], pushes: [] },
      });
    }
  });

  test("one that only pushes tell of, with its flags and what was done about them", async () => {
    const admin = await startAdmin();
    const push = depositPush({ id: "c", requestId: "b", status: "confirming" });
    const flag = flagged(push);
    const first = await told(admin.ledger, push, {
      ...{ outcome: "flagged", reasons: [LISTED_SOURCE], flags: [flag] },
    });
    const second = await told(admin.ledger, depositPush({ id: "c" }), { outcome: "noted" });
    await admin.post(`/v1/flags/${flag.id}/resolve`, { reason: REASON });
    for (const name of ["c", "cobo:c", "request:b", "c?organization=org"]) {
      const response = await admin.get(`/v1/transactions/${name}`);
      expect([name, response.status]).toEqual([name, 200]);
      expect(await response.json()).toMatchObject({
        transaction: { organization: "", names: ["cobo:c", "request:b"] },
        ...{ decisions: [], movements: [] },
        flags: [{ id: flag.id, state: "resolved", resolved: { by: "local", reason: REASON } }],
        pushes: [
          { id: second, status: "success", outcome: "noted" },
          { id: first, status: "confirming", outcome: "flagged", reasons: [{ code: "DEPOSIT_SOURCE" }] },
        ],
        acts: [{ act: "resolve_flag", flag: flag.id }],
        booking: { state: "success", outcome: "noted", open_flags: 0, pending: false },
      });
    }
    expect((await admin.get("/v1/transactions/request:b?organization=org")).status).toBe(404);
  });

  test("one that was decided and then pushed is one", async () => {
    const admin = await startAdmin();
    const decision = await decided(admin.ledger, { transaction: { id: "t", cobo_id: "c" } });
    const push = await told(admin.ledger, withdrawalPush({ id: "c" }));
    for (const name of ["t", "c"]) {
      expect(await (await admin.get(`/v1/transactions/${name}`)).json()).toMatchObject({
        transaction: { organization: "org", names: ["cobo:c", "transaction:t"] },
        decisions: [{ id: decision }],
        pushes: [{ id: push, kind: "withdrawal" }],
        booking: { state: "success" },
      });
    }
  });

  test("released once, with the operator's name and reason; the second time there is nothing to release", async () => {
    const admin = await startAdmin();
    await decided(admin.ledger, { transaction: { id: "t" } });
    const response = await admin.post("/v1/transactions/t/release", { reason: REASON }, OPERATE);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      transaction: { names: ["transaction:t"] },
      released: [{ state: "released", token: "ETH", units: "1" }],
    });
    const shown = await (await admin.get("/v1/transactions/t")).json();
    expect(shown).toMatchObject({
      movements: [{ state: "released" }],
      acts: [{ act: "release", transaction: "t", reason: REASON, by: "local" }],
    });
    const again = await admin.post("/v1/transactions/t/release", { reason: REASON });
    expect(await again.json()).toMatchObject({ released: [] });
    expect(admin.ledger.entriesOf(["act"])).toHaveLength(1);
    expect(admin.events).toEqual(["local release t"]);
  });
});
