import { describe, expect, it } from "vitest";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
import { LedgerError } from "../ledger/ledger.ts";
import type { TrustedStatement } from "../policy/trust-store.ts";
import { highestOf, LedgerReleases } from "./release-history.ts";

const NOW = Date.UTC(2025, 5, 1);
const [A, B] = ["ab".repeat(32), "cd".repeat(32)];

function statement(sequence: number, sha256: string, audience = "production"): TrustedStatement {
  return {
    ...{ audience, sequence, sha256, revision: `r-${sequence}`, payload: "", signedBy: ["key"] },
    ...{ created_at: NOW, expires_at: NOW + 1_000 },
  };
}

const record = (history: LedgerReleases, says: TrustedStatement) =>
  history.record({ revision: says.revision, sequence: says.sequence, sha256: says.sha256 }, says);

describe("the releases that were live", () => {
  it("can't be told without the ledger, nor added", async () => {
    const { ledger } = await opened(stateDirectory());
    await ledger.close();
    const history = new LedgerReleases(ledger, () => NOW);
    expect(() => history.highest("production")).toThrow(LedgerError);
    await expect(record(history, statement(1, A))).rejects.toBeInstanceOf(LedgerError);
  });

  it("an entry that is none of ours is an error, not a release less", () => {
    expect(() => highestOf(['{"type":"release","sequence":-1,"sha256":"x"}'], "production")).toThrow();
  });

  it("are found by audience, the highest, over restarts", async () => {
    const directory = stateDirectory();
    const { ledger } = await opened(directory);
    const history = new LedgerReleases(ledger, () => NOW);
    expect(history.highest("production")).toBeUndefined();
    await record(history, statement(3, A));
    await record(history, statement(9, B, "staging"));
    await record(history, statement(2, B));
    await history.record({ revision: "u", sequence: 0, sha256: B }, undefined);
    expect(history.highest("production")).toEqual({ sequence: 3, sha256: A });
    await ledger.close();
    const again = await opened(directory);
    const later = new LedgerReleases(again.ledger, () => NOW);
    expect(later.highest("production")).toEqual({ sequence: 3, sha256: A });
    expect(later.highest("staging")).toEqual({ sequence: 9, sha256: B });
  });

  it("are written at a time that never runs back", async () => {
    const { ledger } = await opened(stateDirectory());
    let clock = NOW;
    const history = new LedgerReleases(ledger, () => clock);
    await record(history, statement(1, A));
    clock -= 1_000;
    expect(history.now()).toBe(NOW);
    await record(history, statement(2, B));
    expect(ledger.entriesOf(["release"]).map(({ at }) => at)).toEqual([NOW, NOW]);
  });
});
