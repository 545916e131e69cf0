/** Real files, a real ledger, real tables; the clock alone is set. What goes wrong end to end: test/releases. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { opened, stateDirectory } from "../../test/support/ledger.ts";
import {
  DAY_MS,
  type PublisherKey,
  publisherKey,
  rfc3339,
  type Says,
  saysOfList,
  statementOf,
} from "../../test/support/publisher.ts";
import { digestOf } from "../../test/support/small-releases.ts";
import { LedgerLists } from "../decisions/list-history.ts";
import type { SqliteLedger } from "../ledger/open.ts";
import { LIST_STEPS } from "../policy/list-error.ts";
import { ListTrust } from "../policy/list-trust.ts";
import { Turns } from "../turns.ts";
import type { ListHistory } from "./list-activation.ts";
import { FileListPlace, type ListPlace } from "./list-place.ts";
import { ListStore } from "./list-store.ts";
import { SignedList } from "./signed-list.ts";

const START = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;
const FIRST = Buffer.from("address\nT1\n");
const SECOND = Buffer.from("address\nT1\nT2\n");

let one: PublisherKey;
let two: PublisherKey;
beforeAll(async () => {
  [one, two] = await Promise.all([publisherKey(), publisherKey("p256")]);
});

let folder: string;
let now = START;
let told: string[] = [];
let failed: string[] = [];
const closing: SignedList[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((list) => list.close()));
});

interface Made {
  readonly list: SignedList;
  readonly ledger: SqliteLedger;
  readonly source: string;
  readonly state: string;
}

/** @param isAgain - with the same files as before. */
async function make(
  how: {
    readonly isAgain?: boolean;
    readonly directory?: string;
    readonly keys?: readonly PublisherKey[];
    readonly audience?: string;
    readonly threshold?: number;
    readonly pollMs?: number;
    readonly history?: (history: ListHistory) => ListHistory;
    readonly place?: (place: ListPlace) => ListPlace;
  } = {},
): Promise<Made> {
  if (how.isAgain !== true) {
    folder = mkdtempSync(join(tmpdir(), "signed-list-"));
    const mine = folder;
    onTestFinished(() => rmSync(mine, { recursive: true, force: true }));
    now = START;
  }
  told = [];
  failed = [];
  const { ledger } = await opened(how.directory ?? stateDirectory());
  const source = join(folder, "sanctions.csv");
  const state = join(folder, "state");
  const trust = new ListTrust("sanctions", {
    keys: (how.keys ?? [one]).map(({ verifying }) => verifying),
    threshold: how.threshold ?? 1,
    audience: how.audience ?? "production",
    maxLifetimeMs: 30 * DAY_MS,
  });
  const history = new LedgerLists(ledger, () => now);
  const place = new FileListPlace(source);
  const list = new SignedList({
    ...{
      name: "sanctions",
      source,
      pollMs: how.pollMs ?? HOUR,
      maxAgeMs: 24 * HOUR,
      trust,
      reading: new Turns(),
    },
    place: how.place?.(place) ?? place,
    store: await ListStore.open(state, { confirmEveryMs: 0, failed: ({ message }) => told.push(message) }),
    history: how.history?.(history) ?? history,
    tells: {
      alarm: (code, message) => told.push(`${code} ${message}`),
      warning: (code, message) => told.push(`${code} ${message}`),
      failed: (_list, step) => failed.push(step),
      taken: (_list, { version }) => told.push(`taken ${version.sequence}`),
    },
  });
  closing.push(list);
  return { list, ledger, source, state };
}

async function publish(source: string, file: Uint8Array, members: Says = {}, keys = [one]): Promise<void> {
  writeFileSync(source, file);
  const says = saysOfList(
    "sanctions",
    digestOf(file),
    { expires_at: rfc3339(now + 7 * DAY_MS), ...members },
    now,
  );
  writeFileSync(`${source}.statement.json`, await statementOf(says, ...keys));
}

const entriesOf = (list: SignedList) => list.contentAt(now)?.table.entries;

