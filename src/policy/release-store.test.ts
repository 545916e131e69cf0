import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type PublisherKey, publisherKey, says, statementOf } from "../../test/support/publisher.ts";
import type { ReleaseError } from "./release.ts";
import { type Quarantined, ReleaseStore, type StoredPair } from "./release-store.ts";

interface Release extends StoredPair {
  readonly sha256: string;
}

let key: PublisherKey;
let first: Release;
let second: Release;
beforeAll(async () => {
  key = await publisherKey();
  first = await release("one", 1);
  second = await release("two", 2);
});

async function release(content: string, sequence: number): Promise<Release> {
  const archive = Buffer.from(content.repeat(1_000));
  const sha256 = createHash("sha256").update(archive).digest("hex");
  return { archive, sha256, statement: await statementOf(says(sha256, { sequence }), key) };
}

let folder: string;
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), "countersign-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  folder = join(directory, "releases");
});

async function opened(more: { confirmEveryMs?: number; isReadOnly?: boolean } = {}) {
  const failures: ReleaseError[] = [];
  const store = await ReleaseStore.open(folder, {
    confirmEveryMs: 0,
    failed: (error) => failures.push(error),
    ...more,
  });
  return { store, failures };
}

const keep = (store: ReleaseStore, each: Release) => store.keep(each, each.sha256);

async function lastSequence(): Promise<number | undefined> {
  const pair = await (await opened()).store.last();
  if (pair === undefined) return undefined;
  const found = [first, second].findIndex(({ archive }) => Buffer.compare(archive, pair.archive) === 0);
  expect(Buffer.compare(pair.statement, [first, second][found]?.statement ?? new Uint8Array())).toBe(0);
  return found + 1;
}

const QUARANTINED: Quarantined = {
  sha256: "ab".repeat(32),
  sequence: 4,
  step: "guard",
  message: "no",
  at: 5,
};

describe("the last good release", () => {
  it("is absent where none was kept, and no error", async () => {
    const { store, failures } = await opened();
    expect(await store.last()).toBeUndefined();
    expect(failures).toEqual([]);
  });

  it.each<[string, () => void]>([
    ["its archive is gone", () => rmSync(join(folder, `${first.sha256}.tar.gz`))],
    [
      "its archive is a folder",
      () => {
        rmSync(join(folder, `${first.sha256}.tar.gz`));
        mkdirSync(join(folder, `${first.sha256}.tar.gz`));
      },
    ],
    [
      "its archive is a pipe",
      () => {
        rmSync(join(folder, `${first.sha256}.tar.gz`));
        execFileSync("mkfifo", [join(folder, `${first.sha256}.tar.gz`)]);
      },
    ],
    ["its statement is none", () => writeFileSync(join(folder, "last.statement.json"), "{}")],
    [
      "its statement leads elsewhere",
      () => {
        const statement = JSON.parse(String(first.statement));
        statement.payload = Buffer.from(JSON.stringify(says("../../passwd"))).toString("base64url");
        writeFileSync(join(folder, "last.statement.json"), JSON.stringify(statement));
      },
    ],
  ])("is an error where %s", async (_name, damage) => {
    await keep((await opened()).store, first);
    damage();
    const { store } = await opened();
    await expect(store.last()).rejects.toMatchObject({ step: "store" });
  });

  it("is what was kept last, nobody else's to read, and nothing else lies there", async () => {
    const { store } = await opened();
    await keep(store, first);
    expect(await lastSequence()).toBe(1);
    await keep(store, second);
    expect(await lastSequence()).toBe(2);
    const names = readdirSync(folder).sort();
    expect(names).toEqual([`${second.sha256}.tar.gz`, "last.statement.json"].sort());
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it("is not written again where it lies there already, and mended where it is damaged", async () => {
    const { store } = await opened();
    await keep(store, first);
    const file = join(folder, `${first.sha256}.tar.gz`);
    const { ino } = statSync(file);
    await keep(store, first);
    expect(statSync(file).ino).toBe(ino);
    writeFileSync(file, "damaged");
    await keep(store, first);
    expect(await lastSequence()).toBe(1);
  });
});

describe("an end of the process while it is kept", () => {
  /** What a kept second release leaves behind, with the first one before it. */
  async function files(): Promise<Readonly<Record<string, Buffer>>> {
    const { store } = await opened();
    await keep(store, first);
    const before = Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
    );
    await keep(store, second);
    const after = Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
    );
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    for (const [name, content] of Object.entries(before)) writeFileSync(join(folder, name), content);
    return after;
  }
  const put = (name: string, content: Uint8Array) => writeFileSync(join(folder, name), content);
  const archive = () => `${second.sha256}.tar.gz`;
  const STATEMENT = "last.statement.json";

  it.each<[string, (after: Readonly<Record<string, Buffer>>) => void, number]>([
    ["before anything", () => {}, 1],
    ["in the middle of the archive", () => put(`${archive()}.1.part`, second.archive.subarray(0, 100)), 1],
    ["before the archive has its name", () => put(`${archive()}.1.part`, second.archive), 1],
    ["when the archive has its name", () => put(archive(), second.archive), 1],
    [
      "in the middle of the statement",
      () => {
        put(archive(), second.archive);
        put(`${STATEMENT}.1.part`, second.statement.subarray(0, 100));
      },
      1,
    ],
    [
      "when the statement has its name",
      () => {
        put(archive(), second.archive);
        put(STATEMENT, second.statement);
      },
      2,
    ],
    [
      "before the old archive is removed",
      (after) => {
        for (const [name, content] of Object.entries(after)) put(name, content);
      },
      2,
    ],
  ])("%s: a whole release lies there, and the next one is kept", async (_name, leave, expected) => {
    leave(await files());
    expect(await lastSequence()).toBe(expected);
    await keep((await opened()).store, second);
    expect(await lastSequence()).toBe(2);
    expect(readdirSync(folder).sort()).toEqual([archive(), STATEMENT].sort());
  });
});

