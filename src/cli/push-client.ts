/**
 * Cobo's side of a push message: signed and posted as Cobo documents it. It is written on `@noble/curves`, not on the
 * server's own code, so that a mistake in one is not the same mistake in the other.
 */
import type { Agent } from "node:http";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { type HttpResponse, sendRequest, type TlsClient } from "./http-request.ts";

/** What goes into the two headers. @property signature - DER in hex. */
export interface PushSignature {
  readonly timestamp: string;
  readonly signature: string;
}

/**
 * Signs a body as Cobo does.
 *
 * @param privateKey - 32 bytes, in hex.
 * @param timestampMs - milliseconds since the epoch.
 */
export function signPush(body: Uint8Array, privateKey: string, timestampMs: number): PushSignature {
  const timestamp = String(timestampMs);
  const digest = sha256(sha256(concatBytes(body, utf8ToBytes(`|${timestamp}`))));
  const signature = secp256k1.sign(digest, Buffer.from(privateKey, "hex"), { prehash: false, format: "der" });
  return { timestamp, signature: bytesToHex(signature) };
}

export interface PushOptions {
  readonly url: string;
  /** Sent as it is. */
  readonly body: string | Uint8Array;
  /** 32 bytes, in hex. */
  readonly privateKey: string;
  /** Milliseconds since the epoch; absent: now. */
  readonly timestampMs?: number | undefined;
  /** How the names of the two headers are written; absent: as Cobo's page has them. */
  readonly spelling?: "dash" | "underscore" | "both" | undefined;
  readonly timeoutMs?: number | undefined;
  readonly tls?: TlsClient | undefined;
  readonly agent?: Agent | undefined;
}

const TIMEOUT_MS = 10_000;

/** Signs and posts a body once. @throws Error where no complete response came. */
export function postPush(options: PushOptions): Promise<HttpResponse> {
  const { url, body, privateKey, timestampMs = Date.now(), timeoutMs = TIMEOUT_MS, tls, agent } = options;
  const bytes = typeof body === "string" ? utf8ToBytes(body) : body;
  const headers = headersOf(signPush(bytes, privateKey, timestampMs), options.spelling);
  return sendRequest({ url, method: "POST", headers, body: bytes, timeoutMs, tls, agent });
}

/** The headers of a signed body. Cobo documents no content type; JSON is what the body is. */
export function headersOf(
  { timestamp, signature }: PushSignature,
  spelling: PushOptions["spelling"] = "dash",
): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(spelling === "underscore" ? {} : { "Biz-Timestamp": timestamp, "Biz-Resp-Signature": signature }),
    ...(spelling === "dash" ? {} : { BIZ_TIMESTAMP: timestamp, BIZ_RESP_SIGNATURE: signature }),
  };
}