describe("not in force", () => {
  test("while no release is live, and while the live one does not read it; at once when one does", async () => {
    const { list, source, ledger } = await make();
    await publish(source, FIRST);
    await list.start();
    expect(await list.check(true)).toBeUndefined();
    expect(list.status()).toMatchObject({ state: "unread", unread: "no release is live" });
    expect(list.status()).not.toHaveProperty("error");
    await list.setUnread("no rule of the live release reads it");
    expect(await list.check(true)).toBeUndefined();
    expect(told).toEqual([
      expect.stringMatching(/^LIST_UNREAD .*no release is live: it is not in force$/),
      expect.stringMatching(/^LIST_UNREAD .*no release is live: it is not in force$/),
      expect.stringMatching(/^LIST_UNREAD .*no rule of the live release reads it: it is not in force$/),
    ]);
    expect([entriesOf(list), failed, ledger.entriesOf(["list"])]).toEqual([undefined, [], []]);

    await list.setUnread(undefined);
    expect(entriesOf(list)).toBe(1);
    // A release that does not read it ends that, and the next one that does finds it as it was.
    await list.setUnread("no rule of the live release reads it");
    expect(entriesOf(list)).toBeUndefined();
    expect(await list.check(true)).toBeUndefined();
    expect(list.status()).toMatchObject({ state: "unread", entries: 1 });
    await list.setUnread(undefined);
    expect(entriesOf(list)).toBe(1);
    expect(ledger.entriesOf(["list"])).toHaveLength(1);
  });

  test("what is wrong with it is told also while nothing reads it", async () => {
    const { list, source } = await make();
    await publish(source, FIRST, {}, [two]);
    expect(await list.check(true)).toMatch(/^signatures: /);
    expect(list.status()).toMatchObject({ state: "unread", error: expect.stringMatching(/^signatures: /) });
  });
});

test("expired: absent, for good; neither the clock nor a restart revives it, and a new statement does", async () => {
  const directory = stateDirectory();
  const { list, source, ledger } = await make({ directory });
  await list.setUnread(undefined);
  await publish(source, FIRST, { expires_at: rfc3339(now + 10 * HOUR) });
  await list.check(true);
  list.lookAtAge();
  expect(told).toEqual(["taken 1"]);

  now += 8 * HOUR + 1_000;
  await list.check(true);
  list.lookAtAge();
  list.lookAtAge();
  expect(told.slice(1)).toEqual([expect.stringMatching(/^LIST_EXPIRES sanctions: .*sign it anew before$/)]);
  expect(entriesOf(list)).toBe(1);
  now = START + 10 * HOUR;
  list.lookAtAge();
  list.lookAtAge();
  expect(told.slice(2)).toEqual([expect.stringMatching(/^LIST_EXPIRED sanctions: .*it is absent/)]);
  expect(list.status()).toMatchObject({
    ...{ state: "absent", entries: 1 },
    age_warning: expect.stringMatching(/^LIST_EXPIRED: /),
  });
  expect(entriesOf(list)).toBeUndefined();
  // What was alarmed is in the ledger, whose time never runs back.
  await ledger.append({ type: "alarm", id: "e_1", at: now, row: `{"type":"alarm","id":"e_1","at":${now}}` })
    .durable;
  now = START + 9 * HOUR;
  expect(list.status().state).toBe("absent");
  await ledger.close();

  const again = await make({ isAgain: true, directory });
  await again.list.setUnread(undefined);
  await again.list.check(true);
  expect(again.list.contentAt(new LedgerLists(again.ledger, () => now).now())).toBeUndefined();
  expect(told).toEqual([
    expect.stringMatching(/^LIST_STORE sanctions: time: the last good list is refused: .*expired/),
    expect.stringMatching(/^LIST_REFUSED .* time: .*expired.*; the list is absent$/),
  ]);
  now = START + 11 * HOUR;
  await publish(source, FIRST, { sequence: 2 });
  await again.list.check(false);
  expect(again.list.contentAt(now)?.version).toEqual({ sequence: 2, sha256: digestOf(FIRST) });
});

