/** An older copy of the ledger, put back under an anchor that has seen more. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoRequest, requestToken } from "../support/caller.ts";
import { codeOf, freshTransfer, Site } from "./site.ts";

const site = new Site();
const file = join(site.state, "ledger.db");
const older = `${file}.older`;
const lost = freshTransfer();

beforeAll(async () => {
  await site.start();
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  await site.running.stop();
  cpSync(file, older);
  await site.start();
  expect(codeOf(await site.ask(lost))).toBe("APPROVE");
  await site.running.stop();
});

afterAll(() => site.remove());

async function expectBehind(): Promise<void> {
  const reply = await site.ask(freshTransfer());
  expect(reply).toMatchObject({ status: 30, action: "REJECT" });
  expect(codeOf(reply)).toBe("LEDGER_BEHIND");
  const { status, failing } = await site.readiness();
  expect([status, failing]).toEqual([503, ["ledger_anchor"]]);
}

async function expectWell(): Promise<void> {
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  expect((await site.readiness()).status).toBe(200);
}

test("starts frozen until an operator says that the copy is the right one", async () => {
  for (const name of [file, `${file}-wal`, `${file}-shm`]) rmSync(name, { force: true });
  cpSync(older, file);
  await site.start();
  await expectBehind();
  const ping = await site.send(requestToken(demoRequest("ping"), site.keys["node-1"].privateKey));
  expect(ping.status).toBe(0);

  // Neither a clean stop nor what was written meanwhile lets the anchor forget.
  await site.running.stop();
  await site.start();
  await expectBehind();

  const { body } = await site.admin("/v1/freezes");
  expect(body).toMatchObject({ items: [{ scope: ["all"], code: "LEDGER_BEHIND" }] });
  const id = "f_ledger_behind";
  expect((await site.admin("/v1/unfreeze", { id })).status).toBe(400);
  await expectBehind();
  expect((await site.admin("/v1/unfreeze", { id, reason: "restored from a backup" })).status).toBe(200);
  await expectWell();

  // What the copy lacks is judged as if it were new.
  expect(codeOf(await site.ask(lost))).toBe("APPROVE");
  await site.running.stop("SIGKILL");
  await site.start();
  await expectWell();
  await site.running.stop();
  expect(site.verify()).toEqual({ ok: true, found: 0 });
});

test("a ledger that is gone is behind too", async () => {
  for (const name of [file, `${file}-wal`, `${file}-shm`]) rmSync(name, { force: true });
  await site.start();
  await expectBehind();
});
