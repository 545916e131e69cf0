import { expect, test } from "vitest";
import { READ, startAdmin } from "../../test/support/admin.ts";
import { LedgerError } from "../ledger/ledger.ts";
import { PROMOTE_PROBLEMS, type Promoted, PromoteError } from "../policy/candidate.ts";
import { PassingReleaseError, ReleaseError } from "../policy/release.ts";
import type { Promote } from "./promote.ts";
import type { ShadowReport } from "./shadow.ts";

const PROMOTED: Promoted & { isKept: boolean } = {
  live: { revision: "next", sequence: 8, sha256: "ab".repeat(32) },
  previous: { revision: "7", sequence: 7, sha256: "cd".repeat(32) },
  isKept: true,
};

test("a token that may only read, no reason, another body: refused, and nobody is asked", async () => {
  let asked = 0;
  const promote: Promote = async () => {
    asked += 1;
    return PROMOTED;
  };
  const admin = await startAdmin({ promote });
  expect((await admin.post("/v1/promote", { reason: "r" }, READ)).status).toBe(403);
  for (const body of [
    {},
    { reason: "" },
    { reason: "r", sha256: "AB" },
    { reason: "r", sequence: -1 },
    { reason: "r", force: true },
    "no",
  ]) {
    expect((await admin.post("/v1/promote", body)).status).toBe(400);
  }
  expect((await admin.get("/v1/promote")).status).toBe(405);
  expect([asked, admin.events]).toEqual([0, []]);
});

test("409 with the code, and the step where one refused; 503 with the ledger's where it is that", async () => {
  let error: unknown;
  const admin = await startAdmin({ promote: () => Promise.reject(error) });
  for (const code of PROMOTE_PROBLEMS) {
    error = new PromoteError(code, "why", new ReleaseError("sequence", "older"));
    const response = await admin.post("/v1/promote", { reason: "r" });
    expect([response.status, response.headers.get("content-type")]).toEqual([
      409,
      "application/problem+json",
    ]);
    expect(await response.json()).toMatchObject({
      code,
      step: "sequence",
      detail: expect.stringMatching(/Why\.$/),
    });
  }
  const full = new LedgerError("LEDGER_FULL", "the disk is full");
  error = new PromoteError("REFUSED", "ledger: no", new PassingReleaseError("ledger", "no", full));
  const response = await admin.post("/v1/promote", { reason: "r" });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "LEDGER_FULL" });
  expect(admin.events).toEqual([]);
});

test("promoted: by whom and why is handed on, and whether it lasts is said", async () => {
  const asked: unknown[] = [];
  let promoted = PROMOTED;
  const admin = await startAdmin({
    promote: async (...call) => {
      asked.push(call);
      return promoted;
    },
  });
  const { live, previous } = PROMOTED;
  const response = await admin.post("/v1/promote", { reason: " a week ", sha256: live.sha256, sequence: 8 });
  expect([response.status, await response.json()]).toEqual([200, { live, previous, lasts: "kept" }]);
  promoted = { live, previous: undefined, isKept: false };
  const first = await admin.post("/v1/promote", { reason: "r" });
  expect(await first.json()).toEqual({ live, previous: null, lasts: "until_changed" });
  expect(asked).toEqual([
    [
      { by: "local", reason: "a week" },
      { sha256: live.sha256, sequence: 8 },
    ],
    [{ by: "local", reason: "r" }, {}],
  ]);
  expect(admin.events[0]).toBe(`local promote ${live.sha256}`);
});

test("the shadow: 404 while none judges, and for readers what was judged", async () => {
  const none = { count: 0, by_rule: [] };
  const report: ShadowReport = {
    ...{ candidate: PROMOTED.live, against: PROMOTED.live, since: 1, outcomes: [] },
    decisions: { same: 1, newly_approved: none, newly_refused: none, other_reasons: none, failed: none },
    pushes: { same: 0, no_longer_flagged: none, newly_flagged: none, other_reasons: none, failed: none },
    skipped: { behind: 0, refused_by_host: 0, failed_then: 0, expired: 0 },
  };
  const idle = await startAdmin();
  expect((await idle.get("/v1/shadow")).status).toBe(404);
  expect((await fetch(`${idle.url}/v1/shadow`)).status).toBe(401);
  const admin = await startAdmin({ shadow: () => report });
  expect(await (await admin.get("/v1/shadow")).json()).toEqual(report);
});