test("not found at its place for too long: absent, after a restart too, and back when it is found", async () => {
  const directory = stateDirectory();
  const { list, source, ledger } = await make({ directory });
  await list.setUnread(undefined);
  await publish(source, FIRST);
  await list.check(true);
  rmSync(source);
  rmSync(`${source}.statement.json`);
  await list.check(false);
  now += 13 * HOUR;
  list.lookAtAge();
  expect(told.at(-1)).toMatch(
    /^LIST_UNCONFIRMED sanctions: .*it is absent from 2030-01-02T00:00:00.000Z on$/,
  );
  expect(entriesOf(list)).toBe(1);
  now = START + 24 * HOUR;
  list.lookAtAge();
  expect(told.at(-1)).toMatch(/^LIST_STALE sanctions: .*longer ago than its max_age/);
  expect([entriesOf(list), list.status().state]).toEqual([undefined, "absent"]);
  await ledger.close();

  const again = await make({ isAgain: true, directory });
  await again.list.setUnread(undefined);
  await again.list.check(true);
  expect(told[0]).toBe("taken 1");
  expect(entriesOf(again.list)).toBeUndefined();
  expect(again.list.status()).toMatchObject({ state: "absent", confirmed_at: START });
  now = START;
  await publish(source, FIRST);
  now = START + 25 * HOUR;
  expect(await again.list.check(false)).toBeUndefined();
  expect(entriesOf(again.list)).toBe(1);
});

test("confirmed by a clock that was ahead, or so somebody wrote: stale after a restart, until it is found again", async () => {
  const directory = stateDirectory();
  const { list, source, state, ledger } = await make({ directory });
  await list.setUnread(undefined);
  await publish(source, FIRST);
  await list.check(true);
  await ledger.close();
  const file = join(state, "state.json");
  const kept = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...kept, confirmed: { ...kept.confirmed, at: START + HOUR } }));
  rmSync(source);
  rmSync(`${source}.statement.json`);

  const again = await make({ isAgain: true, directory });
  await again.list.setUnread(undefined);
  await again.list.check(true);
  expect(again.list.status()).toMatchObject({ state: "absent", confirmed_at: 0 });
  await publish(source, FIRST);
  expect(await again.list.check(false)).toBeUndefined();
  expect(entriesOf(again.list)).toBe(1);
});

test("renewed: the same file under a later statement is neither copied nor read", async () => {
  const { list, source, state } = await make();
  await list.setUnread(undefined);
  await publish(source, FIRST);
  await list.check(true);
  const table = list.contentAt(now)?.table;
  now += HOUR;
  await publish(source, FIRST, { sequence: 2 });
  expect(await list.check(false)).toBeUndefined();
  expect(list.contentAt(now)).toMatchObject({ table, version: { sequence: 2 } });
  expect(list.contentAt(now)?.table).toBe(table);
  const kept = JSON.parse(readFileSync(join(state, "last.statement.json"), "utf8"));
  expect(JSON.parse(String(Buffer.from(kept.payload, "base64url")))).toMatchObject({ sequence: 2 });
  // With the file of another one beside it nothing is renewed.
  await publish(source, FIRST, { sequence: 3 });
  writeFileSync(source, SECOND);
  expect(await list.check(false)).toMatch(/^digest: /);
  expect(list.contentAt(now)?.version.sequence).toBe(2);
});

test("one signature more is kept, so that a key may be removed", async () => {
  const directory = stateDirectory();
  const { list, source, ledger } = await make({ directory, keys: [one, two] });
  await list.setUnread(undefined);
  await publish(source, FIRST);
  await list.check(true);
  await publish(source, FIRST, {}, [one, two]);
  expect(await list.check(false)).toBeUndefined();
  expect(ledger.entriesOf(["list"])).toHaveLength(1);
  await ledger.close();
  rmSync(`${source}.statement.json`);
  const again = await make({ isAgain: true, directory, keys: [two] });
  await again.list.setUnread(undefined);
  await again.list.check(true);
  expect(entriesOf(again.list)).toBe(1);
});

