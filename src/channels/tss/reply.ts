/**
 * The answer to a node: `{status, request_id, action?, error}` as `package_data` of a token of ours, RS256.
 *
 * An answer is bound to nothing but the request id in it, so an APPROVE for a chosen id would approve whatever
 * request bears that id. That is why a replier has no way to be told an action and an id: it approves an
 * `Approval`, which only a decision makes, it rejects, and to a ping with an id it says no action at all.
 *
 * Signing runs in threads of its own: up to 5 ms that would otherwise hold the event loop.
 */
import type { KeyObject } from "node:crypto";
import { Approval } from "../../decisions/approval.ts";
import type { ReplyStatus } from "../../input/refusal.ts";
import type { Signer } from "./signer.ts";
import { echoableId } from "./wire.ts";

/** @property lifetimeMs - from now to the reply's `exp`. */
export interface ReplySettings {
  /** How much of the reason goes into `error`. */
  readonly detail: "full" | "code" | "none";
  /** The reply's `iss`. */
  readonly issuer: string;
  readonly lifetimeMs: number;
}

export type ReplySigner = Pick<Signer, "sign">;

/** Why a request is rejected. */
export interface Rejection {
  readonly status: ReplyStatus;
  /** Echoed where it is printable and at most 128 characters, else `""`. */
  readonly requestId: string;
  readonly code: string;
  readonly message: string;
  /** Absent where no decision was made. */
  readonly decisionId?: string;
}

/** Signs answers with one key. Each method gives the compact token. */
export interface Replier {
  readonly lifetimeMs: number;
  /** @throws TypeError for anything that a decision didn't make. */
  approve(approval: Approval): Promise<string>;
  reject(rejection: Rejection): Promise<string>;
  /** The answer to a ping without an id. */
  pong(): Promise<string>;
  /** The answer to a ping with an id: the id, and no action. */
  pongWithId(id: string): Promise<string>;
}

interface Reply {
  readonly status: ReplyStatus;
  readonly request_id: string;
  readonly action?: "APPROVE" | "REJECT";
  readonly error: string;
}

const HEADER = Buffer.from(JSON.stringify({ alg: "RS256", typ: "JWT" })).toString("base64url");

async function signToken(claims: object, key: KeyObject, signer: ReplySigner): Promise<string> {
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${signed}.${await signer.sign(signed, key)}`;
}

/** Longest `error`, in bytes of UTF-8. */
const MAX_ERROR_BYTES = 256;

/** Control and format characters, halves of surrogate pairs, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** The text's longest beginning of so many bytes that ends on a character. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let length = 0;
  let end = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The reply's `error` (design 3.3): the message is cut to fit, the decision's id never is. */
export function errorText(detail: ReplySettings["detail"], rejection: Omit<Rejection, "status">): string {
  if (detail === "none") return "";
  const id = rejection.decisionId === undefined ? "" : ` [${rejection.decisionId}]`;
  const message = detail === "full" && rejection.message !== "" ? `: ${rejection.message}` : "";
  const words = `${rejection.code}${message}`.replace(UNPRINTABLE, " ");
  return `${cut(words, MAX_ERROR_BYTES - Buffer.byteLength(id))}${id}`;
}

/**
 * @param key - the server's RSA private key.
 * @param now - milliseconds since the epoch.
 */
export function createReplier(
  key: KeyObject,
  settings: ReplySettings,
  now: () => number,
  signer: ReplySigner,
): Replier {
  const send = (reply: Reply): Promise<string> =>
    signToken(
      {
        package_data: Buffer.from(JSON.stringify(reply)).toString("base64"),
        exp: Math.floor((now() + settings.lifetimeMs) / 1000),
        iss: settings.issuer,
      },
      key,
      signer,
    );
  return Object.freeze({
    lifetimeMs: settings.lifetimeMs,
    approve: async (approval: Approval) => {
      if (!Approval.isGenuine(approval)) throw new TypeError("only a decision's approval can be answered");
      return await send({ status: 0, request_id: approval.requestId, action: "APPROVE", error: "" });
    },
    reject: (rejection: Rejection) =>
      send({
        status: rejection.status,
        request_id: echoableId(rejection.requestId),
        action: "REJECT",
        error: errorText(settings.detail, rejection),
      }),
    pong: () => send({ status: 0, request_id: "", action: "APPROVE", error: "" }),
    pongWithId: (id: string) => send({ status: 0, request_id: echoableId(id), error: "" }),
  });
}
