/** A disk that is full, turns read-only, or is: REJECT with its code, red, and well again when the disk is. */
import { randomBytes } from "node:crypto";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { StrictReply } from "../support/caller.ts";
import { readLedger } from "./ledger-file.ts";
import { canMount, type Mount, mountDisk, mountMemory } from "./mounts.ts";
import { codeOf, freshTransfer, Site, until } from "./site.ts";

const MIB = 1024 * 1024;
const MOUNTS = canMount();

const sites: Site[] = [];
const mounts: Mount[] = [];

function siteOn(mount: Mount, minFree: string): Site {
  mounts.push(mount);
  const site = new Site({ ledger: { min_free: minFree } }, join(mount.folder, "state"));
  sites.push(site);
  return site;
}

afterEach(async () => {
  await Promise.all(sites.splice(0).map((site) => site.remove()));
  for (const mount of mounts.splice(0)) mount.remove();
});

/** Fills it up to the last page. @returns the file. */
function fill(folder: string): string {
  const file = join(folder, "filler");
  const chunk = randomBytes(64 * 1024);
  try {
    for (;;) writeFileSync(file, chunk, { flag: "a" });
  } catch {
    return file;
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

async function askUntil(
  site: Site,
  what: string,
  holds: (reply: StrictReply) => boolean,
): Promise<StrictReply> {
  let reply: StrictReply | undefined;
  await until(what, async () => {
    reply = await site.ask(freshTransfer());
    return holds(reply);
  });
  if (reply === undefined) throw new Error("nothing was asked");
  return reply;
}

const isApproved = (reply: StrictReply): boolean => codeOf(reply) === "APPROVE";
const failsWith = (code: string) => (reply: StrictReply) => codeOf(reply) === code;

describe.runIf(MOUNTS)("a full disk", () => {
  test("red before it is full, LEDGER_FULL while it is, approves again when there is room", async () => {
    const site = siteOn(mountMemory("8m"), "2MiB");
    const { folder } = mounts[0] ?? {};
    if (folder === undefined) throw new Error("no mount");
    await site.start();
    expect((await site.readiness()).status).toBe(200);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");

    // Less than min_free: red, and approved all the same.
    writeFileSync(join(folder, "large"), randomBytes(freeBytes(folder) - 1.5 * MIB));
    await until("red", async () => (await site.readiness()).failing.includes("ledger_space"));
    expect((await site.readiness()).failing).toEqual(["ledger_space"]);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");

    const filler = fill(folder);
    await askUntil(site, "full", (reply) => !isApproved(reply));
    for (let asked = 0; asked < 20; asked += 1) {
      const reply = await site.ask(freshTransfer());
      expect(reply).toMatchObject({ status: 30, action: "REJECT" });
      expect(codeOf(reply)).toBe("LEDGER_FULL");
    }
    expect((await site.readiness()).failing).toEqual(["ledger", "ledger_space"]);

    rmSync(filler);
    rmSync(join(folder, "large"));
    await askUntil(site, "approved again", isApproved);
    await until("green", async () => (await site.readiness()).status === 200);
    expect(site.exceptions()).toEqual([]);
    await site.running.stop();
    readLedger(site.state);
  });

  test("a failure is no answer: what was refused because of it is approved later, and counts once", async () => {
    const site = siteOn(mountMemory("6m"), "1MiB");
    const { folder } = mounts[0] ?? {};
    if (folder === undefined) throw new Error("no mount");
    await site.start();
    const filler = fill(folder);
    await askUntil(site, "full", failsWith("LEDGER_FULL"));
    const transfer = freshTransfer();
    expect(codeOf(await site.ask(transfer))).toBe("LEDGER_FULL");
    rmSync(filler);
    await until("approved", async () => isApproved(await site.ask(transfer)));
    expect(isApproved(await site.ask(transfer, "another id", "node-2"))).toBe(true);
    const { movements } = readLedger(site.state);
    expect(movements.filter(({ wallet }) => wallet === transfer.wallet)).toHaveLength(1);
  });
});

/** The kernel refuses to write beyond the limit: EFBIG, since Node doesn't heed the signal. */
test("files that may not grow any more", async () => {
  const site = new Site();
  sites.push(site);
  await site.start({}, ["prlimit", `--fsize=${MIB}:unlimited`]);
  const refused = await askUntil(site, "no room", (reply) => !isApproved(reply));
  expect(refused).toMatchObject({ status: 30, action: "REJECT" });
  expect(["LEDGER_FULL", "LEDGER_UNAVAILABLE"]).toContain(codeOf(refused));
  expect((await site.readiness()).failing).toEqual(["ledger"]);
  await site.running.stop();
  readLedger(site.state);
  await site.start();
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
});

describe.runIf(MOUNTS)("a read-only file system", () => {
  test("at the start: it serves, refuses, and is well when the file system may be written", async () => {
    const mount = mountMemory("8m");
    const site = siteOn(mount, "1MiB");
    await site.start();
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    await site.running.stop();

    mount.remount("ro");
    await site.start();
    const refused = await site.ask(freshTransfer());
    expect(refused).toMatchObject({ status: 30, action: "REJECT" });
    expect(codeOf(refused)).toBe("LEDGER_UNAVAILABLE");
    expect((await site.readiness()).failing).toContain("ledger");
    mount.remount("rw");
    await askUntil(site, "approved again", isApproved);
    expect((await site.readiness()).status).toBe(200);
    expect(site.exceptions()).toEqual([]);
  });

  test("while serving, as a failing disk turns: refuses until it is mended, mounted and served again", async () => {
    const mount = mountDisk(24);
    if (mount === undefined) return;
    const site = siteOn(mount, "1MiB");
    await site.start();
    const kept = freshTransfer();
    expect(codeOf(await site.ask(kept))).toBe("APPROVE");
    mount.fail();
    for (let asked = 0; asked < 10; asked += 1) {
      const refused = await site.ask(freshTransfer());
      expect(refused).toMatchObject({ status: 30, action: "REJECT" });
      expect(codeOf(refused)).toBe("LEDGER_UNAVAILABLE");
    }
    expect((await site.readiness()).failing).toContain("ledger");
    expect(await site.running.stop()).toBe(0);
    mount.repair();
    await site.start();
    expect(codeOf(await site.ask(kept))).toBe("APPROVE");
    expect((await site.readiness()).status).toBe(200);
    readLedger(site.state);
  });
});
