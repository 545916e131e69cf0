/**
 * Whether Cobo signed a message: ECDSA on secp256k1 over SHA-256 of SHA-256 of the body's bytes as they came, `|`, and
 * the timestamp header's text. The signature is DER in hex. Source: Cobo's callback-signature page and Java demo; the
 * two published messages verify so, and not otherwise.
 *
 * Signatures whose s is in the upper half are good: nothing goes by a signature's bytes, and what would refuse them
 * is a rule of Bitcoin's.
 *
 * The headers are spelled `Biz-Timestamp` and `BIZ_TIMESTAMP`, by the page, and some senders write both. So they are
 * looked for among all headers as they came, whatever their case, `_` for `-`: Node itself keeps the first of two
 * equal names. Where two of them differ, somebody between Cobo and here has a hand in it.
 */
import { createHash, verify } from "node:crypto";
import type { PushKey } from "./keys.ts";

/** Why a message is not Cobo's, as far as can be told. A closed list: the label of a counter, never an answer. */
export const PUSH_REFUSALS = [
  "NO_KEYS",
  "HEADER_MISSING",
  "HEADERS_DISAGREE",
  "TIMESTAMP_MALFORMED",
  "SIGNATURE_MALFORMED",
  "SIGNATURE",
  "OUTSIDE_WINDOW",
] as const;
export type PushRefusalCode = (typeof PUSH_REFUSALS)[number];

/** A message that is answered with 401 and leaves nothing behind. */
export class PushRefusal extends Error {
  override readonly name = "PushRefusal";
  readonly code: PushRefusalCode;

  constructor(code: PushRefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * @property timestamp - the header's text, which is signed; @property timestampMs - the same, since the epoch.
 * @property signature - DER in hex, as it came.
 */
export interface VerifiedMessage {
  readonly key: PushKey;
  readonly timestamp: string;
  readonly timestampMs: number;
  readonly signature: string;
}

const TIMESTAMP = "biz-timestamp";
const SIGNATURE = "biz-resp-signature";

/** Milliseconds; 15 digits reach the year 33658, and stay exact. */
const MILLISECONDS = /^[0-9]{1,15}$/;
/** A sequence of two integers of up to 33 bytes each, with room for what OpenSSL will refuse. */
const DER_HEX = /^30(?:[0-9a-f]{2}){7,72}$/i;

/**
 * @param body - the bytes as they were received.
 * @param rawHeaders - as Node has them in `rawHeaders`: names and values by turns.
 * @throws PushRefusal any of its codes but `OUTSIDE_WINDOW`.
 */
export function verifyPush(
  body: Uint8Array,
  rawHeaders: readonly string[],
  keys: readonly PushKey[],
): VerifiedMessage {
  if (keys.length === 0) throw new PushRefusal("NO_KEYS", "push.keys names no key");
  const timestamp = headerOf(rawHeaders, TIMESTAMP);
  const signature = headerOf(rawHeaders, SIGNATURE);
  if (!MILLISECONDS.test(timestamp)) {
    throw new PushRefusal("TIMESTAMP_MALFORMED", `${TIMESTAMP}: not milliseconds`);
  }
  if (!DER_HEX.test(signature)) throw new PushRefusal("SIGNATURE_MALFORMED", `${SIGNATURE}: not DER in hex`);
  const once = createHash("sha256").update(body).update(`|${timestamp}`).digest();
  const der = Buffer.from(signature, "hex");
  // The algorithm hashes what it is given: the second time.
  const key = keys.find((candidate) => verify("sha256", once, candidate.key, der));
  if (key === undefined) throw new PushRefusal("SIGNATURE", "signed with none of push.keys");
  return { key, timestamp, timestampMs: Number(timestamp), signature };
}

function headerOf(rawHeaders: readonly string[], wanted: string): string {
  let found: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length !== wanted.length || name.toLowerCase().replaceAll("_", "-") !== wanted) continue;
    const value = rawHeaders[at + 1] ?? "";
    if (found !== undefined && value !== found) {
      throw new PushRefusal("HEADERS_DISAGREE", `${wanted}: is there with different values`);
    }
    found = value;
  }
  if (found === undefined) throw new PushRefusal("HEADER_MISSING", `${wanted}: missing`);
  return found;
}

/** How far a message's time may be from ours, in milliseconds: farther is warned of, or refused. */
export interface PushWindow {
  readonly warn: number;
  readonly refuse: number | "off";
}

/**
 * @returns whether the message's time is so far from `nowMs`, to either side, that somebody should know.
 * @throws PushRefusal `OUTSIDE_WINDOW`
 */
export function isOutsideWarning(
  { timestampMs }: VerifiedMessage,
  nowMs: number,
  { warn, refuse }: PushWindow,
): boolean {
  const apart = Math.abs(nowMs - timestampMs);
  if (refuse !== "off" && apart > refuse) {
    throw new PushRefusal("OUTSIDE_WINDOW", `${TIMESTAMP}: ${apart} ms from our clock`);
  }
  return apart > warn;
}
