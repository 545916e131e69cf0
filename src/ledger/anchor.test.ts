import {
  copyFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { beside, count, entry, opened, stateDirectory } from "../../test/support/ledger.ts";
import { AnchorWriter, readAnchor } from "./anchor-file.ts";
import { openCheckpoints } from "./checkpoint.ts";

const checkpoints = openCheckpoints;

async function seqs(directory: string): Promise<number[] | undefined> {
  return (await readAnchor(join(directory, "anchor")))?.lines.map(({ says }) => says.seq);
}

async function append(ledger: Awaited<ReturnType<typeof opened>>["ledger"], entries: number): Promise<void> {
  for (let each = 0; each < entries; each += 1) await ledger.append(entry()).durable;
}

test("the head is checkpointed each so many entries and at a clean stop, in the ledger too", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory, { checkpoints, checkpointEvery: 4 });
  await append(ledger, 10);
  await ledger.close();
  expect(await seqs(directory)).toEqual([4, 8, 10]);
  const { ledger: again } = await opened(directory, { checkpoints, checkpointEvery: 4 });
  expect(again.behindAnchor).toBeUndefined();
  await again.close();
  expect(await seqs(directory)).toEqual([4, 8, 10]);
  expect(count(beside(directory), "SELECT count(*) FROM checkpoints")).toBe(3);
});

test("an older copy of the ledger is behind its anchor until its head is accepted", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory, { checkpoints });
  await append(ledger, 3);
  await ledger.close();
  const path = join(directory, "ledger.db");
  const copy = readFileSync(path);
  const { ledger: longer } = await opened(directory, { checkpoints });
  await append(longer, 2);
  await longer.close();
  writeFileSync(path, copy);

  const { ledger: cut } = await opened(directory, { checkpoints, checkpointEvery: 1 });
  expect(cut.health().ok).toBe(true);
  expect(cut.behindAnchor?.message).toMatch(/ends at entry 3, but entry 5/);
  await append(cut, 1);
  await cut.close();
  // The anchor still says what is missing.
  expect(await seqs(directory)).toEqual([3, 5]);

  const { ledger: still } = await opened(directory, { checkpoints });
  expect(still.behindAnchor).toBeDefined();
  await still.acceptHead();
  expect(still.behindAnchor).toBeUndefined();
  expect(await seqs(directory)).toEqual([3, 5, 4]);
  await append(still, 1);
  await still.close();
  expect(await seqs(directory)).toEqual([3, 5, 4, 5]);
  const { ledger: well } = await opened(directory, { checkpoints });
  expect(well.behindAnchor).toBeUndefined();
});

test("another chain of the same length is not the one that was checkpointed", async () => {
  const first = stateDirectory();
  const { ledger } = await opened(first, { checkpoints });
  await append(ledger, 3);
  await ledger.close();
  const other = stateDirectory();
  const { ledger: elsewhere } = await opened(other);
  await append(elsewhere, 4);
  await elsewhere.close();
  for (const file of ["anchor", "checkpoint.key", "checkpoint.pub"]) {
    copyFileSync(join(first, file), join(other, file));
  }
  const { ledger: swapped } = await opened(other, { checkpoints });
  expect(swapped.behindAnchor?.message).toMatch(/entry 3 .* not the one/);
});

test("an anchor that can't be read fails the ledger", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory, { checkpoints });
  await append(ledger, 1);
  await ledger.close();
  writeFileSync(join(directory, "anchor"), "no statement\nno statement\n");
  const { ledger: refused } = await opened(directory, { checkpoints });
  expect(refused.health()).toMatchObject({ ok: false, code: "LEDGER_CORRUPT" });
  await expect(refused.append(entry()).durable).rejects.toMatchObject({ code: "LEDGER_CORRUPT" });
});

test("a head that can't be kept is told, and the next one is tried again", async () => {
  const directory = stateDirectory();
  let broken = false;
  const { ledger, events } = await opened(directory, {
    checkpointEvery: 2,
    checkpoints: async (folder) => {
      const real = await openCheckpoints(folder);
      const publish = (statement: string) =>
        broken ? Promise.reject(new Error("the anchor cannot be written")) : real.publish(statement);
      return { anchored: real.anchored, sign: real.sign, publish, close: real.close };
    },
  });
  broken = true;
  await append(ledger, 2);
  await expect
    .poll(() => events)
    .toContainEqual({ type: "checkpoint_failed", message: expect.stringMatching(/anchor/) });
  broken = false;
  await ledger.close();
  expect(await seqs(directory)).toEqual([2]);
});

test("an older copy that is put in the ledger's place while the process runs is not taken for it", async () => {
  const directory = stateDirectory();
  const path = join(directory, "ledger.db");
  const { ledger } = await opened(directory, { checkpoints });
  await append(ledger, 3);
  const other = beside(directory);
  other.exec(`VACUUM INTO '${path}.copy'`);
  await append(ledger, 2);
  other.exec("BEGIN IMMEDIATE");
  await expect(ledger.append(entry()).durable).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`);
  renameSync(`${path}.copy`, path);
  await expect.poll(() => ledger.health(), { timeout: 5_000 }).toMatchObject({ code: "LEDGER_CORRUPT" });
  expect(() => ledger.read(() => 0)).toThrow(expect.objectContaining({ code: "LEDGER_CORRUPT" }));
  await ledger.close();
  const { ledger: again } = await opened(directory, { checkpoints });
  expect(again.behindAnchor?.message).toMatch(/ends at entry 3, but entry 5/);
});

test("a head is accepted while entries keep coming, by two at once", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory, { checkpoints });
  await append(ledger, 2);
  let busy = true;
  const line = Array.from({ length: 8 }, async () => {
    while (busy) await ledger.append(entry()).durable;
  });
  const accepted = Promise.all([ledger.acceptHead(), ledger.acceptHead()]).then(() => "accepted");
  const late = new Promise((resolve) => setTimeout(() => resolve("late"), 3_000));
  expect(await Promise.race([accepted, late])).toBe("accepted");
  busy = false;
  await Promise.all(line);
  await Promise.all([ledger.acceptHead(), ledger.close()]);
});

test("a ledger that was checkpointed and has no anchor any more is behind it", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory, { checkpoints, checkpointEvery: 2 });
  await append(ledger, 4);
  await ledger.close();
  rmSync(join(directory, "anchor"));
  const { ledger: bare } = await opened(directory, { checkpoints });
  expect(bare.behindAnchor?.message).toMatch(/anchor is empty or gone/);
  await bare.acceptHead();
  await bare.close();
  expect(await seqs(directory)).toEqual([4]);
  const { ledger: well } = await opened(directory, { checkpoints });
  expect(well.behindAnchor).toBeUndefined();
});

test.runIf(process.platform === "linux")("what can't be an anchor is closed again", async () => {
  const held = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === "/dev/full";
      } catch {
        return false;
      }
    });
  // It can be opened, and is no file that could be cut off.
  for (let time = 0; time < 3; time += 1) await expect(AnchorWriter.open("/dev/full", 0)).rejects.toThrow();
  expect(held()).toEqual([]);
});
