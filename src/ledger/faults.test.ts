import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { builtModule } from "../../test/support/built-module.ts";
import {
  becomesWell,
  beside,
  count,
  entry,
  opened,
  outcomeOf,
  stateDirectory,
} from "../../test/support/ledger.ts";
import { LedgerLockedError } from "./lock.ts";

/** A state directory with a closed ledger of so many entries. */
async function written(entries: number): Promise<string> {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  await Promise.all(Array.from({ length: entries }, () => ledger.append(entry()).durable));
  await ledger.close();
  return directory;
}

async function expectUnusable(directory: string, code: string, detail: RegExp): Promise<void> {
  const { ledger, events } = await opened(directory);
  await vi.waitFor(() => expect(ledger.health()).toMatchObject({ ok: false, code }), 5_000);
  expect(ledger.health().detail).toMatch(detail);
  expect(ledger.health().detail).not.toContain(directory);
  expect(events.at(-1)).toMatchObject({ type: "health", health: { code } });
  expect(await outcomeOf(ledger.append(entry()))).toBe(code);
  expect(() => ledger.answer("node-1", "any")).toThrow(expect.objectContaining({ code }));
  expect(() => ledger.read(() => 0)).toThrow(expect.objectContaining({ code }));
  await expect(ledger.keepShapes([])).rejects.toMatchObject({ code });
  await ledger.close();
}

test("a second server on the same state directory is refused, and the first goes on", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  await expect(opened(directory)).rejects.toThrow(LedgerLockedError);
  expect(await ledger.append(entry()).durable).toBe(1);
  await ledger.close();
  const { ledger: next } = await opened(directory);
  expect(await next.append(entry()).durable).toBe(2);
});

