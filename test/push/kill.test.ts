/**
 * `kill -9` at random moments while Cobo pushes and asks, again and again on one state: every `ok` that was sent is in
 * the ledger, and nothing is there twice.
 */
import { createHash, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { LONG, until } from "../faults/site.ts";
import { bodyOf, mpcDeposit } from "../support/push-double.ts";
import { confirmationOf, PushSite } from "./site.ts";

const KILLS = LONG ? 30 : 3;
const CLIENTS = 16;
/** The first time the server is killed somewhere in this time, milliseconds: also before its first answer. */
const LOAD_MS = 600;
/** Each other time after so many answers of each kind, and a moment. */
const ANSWERS = 6;

/** Versions of one transaction: that it is seen, that it is not final yet, that it is. */
const STATUSES = [403, 501, 900];

interface Sent {
  readonly path: "/push" | "/confirm/withdrawal";
  readonly body: string;
  /** Cobo's id, by which a confirmation is found. */
  readonly id: string;
  answered: boolean;
}

const site = new PushSite();
afterAll(() => site.remove());

const sent: Sent[] = [];

function nextMessage(): Sent {
  const dice = randomInt(10);
  if (dice < 3 && sent.length > 0) {
    const again = sent[Math.max(0, sent.length - 1 - randomInt(50))];
    if (again !== undefined) return again;
  }
  const number = Math.floor(sent.length / 4);
  const id = `cobo-kill-${number}`;
  const message =
    dice < 5
      ? { path: "/confirm/withdrawal" as const, body: bodyOf(confirmationOf(transferOf(number))) }
      : {
          path: "/push" as const,
          body: bodyOf(mpcDeposit({ cobo_id: `deposit-${number}`, status: STATUSES[randomInt(3)] })),
        };
  const known = sent.find(({ body }) => body === message.body);
  if (known !== undefined) return known;
  const fresh = { ...message, id, answered: false };
  sent.push(fresh);
  return fresh;
}

function transferOf(number: number) {
  return { id: `kill-${number}`, wallet: `wallet-${number % 5}`, tenThousandths: 1 };
}

async function client(isAlive: () => boolean): Promise<void> {
  while (isAlive()) {
    const message = nextMessage();
    const answer = await site.cobo.send(message.body, { path: message.path }).catch(() => undefined);
    // Without an answer nothing was promised.
    if (answer === undefined) continue;
    expect([answer.status, answer.body]).toEqual([200, "ok"]);
    message.answered = true;
  }
}

function answeredByPath(): readonly number[] {
  return (["/push", "/confirm/withdrawal"] as const).map(
    (path) => sent.filter((each) => each.answered && each.path === path).length,
  );
}

function expectKept(): void {
  const entries = site.entries();
  const pushes = entries.filter(({ type }) => type === "push").map(({ message_sha256 }) => message_sha256);
  expect(new Set(pushes).size, "no message twice").toBe(pushes.length);
  const confirmed = entries.filter(({ action }) => action === "APPROVE").map(({ request_id }) => request_id);
  expect(new Set(confirmed).size, "no confirmation twice").toBe(confirmed.length);
  const [digests, ids] = [new Set(pushes), new Set(confirmed)];
  for (const { path, body, id, answered } of sent) {
    if (!answered) continue;
    const digest = createHash("sha256").update(body).digest("hex");
    expect(path === "/push" ? digests.has(digest) : ids.has(id), `${path} ${body}`).toBe(true);
  }
  const deposits = new Set(
    entries.filter(({ type }) => type === "push").map(({ transaction }) => JSON.stringify(transaction)),
  );
  const moved = site.movements().filter((line) => line.startsWith("deposit "));
  expect(moved.length, "each deposit counts once").toBe(deposits.size);
}

test(
  `killed ${KILLS} times while messages come`,
  async () => {
    let lost = 0;
    await site.startWithRules();
    for (let life = 0; life < KILLS; life += 1) {
      let alive = true;
      const clients = Promise.all(Array.from({ length: CLIENTS }, () => client(() => alive)));
      if (life > 0)
        await until("messages are answered", () => Math.min(...answeredByPath()) >= life * ANSWERS);
      await sleep(randomInt(20, life > 0 ? LOAD_MS / 4 : LOAD_MS));
      await site.running.stop("SIGKILL");
      alive = false;
      await clients;
      lost += sent.filter(({ answered }) => !answered).length;
      await site.start();
      expectKept();
      expect(site.exceptions()).toEqual([]);
    }
    const answered = sent.filter((each) => each.answered);
    // A test in which nothing was cut off would have shown nothing.
    expect(lost).toBeGreaterThan(0);
    process.stdout.write(
      `kill: ${KILLS} times, ${answered.length} of ${sent.length} messages answered, all kept\n`,
    );
  },
  LONG ? 600_000 : 60_000,
);
