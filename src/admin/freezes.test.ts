import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPERATE, type RunningAdmin, sharedAdmin, startAdmin } from "../../test/support/admin.ts";
import { opened } from "../../test/support/ledger.ts";
import { Freezes } from "../decisions/freeze.ts";
import { Operations } from "../decisions/operations.ts";

const REASON = "the keys of node-1 are lost";

async function freeze(admin: RunningAdmin, scope: string | string[] = "all"): Promise<string> {
  const response = await admin.post("/v1/freeze", { scope, reason: REASON });
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as { id: string };
  return id;
}

/** The list, whole or by pages. */
async function list(admin: RunningAdmin, query = ""): Promise<{ items: { id: string }[]; next?: string }> {
  const response = await admin.get(`/v1/freezes${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as { items: { id: string }[]; next?: string };
}

/** What stands in the ledger, without its ids and times. */
function written({ ledger }: RunningAdmin): unknown[] {
  return ledger.entriesOf(["freeze", "unfreeze", "act"]).map(({ row }) => {
    const { id: _id, at: _at, ...members } = JSON.parse(row);
    return members;
  });
}

describe("refused, and nothing is frozen", () => {
  const shared = sharedAdmin();
  test.each([
    [{ scope: "all" }, "reason: a reason is required."],
    [{ scope: "all", reason: "" }, "reason: a reason is required."],
    [{ scope: "all", reason: " \n" }, "reason: a reason is required."],
    [{ scope: "all", reason: 7 }, "reason: a reason is required."],
    [{ scope: "all", reason: "x".repeat(1_001) }, "reason: at most 1000 characters."],
    [{ reason: REASON }, "scope: a scope or an array of scopes is required."],
    [{ scope: [], reason: REASON }, "scope: a scope is required."],
    [{ scope: null, reason: REASON }, "scope: a scope or an array of scopes is required."],
    [
      { scope: "everything", reason: REASON },
      /^scope\.0: not a scope: all, organization:ID, .*initiator:ID\.$/,
    ],
    [{ scope: ["all", "wallet:"], reason: REASON }, /^scope\.1: not a scope/],
    [{ scope: ["all", 7], reason: REASON }, /^scope\.1: not a scope/],
    [{ scope: ["all", ["all"]], reason: REASON }, /^scope\.1: not a scope/],
    [{ scope: `wallet:${"x".repeat(512)}`, reason: REASON }, /^scope\.0: not a scope/],
    [{ scope: Array(101).fill("all"), reason: REASON }, "scope: at most 100 scopes."],
    [{ scope: "all", reason: REASON, by: "mallory" }, "There are members that this path does not take."],
    [[], /^The body: /],
    ["", /^The body is not the JSON expected here: /],
    ["{", /^The body is not the JSON expected here: /],
    ['{"scope":"wallet:a","scope":"all","reason":"r"}', /^The body is not the JSON expected here: /],
    ['{"scope":"all","reason":"\\ud800"}', /^The body is not the JSON expected here: /],
  ])("%j: 400", async (body, detail) => {
    const admin = shared();
    const response = await admin.post("/v1/freeze", body);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Bad request",
      status: 400,
      detail: typeof detail === "string" ? detail : expect.stringMatching(detail),
    });
    expect(admin.freezes.list()).toEqual([]);
    expect(written(admin)).toEqual([]);
    expect(admin.events).toEqual([]);
  });

  test("what was sent is never in the answer", async () => {
    const admin = shared();
    for (const body of [
      { scope: "ECHO", reason: REASON },
      { scope: "all", reason: REASON, ECHO: 1 },
      '{"ECHO":ECHO}',
    ]) {
      expect(await (await admin.post("/v1/freeze", body)).text()).not.toContain("ECHO");
    }
    const headers = await admin.send("/v1/freezes?ECHO=ECHO", {}, OPERATE);
    expect(await headers.text()).not.toContain("ECHO");
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"])(
    "the content type %s: 415",
    async (contentType) => {
      const admin = shared();
      const response = await admin.post("/v1/freeze", { scope: "all", reason: REASON }, OPERATE, contentType);
      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({ title: "Unsupported media type", status: 415 });
      expect(admin.freezes.list()).toEqual([]);
    },
  );

  test("a body without a content type: 415; one over 64 KiB, announced or not: 413", async () => {
    const admin = shared();
    expect((await admin.send("/v1/freeze", { method: "POST" }, OPERATE)).status).toBe(415);
    const large = JSON.stringify({ scope: "all", reason: "x".repeat(64 * 1024) });
    expect((await admin.post("/v1/freeze", large)).status).toBe(413);
    const streamed = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(large));
        controller.close();
      },
    });
    const init = {
      ...{ method: "POST", body: streamed, duplex: "half" as const },
      headers: { "content-type": "application/json" },
    };
    const response = await admin.send("/v1/freeze", init, OPERATE);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ title: "Content too large", status: 413 });
    expect(admin.freezes.list()).toEqual([]);
  });

  test.each([
    [{ id: "f_1" }, 400, "reason: a reason is required."],
    [{ reason: REASON }, 400, /^id: /],
    [{ id: "", reason: REASON }, 400, "id: empty."],
    [{ id: "f_1", reason: REASON, scope: "all" }, 400, "There are members that this path does not take."],
    [{ id: "f_1", reason: REASON }, 404, "No freeze in force has this id."],
    [{ id: "FREEZE", reason: REASON }, 409, /removing the file FREEZE/],
  ])("unfreeze %j: %i", async (body, status, detail) => {
    const admin = await startAdmin();
    await freeze(admin);
    const response = await admin.post("/v1/unfreeze", body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      status,
      detail: typeof detail === "string" ? detail : expect.stringMatching(detail),
    });
    expect(admin.freezes.list()).toHaveLength(1);
  });

  test.each([
    "?limit=0",
    "?limit=501",
    "?limit=",
    "?limit=1&limit=2",
    "?limit=1e2",
    "?cursor=x",
    "?cursor=",
    "?since=1",
  ])("the list with %s: 400", async (query) => {
    const response = await shared().get(`/v1/freezes${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ title: "Bad request" });
  });
});