describe("what can't be written", () => {
  it("leaves the one before, and says so", async () => {
    const { store } = await opened();
    await keep(store, first);
    // A folder in the archive's place: it can't be replaced by a file, whoever tries.
    mkdirSync(join(folder, `${second.sha256}.tar.gz`, "x"), { recursive: true });
    await expect(keep(store, second)).rejects.toMatchObject({ step: "store" });
    expect(await lastSequence()).toBe(1);
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("is said at the opening, and nothing is known then", async () => {
    writeFileSync(folder, "");
    const { store, failures } = await opened();
    expect(failures.map(({ step }) => step)).toEqual(["store"]);
    await expect(keep(store, first)).rejects.toMatchObject({ step: "store" });
    await expect(store.quarantine(QUARANTINED)).rejects.toMatchObject({ step: "store" });
    // It holds in this process all the same.
    expect(store.quarantineOf(QUARANTINED.sha256, 4)).toEqual(QUARANTINED);
  });

  it("is nothing at all in a trial", async () => {
    const { store } = await opened({ isReadOnly: true });
    await keep(store, first);
    await store.quarantine(QUARANTINED);
    await store.confirm(first.sha256, 1);
    expect(existsSync(folder)).toBe(false);
    expect(await store.last()).toBeUndefined();
  });
});

describe("quarantine", () => {
  it("outlives the process, for this archive under this sequence and lower ones", async () => {
    const { store } = await opened();
    await store.quarantine({ ...QUARANTINED, message: "x".repeat(10_000) });
    const again = (await opened()).store;
    for (const each of [store, again]) {
      expect(each.quarantineOf(QUARANTINED.sha256, 4)).toMatchObject({ step: "guard", sequence: 4 });
      expect(each.quarantineOf(QUARANTINED.sha256, 3)).toBeDefined();
      expect(each.quarantineOf(QUARANTINED.sha256, 5)).toBeUndefined();
      expect(each.quarantineOf("cd".repeat(32), 4)).toBeUndefined();
    }
    await again.quarantine({ ...QUARANTINED, sequence: 5 });
    expect(again.quarantined).toEqual([{ ...QUARANTINED, sequence: 5 }]);
  });

  it("is kept for the newest hundred", async () => {
    const { store } = await opened();
    for (let made = 0; made < 101; made += 1) {
      await store.quarantine({ ...QUARANTINED, sha256: made.toString(16).padStart(64, "0") });
    }
    const { quarantined } = (await opened()).store;
    expect(quarantined).toHaveLength(100);
    expect(quarantined[0]?.sha256).toBe((100).toString(16).padStart(64, "0"));
  });
});

describe("what is known of the past", () => {
  it.each(["", "{", "[]", '{"quarantined":[{"sha256":"x"}]}', '{"quarantined":[],"confirmed":{"at":1}}'])(
    "is nothing where its file is damaged: %j",
    async (text) => {
      mkdirSync(folder);
      writeFileSync(join(folder, "state.json"), text);
      const { store, failures } = await opened();
      expect(failures.map(({ step }) => step)).toEqual(["store"]);
      expect(store.confirmedAt(first.sha256)).toBe(0);
      // It is written anew with what is learnt from here on.
      await store.confirm(first.sha256, 7);
      expect((await opened()).store.confirmedAt(first.sha256)).toBe(7);
    },
  );

  it("is when a release was confirmed, and of which one", async () => {
    const { store } = await opened();
    expect(store.confirmedAt(first.sha256)).toBe(0);
    await store.confirm(first.sha256, 1_000);
    expect((await opened()).store.confirmedAt(first.sha256)).toBe(1_000);
    expect((await opened()).store.confirmedAt(second.sha256)).toBe(0);
  });

  it("is written now and then, and at once for another release or a clock set back", async () => {
    const { store } = await opened({ confirmEveryMs: 100 });
    const onDisk = async () => (await opened()).store;
    await store.confirm(first.sha256, 1_000);
    await store.confirm(first.sha256, 1_099);
    expect(store.confirmedAt(first.sha256)).toBe(1_099);
    expect((await onDisk()).confirmedAt(first.sha256)).toBe(1_000);
    await store.confirm(first.sha256, 1_100);
    expect((await onDisk()).confirmedAt(first.sha256)).toBe(1_100);
    await store.confirm(first.sha256, 500);
    expect((await onDisk()).confirmedAt(first.sha256)).toBe(500);
    await store.confirm(second.sha256, 501);
    expect((await onDisk()).confirmedAt(second.sha256)).toBe(501);
  });

  it("is written one after the other", async () => {
    const { store } = await opened();
    await Promise.all(Array.from({ length: 20 }, (_, at) => store.confirm(first.sha256, 1_000 + at)));
    expect((await opened()).store.confirmedAt(first.sha256)).toBe(1_019);
  });
});
