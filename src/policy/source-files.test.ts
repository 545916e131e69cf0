import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { FilePlace } from "./source-files.ts";
import { statementFile } from "./statement.ts";

let archive = "";
let statement = "";
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-place-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  archive = join(folder, "release.tar.gz");
  statement = statementFile(archive);
});

/**
 * What is heard of a place, from now on: for each hint whether all came in one step.
 *
 * @param then - is done when something did.
 */
async function heard({ isSigned }: { readonly isSigned: boolean }, then = () => {}): Promise<boolean[]> {
  const place = new FilePlace(archive);
  onTestFinished(() => place.close());
  const hints: boolean[] = [];
  place.watch((isWhole) => {
    hints.push(isWhole);
    if (isWhole) then();
  });
  await place.look({ isSigned, isUnsigned: !isSigned });
  return hints;
}

/** File systems tell times some milliseconds apart. */
async function replace(file: string, content = "content"): Promise<void> {
  writeFileSync(`${file}.new`, content);
  await sleep(20);
  renameSync(`${file}.new`, file);
}

/** So that what comes is heard, and what is written is no longer being written. */
const aWhile = () => sleep(250);

describe("what may be half written is no whole", () => {
  it("that is written in its place", async () => {
    writeFileSync(archive, "before");
    await aWhile();
    const hints = await heard({ isSigned: false });
    writeFileSync(archive, "a part");
    await sleep(20);
    appendFileSync(archive, " and the rest");
    await aWhile();
    expect(new Set(hints)).toEqual(new Set([false]));
  });

  it.each([0, 40])("that is new and written in its place, a while after it was opened: %i ms", async (ms) => {
    const hints = await heard({ isSigned: false });
    writeFileSync(archive, "");
    await sleep(ms);
    appendFileSync(archive, "a part");
    await sleep(20);
    appendFileSync(archive, " and the rest");
    await aWhile();
    expect(new Set(hints)).toEqual(new Set([false]));
  });

  it("that is new and copied to its place by the system, which tells of that when it is done", async () => {
    const [large, size] = [`${archive}.large`, 30_000_000];
    writeFileSync(large, Buffer.alloc(size, 1));
    const sizes: number[] = [];
    await heard({ isSigned: false }, () => sizes.push(statSync(archive).size));
    for (let time = 0; time < 6; time += 1) {
      await promisify(execFile)("cp", [large, archive]);
      await aWhile();
      rmSync(archive);
      await aWhile();
    }
    expect(sizes.filter((each) => each !== size)).toEqual([]);
  });

  it("an archive whose statement is still to come", async () => {
    const hints = await heard({ isSigned: true });
    await replace(archive);
    await aWhile();
    expect(new Set(hints)).toEqual(new Set([false]));
  });

  it("a statement beside an archive that is being written", async () => {
    writeFileSync(archive, "before");
    await aWhile();
    const hints = await heard({ isSigned: true });
    appendFileSync(archive, "a part");
    await sleep(20);
    await replace(statement);
    await aWhile();
    expect(new Set(hints)).toEqual(new Set([false]));
  });

  it("a statement without its archive", async () => {
    const hints = await heard({ isSigned: true });
    await replace(statement);
    await aWhile();
    expect(new Set(hints)).toEqual(new Set([false]));
  });

  it("what was removed", async () => {
    writeFileSync(archive, "before");
    await aWhile();
    const hints = await heard({ isSigned: false });
    rmSync(archive);
    await aWhile();
    expect(new Set(hints)).toEqual(new Set([false]));
  });
});

describe("what came in one step is whole", () => {
  it("an archive that nobody signs", async () => {
    const hints = await heard({ isSigned: false });
    await replace(archive);
    await expect.poll(() => hints.at(-1)).toBe(true);
  });

  it("a statement after its archive", async () => {
    const hints = await heard({ isSigned: true });
    await replace(archive);
    await replace(statement);
    await expect.poll(() => hints.at(-1)).toBe(true);
    expect(hints.filter((isWhole) => isWhole)).toHaveLength(1);
  });

  it("a statement that was written no moment before it was moved", async () => {
    const hints = await heard({ isSigned: true });
    await replace(archive);
    for (let time = 0; time < 5; time += 1) {
      hints.length = 0;
      writeFileSync(`${statement}.new`, "content");
      renameSync(`${statement}.new`, statement);
      await expect.poll(() => hints.at(-1)).toBe(true);
    }
  });

  it("another file is nothing", async () => {
    const hints = await heard({ isSigned: true });
    await replace(`${archive}.other`);
    await aWhile();
    expect(hints).toEqual([]);
  });
});
