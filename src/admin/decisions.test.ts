import { describe, expect, test } from "vitest";
import { type RunningAdmin, sharedAdmin, startAdmin } from "../../test/support/admin.ts";
import { decided } from "../../test/support/decisions.ts";

interface Listed {
  readonly items: readonly { readonly id: string }[];
  readonly next?: string;
}

async function list(admin: RunningAdmin, query = ""): Promise<Listed> {
  const response = await admin.get(`/v1/decisions${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Listed;
}

async function ids(admin: RunningAdmin, query: string): Promise<string[]> {
  return (await list(admin, query)).items.map(({ id }) => id);
}

describe("refused", () => {
  const shared = sharedAdmin();
  test.each([
    ["?since=yesterday", /^since: neither RFC 3339/],
    ["?until=2026-02-30T00:00:00Z", /^until: neither RFC 3339/],
    ["?since=2026-01-02T05:04:05+02:00", /a \+ is written %2B/],
    ["?wallet=", "wallet: empty."],
    [`?rule=${"x".repeat(513)}`, "rule: at most 512 characters."],
    ["?outcome=APPROVED", /^outcome: /],
    ["?limit=0", "limit: a number from 1 to 500."],
    ["?limit=501", "limit: at most 500."],
    ["?limit=-1", "limit: a number from 1 to 500."],
    ["?cursor=nonsense", "cursor: not one of this list."],
    ["?vault=v", "There are members that this path does not take."],
    ["?wallet=a&wallet=b", "A parameter of the query is there twice."],
  ])("%s: 400", async (query, detail) => {
    const response = await shared().get(`/v1/decisions${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      ...{ type: "about:blank", title: "Bad request", status: 400 },
      detail: typeof detail === "string" ? detail : expect.stringMatching(detail),
    });
  });

  test("an id that no decision has, or another entry has: 404", async () => {
    const admin = await startAdmin();
    const frozen = await admin.post("/v1/freeze", { scope: "all", reason: "r" });
    const { id } = (await frozen.json()) as { id: string };
    for (const other of ["d_1", id, "%2e%2e%2fstatus", "%zz"]) {
      const response = await admin.get(`/v1/decisions/${other}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ title: "Not found", detail: "No decision has this id." });
    }
    expect((await admin.get("/v1/decisions/d_1?limit=1")).status).toBe(400);
  });
});

describe("answered", () => {
  test("nothing yet", async () => {
    expect(await list(await startAdmin())).toEqual({ items: [] });
  });

  test("three pages, newest first, without loss or repetition while new decisions arrive", async () => {
    const admin = await startAdmin();
    const old: string[] = [];
    for (let i = 0; i < 8; i += 1) old.unshift(await decided(admin.ledger));
    const pages = [await list(admin, "?limit=3")];
    for (let i = 0; i < 2; i += 1) {
      await decided(admin.ledger);
      pages.push(await list(admin, `?limit=3&cursor=${pages.at(-1)?.next}`));
    }
    expect(pages.flatMap(({ items }) => items).map(({ id }) => id)).toEqual(old);
    expect(pages.map(({ items }) => items.length)).toEqual([3, 3, 2]);
    expect(pages[2]).not.toHaveProperty("next");
    expect((await list(admin)).items).toHaveLength(10);
  });

  test("fifty where no limit is given", async () => {
    const admin = await startAdmin();
    await Promise.all(Array.from({ length: 51 }, () => decided(admin.ledger)));
    expect((await list(admin)).items).toHaveLength(50);
    expect((await list(admin, "?limit=500")).items).toHaveLength(51);
  });

  test("by wallet, outcome, rule, code, request and time, and all of them together", async () => {
    const admin = await startAdmin();
    const { ledger } = admin;
    const at = 1_767_323_045_000;
    const first = await decided(ledger, { at, wallet: "w/1" });
    const second = await decided(ledger, { at: at + 1_000, wallet: "w/1", outcome: "denied" });
    const third = await decided(ledger, {
      at: at + 2_000,
      wallet: "w 2",
      outcome: "held",
      reason: ["transfer/new", "NEW"],
    });
    const fourth = await decided(ledger, { at: at + 3_000, requestId: "r&1" });
    expect(await ids(admin, "?wallet=w%2F1")).toEqual([second, first]);
    expect(await ids(admin, "?outcome=denied")).toEqual([second]);
    expect(await ids(admin, "?rule=transfer/new")).toEqual([third]);
    expect(await ids(admin, "?rule=DAILY_LIMIT")).toEqual([second]);
    expect(await ids(admin, "?request_id=r%261")).toEqual([fourth]);
    expect(await ids(admin, `?since=${at + 1_000}&until=${at + 3_000}`)).toEqual([third, second]);
    expect(await ids(admin, "?since=2026-01-02T05:04:06%2B02:00")).toEqual([fourth, third, second]);
    const all = "wallet=w%2F1&outcome=denied&rule=limits/daily&until=2027-01-01T00:00:00Z&limit=1";
    expect(await list(admin, `?${all}`)).toMatchObject({ items: [{ id: second }] });
    expect(await ids(admin, "?wallet=W%2F1")).toEqual([]);
  });

  test("one in full, with its document, to a reader too", async () => {
    const admin = await startAdmin();
    const id = await decided(admin.ledger, { outcome: "denied", wallet: "w" });
    const response = await admin.get(`/v1/decisions/${id}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      decision: { id, outcome: "denied", action: "REJECT", reasons: [{ code: "DAILY_LIMIT" }] },
      document: { wallet: { id: "w" } },
    });
  });
});
