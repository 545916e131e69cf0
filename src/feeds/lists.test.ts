import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { builtModule } from "../../test/support/built-module.ts";
import { numberedAddress, writeLongList } from "../../test/support/feeds.ts";
import { digestOf } from "../../test/support/small-releases.ts";
import type { Document } from "../input/document.ts";
import { documentSchema } from "../input/document.ts";
import { readListAside } from "./list-reader.ts";
import { Lists } from "./lists.ts";

const folder = mkdtempSync(join(tmpdir(), "lists-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "list.csv");
const A = numberedAddress(1);
const B = numberedAddress(2);
const C = numberedAddress(3);
const D = numberedAddress(4);
const E = numberedAddress(5);
const F = numberedAddress(6);

const base: Document = {
  version: 1,
  kind: "transaction_signing",
  group: "transfer",
  channel: "tss.v2",
  request: { id: "r", source: "node-1", received_at: 1 },
  now: { ms: 1, date: "1970-01-01", time: "00:00:00", weekday: "thu", hour: 0, minute: 0, zone: "UTC" },
};
const paying = (address: string): Document => ({ ...base, transaction: { destinations: [{ address }] } });

const alarms: string[] = [];
beforeEach(() => {
  alarms.length = 0;
  rmSync(path, { force: true });
});

function listsOf(paths: Record<string, string>): Lists {
  return new Lists({ paths, onAlarm: (code, message) => alarms.push(`${code} ${message}`), now: () => 77 });
}

describe("refused", () => {
  test("a list that is not there is absent, with an alarm", async () => {
    const lists = listsOf({ own: path });
    expect(await lists.reload()).toEqual(["lists.own: it cannot be read (ENOENT)"]);
    expect(lists.hits(paying(A))).toBeUndefined();
    expect(alarms).toEqual([`LIST_REFUSED own: ${path}: it cannot be read (ENOENT); the list is absent`]);
    expect(lists.status()).toEqual([
      { name: "own", path, trust: "unsigned", state: "absent", error: "it cannot be read (ENOENT)" },
    ]);
  });

  test("a bad new file leaves the old list in force, until a good one comes", async () => {
    writeFileSync(path, `address\n${A}\n`);
    const lists = listsOf({ own: path });
    expect(await lists.reload()).toEqual([]);
    writeFileSync(path, `address\n${B}\nbad row\n`);
    expect(await lists.reload()).toEqual([expect.stringMatching(/^lists\.own: line 3: /)]);
    expect(lists.hits(paying(A))?.lists).toEqual({ own: { [A]: {} } });
    expect(lists.hits(paying(B))?.lists).toEqual({ own: {} });
    expect(alarms).toEqual([expect.stringMatching(/^LIST_REFUSED .*; the old list stays in force$/)]);
    expect(lists.status()[0]).toMatchObject({ entries: 1, loaded_at: 77, error: expect.any(String) });
    writeFileSync(path, `address\n${B}\n`);
    expect(await lists.reload()).toEqual([]);
    expect(lists.hits(paying(A))?.lists).toEqual({ own: {} });
    expect(lists.status()).toEqual([
      {
        ...{ name: "own", path, trust: "unsigned", state: "in_force" },
        ...{ entries: 1, loaded_at: 77, sha256: digestOf(readFileSync(path)) },
      },
    ]);
  });

  test("a list that takes too long to read", async () => {
    writeFileSync(path, `address\n${A}\n`);
    await expect(readListAside(path, 0)).rejects.toThrow("it could not be read: that takes longer than 0 ms");
  });
});

test("a changed file is read at the second look that finds it at rest", async () => {
  writeFileSync(path, `address\n${A}\n`);
  const lists = listsOf({ own: path });
  await lists.reload();
  await lists.poll();
  writeFileSync(path, `address\n${A}\n${B}\n`);
  await lists.poll();
  expect(lists.status()[0]?.entries).toBe(1);
  writeFileSync(path, `address\n${A}\n${B}\n${C}\n`);
  await lists.poll();
  expect(lists.status()[0]?.entries).toBe(1);
  await lists.poll();
  expect(lists.status()[0]?.entries).toBe(3);

  writeFileSync(join(folder, "next.csv"), `address\n${B}\n${C}\n${D}\n`);
  renameSync(join(folder, "next.csv"), path);
  await lists.poll();
  await lists.poll();
  expect(lists.hits(paying(A))?.lists).toEqual({ own: {} });

  rmSync(path);
  for (let look = 0; look < 4; look += 1) await lists.poll();
  expect(alarms).toEqual([expect.stringMatching(/^LIST_REFUSED .*ENOENT.*old list stays/)]);
  expect(lists.hits(paying(B))?.lists).toEqual({ own: { [B]: {} } });
});

test("a list that has lost more than half of itself is taken, with an alarm", async () => {
  writeFileSync(path, `address\n${A}\n${B}\n${C}\n${D}\n`);
  const lists = listsOf({ own: path });
  await lists.reload();
  writeFileSync(path, `address\n${A}\n${B}\n`);
  await lists.reload();
  expect(alarms).toEqual([]);
  writeFileSync(path, "address\n");
  await lists.reload();
  expect(alarms).toEqual([expect.stringMatching(/^LIST_SHRUNK own: /)]);
  expect(lists.hits(paying(A))?.lists).toEqual({ own: {} });
});

test("every address of a document is looked up, under its own spelling, in each list that is loaded", async () => {
  const other = join(folder, "other.csv");
  writeFileSync(
    path,
    `address,label\n${[A, B, C, D, E, F].map((address) => `${address},x`).join("\n")}\nTx,\n`,
  );
  writeFileSync(other, `address\n${A.toUpperCase().replace("0X", "0x")}\n`);
  const lists = listsOf({ all: path, some: other, absent: join(folder, "nowhere") });
  await lists.reload();
  const spelled = `0x${F.slice(2).toUpperCase()}`;
  const document: Document = {
    ...base,
    transaction: {
      sources: [{ address: A }, {}],
      destinations: [{ address: B }, { wallet_id: "w" }, { address: B }],
      contract: { address: C },
    },
    deposit: { sources: [{ address: D }] },
    evidence: {
      status: "verified",
      key: "verified",
      effects: [
        { type: "transfer", from: A, to: E, asset: "ETH" },
        { type: "transfer", to: spelled, asset: "Tx" },
      ],
    },
  };
  const hit = { label: "x" };
  const hits = lists.hits(document)?.lists;
  const words = [
    { type: "uint256", value: "1" },
    { type: "bytes", value: A },
    { type: "address[]", value: `["${B}","0x${"ee".repeat(20)}"]` },
    { name: "to", type: "address", value: C },
    { type: "(bytes32,address)", value: `["${D}${"00".repeat(12)}","${E}"]` },
  ];
  const called = {
    status: "verified",
    key: "verified",
    effects: [{ type: "call", arguments: words }],
  } as const;
  expect(lists.hits({ ...base, evidence: { ...called, effects: [...called.effects] } })?.lists).toEqual({
    all: { [B]: hit, [C]: hit, [E]: hit },
    some: {},
  });
  expect(hits).toEqual({
    all: { [A]: hit, [B]: hit, [C]: hit, [D]: hit, [E]: hit, [spelled]: hit, Tx: {} },
    some: { [A]: {} },
  });
  expect(documentSchema.safeParse({ ...document, lists: hits }).success).toBe(true);
  expect(lists.hits(base)).toEqual({
    lists: { all: {}, some: {} },
    versions: {
      all: { sequence: 0, sha256: digestOf(readFileSync(path)) },
      some: { sequence: 0, sha256: digestOf(readFileSync(other)) },
    },
  });
  expect(listsOf({}).hits(document)).toBeUndefined();
});

test("a million addresses: exact, in under 200 MB, in a process of its own", {
  timeout: 180_000,
}, async () => {
  const million = join(folder, "million.csv");
  await writeLongList(million, 1_000_000);
  const script = `
    import { createHash } from "node:crypto";
    import { existsSync, readFileSync } from "node:fs";
    const { readListAside } = await import(process.argv[1]);
    const address = (number) => "0x" + createHash("sha256").update(String(number)).digest("hex").slice(0, 40);
    const before = process.memoryUsage().rss;
    const { table } = await readListAside(process.argv[2]);
    let wrong = 0;
    for (let number = 0; number < 1_000_000; number += 1) {
      if (table.lookup(address(number)) === undefined) wrong += 1;
      if (number % 5 === 0 && table.lookup(address(-1 - number)) !== undefined) wrong += 1;
    }
    const resident = process.memoryUsage().rss - before;
    // What getrusage(2) calls the maximum starts, on Linux, at that of the process that started this one.
    const status = "/proc/self/status";
    const kilobytes = existsSync(status)
      ? /VmHWM:\\s+(\\d+) kB/.exec(readFileSync(status, "utf8"))[1]
      : process.resourceUsage().maxRSS;
    const peak = Number(kilobytes) * 1024;
    console.log(JSON.stringify({ entries: table.entries, wrong, resident, peak }));
  `;
  const reader = await builtModule("feeds/list-reader.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--input-type=module", "--eval", script],
    ...[reader, million],
  ]);
  const { entries, wrong, resident, peak } = JSON.parse(stdout);
  expect({ entries, wrong }).toEqual({ entries: 1_000_000, wrong: 0 });
  // The peak is that of the whole process, Node itself and the reading of the file included.
  expect(resident).toBeLessThan(200e6);
  expect(peak).toBeLessThan(300e6);
});