test("another process's lock ends with it, though it is killed", async () => {
  const directory = stateDirectory();
  const module = await builtModule("ledger/lock.ts");
  const script = `
    import { ServeLock } from ${JSON.stringify(module)};
    globalThis.kept = new ServeLock(${JSON.stringify(directory)});
    process.stdout.write("held");
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void holder.kill("SIGKILL"));
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  await expect(opened(directory)).rejects.toThrow(LedgerLockedError);
  const ended = new Promise((resolve) => holder.once("exit", resolve));
  holder.kill("SIGKILL");
  await ended;
  const { ledger } = await opened(directory);
  expect(ledger.health().ok).toBe(true);
});

test("a ledger that is newer than the code is not touched", async () => {
  const directory = await written(1);
  const other = beside(directory);
  other.exec("INSERT INTO kysely_migration VALUES ('9999_later', '2030-01-01')");
  await expectUnusable(directory, "LEDGER_UNAVAILABLE", /newer .* 9999_later/);
});

test("a file that is no database is a corrupt ledger", async () => {
  const directory = stateDirectory();
  writeFileSync(join(directory, "ledger.db"), "no database ".repeat(1_000));
  await expectUnusable(directory, "LEDGER_CORRUPT", /not a database/);
});

test("a file that lost its end is a corrupt ledger", async () => {
  const directory = await written(200);
  const path = join(directory, "ledger.db");
  truncateSync(path, Math.floor(statSync(path).size / 8_192) * 4_096);
  await expectUnusable(directory, "LEDGER_CORRUPT", /malformed/);
});

test("an entry that was edited is found at the start", async () => {
  const directory = await written(20);
  beside(directory).exec(`UPDATE entries SET row = '{"forged":true}' WHERE seq = 7`);
  await expectUnusable(directory, "LEDGER_CORRUPT", /entry 7/);
});

test("a chain whose end was cut off, and nothing else, is found at the start", async () => {
  const directory = await written(20);
  beside(directory).exec("DELETE FROM entries WHERE seq > 17");
  await expectUnusable(directory, "LEDGER_CORRUPT", /entry 18/);
});

test("tables that don't fit each other make the ledger corrupt when that is noticed", async () => {
  const directory = await written(20);
  const { ledger } = await opened(directory);
  beside(directory).exec("INSERT INTO bodies VALUES (22, 0, NULL, NULL)");
  expect(await Promise.all([entry(), entry()].map((each) => outcomeOf(ledger.append(each))))).toEqual([
    "LEDGER_CORRUPT",
    "LEDGER_CORRUPT",
  ]);
  expect(ledger.health()).toMatchObject({ ok: false, code: "LEDGER_CORRUPT" });
});

test("an index that doesn't fit its table is found at the start", async () => {
  const directory = await written(200);
  const path = join(directory, "ledger.db");
  const other = beside(directory);
  const root = count(other, "SELECT rootpage FROM sqlite_schema WHERE name = 'entries_wallet'");
  const rules = count(other, "SELECT rootpage FROM sqlite_schema WHERE name = 'entry_rules'");
  other.close();
  const bytes = readFileSync(path);
  bytes.copy(bytes, (rules - 1) * 4_096, (root - 1) * 4_096, root * 4_096);
  writeFileSync(path, bytes);
  await expectUnusable(directory, "LEDGER_CORRUPT", /damaged|malformed/);
});

test("a file that is damaged while it is in use makes the ledger corrupt, and it stays so", async () => {
  const directory = await written(500);
  const { ledger, events } = await opened(directory);
  await ledger.append(entry()).durable;
  const path = join(directory, "ledger.db");
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(statSync(path).size - 8_192, 0x5a), 0, undefined, 8_192);
  closeSync(file);
  expect(() => {
    for (const { seq } of ledger.entriesOf(["decision"])) void seq;
  }).toThrow(expect.objectContaining({ code: "LEDGER_CORRUPT" }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(ledger.health()).toMatchObject({ ok: false, code: "LEDGER_CORRUPT" });
  expect(await outcomeOf(ledger.append(entry()))).toBe("LEDGER_CORRUPT");
  expect(events.filter(({ type }) => type === "health")).toHaveLength(1);
});

test("another process's lock on the database fails what is written, and nothing after it is gone", async () => {
  const directory = stateDirectory();
  const { ledger, events } = await opened(directory);
  await ledger.append(entry()).durable;
  const other = beside(directory);
  other.exec("BEGIN IMMEDIATE");
  const failed = [ledger.append(entry()), ledger.append(entry())];
  expect(await Promise.all(failed.map(outcomeOf))).toEqual(["LEDGER_UNAVAILABLE", "LEDGER_UNAVAILABLE"]);
  expect(ledger.health()).toMatchObject({ ok: false, code: "LEDGER_UNAVAILABLE" });
  // At once: whoever asks the locked database waits for a second.
  const started = performance.now();
  expect(await outcomeOf(ledger.append(entry()))).toBe("LEDGER_UNAVAILABLE");
  expect(performance.now() - started).toBeLessThan(900);
  other.exec("ROLLBACK");
  await becomesWell(ledger);
  expect(await ledger.append(entry()).durable).toBe(2);
  expect(ledger.read(({ through }) => through)).toBe(5);
  expect(events.map((event) => event.type === "health" && event.health.ok)).toEqual([false, true]);
});

test("a state directory that comes later is opened when it is there", async () => {
  const directory = join(stateDirectory(), "later");
  const { ledger } = await opened(directory);
  expect(ledger.health()).toMatchObject({ ok: false, code: "LEDGER_UNAVAILABLE" });
  mkdirSync(directory);
  await becomesWell(ledger);
  expect(await ledger.append(entry()).durable).toBe(1);
});

const disk = stateDirectoryOnSmallDisk();

/** `undefined` where this process may not mount one. */
function stateDirectoryOnSmallDisk(): (() => string) | undefined {
  const mount = (directory: string) =>
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", directory], { stdio: "ignore" });
  const small = join(process.cwd(), "build", `small-disk-${process.pid}`);
  try {
    mkdirSync(small, { recursive: true });
    mount(small);
    execFileSync("umount", [small]);
    rmSync(small, { recursive: true });
  } catch {
    return undefined;
  }
  return () => {
    mkdirSync(small, { recursive: true });
    mount(small);
    onTestFinished(() => {
      execFileSync("umount", ["--lazy", small]);
      rmSync(small, { recursive: true });
    });
    return small;
  };
}

test.skipIf(disk === undefined)(
  "a full disk fails what has no room, keeps what was answered, and ends",
  async () => {
    const directory = disk?.() ?? "";
    const { ledger } = await opened(directory, { minFreeBytes: 1_000_000 });
    let last = 0;
    let outcome: unknown = 0;
    while (typeof outcome === "number") {
      last = outcome;
      outcome = await outcomeOf(ledger.append(entry({ body: { document: "d".repeat(50_000) } })));
    }
    expect(outcome).toBe("LEDGER_FULL");
    expect(ledger.health()).toMatchObject({ ok: false, code: "LEDGER_FULL" });
    await vi.waitFor(() => expect(ledger.space()).toMatchObject({ ok: false }), 7_000);
    execFileSync("mount", ["-o", "remount,size=40m", directory]);
    await becomesWell(ledger);
    expect(await ledger.append(entry()).durable).toBe(last + 1);
    expect(count(beside(directory), "SELECT count(*) FROM bodies WHERE seq < 0")).toBe(0);
    await ledger.close();
  },
);
