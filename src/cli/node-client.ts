/**
 * A TSS Node's callback client, as Cobo documents it: a fresh token for each try, one form field, a retry only
 * where no HTTP response came, and REJECT when the retries are used up. It is written on `jose`, not on the
 * server's own token code, so that a mistake in one is not the same mistake in the other.
 */
import type { KeyObject } from "node:crypto";
import type { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { messageOf } from "../thrown.ts";
import { sendRequest, type TlsClient } from "./http-request.ts";

/** The node's own defaults (its `callback` section). */
const NODE_DEFAULTS = {
  retryTimes: 2,
  sleepSeconds: 15,
  requestTimeoutSeconds: 10,
  tokenExpireMinutes: 2,
} as const;

const ISSUER = "tss-node";

/** A missing status is 0: servers written in Go leave it out. */
const replySchema = z.object({
  status: z.int().default(0),
  request_id: z.string().default(""),
  action: z.string().optional(),
  error: z.string().default(""),
});

export type Reply = z.infer<typeof replySchema>;

export interface CallbackOptions {
  readonly url: string;
  /** The inner CallbackRequest as JSON text; sent as it is. */
  readonly request: string;
  /** The node's private key. */
  readonly key: KeyObject;
  /** The server's public key. */
  readonly serverKey: KeyObject;
  readonly retryTimes?: number;
  readonly sleepSeconds?: number;
  readonly requestTimeoutSeconds?: number;
  readonly tokenExpireMinutes?: number;
  readonly tls?: TlsClient | undefined;
  readonly agent?: Agent | undefined;
  /** Called after each try that got no response. */
  readonly onRetry?: (attempt: number, why: string) => void;
}

/**
 * What the node makes of it.
 *
 * @property action - APPROVE only for a verified reply with status 0 and this request's id.
 * @property reply - there where the signature is the server's and the token is not expired.
 * @property httpStatus - absent where no response came.
 * @property problem - why it is a REJECT, where the reply itself does not say it.
 */
export interface CallbackResult {
  readonly action: "APPROVE" | "REJECT";
  readonly reply?: Reply;
  readonly httpStatus?: number;
  readonly attempts: number;
  readonly problem?: string;
}

/**
 * Signs a request as a node does.
 *
 * @param request - the inner CallbackRequest as JSON text.
 * @param lifetimeSeconds - `exp` from now; negative for an expired token.
 * @returns a compact JWT with the claims `package_data`, `exp` and `iss`.
 */
export function signToken(request: string, key: KeyObject, lifetimeSeconds: number): Promise<string> {
  return new SignJWT({ package_data: Buffer.from(request, "utf8").toString("base64") })
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setExpirationTime(Math.floor(Date.now() / 1_000) + lifetimeSeconds)
    .setIssuer(ISSUER)
    .sign(key);
}

/**
 * Verifies a reply: whitespace and one pair of quotes around the token are dropped, as the nodes do.
 *
 * @throws Error where it is not a token of the server's, is expired, or holds no reply.
 */
export async function verifyReply(body: string, serverKey: KeyObject): Promise<Reply> {
  const token = body.trim().replace(/^"(.*)"$/s, "$1");
  const {
    payload: { package_data },
  } = await jwtVerify(token, serverKey, { algorithms: ["RS256"], requiredClaims: ["exp"] });
  const data = z.base64().parse(package_data);
  return replySchema.parse(JSON.parse(Buffer.from(data, "base64").toString("utf8")));
}

/** Posts a request the way a node does, and decides as a node does. It does not throw for what a server does. */
export async function postCallback(options: CallbackOptions): Promise<CallbackResult> {
  const {
    retryTimes = NODE_DEFAULTS.retryTimes,
    sleepSeconds = NODE_DEFAULTS.sleepSeconds,
    requestTimeoutSeconds = NODE_DEFAULTS.requestTimeoutSeconds,
    tokenExpireMinutes = NODE_DEFAULTS.tokenExpireMinutes,
  } = options;
  for (let attempts = 1; ; attempts += 1) {
    const token = await signToken(options.request, options.key, Math.round(tokenExpireMinutes * 60));
    try {
      const { status, body } = await sendRequest({
        url: options.url,
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ TSS_JWT_MSG: token }).toString(),
        timeoutMs: requestTimeoutSeconds * 1_000,
        tls: options.tls,
        agent: options.agent,
      });
      return { ...(await judge(status, body, options)), httpStatus: status, attempts };
    } catch (error) {
      const problem = `no response: ${messageOf(error)}`;
      if (attempts > retryTimes) return { action: "REJECT", attempts, problem };
      options.onRetry?.(attempts, problem);
      await sleep(sleepSeconds * 1_000);
    }
  }
}

async function judge(
  status: number,
  body: string,
  { request, serverKey }: CallbackOptions,
): Promise<Pick<CallbackResult, "action" | "reply" | "problem">> {
  if (status !== 200) return { action: "REJECT", problem: `HTTP status ${status}` };
  let reply: Reply;
  try {
    reply = await verifyReply(body, serverKey);
  } catch (error) {
    const why = error instanceof Error ? error.name : "unknown";
    return { action: "REJECT", problem: `the reply cannot be trusted: ${why}` };
  }
  const rejected = (problem: string) => ({ action: "REJECT" as const, reply, problem });
  if (reply.request_id !== requestId(request)) return rejected("the reply is for another request");
  if (reply.status !== 0) return rejected(`status ${reply.status}`);
  return reply.action === "APPROVE" ? { action: "APPROVE", reply } : { action: "REJECT", reply };
}

function requestId(request: string): string {
  try {
    return z.object({ request_id: z.string().default("") }).parse(JSON.parse(request)).request_id;
  } catch {
    return "";
  }
}
