import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPERATE, type RunningAdmin, sharedAdmin, startAdmin } from "../../test/support/admin.ts";
import { decided } from "../../test/support/decisions.ts";
import { stateDirectory } from "../../test/support/ledger.ts";
import { depositPush } from "../../test/support/pushes.ts";
import { flagged, told } from "../../test/support/told.ts";
import type { NewFlag } from "../ledger/ledger.ts";
import { LedgerQueries } from "../ledger/ledger-queries.ts";
import { openFlags } from "./flags.ts";

const REASON = "our own exchange account";
const ADDRESS = "0x66f820a414680b5bcda5eeca5dea238543f42054";

interface Listed {
  readonly items: readonly { readonly id: string; readonly state: string }[];
  readonly next?: string;
}

async function list(admin: RunningAdmin, query = ""): Promise<Listed> {
  const response = await admin.get(`/v1/flags${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Listed;
}

async function ids(admin: RunningAdmin, query = ""): Promise<string[]> {
  return (await list(admin, query)).items.map(({ id }) => id);
}

/** A flag on a deposit of its own, by its id. */
async function raise(admin: RunningAdmin, parts: Partial<NewFlag> = {}): Promise<string> {
  const push = depositPush();
  const flag = flagged(push, parts);
  await told(admin.ledger, push, { outcome: "flagged", flags: [flag] });
  return flag.id;
}

function resolve(admin: RunningAdmin, id: string, body: unknown = { reason: REASON }): Promise<Response> {
  return admin.post(`/v1/flags/${id}/resolve`, body, OPERATE);
}

describe("refused", () => {
  const shared = sharedAdmin();
  test.each([
    ["?state=closed", /^state: /],
    ["?severity=HIGH", /^severity: /],
    ["?address=", "address: empty."],
    [`?address=${"x".repeat(513)}`, "address: at most 512 characters."],
    ["?limit=0", "limit: a number from 1 to 500."],
    ["?limit=501", "limit: at most 500."],
    ["?cursor=nonsense", "cursor: not one of this list."],
    ["?rule=a", "There are members that this path does not take."],
    ["?state=open&state=open", "A parameter of the query is there twice."],
  ])("%s: 400", async (query, detail) => {
    const response = await shared().get(`/v1/flags${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      ...{ type: "about:blank", title: "Bad request", status: 400 },
      detail: typeof detail === "string" ? detail : expect.stringMatching(detail),
    });
  });

  test.each([
    [{}, "reason: a reason is required."],
    [{ reason: " " }, "reason: a reason is required."],
    [{ reason: "x".repeat(1_001) }, "reason: at most 1000 characters."],
    [{ reason: REASON, by: "mallory" }, "There are members that this path does not take."],
  ])("resolving with %j: 400, and it stays open", async (body, detail) => {
    const admin = await startAdmin();
    const id = await raise(admin);
    const response = await resolve(admin, id, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ title: "Bad request", detail });
    expect(await ids(admin, "?state=open")).toEqual([id]);
    expect(admin.events).toEqual([]);
  });

  test("an id that no flag has, or another entry has: 404", async () => {
    const admin = await startAdmin();
    const decision = await decided(admin.ledger);
    for (const id of ["g_1", decision, "%2e%2e%2fstatus"]) {
      const response = await resolve(admin, id);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ title: "Not found", detail: "No flag has this id." });
    }
    expect(admin.ledger.entriesOf(["act"])).toEqual([]);
  });

  test("one that is resolved already: 409, and who resolved it stays", async () => {
    const admin = await startAdmin();
    const id = await raise(admin);
    await resolve(admin, id);
    const response = await resolve(admin, id, { reason: "once more" });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      title: "Conflict",
      detail: "This flag is resolved already.",
    });
    expect(await list(admin)).toMatchObject({ items: [{ id, resolved: { by: "local", reason: REASON } }] });
    expect(admin.ledger.entriesOf(["act"])).toHaveLength(1);
  });

  test("a ledger that can't be read has no count of open ones", async () => {
    const history = new LedgerQueries(join(stateDirectory(), "ledger.db"));
    expect(await openFlags(history)).toBeUndefined();
    await history.close();
  });

  test("where the ledger can't be written: 503, and it stays open", async () => {
    const admin = await startAdmin();
    const id = await raise(admin);
    await admin.ledger.close();
    const response = await resolve(admin, id);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      ...{ title: "Service unavailable", code: expect.stringMatching(/^LEDGER_/) },
      detail: expect.stringMatching(/the flag stays open/),
    });
    expect(await ids(admin, "?state=open")).toEqual([id]);
    expect(admin.events).toEqual([]);
  });
});