test("a pair of which one half is new is looked at again before it is refused", async () => {
  const { list, source } = await make();
  await list.setUnread(undefined);
  await publish(source, FIRST);
  await list.check(true);
  await publish(source, SECOND, { sequence: 2 });
  writeFileSync(source, FIRST);
  const checked = list.check(false);
  await sleep(50);
  writeFileSync(source, SECOND);
  expect(await checked).toBeUndefined();
  expect([entriesOf(list), failed]).toEqual([2, []]);
});

describe("what is the machine's fault puts nothing in quarantine, and is tried again", () => {
  test("a folder that can't be written", async () => {
    const { list, source, state } = await make({ pollMs: 20 });
    await list.setUnread(undefined);
    await publish(source, FIRST);
    rmSync(state, { recursive: true });
    writeFileSync(state, "a file in its place");
    expect(await list.check(true)).toMatch(/^store: /);
    expect([entriesOf(list), list.status().quarantined]).toEqual([undefined, []]);
    rmSync(state);
    expect(await list.check(false)).toBeUndefined();
    expect(entriesOf(list)).toBe(1);
    expect(readdirSync(state).sort()).toEqual([
      `${digestOf(FIRST)}.csv`,
      "last.statement.json",
      "state.json",
    ]);
  });

  test("a ledger that can't be told: the old list decides on, the copy waits, and nothing older comes", async () => {
    let isBroken = false;
    const { list, source, ledger } = await make({
      history: (history) => ({
        now: () => history.now(),
        highest: (...of) => history.highest(...of),
        record: async (...what) => {
          if (isBroken) throw new Error("the disk is full");
          await history.record(...what);
        },
      }),
    });
    await list.setUnread(undefined);
    await publish(source, FIRST);
    await list.check(true);
    isBroken = true;
    await publish(source, SECOND, { sequence: 2 });
    expect(await list.check(false)).toBe(
      "ledger: the ledger can't be told that it comes into force: the disk is full",
    );
    expect([entriesOf(list), ledger.entriesOf(["list"]).length]).toEqual([1, 1]);
    isBroken = false;
    expect(await list.check(false)).toBeUndefined();
    expect([entriesOf(list), ledger.entriesOf(["list"]).length]).toEqual([2, 2]);
    // Said once.
    expect(failed).toEqual(["ledger"]);
  });

  test("a copy that was changed under the reader's hands is not what was signed", async () => {
    const { list, source, state } = await make({
      place: (place) => ({
        rereadMs: 0,
        look: (...known) => place.look(...known),
        digest: () => place.digest(),
        waitMs: (ms) => ms,
        close: () => place.close(),
        copy: async (to) => {
          const digest = await place.copy(to);
          writeFileSync(to, "address\nT9\n");
          return digest;
        },
      }),
    });
    await list.setUnread(undefined);
    await publish(source, FIRST);
    expect(await list.check(true)).toMatch(/^digest: /);
    expect(existsSync(join(state, "next.part"))).toBe(false);
    expect(list.status().quarantined).toEqual([]);
  });
});

test("what is kept goes through every check again, and what was changed there is refused", async () => {
  const directory = stateDirectory();
  const { list, source, ledger, state } = await make({ directory });
  await list.setUnread(undefined);
  await publish(source, FIRST);
  await list.check(true);
  await ledger.close();
  rmSync(source);
  writeFileSync(join(state, `${digestOf(FIRST)}.csv`), SECOND);
  chmodSync(join(state, `${digestOf(FIRST)}.csv`), 0o600);
  const again = await make({ isAgain: true, directory });
  await again.list.setUnread(undefined);
  await again.list.check(true);
  expect(told[0]).toMatch(/^LIST_STORE sanctions: digest: the last good list is refused: /);
  expect(entriesOf(again.list)).toBeUndefined();
  await publish(source, SECOND, { sequence: 2 });
  await again.list.check(false);
  expect(entriesOf(again.list)).toBe(2);
});

