import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { vector } from "../../test/fixtures/pushes/pushes.ts";
import { bodyOf, COBO, custodialDeposit, PushDouble } from "../../test/support/push-double.ts";
import { pushKeysOf } from "../channels/push/keys.ts";
import { type VerifiedMessage, verifyPush } from "../channels/push/signature.ts";
import { signPush } from "./push-client.ts";

const keys = pushKeysOf([COBO.point]);
const open: http.Server[] = [];

afterEach(() => {
  for (const listening of open.splice(0)) {
    listening.closeAllConnections();
    listening.close();
  }
});

interface Received {
  readonly path: string | undefined;
  readonly body: string;
  readonly verified: VerifiedMessage;
}

/** A receiver that verifies what comes, and gives these answers in turn, the last one for ever. */
async function receive(...answers: (string | "hang up")[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const listening = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const verified = verifyPush(body, request.rawHeaders, keys);
    const answer = answers[Math.min(received.length, answers.length - 1)] ?? "hang up";
    received.push({ path: request.url, body: body.toString(), verified });
    if (answer === "hang up") request.socket.destroy();
    else response.writeHead(answer === "" ? 503 : 200).end(answer);
  });
  open.push(listening);
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, received };
}

describe("signPush", () => {
  it("signs as the vectors are signed, low s for high", () => {
    const { body, timestamp } = vector("P4");
    const signed = signPush(new TextEncoder().encode(body), COBO.privateKey, Number(timestamp));
    expect(signed.timestamp).toBe(timestamp);
    expect(() => verifyPush(new TextEncoder().encode(body), rawOf(signed), keys)).not.toThrow();
  });
});

function rawOf({ timestamp, signature }: { timestamp: string; signature: string }): string[] {
  return ["BIZ_TIMESTAMP", timestamp, "BIZ_RESP_SIGNATURE", signature];
}

describe("the double", () => {
  it.each(["dash", "underscore", "both"] as const)("sends headers in the spelling %s", async (spelling) => {
    const { url, received } = await receive("ok");
    const double = new PushDouble({ url, spelling });
    const response = await double.send(custodialDeposit(), { timestampMs: 1_700_000_000_000 });
    expect(response).toMatchObject({ status: 200, body: "ok" });
    expect(received).toMatchObject([
      {
        path: "/push",
        body: bodyOf(custodialDeposit()),
        verified: { timestamp: "1700000000000", key: { name: COBO.point.slice(0, 16) } },
      },
    ]);
  });

  it("sends bytes as they are, letters beyond ASCII included", async () => {
    const { url, received } = await receive("ok");
    await new PushDouble({ url }).send(vector("P4").body, { path: "/push/mpc" });
    expect(received).toMatchObject([{ path: "/push/mpc", body: vector("P4").body }]);
  });

  it("tries 14 times", async () => {
    const { url, received } = await receive("hang up", "", "OK", "ok\n");
    const double = new PushDouble({ url, pauseMs: 1 });
    const delivery = await double.deliver(custodialDeposit());
    expect(delivery).toMatchObject({ delivered: false, attempts: 14, last: { body: "ok\n" } });
    expect(received).toHaveLength(14);
  });

  it("stops at an ok, and sends again what is asked for", async () => {
    const { url, received } = await receive("hang up", "", "ok");
    const double = new PushDouble({ url });
    expect(() => double.resend()).toThrow("nothing was sent yet");
    expect(await double.deliver(custodialDeposit(), { timestampMs: 5 })).toMatchObject({
      delivered: true,
      attempts: 3,
    });
    expect((await double.resend()).body).toBe("ok");
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(received.map(({ verified }) => verified.timestamp === "5")).toEqual([true, true, true, false]);
  });
});
