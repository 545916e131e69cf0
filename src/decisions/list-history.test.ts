import { describe, expect, it } from "vitest";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
import { LedgerError } from "../ledger/ledger.ts";
import { parseRow } from "../ledger/rows.ts";
import type { TrustedList } from "../policy/list-trust.ts";
import { LedgerLists, precedentIn } from "./list-history.ts";

const NOW = Date.UTC(2025, 5, 1);
const [A, B] = ["ab".repeat(32), "cd".repeat(32)];

function statement(list: string, sequence: number, sha256: string, audience = "production"): TrustedList {
  return {
    ...{ list, audience, sequence, sha256, payload: "", signedBy: ["key"] },
    ...{ created_at: NOW, expires_at: NOW + 1_000 },
  };
}

describe("the lists that were in force", () => {
  it("can't be told without the ledger, nor added", async () => {
    const { ledger } = await opened(stateDirectory());
    await ledger.close();
    const history = new LedgerLists(ledger, () => NOW);
    expect(() => history.highest("sanctions", "production")).toThrow(LedgerError);
    await expect(history.record(statement("sanctions", 1, A), 2)).rejects.toBeInstanceOf(LedgerError);
  });

  it("an entry that is none of ours is an error, not a list less", () => {
    const row = '{"type":"list","list":"sanctions","audience":"production","sequence":-1,"sha256":"x"}';
    expect(() => precedentIn([row], "sanctions", "production")).toThrow();
  });

  it("are found by name and audience, over restarts, however many others came after", async () => {
    const directory = stateDirectory();
    const { ledger } = await opened(directory);
    const history = new LedgerLists(ledger, () => NOW);
    expect(history.highest("sanctions", "production")).toBeUndefined();
    await history.record(statement("sanctions", 3, A), 2);
    await history.record(statement("sanctions", 4, B), 1);
    await history.record(statement("sanctions", 9, A, "staging"), 1);
    await Promise.all(Array.from({ length: 250 }, (_, at) => history.record(statement("own", at, A), 0)));
    expect(history.highest("sanctions", "production")).toEqual({ sequence: 4, sha256: B });
    expect(history.highest("nobody", "production")).toBeUndefined();
    await ledger.close();
    const again = await opened(directory);
    const later = new LedgerLists(again.ledger, () => NOW);
    expect(later.highest("sanctions", "production")).toEqual({ sequence: 4, sha256: B });
    expect(later.highest("sanctions", "staging")).toEqual({ sequence: 9, sha256: A });
    const [first] = again.ledger.entriesOf(["list"]);
    expect(parseRow(first?.row ?? "")).toMatchObject({
      ...{ type: "list", list: "sanctions", sequence: 3, sha256: A, entries: 2 },
      ...{ audience: "production", expires_at: NOW + 1_000, signed_by: ["key"] },
    });
  });

  it("are written at a time that never runs back", async () => {
    const { ledger } = await opened(stateDirectory());
    let clock = NOW;
    const history = new LedgerLists(ledger, () => clock);
    await history.record(statement("sanctions", 1, A), 0);
    clock -= 1_000;
    expect(history.now()).toBe(NOW);
    await history.record(statement("sanctions", 2, B), 0);
    expect(ledger.entriesOf(["list"]).map(({ at }) => at)).toEqual([NOW, NOW]);
  });
});