test("killed between the disk and its confirmation: as old as its statement, not older", async () => {
  const directory = stateDirectory();
  const { list, source, ledger, state } = await make({ directory });
  await list.setUnread(undefined);
  await publish(source, FIRST);
  await list.check(true);
  await ledger.close();
  rmSync(join(state, "state.json"));
  rmSync(source);
  rmSync(`${source}.statement.json`);
  now = START + 23 * HOUR;
  const again = await make({ isAgain: true, directory });
  await again.list.setUnread(undefined);
  await again.list.check(true);
  expect(entriesOf(again.list)).toBe(1);
  now = START + 24 * HOUR;
  expect(entriesOf(again.list)).toBeUndefined();
});

test("the ledger alone knows what was in force: nothing older comes, though nothing is kept", async () => {
  const directory = stateDirectory();
  const { list, source, ledger, state } = await make({ directory });
  await list.setUnread(undefined);
  await publish(source, FIRST, { sequence: 7 });
  await list.check(true);
  await ledger.close();
  rmSync(state, { recursive: true });
  const again = await make({ isAgain: true, directory });
  await again.list.setUnread(undefined);
  await again.list.check(true);
  await publish(source, SECOND, { sequence: 6 });
  expect(await again.list.check(false)).toMatch(/^sequence: /);
  await publish(source, SECOND, { sequence: 7 });
  expect(await again.list.check(false)).toMatch(/^sequence: /);
  await publish(source, FIRST, { sequence: 7 });
  expect(await again.list.check(false)).toBeUndefined();
});

test("an older copy of the ledger does not know what was in force, and what is kept does", async () => {
  const { list, source } = await make();
  await list.setUnread(undefined);
  await publish(source, FIRST, { sequence: 7 });
  await list.check(true);
  await publish(source, SECOND, { sequence: 6 });
  const again = await make({ isAgain: true, directory: stateDirectory() });
  await again.list.setUnread(undefined);
  expect(await again.list.check(true)).toMatch(/^sequence: /);
  expect([entriesOf(again.list), again.ledger.entriesOf(["list"]).length]).toEqual([1, 1]);
  // Nor where what is kept is too old to be in force.
  now += 30 * DAY_MS;
  const later = await make({ isAgain: true, directory: stateDirectory() });
  await later.list.setUnread(undefined);
  await publish(source, SECOND, { sequence: 6 });
  expect(await later.list.check(true)).toMatch(/^sequence: /);
  expect(entriesOf(later.list)).toBeUndefined();
});

test("another audience begins anew, also after the last sequence there is; back again nothing older comes", async () => {
  const directory = stateDirectory();
  const { list, source, ledger } = await make({ directory });
  await list.setUnread(undefined);
  await publish(source, FIRST, { sequence: Number.MAX_SAFE_INTEGER });
  expect(await list.check(true)).toBeUndefined();
  await publish(source, SECOND, { sequence: Number.MAX_SAFE_INTEGER });
  expect(await list.check(true)).toMatch(/^sequence: /);
  await ledger.close();

  const other = await make({ isAgain: true, directory, audience: "other" });
  await other.list.setUnread(undefined);
  expect(await other.list.check(true)).toMatch(/^audience: /);
  expect(entriesOf(other.list)).toBeUndefined();
  await publish(source, SECOND, { sequence: 1, audience: "other" });
  expect(await other.list.check(true)).toBeUndefined();
  expect(entriesOf(other.list)).toBe(2);
  await other.ledger.close();

  const back = await make({ isAgain: true, directory });
  await back.list.setUnread(undefined);
  await publish(source, SECOND, { sequence: 2 });
  expect(await back.list.check(true)).toMatch(/^sequence: /);
  expect(entriesOf(back.list)).toBeUndefined();
});

test("docs/releases.md has each step that a list can be refused at, and no other", () => {
  const page = readFileSync(new URL("../../docs/releases.md", import.meta.url), "utf8");
  const section = /\n### When a list is refused\n(.*?)\n\n\| other/s.exec(page)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) => cell.split(", "));
  expect(rows.map((cell) => cell.replaceAll("`", ""))).toEqual([...LIST_STEPS]);
});
