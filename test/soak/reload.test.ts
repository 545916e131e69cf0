/**
 * Releases swapped under load, broken ones among them: every request is answered, by one release wholly, and
 * from the moment a swap is confirmed by the new one.
 */
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { Caller, demoRequest, form, readReply, requestToken, type StrictReply } from "../support/caller.ts";
import { FEW_RULES } from "../support/few-rules.ts";
import { BUNDLES, Installation, type RunningProcess } from "../support/installation.ts";
import { allowedRise, CONNECTIONS, LONG, memoryTrend, residentMiB } from "./load.ts";

const SWAPS = LONG ? 1000 : 5;
/** Every so many swaps a broken release stands there for a while, which must change nothing. */
const BROKEN_EVERY = 5;
/**
 * So long the load goes on after the last swap. Old engines are kept a little for decisions that began in them, and of this
 * load's garbage V8 lets up to 80 MiB gather, swaps or none, which it collects each minute or so: the lowest says what
 * stays.
 */
const WATCHED_SECONDS = LONG ? 120 : 1;
/** What may stay of all the swaps and of the load: two warm engines, heaps that have grown, the allocator's slack. */
const MAX_KEPT_MIB = 150;
const LISTED = demoRequest("listed-transfer");
const UNLISTED = demoRequest("unlisted-transfer");

/** One refuses the listed transfer, since it knows no destination, and one approves it; in the long form with all rules. */
const REFUSING = LONG ? join(BUNDLES, "default.tar.gz") : FEW_RULES.refusing;
const APPROVING = LONG ? join(BUNDLES, "demo.tar.gz") : FEW_RULES.open;
const RELEASES = [
  { file: REFUSING, listed: "REJECT" },
  { file: APPROVING, listed: "APPROVE" },
] as const;

let installation: Installation;
let running: RunningProcess;
let caller: Caller;
let release: string;

beforeAll(async () => {
  installation = new Installation({
    policy: { release: "./release.tar.gz", trust: "unsigned", poll: "1h" },
    // What is looked for is no machine that is busy with other tests.
    limits: { decision: "15s", evaluation: "10s" },
  });
  release = join(installation.folder, "release.tar.gz");
  copyFileSync(APPROVING, release);
  running = await installation.start();
  caller = new Caller(running.addresses.nodes, CONNECTIONS);
});

afterAll(async () => {
  caller.close();
  await installation.remove();
});

const reloadSchema = z.object({
  live: z.object({ revision: z.string() }),
  changed: z.boolean(),
  error: z.string().optional(),
});

async function reload(): Promise<z.infer<typeof reloadSchema>> {
  const token = readFileSync(join(installation.folder, "state/admin.token"), "utf8").trim();
  const response = await fetch(`http://${running.addresses.admin}/v1/reload`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  return reloadSchema.parse(await response.json());
}

/** Puts bytes in the release's place in one step. */
function putRelease(bytes: Uint8Array): void {
  writeFileSync(`${release}.new`, bytes);
  renameSync(`${release}.new`, release);
}

/** The least memory that the server had in so many seconds, in MiB. */
async function lowest(seconds: number): Promise<number> {
  const seen: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await sleep(1_000);
    seen.push(await residentMiB(running));
  }
  return Math.min(...seen);
}

let sent = 0;

/** Sends one request with an id of its own. */
async function ask(request: string, prefix: string): Promise<StrictReply> {
  const id = `${prefix}-${sent++}`;
  const body = JSON.stringify({ ...JSON.parse(request), request_id: id });
  const answer = await caller.send(form(requestToken(body, installation.node.privateKey)));
  expect(answer.status).toBe(200);
  const reply = readReply(answer.body, installation.server.publicKey);
  expect(reply).toMatchObject({ status: 0, request_id: id });
  return reply;
}

test(
  `${SWAPS} swaps under load`,
  async () => {
    const before = await residentMiB(running);
    const started = performance.now();
    const revisions = new Map<string, "APPROVE" | "REJECT">();
    let swapping = true;
    const pressure = Array.from({ length: CONNECTIONS - 4 }, async (_, index) => {
      while (swapping) {
        if (index % 4 === 0) expect((await ask(UNLISTED, "unlisted")).action).toBe("REJECT");
        else await ask(LISTED, "listed");
      }
    });
    const rss: number[] = [];
    let kept = Number.NaN;
    const swaps = async (): Promise<void> => {
      for (let swap = 0; swap < SWAPS; swap += 1) {
        const next = RELEASES[swap % 2] ?? RELEASES[0];
        putRelease(readFileSync(next.file));
        const { live, changed, error } = await reload();
        expect(error).toBeUndefined();
        // The watcher may have seen the file before the call; the release is the same.
        expect(typeof changed).toBe("boolean");
        revisions.set(live.revision, next.listed);
        expect((await ask(LISTED, "after")).action).toBe(next.listed);
        if (swap % BROKEN_EVERY === 0) {
          putRelease(readFileSync(next.file).subarray(0, 10_000));
          const broken = await reload();
          expect(broken).toMatchObject({ live, changed: false, error: expect.any(String) });
          expect((await ask(LISTED, "after")).action).toBe(next.listed);
        }
        rss.push(await residentMiB(running));
      }
      kept = await lowest(WATCHED_SECONDS);
    };
    try {
      await Promise.race([swaps(), Promise.all(pressure)]);
    } finally {
      swapping = false;
    }
    await Promise.all(pressure);

    expect(revisions.size).toBe(2);
    const decided = () => running.log.filter(({ msg }) => msg === "decision");
    for (let tries = 0; decided().length < sent && tries < 50; tries += 1) await sleep(100);
    const decisions = decided();
    expect(decisions.length).toBe(sent);
    for (const { revision, action, request_id } of decisions) {
      const expected = String(request_id).startsWith("unlisted") ? "REJECT" : revisions.get(String(revision));
      expect(action, `${request_id} by ${revision}`).toBe(expected);
    }
    const seconds = (performance.now() - started) / 1000;
    const { first, last } = memoryTrend({ rss });
    process.stdout.write(
      `reload: ${SWAPS} swaps in ${seconds.toFixed(1)} s, ${sent} requests (${(sent / seconds).toFixed(0)}/s), ` +
        `memory ${before.toFixed(0)} MiB before, ${first.toFixed(0)} in the first quarter, ${last.toFixed(0)} in the last, ` +
        `${Math.max(...rss).toFixed(0)} at most, ${kept.toFixed(0)} after it\n`,
    );
    if (!LONG) return;
    expect(kept).toBeLessThan(before + MAX_KEPT_MIB);
    expect(last - first).toBeLessThan(allowedRise(first));
  },
  // On two slow cores a thousand take three quarters of an hour.
  LONG ? 7_200_000 : 120_000,
);
