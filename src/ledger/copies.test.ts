import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flag, LedgerRows, movement, reason, T0 } from "../../test/support/ledger-rows.ts";
import { type Anchor, readAnchor } from "./anchor-file.ts";
import { backupLedger } from "./backup.ts";
import { openCheckpoints } from "./checkpoint.ts";
import { exportLedger } from "./export.ts";
import { openToRead } from "./read-connection.ts";
import { compressBodies, firstPlain, pruneBodies } from "./retention.ts";
import { firstSince } from "./seek.ts";
import { decodeSignedMessage } from "./signed-message.ts";
import { verifyLedger } from "./verify.ts";

const folder = mkdtempSync(join(tmpdir(), "copies-"));
const FILE = join(folder, "ledger.db");
let rows: LedgerRows;
let key: KeyObject;
let anchor: Anchor | undefined;

/** Forty entries, a second apart, the first at T0 + 1 s; checkpoints at 20 and 40. */
beforeAll(async () => {
  rows = await LedgerRows.create(FILE);
  const checkpoints = await openCheckpoints(folder);
  for (let i = 1; i <= 40; i += 1) {
    rows.decision(i % 4 === 0 ? { outcome: "denied", reasons: [reason()] } : {});
    if (i % 20 === 0) await rows.checkpoint(checkpoints);
  }
  await checkpoints.close();
  anchor = await readAnchor(join(folder, "anchor"));
  key = createPublicKey(readFileSync(join(folder, "checkpoint.pub")));
});
afterAll(() => {
  rows.close();
  rmSync(folder, { recursive: true, force: true });
});

function exported(options: { since?: number; until?: number } = {}): Record<string, unknown>[] {
  const database = openToRead(FILE);
  let text = "";
  exportLedger(database, { key, ...options }, (piece) => {
    text += piece;
  });
  database.close();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("a time is found in the chain", () => {
  expect(firstSince(rows.database, 0)).toBe(1);
  expect(firstSince(rows.database, T0 + 1_000)).toBe(1);
  expect(firstSince(rows.database, T0 + 1_001)).toBe(2);
  expect(firstSince(rows.database, T0 + 40_000)).toBe(40);
  expect(firstSince(rows.database, T0 + 99_000)).toBe(41);
});

test("an export has the head, each entry with its body, and the checkpoints behind theirs", () => {
  const [head, first, ...rest] = exported();
  expect(head).toEqual({
    type: "countersign.ledger/1",
    public_key: Buffer.from(String(key.export({ format: "jwk" }).x), "base64url").toString("hex"),
    after: 0,
    previous: "0".repeat(64),
  });
  expect(first).toMatchObject({
    seq: 1,
    token: "token-1",
    document: '{"number":1,"wallet":{"id":"wallet-1"}}',
  });
  expect(JSON.parse(String(first?.["row"]))).toMatchObject({ type: "decision", request_id: "request-1" });
  expect(rest.findIndex((line) => "checkpoint" in line)).toBe(19);
  expect(rest).toHaveLength(41);
});

test("an export of a time begins with the hash before it", () => {
  const all = exported();
  const [head, ...lines] = exported({ since: T0 + 11_000, until: T0 + 21_000 });
  expect(head).toMatchObject({ after: 10, previous: all[10]?.["hash"] });
  expect(lines.map(({ seq }) => seq)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, undefined]);
  expect(exported({ since: T0 + 99_000 })).toMatchObject([{ after: 40, previous: rows.head }]);
});

test("a backup is whole, verified, and has anchor and key beside it", async () => {
  const target = join(folder, "copy.db");
  expect(await backupLedger(FILE, target, { key, anchor })).toMatchObject({ ok: true, rows: 40 });
  expect(statSync(target).mode & 0o777).toBe(0o600);
  expect(readFileSync(`${target}.anchor`, "utf8")).toBe(readFileSync(join(folder, "anchor"), "utf8"));
  expect(readFileSync(`${target}.pub`, "utf8")).toBe(readFileSync(join(folder, "checkpoint.pub"), "utf8"));
  await expect(backupLedger(FILE, target, { key, anchor })).rejects.toThrow(/there already/);
  expect(readdirSync(folder).filter((name) => name.includes(".part"))).toEqual([]);
});

