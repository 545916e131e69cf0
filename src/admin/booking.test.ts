import { describe, expect, test } from "vitest";
import type { RunningAdmin } from "../../test/support/admin.ts";
import { startAdmin } from "../../test/support/admin.ts";
import { depositPush, unreadPush } from "../../test/support/pushes.ts";
import { flagged, LISTED_SOURCE, told } from "../../test/support/told.ts";

async function booking(admin: RunningAdmin, name: string): Promise<unknown> {
  const response = await admin.get(`/v1/transactions/${name}`);
  expect(response.status).toBe(200);
  return Reflect.get(Object(await response.json()), "booking");
}

const CLEAR = { pending: false, open_flags: 0, flagged_elsewhere: [] };

describe("what must not be booked is told apart", () => {
  test("a flag, until it is resolved, and that it was there afterwards", async () => {
    const admin = await startAdmin();
    const push = depositPush({ id: "c" });
    const flag = flagged(push);
    await told(admin.ledger, push, { outcome: "flagged", reasons: [LISTED_SOURCE], flags: [flag] });
    const found = { state: "success", outcome: "flagged", ...CLEAR };
    expect(await booking(admin, "c")).toEqual({ ...found, open_flags: 1 });
    await admin.post(`/v1/flags/${flag.id}/resolve`, { reason: "our own exchange account" });
    expect(await booking(admin, "c")).toEqual(found);
  });

  test("what was found and is flagged with another transaction", async () => {
    const admin = await startAdmin();
    const once = { key: "deposit/source DEPOSIT_SOURCE ETH 0xc0 2026-09-21" };
    const first = depositPush({ id: "a" });
    const findings = { outcome: "flagged", reasons: [LISTED_SOURCE] } as const;
    await told(admin.ledger, first, { ...findings, flags: [flagged(first, once)] });
    const second = depositPush({ id: "b" });
    await told(admin.ledger, second, { ...findings, flags: [flagged(second, once)] });
    expect(await booking(admin, "a")).toMatchObject({ open_flags: 1, flagged_elsewhere: [] });
    expect(await booking(admin, "b")).toMatchObject({
      ...{ outcome: "flagged", open_flags: 0 },
      flagged_elsewhere: ["deposit/source DEPOSIT_SOURCE"],
    });
  });

  test("one that waits to be judged, whatever the newest one is", async () => {
    const admin = await startAdmin();
    await told(admin.ledger, depositPush({ id: "c", status: "confirming" }), { outcome: "pending" });
    await told(admin.ledger, depositPush({ id: "c" }));
    expect(await booking(admin, "c")).toEqual({
      state: "success",
      outcome: "clear",
      ...CLEAR,
      pending: true,
    });
  });

  test("what nobody could read says no state, and hides none", async () => {
    const admin = await startAdmin();
    const push = unreadPush({ id: "c" });
    const flag = flagged(push, { rule: undefined, code: "UNREADABLE_PUSH" });
    await told(admin.ledger, push, { outcome: "flagged", flags: [flag] });
    expect(await booking(admin, "c")).toEqual({ ...CLEAR, open_flags: 1 });
    await told(admin.ledger, depositPush({ id: "c" }));
    expect(await booking(admin, "c")).toMatchObject({ state: "success", open_flags: 1 });
  });

  test("a success that did not stand, and a late word of it", async () => {
    const admin = await startAdmin();
    await told(admin.ledger, depositPush({ id: "c" }));
    await told(admin.ledger, depositPush({ id: "c", status: "reorganized" }));
    await told(admin.ledger, depositPush({ id: "c", salt: "late" }), {}, true);
    expect(await booking(admin, "c")).toMatchObject({ state: "reorganized" });
  });
});

test("what stands: where on the chain it is, with how many confirmations of how many", async () => {
  const admin = await startAdmin();
  const deposit = { confirmations: 27, threshold: 27, block: { height: 25_660_684, hash: "00ab" } };
  await told(admin.ledger, depositPush({ id: "c", status: "confirming", deposit: { confirmations: 3 } }));
  await told(admin.ledger, depositPush({ id: "c", deposit: { ...deposit, confirmed_by_query: true } }));
  expect(await booking(admin, "cobo:c")).toEqual({
    ...{ state: "success", outcome: "clear", ...CLEAR },
    ...{ ...deposit, confirmed_by_query: true },
  });
});
