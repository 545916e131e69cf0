import { join } from "node:path";
import { expect, test } from "vitest";
import { stateDirectory } from "../../test/support/ledger.ts";
import { connect, Statement } from "./database.ts";

test("a single row is never one of an earlier question", () => {
  const connection = connect(join(stateDirectory(), "rows.db"), 0);
  connection.exec("CREATE TABLE rows (key TEXT PRIMARY KEY); INSERT INTO rows VALUES ('there')");
  const statement = new Statement(connection, "SELECT key FROM rows WHERE key = ?");
  for (const key of ["there", "missing"]) {
    for (let round = 0; round < 3; round += 1) {
      expect(statement.all(["there"])).toHaveLength(1);
      expect(statement.first([key])?.text(0)).toBe(key === "there" ? key : undefined);
      expect(statement.first(["missing"])).toBeUndefined();
    }
  }
  connection.close();
});
