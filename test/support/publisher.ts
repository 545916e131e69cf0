/** For the tests: whoever publishes releases, honest or hostile: keys, and statements with everything wrong with them. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { FlattenedSign } from "jose";
import {
  type SigningKey,
  signingKey,
  type VerifyingKey,
  verifyingKey,
} from "../../src/policy/release-keys.ts";
import { keyPair } from "./key-pairs.ts";

export interface PublisherKey {
  readonly kid: string;
  readonly privatePem: string;
  readonly publicPem: string;
  readonly signing: SigningKey;
  readonly verifying: VerifyingKey;
}

export type KeyKind = "ed25519" | "p256" | "rsa";

/** A pair that no other call in this test file got. */
export async function publisherKey(kind: KeyKind = "ed25519"): Promise<PublisherKey> {
  const { privateKey, publicKey } = pairOf(kind);
  const privatePem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const publicPem = String(publicKey.export({ type: "spki", format: "pem" }));
  const [signing, verifying] = await Promise.all([
    signingKey(privatePem, "private.pem"),
    verifyingKey(publicPem, "public.pem"),
  ]);
  return { kid: verifying.kid, privatePem, publicPem, signing, verifying };
}

function pairOf(kind: KeyKind): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (kind) {
    case "ed25519":
      return generateKeyPairSync("ed25519");
    case "p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "rsa":
      return keyPair();
  }
}

export const DAY_MS = 86_400_000;

/** What a payload says, as JSON: times are RFC 3339. */
export type Says = Record<string, unknown>;

export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A good payload for an archive of this digest, made a minute ago. */
export function says(sha256: string, members: Says = {}, nowMs: number = Date.now()): Says {
  return {
    type: "countersign.release/1",
    audience: "production",
    sequence: 1,
    revision: "test",
    sha256,
    created_at: rfc3339(nowMs - 60_000),
    expires_at: rfc3339(nowMs + 30 * DAY_MS),
    ...members,
  };
}

/** A good payload for a list's file of this digest, made a minute ago. */
export function saysOfList(
  list: string,
  sha256: string,
  members: Says = {},
  nowMs: number = Date.now(),
): Says {
  const { revision: _revision, ...common } = says(sha256, {}, nowMs);
  return { ...common, type: "countersign.list/1", list, ...members };
}

/** One signature of a statement. */
export interface Signature {
  readonly protected: string;
  readonly signature: string;
}

export function encoded(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return Buffer.from(text).toString("base64url");
}

/** @param header - besides `alg` and `kid`. */
export async function signatureOver(
  payload: string,
  { signing }: PublisherKey,
  header: Record<string, unknown> = {},
): Promise<Signature> {
  const { algorithm, kid, key } = signing;
  const signed = await new FlattenedSign(Buffer.from(payload, "base64url"))
    .setProtectedHeader({ alg: algorithm, kid, ...header })
    .sign(key);
  return { protected: signed.protected ?? "", signature: signed.signature };
}

/** A statement's bytes. @param payload - an object, or its text. */
export async function statementOf(payload: Says | string, ...keys: readonly PublisherKey[]): Promise<Buffer> {
  const text = encoded(payload);
  const signatures = await Promise.all(keys.map((key) => signatureOver(text, key)));
  return Buffer.from(JSON.stringify({ payload: text, signatures }));
}
