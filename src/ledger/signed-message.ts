/**
 * A signed message of Cobo as one text, so that it is kept as a request's token is: `push.`, then the base64url of
 * what its headers said as JSON, a dot, and the base64url of its body's very bytes.
 */
import { z } from "zod";

/**
 * @property timestamp - the header's text, as it was signed. @property signature - the header's text, likewise.
 * @property key - the name of the configured key that it held for. @property body - the bytes that were signed.
 */
export interface SignedMessage {
  readonly timestamp: string;
  readonly signature: string;
  readonly key: string;
  readonly body: Uint8Array;
}

const PREFIX = "push.";

const headersSchema = z.strictObject({ timestamp: z.string(), signature: z.string(), key: z.string() });

export function encodeSignedMessage({ timestamp, signature, key, body }: SignedMessage): string {
  const headers = Buffer.from(JSON.stringify({ timestamp, signature, key })).toString("base64url");
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return `${PREFIX}${headers}.${bytes.toString("base64url")}`;
}

/** @returns undefined for a text that {@link encodeSignedMessage} does not write: a request's token, say. */
export function decodeSignedMessage(text: string): SignedMessage | undefined {
  const dot = text.indexOf(".", PREFIX.length);
  if (!text.startsWith(PREFIX) || dot < 0) return undefined;
  const headers = headersOf(Buffer.from(text.slice(PREFIX.length, dot), "base64url").toString("utf8"));
  if (headers === undefined) return undefined;
  const message = { ...headers, body: Buffer.from(text.slice(dot + 1), "base64url") };
  // The decoder leaves out what it does not know: one message has one text.
  return encodeSignedMessage(message) === text ? message : undefined;
}

function headersOf(text: string): z.infer<typeof headersSchema> | undefined {
  try {
    return headersSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
