import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { LedgerRows } from "../../test/support/ledger-rows.ts";
import { openToRead } from "./read-connection.ts";

const folder = mkdtempSync(join(tmpdir(), "read-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, "ledger.db");
function remove(): void {
  for (const name of ["", "-wal", "-shm"]) rmSync(`${file}${name}`, { force: true });
}
beforeEach(async () => {
  remove();
  (await LedgerRows.create(file)).close();
});

/** In its place, without the log that the ledger would be made whole from. */
function replace(content: string): void {
  remove();
  writeFileSync(file, content);
}

function edit(...statements: string[]): void {
  const database = new Database(file);
  for (const statement of statements) database.exec(statement);
  database.close();
}

describe("no ledger", () => {
  test.each([
    ["no file", remove, "LEDGER_UNAVAILABLE"],
    ["something else", () => replace("x".repeat(8_192)), "LEDGER_CORRUPT"],
    ["an empty file", () => replace(""), "LEDGER_CORRUPT"],
    [
      "a newer one",
      () =>
        edit("CREATE TABLE kysely_migration (name TEXT)", "INSERT INTO kysely_migration VALUES ('0999_new')"),
      "LEDGER_CORRUPT",
    ],
    [
      "an older one",
      () =>
        edit(
          "CREATE TABLE kysely_migration (name TEXT)",
          "INSERT INTO kysely_migration VALUES ('0001_ledger')",
        ),
      "LEDGER_UNAVAILABLE",
    ],
  ])("%s", (_name, make, code) => {
    make();
    expect(() => openToRead(file)).toThrow(expect.objectContaining({ code }));
  });

  test("what reads writes nothing", () => {
    const database = openToRead(file);
    expect(() => database.exec("DELETE FROM entries")).toThrow(/readonly|query_only|attempt to write/i);
    database.close();
  });
});
