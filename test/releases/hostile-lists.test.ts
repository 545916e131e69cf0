/**
 * Whoever can write where a list lies, and lacks its keys, or has some, or has an old one, or has those of releases: the
 * old list decides on, and the alarm says why. And a good list goes in afterwards.
 */
import { truncateSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { codeOf, freshTransfer } from "../faults/site.ts";
import { DAY_MS, encoded, rfc3339, says, signatureOver, statementOf } from "../support/publisher.ts";
import { digestOf } from "../support/small-releases.ts";
import { csvOf, inDays, ListSite } from "./list-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const LIVE = 50;
/** What the attacker would have: nobody is on it. */
const EMPTY = csvOf();

let lists: ListSite;
beforeAll(async () => {
  lists = await ListSite.prepare();
  await lists.publish(ListSite.old, { sequence: LIVE });
  await lists.site.start();
});
afterAll(() => lists.site.remove());

async function expectRefused(step: string, why: RegExp, quarantined = 0): Promise<void> {
  const before = await lists.failures();
  const error = await lists.reload();
  expect(error).toMatch(new RegExp(`^lists\\.sanctions: ${step}: `));
  expect(error).toMatch(why);
  expect((await lists.failures())[step]).toBe((before[step] ?? 0) + 1);
  const shown = await lists.shown();
  expect(shown).toMatchObject({
    ...{ state: "in_force", sequence: LIVE, entries: 2, sha256: digestOf(ListSite.old) },
    error: expect.stringMatching(why),
  });
  expect(shown.quarantined).toHaveLength(quarantined);
  const [alarm] = (await lists.site.status()).alarms;
  expect(alarm).toMatchObject({
    code: "LIST_REFUSED",
    message: expect.stringMatching(/old list stays in force$/),
  });
  expect(alarm?.message).toMatch(why);
  expect(await lists.asked("listed")).toBe("SANCTIONS");
}

const about = (members = {}) => lists.says(EMPTY, { sequence: LIVE + 1, ...members });
const two = (payload = about()) => statementOf(payload, ...lists.keys);

describe("refused", () => {
  const now = Date.now();
  const attacks: readonly [string, () => Promise<Buffer | undefined>, string, RegExp][] = [
    ["no statement", async () => undefined, "statement", /no statement beside/],
    ["unsigned", () => statementOf(about()), "signatures", /0 of 2 signatures/],
    ["one signature short", () => statementOf(about(), lists.keys[0]), "signatures", /1 of 2 signatures/],
    [
      "the same key twice",
      () => statementOf(about(), lists.keys[0], lists.keys[0]),
      "signatures",
      /signature 2 is by .* once more/,
    ],
    [
      "by the keys of releases, which are not those of the list",
      () => statementOf(about(), lists.site.keys3[0], lists.site.keys3[1]),
      "signatures",
      /0 of 2 .*; 2 by nobody who is trusted/,
    ],
    [
      "alg none",
      async () => {
        const payload = encoded(about());
        const signatures = [
          await signatureOver(payload, lists.keys[0]),
          { protected: encoded({ alg: "none" }), signature: "" },
        ];
        return Buffer.from(JSON.stringify({ payload, signatures }));
      },
      "signatures",
      /header of signature 2/,
    ],
    [
      "the good signatures under another payload",
      async () => {
        const good = JSON.parse(String(await lists.signed(ListSite.old, { sequence: LIVE })));
        return Buffer.from(JSON.stringify({ ...good, payload: encoded(about()) }));
      },
      "signatures",
      /is not by it/,
    ],
    [
      "a release's statement by the list's keys",
      () => two(says(digestOf(EMPTY), { sequence: LIVE + 1 })),
      "payload",
      /its type is "countersign.release\/1"/,
    ],
    [
      "limits besides",
      () => two(about({ data: { limits: { daily: "1" } } })),
      "payload",
      /unknown \["data"\]/,
    ],
    ["modes besides", () => two(about({ modes: { "transfer/sanctions": "off" } })), "payload", /unknown/],
    ["another list besides", () => two(about({ lists: ["own_addresses"] })), "payload", /unknown/],
    ["several names", () => two(about({ list: ["sanctions", "own_addresses"] })), "payload", /list is not/],
    ["a name with a path in it", () => two(about({ list: "../../data/limits" })), "payload", /list is not/],
    ["another audience", () => two(about({ audience: "staging" })), "audience", /staging/],
    ["another list", () => two(about({ list: "own_addresses" })), "list", /about the list own_addresses/],
    ["limits as its name", () => two(about({ list: "limits" })), "list", /about the list limits/],
    ["an older sequence", () => two(about({ sequence: LIVE - 1 })), "sequence", /older/],
    [
      "an equal sequence and another digest",
      () => two(about({ sequence: LIVE })),
      "sequence",
      /was live with/,
    ],
    ["expired", () => two(about({ expires_at: rfc3339(now - 1_000) })), "time", /expired/],
    [
      "not yet valid",
      () => two(about({ created_at: rfc3339(now + DAY_MS), expires_at: rfc3339(now + 2 * DAY_MS) })),
      "time",
      /ahead/,
    ],
    ["a lifetime too long", () => two(about({ expires_at: inDays(31) })), "time", /at most 30/],
    ["of another file", () => two(lists.says(csvOf("T1"), { sequence: LIVE + 1 })), "digest", /digest/],
    ["half a statement", async () => (await two()).subarray(0, 300), "statement", /JSON/],
    ["a statement of 10 MB", async () => Buffer.alloc(10_000_000, 0x20), "statement", /10000000 bytes/],
  ];

  test.each(attacks)("%s", async (_name, statement, step, why) => {
    lists.put(EMPTY, await statement());
    await expectRefused(step, why);
  });

  test("the file alone, under the statement that is in force", async () => {
    lists.put(EMPTY, await lists.signed(ListSite.old, { sequence: LIVE }));
    await expectRefused("digest", /the file's digest is/);
  });

  test("half of the file, under a good statement", async () => {
    const next = csvOf("T1", "T2", "T3");
    lists.put(next.subarray(0, 10), await lists.signed(next, { sequence: LIVE + 1 }));
    await expectRefused("digest", /the file's digest is/);
  });

  test("no file", async () => {
    lists.put(undefined, await two());
    await expectRefused("source", /ENOENT/);
  });

  test("500 MB: not read", async () => {
    lists.put(undefined, undefined);
    writeFileSync(lists.file, "address\n");
    truncateSync(lists.file, 500_000_000);
    writeFileSync(lists.statement, await two());
    await expectRefused("content", /larger than 268435456 bytes/);
  });

  test("a release in the place of a list, and its own statement beside it", async () => {
    const { demo } = lists.site;
    lists.put(demo.bytes, await lists.site.signed(demo, { sequence: LIVE + 1 }));
    await expectRefused("signatures", /2 by nobody who is trusted/);
  });

  test("the keys of a list sign no release", async () => {
    const { site } = lists;
    const statement = await statementOf(site.says(site.refusing, { sequence: LIVE }), ...lists.keys);
    site.put(site.refusing.bytes, statement);
    expect((await site.reload()).error).toMatch(/^signatures: 0 of 2 .*; 2 by nobody/);
    await site.publish(site.demo, { sequence: 1 });
    expect((await site.status()).release).toMatchObject({ sequence: 1 });
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  });
});

describe("signed, and no list: in quarantine", () => {
  test.each([
    ["a bomb", gzipSync(Buffer.alloc(50_000_000)), /not UTF-8/],
    ["a release", Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0]), /not UTF-8/],
    [
      "JSON that would fill limits",
      Buffer.from('{"limits": {"daily": "1"}}\n'),
      /no column is named address|quote/,
    ],
    ["a row that never ends", Buffer.from(`address\n"${"x".repeat(200_000)}\n`), /too long/],
    ["an address with two meanings", Buffer.from("address,label\nT1,a\nT1,b\n"), /other cells/],
    ["a column of another name's making", Buffer.from("address,__proto__\nT1,a\n"), /not named in/],
  ])("%s", async (_name, file, why) => {
    const before = (await lists.shown()).quarantined?.length ?? 0;
    const sequence = LIVE + 1;
    lists.put(file, await lists.signed(file, { sequence }));
    await expectRefused("content", why, before + 1);
    await expectRefused("quarantine", new RegExp(`content: .*(${why.source})`), before + 1);
  });

  test("a good list goes in afterwards, and what it said before is an older one now", async () => {
    const next = csvOf("T1", "T2");
    await lists.publish(next, { sequence: LIVE + 1 });
    expect(await lists.reload()).toBe("");
    expect(await lists.shown()).toMatchObject({ state: "in_force", sequence: LIVE + 1, entries: 2 });
    expect((await lists.shown()).error).toBeUndefined();
    expect(await lists.asked("listed")).toBe("APPROVE");
    await lists.publish(ListSite.old, { sequence: LIVE });
    expect(await lists.reload()).toMatch(/^lists\.sanctions: sequence: .*older/);
    await lists.publish(ListSite.old, { sequence: LIVE + 2 });
    expect(await lists.reload()).toBe("");
    expect(await lists.asked("listed")).toBe("SANCTIONS");
    expect(await lists.asked("other")).toBe("APPROVE");
    expect(lists.site.exceptions()).toEqual([]);
  });

  test("the ledger has each that came into force, decisions say which they saw, and it verifies", async () => {
    const transfer = freshTransfer();
    expect(codeOf(await lists.site.ask(transfer))).toBe("APPROVE");
    const schema = z.object({ items: z.array(z.looseObject({ id: z.string() })) });
    const { items } = schema.parse((await lists.site.admin(`/v1/decisions?request_id=${transfer.id}`)).body);
    const whole = z
      .looseObject({ decision: z.looseObject({ lists: z.unknown() }) })
      .parse((await lists.site.admin(`/v1/decisions/${items[0]?.id}`)).body);
    expect(whole.decision.lists).toEqual({
      sanctions: { sequence: LIVE + 2, sha256: digestOf(ListSite.old) },
    });
    await lists.site.running.stop();
    expect(lists.site.verify()).toEqual({ ok: true, found: 0 });
  });
});

test("a restart without a source goes on with what was kept, and lets nothing older in", async () => {
  lists.put(undefined, undefined);
  await lists.site.start();
  expect(await lists.shown()).toMatchObject({ state: "in_force", sequence: LIVE + 2, entries: 2 });
  expect(await lists.asked("listed")).toBe("SANCTIONS");
  await lists.publish(EMPTY, { sequence: LIVE + 1 });
  expect(await lists.reload()).toMatch(/^lists\.sanctions: sequence: /);
  expect((await lists.shown()).quarantined).toHaveLength(6);
  expect(await lists.asked("listed")).toBe("SANCTIONS");
  expect(lists.site.exceptions()).toEqual([]);
});
