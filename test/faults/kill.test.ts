/**
 * `kill -9` at random moments under load, again and again on one state: what a client was answered is in the
 * ledger as it was answered, nothing counts twice, and the cap of a day holds over all the lives of the process.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { requestToken, type StrictReply } from "../support/caller.ts";
import { type LedgerFile, readLedger } from "./ledger-file.ts";
import { codeOf, decisionIdOf, LONG, type NodeName, Site } from "./site.ts";
import { fits, type Transfer, transferRequest } from "./transfer.ts";

const KILLS = LONG ? 50 : 5;
const CLIENTS = 32;
const WALLETS = 12;
/** The server is killed somewhere in this time, milliseconds: also before its first answer. */
const LOAD_MS = 700;
const ASKED_AGAIN = 40;
/** 0.3, 0.6 and 1.2 dollars: the last is refused by itself. */
const SIZES = [1, 2, 4];
const NODES = ["node-1", "node-2"] as const;

interface Asked {
  readonly node: NodeName;
  readonly requestId: string;
  readonly transfer: Transfer;
  readonly token: string;
  reply?: StrictReply;
}

const site = new Site();
afterAll(() => site.remove());

const transfers: Transfer[] = [];
const asked: Asked[] = [];

function pick<T>(list: readonly T[]): T {
  const chosen = list[randomInt(list.length)];
  if (chosen === undefined) throw new Error("nothing to pick from");
  return chosen;
}

/** Mostly something new; else the very same request again, or a known transaction under another id. */
function nextRequest(): Asked {
  const dice = randomInt(10);
  if (dice < 2 && asked.length > 0) return pick(asked.slice(-200));
  const isNew = dice < 7 || transfers.length === 0;
  const transfer = isNew
    ? {
        id: `transfer-${transfers.length}`,
        wallet: `wallet-${randomInt(WALLETS)}-${Math.floor(transfers.length / 200)}`,
        tenThousandths: pick(SIZES),
      }
    : pick(transfers.slice(-100));
  if (isNew) transfers.push(transfer);
  const node = pick(NODES);
  const requestId = `request-${asked.length}`;
  const token = requestToken(transferRequest(transfer, requestId), site.keys[node].privateKey);
  const request = { node, requestId, transfer, token };
  asked.push(request);
  return request;
}

async function client(isAlive: () => boolean): Promise<void> {
  while (isAlive()) {
    const request = nextRequest();
    let reply: StrictReply;
    try {
      reply = await site.send(request.token);
    } catch {
      // Without an answer nothing was promised.
      continue;
    }
    expect(reply.status, reply.error).toBe(0);
    // Asked twice at once, or again after a kill: one answer.
    if (request.reply !== undefined) expect(reply).toEqual(request.reply);
    request.reply = reply;
  }
}

/** All that was answered in any life of the process, against the file. */
function expectKept(file: LedgerFile): void {
  for (const { node, requestId, reply } of asked) {
    if (reply === undefined) continue;
    const row = file.answers.get(`${node} ${requestId}`);
    expect(row?.action, `${node} ${requestId} was answered ${codeOf(reply)}`).toBe(reply.action);
    if (reply.action === "REJECT") expect(row?.id).toBe(decisionIdOf(reply));
  }
  const approved = file.rows.filter(({ action }) => action === "APPROVE");
  const moved = new Map(file.movements.map((movement) => [movement.signing, movement]));
  expect(moved.size, "a signing counts once").toBe(file.movements.length);
  for (const { id, signing = "", movements } of approved) {
    expect(moved.get(signing)?.usdMicros, id).toBe(BigInt(movements?.[0]?.usd_micros ?? "-1"));
  }
  expect(new Set(approved.map(({ signing }) => signing)).size, "only approvals move").toBe(moved.size);
}

function expectCapped(file: LedgerFile): void {
  const spent = new Map<string, number>();
  const granted = new Set(
    asked.filter(({ reply }) => reply?.action === "APPROVE").map((each) => each.transfer),
  );
  for (const { wallet, tenThousandths } of granted) {
    spent.set(wallet, (spent.get(wallet) ?? 0) + tenThousandths);
  }
  for (const [wallet, sum] of spent) expect(sum, wallet).toBeLessThanOrEqual(fits(1));
  const stored = new Map<string, bigint>();
  for (const { wallet, usdMicros } of file.movements) {
    stored.set(wallet, (stored.get(wallet) ?? 0n) + usdMicros);
  }
  for (const [wallet, sum] of stored) expect(sum <= 1_300_000n, `${wallet}: ${sum}`).toBe(true);
}

/** Also those whose answer was lost: the ledger knows whether there was one. */
async function expectSameAnswers(file: LedgerFile): Promise<void> {
  const again = Array.from({ length: ASKED_AGAIN }, () => pick(asked.slice(-300)));
  await Promise.all(
    again.map(async (request) => {
      const stored = file.answers.get(`${request.node} ${request.requestId}`);
      const reply = await site.send(request.token);
      if (stored !== undefined) {
        expect(reply.action).toBe(stored.action);
        if (reply.action === "REJECT") expect(decisionIdOf(reply)).toBe(stored.id);
      }
      if (request.reply !== undefined) expect(reply).toEqual(request.reply);
      request.reply = reply;
    }),
  );
}

test(
  `killed ${KILLS} times under load`,
  async () => {
    let lost = 0;
    await site.start();
    for (let life = 0; life < KILLS; life += 1) {
      let alive = true;
      const clients = Promise.all(Array.from({ length: CLIENTS }, () => client(() => alive)));
      await sleep(randomInt(20, LOAD_MS));
      await site.running.stop("SIGKILL");
      alive = false;
      await clients;
      lost += asked.filter(({ reply }) => reply === undefined).length;
      await site.start();
      const file = readLedger(site.state);
      expectKept(file);
      expectCapped(file);
      await expectSameAnswers(file);
      expect(site.exceptions()).toEqual([]);
    }
    const answered = asked.filter(({ reply }) => reply !== undefined);
    const approved = answered.filter(({ reply }) => reply?.action === "APPROVE");
    // A test in which nothing was decided, or nothing was cut off, would have shown nothing.
    expect(approved.length).toBeGreaterThan(KILLS);
    expect(answered.length).toBeGreaterThan(approved.length);
    expect(lost).toBeGreaterThan(0);
    process.stdout.write(
      `kill: ${KILLS} times, ${answered.length} answers, ${approved.length} of them approvals, all kept\n`,
    );
  },
  LONG ? 900_000 : 120_000,
);
