import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { jwtVerify } from "jose";
import { afterAll, describe, expect, it } from "vitest";
import { Approval } from "../../decisions/approval.ts";
import { RefusedTokenReplies } from "./refused-token-replies.ts";
import { createReplier, errorText, type Replier, type ReplySettings } from "./reply.ts";
import { Signer } from "./signer.ts";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const NOW = 1_700_000_000_500;
const settings: ReplySettings = { detail: "full", issuer: "countersign", lifetimeMs: 120_000 };
const signer = new Signer();
afterAll(() => signer.close());
const replier = createReplier(pair.privateKey, settings, () => NOW, signer);

interface Received {
  reply: { request_id?: unknown };
  exp: number | undefined;
}

async function receive(token: string): Promise<Received> {
  const { payload, protectedHeader } = await jwtVerify<{ package_data: string }>(token, pair.publicKey, {
    algorithms: ["RS256"],
    issuer: "countersign",
    currentDate: new Date(NOW),
  });
  expect(protectedHeader).toEqual({ alg: "RS256", typ: "JWT" });
  expect(Buffer.from(payload.package_data, "base64").toString("base64")).toBe(payload.package_data);
  return { reply: JSON.parse(Buffer.from(payload.package_data, "base64").toString()), exp: payload.exp };
}

const rejection = {
  status: 0,
  requestId: "r1",
  code: "CAP",
  message: "above the cap",
  decisionId: "d_1",
} as const;

describe("replies", () => {
  it("never approve what only looks like a decision's approval", async () => {
    const lookAlike: Approval = Object.assign(Object.create(Approval.prototype), { requestId: "r1" });
    await expect(replier.approve(lookAlike)).rejects.toThrow(TypeError);
    const plain: unknown = { requestId: "r1", isGenuine: () => true };
    await expect(replier.approve(plain as Approval)).rejects.toThrow(TypeError);
  });

  it("to a ping with an id have no action", async () => {
    const { reply } = await receive(await replier.pongWithId("r1"));
    expect(reply).toEqual({ status: 0, request_id: "r1", error: "" });
  });

  it("to a ping without one approve nothing but it", async () => {
    const { reply } = await receive(await replier.pong());
    expect(reply).toEqual({ status: 0, request_id: "", action: "APPROVE", error: "" });
  });

  it("reject", async () => {
    const { reply, exp } = await receive(await replier.reject(rejection));
    expect(reply).toEqual({
      status: 0,
      request_id: "r1",
      action: "REJECT",
      error: "CAP: above the cap [d_1]",
    });
    expect(exp).toBe(1_700_000_120);
  });

  it.each(["a\u0000", "x".repeat(129), "é"])("don't echo the id %j", async (requestId) => {
    expect((await receive(await replier.reject({ ...rejection, requestId }))).reply.request_id).toBe("");
    expect((await receive(await replier.pongWithId(requestId))).reply.request_id).toBe("");
  });
});

describe("error", () => {
  it("says as much as it may", () => {
    expect(errorText("full", rejection)).toBe("CAP: above the cap [d_1]");
    expect(errorText("code", rejection)).toBe("CAP [d_1]");
    expect(errorText("none", rejection)).toBe("");
    const { decisionId: _, ...noId } = rejection;
    expect(errorText("full", noId)).toBe("CAP: above the cap");
    expect(errorText("full", { ...noId, message: "" })).toBe("CAP");
  });

  it("has no control characters", () => {
    expect(errorText("full", { ...rejection, message: "a\nb\u0000c\u202ed\u2028e\ud800f" })).toBe(
      "CAP: a b c d e f [d_1]",
    );
  });

  it("is at most 256 bytes, ends on a character and keeps the id", () => {
    const decisionId = "d_01J00000000000000000000000";
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (message) => {
        const text = errorText("full", { ...rejection, message, decisionId });
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(256);
        expect(Buffer.from(text).toString()).toBe(text);
        expect(text.endsWith(` [${decisionId}]`)).toBe(true);
      }),
    );
    const long = errorText("full", { ...rejection, message: "€".repeat(200), decisionId });
    expect(Buffer.byteLength(long)).toBeGreaterThan(250);
    expect(long).toMatch(/^CAP: €+ \[d_/);
  });
});

describe("answers to refused tokens", () => {
  /** A replier that counts what it signs. */
  function counting(lifetimeMs = 120_000): { signed: () => number; made: Replier } {
    let count = 0;
    const real = createReplier(pair.privateKey, { ...settings, lifetimeMs }, () => NOW, signer);
    return {
      signed: () => count,
      made: {
        ...real,
        reject: (given) => {
          count += 1;
          return real.reject(given);
        },
      },
    };
  }

  it("have status 20, a fixed sentence, and nothing of the request", async () => {
    const replies = new RefusedTokenReplies(() => NOW);
    const refusal = { code: "TOKEN_EXPIRED", message: "of request r-17" } as const;
    const { reply } = await receive(await replies.reply(refusal, pair.privateKey, replier));
    expect(reply).toEqual({
      status: 20,
      request_id: "",
      action: "REJECT",
      error: "TOKEN_EXPIRED: the token has expired",
    });
  });

  it("are signed once a minute for each code and key", async () => {
    let now = NOW;
    const replies = new RefusedTokenReplies(() => now);
    const { signed, made } = counting();
    const ask = (code: "TOKEN_EXPIRED" | "TOKEN_MISSING", key = pair.privateKey): Promise<string> =>
      replies.reply({ code }, key, made);
    const many = await Promise.all(Array.from({ length: 50 }, () => ask("TOKEN_EXPIRED")));
    expect(new Set(many).size).toBe(1);
    expect(signed()).toBe(1);
    await ask("TOKEN_MISSING");
    await ask("TOKEN_EXPIRED", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
    expect(signed()).toBe(3);
    now += 59_999;
    await ask("TOKEN_EXPIRED");
    expect(signed()).toBe(3);
    now += 1;
    await ask("TOKEN_EXPIRED");
    expect(signed()).toBe(4);
    now -= 30_000;
    await ask("TOKEN_EXPIRED");
    expect(signed()).toBe(5);
  });

  it("are never used past their own end", async () => {
    let now = NOW;
    const replies = new RefusedTokenReplies(() => now);
    const { signed, made } = counting(2_000);
    await replies.reply({ code: "TOKEN_EXPIRED" }, pair.privateKey, made);
    now += 1_000;
    await replies.reply({ code: "TOKEN_EXPIRED" }, pair.privateKey, made);
    expect(signed()).toBe(2);
  });

  it("are tried again after a failure", async () => {
    const replies = new RefusedTokenReplies(() => NOW);
    const { signed, made } = counting();
    const failing: Replier = { ...made, reject: () => Promise.reject(new Error("no key")) };
    await expect(replies.reply({ code: "TOKEN_EXPIRED" }, pair.privateKey, failing)).rejects.toThrow(
      "no key",
    );
    await replies.reply({ code: "TOKEN_EXPIRED" }, pair.privateKey, made);
    expect(signed()).toBe(1);
  });
});