test("a bad ledger makes no backup", async () => {
  const target = join(folder, "bad.db");
  rows.run("UPDATE entries SET outcome = 'approved' WHERE seq = 4");
  expect(await backupLedger(FILE, target, { key, anchor })).toMatchObject({ ok: false, found: 1 });
  rows.run("UPDATE entries SET outcome = 'denied' WHERE seq = 4");
  expect(existsSync(target)).toBe(false);
});

test("bodies are compressed and pruned in small steps, and the ledger still verifies", async () => {
  const file = join(folder, "old.db");
  await backupLedger(FILE, file, { key, anchor });
  const writer = new Database(file);
  const verify = () => verifyLedger(file, { key, anchor, deep: true });
  expect(firstPlain(writer)).toBe(1);
  const before = T0 + 31_000;
  expect(compressBodies(writer, 1, before, 20)).toEqual({ next: 21, compressed: 20, done: false });
  expect(firstPlain(writer)).toBe(21);
  expect(compressBodies(writer, 21, before, 20)).toEqual({ next: 31, compressed: 10, done: true });
  expect(await verify()).toMatchObject({ ok: true, bodies: { checked: 40, pruned: 0 } });

  expect(pruneBodies(writer, T0 + 26_000, 20)).toBe(20);
  expect(pruneBodies(writer, T0 + 26_000, 20)).toBe(5);
  expect(pruneBodies(writer, T0 + 26_000, 20)).toBe(0);
  expect(firstPlain(writer)).toBe(31);
  expect(await verify()).toMatchObject({ ok: true, bodies: { checked: 15, pruned: 25 } });
  writer.close();
});

test("pushes are exported with the signed message, copied, compressed and pruned as all else", async () => {
  const file = join(folder, "pushes.db");
  const pushes = await LedgerRows.create(file);
  const told = { signing: "ab".repeat(32), movements: [movement({ direction: "in" })] };
  pushes.push({ id: "p_1", message: '{"id":"é"}', flags: [flag("g_1")], ...told });
  pushes.judgement("p_1", { names: ["cobo:deposit-1"], resolves: ["g_1"] });
  pushes.push({ transition: { movements: [1], state: "settled" } });
  pushes.close();
  const database = openToRead(file);
  let text = "";
  exportLedger(database, { key: undefined }, (piece) => {
    text += piece;
  });
  database.close();
  const [, first, judged] = text.split("\n").map((line) => (line === "" ? {} : JSON.parse(line)));
  const message = decodeSignedMessage(first.token);
  expect(Buffer.from(message?.body ?? []).toString()).toBe('{"id":"é"}');
  expect(JSON.parse(first.row)).toMatchObject({ type: "push", flags: [{ id: "g_1" }] });
  expect(JSON.parse(judged.row)).toMatchObject({ type: "judgement", push: "p_1" });

  const target = join(folder, "pushes-copy.db");
  const outside = { key: undefined, anchor: undefined };
  expect(await backupLedger(file, target, outside)).toMatchObject({ ok: true, rows: 3 });
  const writer = new Database(target);
  const verified = async () => (await verifyLedger(target, { ...outside, deep: true })).bodies;
  expect(compressBodies(writer, 1, T0 + 9_000, 9)).toMatchObject({ compressed: 2 });
  expect(await verified()).toEqual({ checked: 2, pruned: 0 });
  expect(pruneBodies(writer, T0 + 2_000, 9)).toBe(1);
  expect(await verified()).toEqual({ checked: 1, pruned: 1 });
  writer.close();
});
