/** A long past: what `make bench` measures on ten million payments, held to its meaning on a hundred thousand. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { readAdminToken } from "../src/admin/tokens.ts";
import { readAnchor } from "../src/ledger/anchor-file.ts";
import { verifyLedger } from "../src/ledger/verify.ts";
import { Caller, readReply, requestToken } from "./support/caller.ts";
import { demoPayment, ofItsOwn, pastShapes } from "./support/demo-payment.ts";
import { writeHistory } from "./support/history.ts";
import { Installation } from "./support/installation.ts";

const PAYMENTS = 100_000;
const BUSY = PAYMENTS / 10;

const decisionSchema = z.object({
  decision: z.object({ facts: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

let installation: Installation;
let state: string;

beforeAll(async () => {
  installation = new Installation();
  state = join(installation.folder, "state");
  mkdirSync(state);
  const history = { payments: PAYMENTS, busy: demoPayment(), spacingMs: 100, shapes: await pastShapes() };
  await writeHistory(state, history, Date.now());
}, 120_000);
afterAll(async () => {
  await installation.remove();
});

test("a past written straight into the store is what the server would have left", async () => {
  const directory = join(installation.folder, "shorter");
  mkdirSync(directory);
  const payments = PAYMENTS / 5;
  const shapes = await pastShapes();
  await writeHistory(directory, { payments, busy: demoPayment(), spacingMs: 100, shapes }, Date.now());
  const anchor = await readAnchor(join(directory, "anchor"));
  const verified = await verifyLedger(join(directory, "ledger.db"), { key: undefined, anchor, deep: true });
  expect(verified.problems).toEqual([]);
  expect(verified).toMatchObject({ ok: true, rows: payments, movements: payments });
}, 120_000);

test("each window of it is exact, and the next payment adds to it", async () => {
  const server = await installation.start();
  const caller = new Caller(server.addresses.nodes);
  const admin = { authorization: `Bearer ${await readAdminToken(state)}` };
  const spent = BigInt(demoPayment().usd_micros ?? 0) * BigInt(BUSY);
  try {
    for (const before of [0, 1]) {
      const id = `past-${before}`;
      const answer = await caller.sendToken(requestToken(ofItsOwn(id), installation.node.privateKey));
      expect(readReply(answer.body, installation.server.publicKey).action).toBe("APPROVE");
      const url = `http://${server.addresses.admin}/v1/decisions`;
      const listed = await (await fetch(`${url}?request_id=${id}`, { headers: admin })).json();
      const [item] = z.object({ items: z.array(z.object({ id: z.string() })) }).parse(listed).items;
      const full = await (await fetch(`${url}/${item?.id ?? ""}`, { headers: admin })).json();
      const { facts } = decisionSchema.parse(full).decision;
      expect(facts["daily_limit"]?.["spent"]).toBe(String(spent + BigInt(before) * 300_000n));
      expect(facts["new_destination"]?.["paid"]).toEqual({
        "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f": String(BUSY + before),
      });
    }
  } finally {
    caller.close();
    expect(await server.stop()).toBe(0);
  }
}, 60_000);
