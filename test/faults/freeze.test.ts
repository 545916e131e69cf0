/**
 * The kill switch with 200 requests in flight: once the call has returned, no approval in its scope leaves.
 *
 * The server's writes are noted in the server, the call's answer there and here: an approval whose bytes left
 * before the call's answer did may be read later, and is none that left after it.
 */
import { randomInt } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { readReply, requestToken } from "../support/caller.ts";
import { readLedger } from "./ledger-file.ts";
import { notedWrites, type RawAnswer, RawConnection } from "./raw-client.ts";
import { codeOf, freshTransfer, LONG, Site } from "./site.ts";
import { transferRequest } from "./transfer.ts";

const ROUNDS = LONG ? 40 : 3;
const IN_FLIGHT = 200;

const site = new Site();
const writes = notedWrites((name, text) => site.installation.write(name, text));

beforeAll(() => site.start(writes.environment));
afterAll(() => site.remove());

interface Frozen {
  readonly answer: RawAnswer;
  readonly id: string;
}

const adminHeaders = () => ({
  "content-type": "application/json",
  authorization: `Bearer ${readFileSync(join(site.state, "admin.token"), "utf8").trim()}`,
});

async function freeze(connection: RawConnection, scope: readonly string[]): Promise<Frozen> {
  const body = JSON.stringify({ scope, reason: "a test" });
  const answer = await connection.send("/v1/freeze", adminHeaders(), body);
  expect(answer.status, answer.body).toBe(201);
  const { id } = z.object({ id: z.string() }).parse(JSON.parse(answer.body ?? ""));
  return { answer, id };
}

interface Asked {
  readonly id: string;
  readonly isInScope: boolean;
  readonly answer: RawAnswer;
  readonly code: string;
}

/** Opens all connections, then asks on all of them at once: every second wallet is in the scope. */
async function askAll(): Promise<{ readonly scope: string[]; readonly asked: readonly Promise<Asked>[] }> {
  const prepared = await Promise.all(
    Array.from({ length: IN_FLIGHT }, async (_, index) => {
      const transfer = freshTransfer();
      const token = requestToken(transferRequest(transfer, transfer.id), site.keys["node-1"].privateKey);
      const connection = await RawConnection.open(site.running.addresses.nodes);
      return { transfer, token, connection, isInScope: index % 2 === 0 };
    }),
  );
  const asked = prepared.map(async ({ transfer, token, connection, isInScope }): Promise<Asked> => {
    const answer = await connection.sendToken(token);
    const { body } = answer;
    const isAnswered = body !== undefined && body !== "";
    const code = isAnswered ? codeOf(readReply(body, site.installation.server.publicKey)) : "cut off";
    return { id: transfer.id, isInScope, answer, code };
  });
  const scope = prepared.flatMap(({ transfer, isInScope }) =>
    isInScope ? [`wallet:${transfer.wallet}`] : [],
  );
  return { scope, asked };
}

/** The answer in force is the one that the node has. */
function expectStored(asked: readonly Asked[]): void {
  const { answers } = readLedger(site.state);
  for (const { id, code } of asked) {
    const stored = answers.get(`node-1 ${id}`);
    if (code !== "cut off") expect(stored?.action, id).toBe(code === "APPROVE" ? "APPROVE" : "REJECT");
  }
}

test(
  `no approval in the scope leaves after the call has returned, ${ROUNDS} times`,
  async () => {
    let [approved, refused] = [0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      writes.forget();
      const operator = await RawConnection.open(site.running.addresses.admin);
      const { scope, asked } = await askAll();
      await Promise.any(asked);
      await sleep(randomInt(20));
      const { answer, id } = await freeze(operator, scope);
      const all = await Promise.all(asked);

      const left = writes.read();
      const returned = left.get(answer.ports);
      if (returned === undefined) throw new Error("the writes of the server are not noted");
      expect(returned, "the clocks are one").toBeLessThan(answer.at);
      for (const { isInScope, answer: own, code } of all) {
        if (!isInScope) expect(code).toBe("APPROVE");
        else if (code === "APPROVE") {
          expect(left.get(own.ports)).toBeLessThan(returned);
          approved += 1;
        } else {
          expect(["FROZEN", "cut off"]).toContain(code);
          refused += 1;
        }
      }
      expectStored(all);
      const lifted = await site.admin("/v1/unfreeze", { id, reason: "the round is over" });
      expect(lifted.status).toBe(200);
    }
    // A freeze before or after everything would have shown nothing.
    expect(approved).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    process.stdout.write(`freeze: ${ROUNDS} times, ${approved} approved before, ${refused} refused\n`);
    expect(site.exceptions()).toEqual([]);
  },
  LONG ? 900_000 : 120_000,
);

test("a freeze whose call has returned outlives kill -9, and the file FREEZE needs nothing but itself", async () => {
  const { id } = await freeze(await RawConnection.open(site.running.addresses.admin), ["all"]);
  await site.running.stop("SIGKILL");
  await site.start();
  expect(codeOf(await site.ask(freshTransfer()))).toBe("FROZEN");
  expect((await site.admin("/v1/unfreeze", { id, reason: "over" })).status).toBe(200);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");

  const file = join(site.state, "FREEZE");
  writeFileSync(file, "");
  expect(codeOf(await site.ask(freshTransfer()))).toBe("FROZEN");
  await site.running.stop("SIGKILL");
  await site.start();
  expect(codeOf(await site.ask(freshTransfer()))).toBe("FROZEN");
  rmSync(file);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
});
