/** The auditor's script of docs/ledger.md, on an export as it is and on tampered ones. */
import { execFile } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCheckpoints } from "../src/ledger/checkpoint.ts";
import { exportLedger } from "../src/ledger/export.ts";
import { openToRead } from "../src/ledger/read-connection.ts";
import { LedgerRows, reason } from "./support/ledger-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "audit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);

let lines: string[] = [];
let key = "";
let head = "";

function execute(program: string, ...options: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(program, options, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: stdout + stderr });
    });
  });
}

beforeAll(async () => {
  const [, script = ""] =
    /<!-- run: audit -->\n```go\n(.*?)\n```/s.exec(readFileSync("docs/ledger.md", "utf8")) ?? [];
  expect(script.split("\n").length).toBeLessThanOrEqual(40);
  writeFileSync(path("audit.go"), script);
  expect(await execute("go", "build", "-o", "audit", "audit.go")).toEqual({ code: 0, out: "" });

  const rows = await LedgerRows.create(path("ledger.db"));
  const checkpoints = await openCheckpoints(folder);
  rows.decision({ requestId: 'quoted "é\u2028😀' });
  rows.decision({ outcome: "denied", reasons: [reason()] });
  await rows.checkpoint(checkpoints);
  rows.decision();
  rows.run("DELETE FROM bodies WHERE seq = 3");
  rows.push({ message: '{"id":"é"}' });
  await rows.checkpoint(checkpoints);
  head = rows.head;
  await checkpoints.close();
  rows.close();
  const database = openToRead(path("ledger.db"));
  const publicKey = createPublicKey(readFileSync(path("checkpoint.pub")));
  key = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url").toString("hex");
  let text = "";
  exportLedger(database, { key: publicKey }, (piece) => {
    text += piece;
  });
  database.close();
  lines = text.trimEnd().split("\n");
});

function audit(edited: readonly string[], publicKey = key): Promise<{ code: number; out: string }> {
  writeFileSync(path("export.jsonl"), edited.map((line) => `${line}\n`).join(""));
  return execute("./audit", "export.jsonl", publicKey);
}

test("go run finds an export good, and names its head", async () => {
  writeFileSync(path("export.jsonl"), lines.map((line) => `${line}\n`).join(""));
  expect(await execute("go", "run", "audit.go", "export.jsonl", key)).toEqual({
    code: 0,
    out: `good: up to entry 4, ${head}, 2 checkpoints\n`,
  });
});

const edit = (at: number, from: string, to: string) => () =>
  lines.map((line, index) => (index === at ? line.replace(from, to) : line));

test.each<[string, () => string[], RegExp]>([
  ["an edited row", edit(2, "limit 10", "limit 99"), /entry 2: its hash/],
  ["a missing entry", () => lines.filter((_, at) => at !== 1), /entry 2: an entry is missing/],
  ["another token", edit(1, "token-1", "token-x"), /entry 1: another token/],
  ["another push", edit(5, '"token":"push.', '"token":"pusx.'), /entry 4: another token/],
  ["another document", edit(1, "wallet-1", "wallet-x"), /entry 1: /],
  [
    "another checkpoint",
    () => lines.map((line, at) => (at === 6 ? (lines[3] ?? line) : line)),
    /of another entry/,
  ],
  ["a damaged signature", edit(3, '"}', 'AA"}'), /not signed by this key/],
])("%s is found", async (_name, edited, what) => {
  const { code, out } = await audit(edited());
  expect(out).toMatch(what);
  expect(code).toBe(1);
});

test("and so is another key", async () => {
  const { code, out } = await audit(lines, "00".repeat(32));
  expect(out).toMatch(/not signed by this key/);
  expect(code).toBe(1);
});
