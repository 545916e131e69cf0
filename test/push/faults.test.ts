/** What is not on the disk is not answered with `ok`, nor with `deny`: Cobo sends it again, and then it is there once. */
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../src/ledger/database.ts";
import { until } from "../faults/site.ts";
import { bodyOf, mpcDeposit, PushDouble } from "../support/push-double.ts";
import { confirmationOf, PushSite } from "./site.ts";

const AT_ONCE = 3;
const site = new PushSite({ limits: { decision: "1s", in_flight: AT_ONCE } });
const file = join(site.state, "ledger.db");
const CONFIRM = { path: "/confirm/withdrawal" };

beforeAll(() => site.startWithRules());
afterAll(() => site.remove());

/** How often the ledger has a push of these bytes. */
function kept(message: Parameters<typeof bodyOf>[0]): number {
  const digest = createHash("sha256").update(bodyOf(message)).digest("hex");
  return site.entries().filter(({ message_sha256 }) => message_sha256 === digest).length;
}

test("a disk that takes nothing: 503 without a body, and all of it once when it takes something", async () => {
  const deposit = mpcDeposit({ cobo_id: "locked" });
  const confirmation = confirmationOf({ id: "locked", wallet: "w", tenThousandths: 1 });
  const other = connect(file, 5_000);
  other.exec("BEGIN IMMEDIATE");
  const waiting = Promise.all([
    site.cobo.send(deposit),
    site.cobo.send(confirmation, CONFIRM),
    site.cobo.send("{", CONFIRM),
  ]);
  await until("all are on their way", async () => {
    const { "": inFlight } = await site.metric("in_flight_requests");
    return inFlight === AT_ONCE;
  });
  // Before any cryptography: nobody signed it.
  expect(await fetch(`${site.url}/push`, { method: "POST", body: "{}" })).toMatchObject({ status: 503 });
  for (const { status, body } of await waiting) expect([status, body]).toEqual([503, ""]);
  const cobo = new PushDouble({ url: site.url, pauseMs: 100 });
  const late = cobo.deliver(deposit);
  setTimeout(() => other.exec("ROLLBACK"), 500);
  expect(await late).toMatchObject({ delivered: true });
  other.close();
  expect(await cobo.deliver(confirmation, CONFIRM)).toMatchObject({ delivered: true });
  expect(kept(deposit)).toBe(1);
  const decided = site.entries().filter(({ kind }) => kind === "withdrawal_confirmation");
  expect(decided.filter(({ outcome }) => outcome === "approved")).toHaveLength(1);
});

test("a ledger that nobody can read: 503, and ok once it is whole again", async () => {
  await site.running.stop();
  // Faults are what is looked for from here on, not a machine that is busy with other tests.
  site.installation.config["limits"] = { decision: "15s" };
  const sound = `${site.state}-sound`;
  cpSync(site.state, sound, { recursive: true });
  const bytes = readFileSync(file);
  bytes.fill(0xff, 0, 4_096);
  writeFileSync(file, bytes);
  await site.start();
  const deposit = mpcDeposit({ cobo_id: "unread" });
  const confirmation = confirmationOf({ id: "unread", wallet: "w", tenThousandths: 1 });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    expect(await site.cobo.send(deposit)).toMatchObject({ status: 503, body: "" });
    expect(await site.cobo.send(confirmation, CONFIRM)).toMatchObject({ status: 503, body: "" });
    expect(await site.cobo.send("[]")).toMatchObject({ status: 503, body: "" });
  }
  await site.running.stop();
  rmSync(site.state, { recursive: true });
  cpSync(sound, site.state, { recursive: true });
  await site.start();
  expect(await site.cobo.send(deposit)).toMatchObject({ status: 200, body: "ok" });
  expect(kept(deposit)).toBe(1);
});

test("without a release: kept, pending, and judged when there is one", async () => {
  const release = join(site.installation.folder, "release.tar.gz");
  const good = readFileSync(release);
  await site.running.stop();
  writeFileSync(release, "no release");
  await site.start();
  const deposit = mpcDeposit({ cobo_id: "pending" });
  expect(await site.cobo.send(deposit)).toMatchObject({ status: 200, body: "ok" });
  expect(site.entries().at(-1)).toMatchObject({ outcome: "pending", flags: [{ code: "UNDECIDED" }] });
  const asked = { id: "pending", wallet: "w", tenThousandths: 1 };
  expect(await site.cobo.send(confirmationOf(asked), CONFIRM)).toMatchObject({ status: 503, body: "" });
  writeFileSync(release, good);
  await site.admin("/v1/reload", {});
  await expect
    .poll(() => site.entries().find(({ type }) => type === "judgement"), { timeout: 10_000 })
    .toMatchObject({ outcome: "clear", resolves: [expect.stringMatching(/^g_/)] });
  expect(await site.cobo.send(confirmationOf(asked), CONFIRM)).toMatchObject({ status: 200, body: "ok" });
});

test("without keys every message is refused, whatever signed it", async () => {
  await site.running.stop();
  site.installation.config["push"] = {};
  const releases = () => site.entries().filter(({ type }) => type === "release").length;
  const earlier = releases();
  await site.start();
  // The last that a start writes, some time after it listens.
  await until("the release is in the ledger", () => releases() > earlier);
  const before = site.newest;
  for (const path of ["/push", "/push/mpc", "/push/custodial", "/confirm/withdrawal"]) {
    const answer = await site.cobo.send(mpcDeposit({ cobo_id: "keyless" }), { path });
    expect(answer).toMatchObject({ status: 401, body: "" });
  }
  expect(site.since(before)).toEqual([]);
  expect(await site.metric("pushes_refused_total")).toEqual({ 'code="NO_KEYS"': 4 });
});
