/**
 * A ledger's file that is not what was written: cut, or a page of it flipped, before the start and while serving.
 * What lost its base is never approved: not beyond a cap that is used up, not in what is frozen, not what was
 * refused. The process serves on and says what it found.
 */
import { randomInt } from "node:crypto";
import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, Statement } from "../../src/ledger/database.ts";
import { codeOf, freshTransfer, LONG, Site, until } from "./site.ts";
import { fits, type Transfer } from "./transfer.ts";

const PAGE = 4_096;
/** Of the short form: the header and the schema are among them. */
const SOME_PAGES = 3;

const site = new Site();
const sound = `${site.state}-sound`;
const file = join(site.state, "ledger.db");

const spent = (id: string): Transfer => ({ id, wallet: "wallet-spent", tenThousandths: 1 });
const frozen = (id: string): Transfer => ({ id, wallet: "wallet-frozen", tenThousandths: 1 });
const tooLarge: Transfer = { id: "too-large", wallet: "wallet-large", tenThousandths: 20_000 };

beforeAll(async () => {
  await site.start();
  for (let paid = 0; paid < fits(1); paid += 1) {
    expect(codeOf(await site.ask(spent(`spent-${paid}`)))).toBe("APPROVE");
  }
  expect(codeOf(await site.ask(tooLarge))).toBe("AMOUNT_CAP");
  await site.admin("/v1/freeze", { scope: "wallet:wallet-frozen", reason: "a test" });
  expect(codeOf(await site.ask(frozen("frozen-0")))).toBe("FROZEN");
  await site.running.stop();
  cpSync(site.state, sound, { recursive: true });
});

afterAll(() => site.remove());

function restore(): void {
  rmSync(site.state, { recursive: true, force: true });
  cpSync(sound, site.state, { recursive: true });
}

/** Turns over every bit of a page, from 0, or of a part of the file. */
function flip(from: number, length: number): void {
  const bytes = readFileSync(file);
  for (let at = from; at < from + length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

/** @returns the codes of all answers. */
async function expectNothingWrongApproved(): Promise<ReadonlySet<string>> {
  const id = `after-${randomInt(2 ** 40)}`;
  const codes = [];
  for (const transfer of [spent(id), frozen(id), tooLarge, spent("spent-0"), freshTransfer()]) {
    codes.push(codeOf(await site.ask(transfer)));
  }
  expect(codes.slice(0, 3), "beyond the cap, frozen, refused").not.toContain("APPROVE");
  expect(site.running.child.exitCode).toBeNull();
  if (codes.includes("LEDGER_CORRUPT")) {
    // It stays so: answers don't come and go.
    expect(codeOf(await site.ask(freshTransfer()))).toBe("LEDGER_CORRUPT");
    const { status, failing } = await site.readiness();
    expect([status, failing.includes("ledger")]).toEqual([503, true]);
  }
  return new Set(codes);
}

describe("before the start", () => {
  const pages = (): number[] => {
    const all = Array.from({ length: statSync(join(sound, "ledger.db")).size / PAGE }, (_, at) => at);
    if (LONG) return all;
    const first = all.splice(0, 2);
    while (first.length < SOME_PAGES) first.push(...all.splice(randomInt(all.length), 1));
    return first;
  };

  test(
    "a flipped page is noticed, or nothing reads it",
    async () => {
      const found = { atStart: 0, whenRead: 0, byVerify: 0, never: [] as number[] };
      for (const page of pages()) {
        restore();
        flip(page * PAGE, PAGE);
        await site.start();
        const isReady = (await site.readiness()).status === 200;
        const codes = await expectNothingWrongApproved();
        if (!isReady) found.atStart += 1;
        else if (codes.has("LEDGER_CORRUPT")) found.whenRead += 1;
        expect(await site.running.stop(), `page ${page + 1}`).toBe(0);
        if (isReady && !codes.has("LEDGER_CORRUPT")) {
          if (site.verify().ok) found.never.push(page);
          else found.byVerify += 1;
        }
      }
      process.stdout.write(`flipped pages: ${JSON.stringify(found)}\n`);
      expect(found.never).toEqual([]);
    },
    LONG ? 900_000 : 120_000,
  );

  test("a freeze that its index does not name any more", async () => {
    restore();
    const connection = connect(file, 5_000);
    const root = new Statement(connection, "SELECT rootpage FROM sqlite_schema WHERE name = 'entries_type'")
      .first([])
      ?.integer(0);
    connection.close();
    const bytes = readFileSync(file);
    const at = bytes.indexOf("freeze", ((root ?? 0) - 1) * PAGE);
    expect(Math.floor(at / PAGE) + 1).toBe(root);
    bytes.write("freezf", at);
    writeFileSync(file, bytes);
    expect(site.verify().ok).toBe(false);
    await site.start();
    expect((await expectNothingWrongApproved()).has("LEDGER_CORRUPT")).toBe(true);
    expect(await site.running.stop()).toBe(0);
  });

  test.each([
    ["to nothing", 0],
    ["within its header", 60],
    ["after its first page", PAGE],
    ["within its last page", -100],
  ])("cut %s", async (_where, size) => {
    restore();
    truncateSync(file, size < 0 ? statSync(file).size + size : size);
    await site.start();
    const codes = await expectNothingWrongApproved();
    expect(codes.has("APPROVE")).toBe(false);
    expect((await site.readiness()).status).toBe(503);
    expect(await site.running.stop()).toBe(0);
  });
});

describe("while serving", () => {
  test.each([
    ["cut", () => truncateSync(file, PAGE)],
    ["flipped from end to end", () => flip(0, statSync(file).size)],
  ])("%s", async (_what, damage) => {
    restore();
    await site.start();
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    damage();
    await until("noticed", async () => (await expectNothingWrongApproved()).has("LEDGER_CORRUPT"));
    expect(await site.running.stop()).toBe(0);
    // The file put back is all it takes.
    restore();
    await site.start();
    expect(codeOf(await site.ask(spent("spent-0")))).toBe("APPROVE");
    await site.running.stop();
  });
});
