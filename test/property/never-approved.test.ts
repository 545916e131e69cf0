/** The short form of the property test; the long one is in test/soak. */
import { parseEther } from "ethers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LiveRelease } from "../../src/policy/live.ts";
import { bytesOf } from "../fixtures/callbacks/callbacks.ts";
import {
  type Answer,
  Caller,
  demoRequest,
  form,
  readReply,
  renamed,
  requestToken,
} from "../support/caller.ts";
import { demoCallback, LISTED, withBytes, withWords } from "../support/evidence.ts";
import { Installation } from "../support/installation.ts";
import { type KeyPair, keyPair } from "../support/key-pairs.ts";
import { byteChangesArbitrary, changedBytes } from "./bytes.ts";
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
import { DEMO_AT_FIRST, mayBeApproved, servedGrounds } from "./oracle.ts";

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
    expect(mayBeApproved(textOf(tree), payload, DEMO_AT_FIRST)).toBe(false);
  });

  test.each(APPROVED)("$name is approved, and the oracle agrees", async ({ tree, payload }) => {
    expect(await judge(textOf(tree), payload, live)).toEqual({ approved: true, code: "approved" });
    expect(mayBeApproved(textOf(tree), payload, DEMO_AT_FIRST)).toBe(true);
  });
});

/** The listed transfer with one text of its `extra_info` changed. */
function changed(from: string, to: string): string {
  const request = JSON.parse(demoRequest("listed-transfer"));
  if (!request.extra_info.includes(from)) throw new Error(`no ${from} in the request`);
  return JSON.stringify({ ...request, extra_info: request.extra_info.replaceAll(from, () => to) });
}

/** The listed transfer of another amount of ETH, in words and bytes. */
function paying(amount: string): string {
  const callback = withWords(demoCallback("listed-transfer"), {
    "destination.account_output.amount": amount,
  });
  return Buffer.from(bytesOf(withBytes(callback, { to: LISTED, value: parseEther(amount) }))).toString();
}

test.each([
  // At 3,000 dollars for one: 1.30 dollars are the least limit of the demo.
  ["0.000433333333333333", paying("0.000433333333333333"), "approved"],
  ["0.000433333333333334", paying("0.000433333333333334"), "HELD"],
  ["the words alone of less", changed('"amount":"0.0001"', '"amount":"0.00005"'), "EVIDENCE_MISMATCH"],
  ["no wallet", changed('"wallet":{', '"wallets":{'), "DAILY_LIMIT"],
  ["a token of other bytes", changed('"token_id":"ETH"', '"token_id":"ETH_USDC"'), "EVIDENCE_MISMATCH"],
])("at the limits the policy and the oracle agree: %s", async (_title, text, code) => {
  const approved = code === "approved";
  expect(await judge(text, "v2", live)).toEqual({ approved, code });
  expect(mayBeApproved(text, "v2", DEMO_AT_FIRST)).toBe(approved);
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

describe("through real HTTP, in a server process of its own", () => {
  const v1: KeyPair = keyPair();
  let installation: Installation;
  let caller: Caller;

  beforeAll(async () => {
    installation = new Installation({
      nodes: [
        { name: "node-1", callback_public_keys: ["./node.pub"] },
        { name: "node-v1", callback_public_keys: ["./node-v1.pub"], payload: "v1" },
      ],
    });
    installation.write("node-v1.pub", v1.publicPem);
    caller = new Caller((await installation.start()).addresses.nodes);
  });

  afterAll(async () => {
    caller.close();
    await installation.remove();
  });

  const tokenFor = (text: string, payload: "v1" | "v2"): string =>
    requestToken(text, payload === "v1" ? v1.privateKey : installation.node.privateKey);

  /** Reads the answer, and notes its code. @returns whether it approves anything. */
  function approves({ status, body }: Answer, tally: Tally): boolean {
    expect(status).toBe(200);
    const reply = readReply(body, installation.server.publicKey);
    expect(reply.status).not.toBe(30);
    const ping = reply.request_id === "" && reply.status === 0;
    const approved = reply.action === "APPROVE" && !ping;
    const code = approved ? "approved" : (/^\w+/.exec(reply.error)?.[0] ?? "PING");
    tally.set(code, (tally.get(code) ?? 0) + 1);
    return approved;
  }

  const extent = { numRuns: 400, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false };

  test("the samples are judged as inside the process", async () => {
    const tally: Tally = new Map();
    for (const { tree, payload } of [...REFUSED, ...APPROVED]) {
      const token = tokenFor(textOf(tree), payload);
      const approved = approves(await caller.sendToken(token, { path: `/${payload}/check` }), tally);
      expect(approved).toBe((await judge(textOf(tree), payload, live)).approved);
    }
    expect(tally.get("approved")).toBe(APPROVED.length);
  });

  test("no mutation of a request is approved that must not be", async () => {
    const tally: Tally = new Map();
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(
        mutationArbitrary([...REFUSED, ...APPROVED], servedGrounds()),
        async ({ text, payload, acceptable }) => {
          sent += 1;
          const answer = await caller.sendToken(tokenFor(renamed(text, sent), payload), {
            path: `/${payload}/check`,
          });
          if (approves(answer, tally)) expect(acceptable).toBe(true);
        },
      ),
      extent,
    );
    expectVariety(tally, 6);
  });

  test("no mutation of a body's bytes is approved, but where it holds an approved token as it was", async () => {
    const tally: Tally = new Map();
    const refused = REFUSED.map(({ tree, payload }) => tokenFor(textOf(tree), payload));
    const approved = APPROVED.map(({ tree, payload }) => tokenFor(textOf(tree), payload));
    const bodies = fc.constantFrom(...[...refused, ...approved].map(form));
    await fc.assert(
      fc.asyncProperty(bodies, byteChangesArbitrary, bodies, async (body, changes, other) => {
        const changed = changedBytes(body, changes, other);
        const tokens = new URLSearchParams(changed.toString()).getAll("TSS_JWT_MSG");
        const [token = ""] = tokens;
        const intact = tokens.length === 1 && approved.includes(token.trim());
        if (approves(await caller.send(changed), tally)) expect(intact).toBe(true);
      }),
      extent,
    );
    expectVariety(tally, 4);
  });
});
