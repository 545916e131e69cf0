import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
import { depositPush } from "../../test/support/pushes.ts";
import { flagged, told } from "../../test/support/told.ts";
import { openCheckpoints } from "../ledger/checkpoint.ts";
import { Freezes } from "./freeze.ts";
import { BEHIND_ID, Operations } from "./operations.ts";

const ACT = { by: "alice", reason: "the copy is the right one" };

/** Opens a ledger that lacks an entry which its anchor has seen. */
async function behind(directory: string, seq: number) {
  const checkpoints = await openCheckpoints(directory);
  await checkpoints.publish(checkpoints.sign(seq, "ab".repeat(32), Date.now(), true));
  await checkpoints.close();
  const { ledger } = await opened(directory, { checkpoints: openCheckpoints });
  const freezes = new Freezes(join(directory, "FREEZE"));
  const operations = new Operations(ledger, freezes, Date.now);
  operations.restore();
  return { ledger, freezes, operations };
}

test("a ledger behind its anchor starts frozen, also when it was behind before and was unfrozen then", async () => {
  const directory = stateDirectory();
  const first = await behind(directory, 7);
  expect(first.freezes.list()).toMatchObject([{ scope: ["all"], code: "LEDGER_BEHIND" }]);
  expect(await first.operations.unfreeze(BEHIND_ID, ACT)).toBe(true);
  expect(first.freezes.list()).toEqual([]);
  expect(first.ledger.behindAnchor).toBeUndefined();
  await first.ledger.close();

  const second = await behind(directory, 9);
  expect(second.freezes.list()).toMatchObject([{ scope: ["all"], code: "LEDGER_BEHIND" }]);
});

/** A ledger with one open flag. */
async function withFlag() {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const operations = new Operations(ledger, new Freezes(join(directory, "FREEZE")), Date.now);
  const push = depositPush();
  const flag = flagged(push);
  await told(ledger, push, { outcome: "flagged", flags: [flag] });
  return { ledger, operations, id: flag.id };
}

describe("a flag", () => {
  test("that is not there", async () => {
    const { ledger, operations } = await withFlag();
    expect(await operations.resolveFlag("g_other", ACT)).toEqual({ result: "absent" });
    expect(ledger.entriesOf(["act"])).toEqual([]);
  });

  test("that can't be written down stays open, and the next one may try", async () => {
    const { ledger, operations, id } = await withFlag();
    await ledger.close();
    for (const _ of [1, 2]) {
      await expect(operations.resolveFlag(id, ACT)).rejects.toMatchObject({ name: "LedgerError" });
    }
  });

  test("is resolved by one of several at once, and its address is not marked any more", async () => {
    const { ledger, operations, id } = await withFlag();
    const marked = () => ledger.read((snapshot) => snapshot.marked("address", "0xto").open);
    expect(marked()).toMatchObject([{ id }]);
    const results = await Promise.all([1, 2, 3, 4].map(() => operations.resolveFlag(id, ACT)));
    expect(results.map(({ result }) => result)).toEqual(["resolved", ...Array(3).fill("already_resolved")]);
    expect(results[0]).toMatchObject({ flag: { id }, seq: 2 });
    expect(ledger.entriesOf(["act"])).toHaveLength(1);
    expect(ledger.flag(id)).toMatchObject({ resolved: 2 });
    expect(marked()).toEqual([]);
  });
});