describe("where the ledger can't be written", () => {
  test("a freeze is in force and an unfreezing is not; both say so with 503", async () => {
    const admin = await startAdmin();
    const id = await freeze(admin, "wallet:w");
    await admin.ledger.close();
    const response = await admin.post("/v1/freeze", { scope: "vault:v", reason: REASON });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      ...{ title: "Service unavailable", status: 503, code: expect.stringMatching(/^LEDGER_/) },
      detail: expect.stringMatching(
        /is in force.*ends with this process.*file FREEZE into the state directory/,
      ),
    });
    expect((await list(admin)).items).toMatchObject([{ scope: ["vault:v"], by: "local" }, { id }]);

    const unfreeze = await admin.post("/v1/unfreeze", { id, reason: REASON });
    expect(unfreeze.status).toBe(503);
    expect(await unfreeze.json()).toMatchObject({
      detail: expect.stringMatching(/the freeze stays in force/),
    });
    expect((await list(admin)).items).toHaveLength(2);
    expect(admin.events.at(-1)).toBe("local freeze vault:v");
  });
});

describe("answered", () => {
  test("a freeze with its name and reason, in the ledger and after a restart; lifted as a separate act", async () => {
    const admin = await startAdmin();
    const before = Date.now();
    const response = await admin.post("/v1/freeze", {
      scope: ["wallet:w", "destination:ETH/0xabc", "wallet:w"],
      reason: `  ${REASON} `,
    });
    expect(response.status).toBe(201);
    const body = (await response.json()) as { id: string; at: number };
    const scope = ["wallet:w", "destination:ETH/0xabc"];
    expect(body).toEqual({ id: expect.stringMatching(/^f_[0-9A-Z]{26}$/), scope, at: expect.any(Number) });
    expect(body.at).toBeGreaterThanOrEqual(before);
    const shown = { ...body, reason: REASON, by: "local" };
    expect(await list(admin)).toEqual({ items: [shown] });
    expect(written(admin)).toEqual([{ type: "freeze", scope, reason: REASON, by: "local" }]);

    await admin.ledger.close();
    const { ledger } = await opened(admin.directory);
    const freezes = new Freezes(join(admin.directory, "FREEZE"));
    new Operations(ledger, freezes, Date.now).restore();
    expect(freezes.list()).toEqual([shown]);
  });

  test("unfreezing is an act of its own", async () => {
    const admin = await startAdmin();
    const id = await freeze(admin);
    const response = await admin.post("/v1/unfreeze", { id, reason: "found" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id });
    expect(await list(admin)).toEqual({ items: [] });
    expect(written(admin).at(-1)).toEqual({ type: "unfreeze", freeze: id, reason: "found", by: "local" });
    expect(admin.events).toEqual(["local freeze all", `local unfreeze ${id}`]);
    expect((await admin.post("/v1/unfreeze", { id, reason: "found" })).status).toBe(404);
  });

  test("the file is a freeze without a time, before all others; so is a folder of its name", async () => {
    const admin = await startAdmin();
    const id = await freeze(admin, "wallet:w");
    writeFileSync(join(admin.directory, "FREEZE"), "");
    expect((await list(admin)).items).toEqual([
      { id: "FREEZE", scope: ["all"], reason: expect.stringMatching(/until it is removed/), by: "file" },
      expect.objectContaining({ id }),
    ]);
    expect(await list(admin, "?limit=1")).toMatchObject({ items: [{ id: "FREEZE" }], next: ".FREEZE" });
    expect((await list(admin, "?cursor=.FREEZE")).items).toMatchObject([{ id }]);
    rmSync(join(admin.directory, "FREEZE"));
    mkdirSync(join(admin.directory, "FREEZE"));
    expect((await list(admin)).items).toHaveLength(2);
  });

  test("newest first by pages, without loss or repetition while freezes come and go", async () => {
    const admin = await startAdmin();
    const ids = [];
    for (let i = 0; i < 7; i += 1) ids.unshift(await freeze(admin, `wallet:${i}`));
    const first = await list(admin, "?limit=3");
    await freeze(admin, "wallet:new");
    await admin.post("/v1/unfreeze", { id: ids[2], reason: "the last of the first page" });
    const second = await list(admin, `?limit=3&cursor=${first.next}`);
    const third = await list(admin, `?limit=3&cursor=${second.next}`);
    expect([first, second, third].flatMap(({ items }) => items).map(({ id }) => id)).toEqual(ids);
    expect([first, second, third].map(({ items }) => items.length)).toEqual([3, 3, 1]);
    expect(third).not.toHaveProperty("next");
  });
});
