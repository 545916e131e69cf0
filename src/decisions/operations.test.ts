import { join } from "node:path";
import { expect, test } from "vitest";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
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
