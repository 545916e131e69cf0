/** Others at the ledger's file: a process that locks it, and a second `serve` on the same state. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { MAIN } from "../support/installation.ts";
import { readLedger } from "./ledger-file.ts";
import { codeOf, freshTransfer, Site, until } from "./site.ts";

const sites: Site[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await Promise.all(sites.splice(0).map((site) => site.remove()));
});

function newSite(): Site {
  const site = new Site();
  sites.push(site);
  return site;
}

/** A process that holds the file exclusively, as a careless tool may, until it is told to end. */
async function lockedBy(state: string): Promise<ChildProcess> {
  const script = `
    const { default: Libsql } = await import("libsql");
    const database = new Libsql(process.argv[1]);
    database.pragma("busy_timeout=5000");
    database.exec("BEGIN EXCLUSIVE");
    console.log("locked");
    process.stdin.once("data", () => { database.exec("ROLLBACK"); database.close(); process.exit(); });`;
  const child = spawn(
    process.execPath,
    ["--input-type=module", "-e", script, "--", join(state, "ledger.db")],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

async function release(child: ChildProcess): Promise<void> {
  child.stdin?.write("x");
  await once(child, "exit");
}

const isApproved = async (site: Site): Promise<boolean> =>
  codeOf(await site.ask(freshTransfer())) === "APPROVE";

test("locked by another process while serving: refused with its code, and well when it is released", async () => {
  const site = newSite();
  await site.start();
  const kept = freshTransfer();
  expect(codeOf(await site.ask(kept))).toBe("APPROVE");

  // For a moment only: nothing is refused.
  const short = await lockedBy(site.state);
  const waiting = Promise.all(Array.from({ length: 4 }, () => site.ask(freshTransfer())));
  setTimeout(() => short.stdin?.write("x"), 200);
  expect(new Set((await waiting).map(codeOf))).toEqual(new Set(["APPROVE"]));

  const holder = await lockedBy(site.state);
  const refused = await Promise.all(Array.from({ length: 8 }, () => site.ask(freshTransfer())));
  for (const reply of refused) {
    expect(reply).toMatchObject({ status: 30, action: "REJECT" });
    expect(codeOf(reply)).toBe("LEDGER_UNAVAILABLE");
  }
  expect((await site.readiness()).failing).toEqual(["ledger"]);

  await release(holder);
  await until("approved again", () => isApproved(site));
  expect((await site.readiness()).status).toBe(200);
  expect(codeOf(await site.ask(kept))).toBe("APPROVE");
  expect(site.exceptions()).toEqual([]);
  readLedger(site.state);
});

test("locked when it starts: it serves, refuses, and is well when it is released", async () => {
  const site = newSite();
  await site.start();
  await site.running.stop();
  const holder = await lockedBy(site.state);
  await site.start();
  expect(codeOf(await site.ask(freshTransfer()))).toBe("LEDGER_UNAVAILABLE");
  expect((await site.readiness()).failing).toContain("ledger");
  await release(holder);
  await until("approved again", () => isApproved(site));
});

/** A second `serve` of the same config. */
async function serveAgain(site: Site): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [MAIN, "serve", "--config", site.installation.writeConfig()], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  await once(child, "close");
  return { code: child.exitCode, said };
}

test("a second serve on the same state refuses to start, and the first goes on", async () => {
  const site = newSite();
  await site.start();
  const asking = (async () => {
    const codes = [];
    for (let asked = 0; asked < 30; asked += 1) codes.push(codeOf(await site.ask(freshTransfer())));
    return codes;
  })();
  const second = await serveAgain(site);
  expect(second.code).toBe(1);
  expect(second.said).toContain("another process serves from this state directory");
  expect(second.said).not.toContain('"msg":"listening"');
  expect(new Set(await asking)).toEqual(new Set(["APPROVE"]));
  expect((await site.readiness()).status).toBe(200);

  // The lock is the operating system's: it ends with the process, however that ends.
  await site.running.stop("SIGKILL");
  await site.start();
  expect(await isApproved(site)).toBe(true);
  readLedger(site.state);
});
