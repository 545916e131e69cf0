/** The short form of the property test; the long one is in test/soak. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LiveRelease } from "../../src/policy/live.ts";
import { Caller, readReply, requestToken } from "../support/caller.ts";
import { Installation } from "../support/installation.ts";
import { demoRelease, judge } from "./in-process.ts";
import { textOf } from "./json-tree.ts";
import {
  APPROVED,
  assertNeverApproved,
  assertStaysApproved,
  mutationArbitrary,
  REFUSED,
  type Tally,
} from "./never-approved.ts";
import { mayBeApproved } from "./oracle.ts";

let live: LiveRelease;

beforeAll(async () => {
  live = await demoRelease();
});

afterAll(async () => {
  await live.engine.close();
});

/** A run that met but a few codes would have shown little. */
function expectVariety(tally: Tally, codes: number): void {
  expect(tally.size, JSON.stringify([...tally])).toBeGreaterThanOrEqual(codes);
}

describe("the samples", () => {
  test.each(REFUSED)("$name is refused, and the oracle agrees", async ({ tree, payload }) => {
    expect(await judge(textOf(tree), payload, live)).toMatchObject({ approved: false });
    expect(mayBeApproved(textOf(tree), payload)).toBe(false);
  });

  test.each(APPROVED)("$name is approved, and the oracle agrees", async ({ tree, payload }) => {
    expect(await judge(textOf(tree), payload, live)).toEqual({ approved: true, code: "approved" });
    expect(mayBeApproved(textOf(tree), payload)).toBe(true);
  });
});

test("no mutation of a refused request is approved", async () => {
  expectVariety(await assertNeverApproved(REFUSED, live, { runs: 4_000, limitMs: 6_000 }), 8);
});

test("a mutation of an approved request is approved only where it still may be", async () => {
  const tally = await assertNeverApproved(APPROVED, live, { runs: 3_000, limitMs: 4_000 });
  expectVariety(tally, 8);
  expect(tally.get("approved")).toBeGreaterThan(0);
});

test("other words for the same request change nothing", async () => {
  await assertStaysApproved(live, { runs: 500, limitMs: 3_000 });
});

test("through real HTTP, in a server process of its own", async () => {
  const installation = new Installation();
  const { addresses } = await installation.start();
  const caller = new Caller(addresses.nodes);
  try {
    await fc.assert(
      fc.asyncProperty(mutationArbitrary([...REFUSED, ...APPROVED]), async ({ text, acceptable }) => {
        const token = requestToken(text, installation.node.privateKey);
        const { status, body } = await caller.sendToken(token);
        expect(status).toBe(200);
        const reply = readReply(body, installation.server.publicKey);
        expect(reply.status).not.toBe(30);
        const ping = reply.request_id === "" && reply.status === 0;
        if (reply.action === "APPROVE" && !ping) expect(acceptable).toBe(true);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 5_000, markInterruptAsFailure: false },
    );
  } finally {
    caller.close();
    await installation.remove();
  }
});