describe("answered", () => {
  test("nothing yet", async () => {
    expect(await list(await startAdmin())).toEqual({ items: [] });
  });

  test("all that is known of one, to a reader too", async () => {
    const admin = await startAdmin();
    const push = depositPush({ id: "c", requestId: "r" });
    const flag = flagged(push);
    await told(admin.ledger, push, { outcome: "flagged", flags: [flag] });
    const { items } = await list(admin);
    expect(items).toEqual([
      {
        ...{
          id: flag.id,
          seq: 1,
          at: expect.any(Number),
          state: "open",
          transaction: ["cobo:c", "request:r"],
        },
        ...{ rule: "deposit/source", code: "DEPOSIT_SOURCE", severity: "critical" },
        ...{ message: flag.message, values: { list: "sanctions" } },
        marks: [
          { kind: "address", value: "0xto", role: "paid_into" },
          { kind: "address", value: "0xfrom", role: "sender" },
        ],
        ...{
          chain: "ETH",
          token: "ETH",
          units: "1000000000000000000",
          decimals: 18,
          usd_micros: "3000000000",
        },
      },
    ]);
  });

  test("by state, severity and address, and all of them together", async () => {
    const admin = await startAdmin();
    const marks = [{ kind: "address", value: ADDRESS, role: "sender" }] as const;
    const first = await raise(admin, { severity: "high", marks });
    const second = await raise(admin, { severity: "critical" });
    const outpoint = `${"ab".repeat(32)}:1`;
    const third = await raise(admin, {
      ...{ severity: "low", marks: [...marks, { kind: "outpoint", value: outpoint, role: "paid_into" }] },
    });
    await resolve(admin, first);
    expect(await ids(admin)).toEqual([third, second, first]);
    expect(await ids(admin, "?state=open")).toEqual([third, second]);
    expect(await ids(admin, "?state=resolved")).toEqual([first]);
    expect(await ids(admin, "?severity=critical")).toEqual([second]);
    expect(await ids(admin, `?address=${ADDRESS}`)).toEqual([third, first]);
    expect(await ids(admin, `?address=${ADDRESS.toUpperCase().replace("0X", "0x")}`)).toEqual([third, first]);
    expect(await ids(admin, `?address=${outpoint}`)).toEqual([third]);
    expect(await ids(admin, `?address=${ADDRESS}&severity=high&state=resolved&limit=1`)).toEqual([first]);
    expect(await ids(admin, "?address=0xTO")).toEqual([]);
  });

  test("newest first by pages, without loss or repetition while flags come and go", async () => {
    const admin = await startAdmin();
    const old: string[] = [];
    for (let i = 0; i < 5; i += 1) old.unshift(await raise(admin));
    const first = await list(admin, "?state=open&limit=2");
    await raise(admin);
    await resolve(admin, old[1] ?? "");
    const second = await list(admin, `?state=open&limit=2&cursor=${first.next}`);
    const third = await list(admin, `?state=open&limit=2&cursor=${second.next}`);
    expect([first, second, third].flatMap(({ items }) => items).map(({ id }) => id)).toEqual(old);
    expect(third).not.toHaveProperty("next");
  });

  test("resolved, with the operator's name and reason; it stays in history", async () => {
    const admin = await startAdmin();
    const id = await raise(admin);
    const response = await resolve(admin, id, { reason: `  ${REASON} ` });
    expect(response.status).toBe(200);
    const [shown] = (await list(admin)).items;
    expect(await response.json()).toEqual(shown);
    expect(shown).toMatchObject({
      ...{ id, state: "resolved", code: "DEPOSIT_SOURCE" },
      resolved: { seq: 2, at: expect.any(Number), by: "local", reason: REASON },
    });
    const [act] = admin.ledger.entriesOf(["act"]);
    expect(JSON.parse(act?.row ?? "")).toMatchObject({
      ...{ act: "resolve_flag", flag: id, reason: REASON, by: "local" },
    });
    expect(admin.events).toEqual([`local resolve flag ${id}`]);
  });

  test("two at once: one resolves it", async () => {
    const admin = await startAdmin();
    const id = await raise(admin);
    const statuses = await Promise.all([1, 2, 3].map(async () => (await resolve(admin, id)).status));
    expect(statuses.sort()).toEqual([200, 409, 409]);
    expect(admin.ledger.entriesOf(["act"])).toHaveLength(1);
  });

  test("how many are open is in the status", async () => {
    const admin = await startAdmin();
    const flags = async () => Reflect.get(Object(await (await admin.get("/v1/status")).json()), "flags");
    expect(await flags()).toEqual({ low: 0, medium: 0, high: 0, critical: 0 });
    await raise(admin, { severity: "low" });
    const id = await raise(admin);
    await raise(admin);
    expect(await flags()).toEqual({ low: 1, medium: 0, high: 0, critical: 2 });
    await resolve(admin, id);
    expect(await flags()).toEqual({ low: 1, medium: 0, high: 0, critical: 1 });
  });
});
