/**
 * The keys that release statements are signed with: Ed25519, ECDSA over P-256, or RSA; a PEM block or a JWK.
 *
 * A key is known by its thumbprint (RFC 7638), whatever form it came in: two spellings of one key are one key. What a
 * key signs with follows from the key alone, never from what a statement says of it.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { calculateJwkThumbprint, exportJWK } from "jose";
import { isJsonObject, type JsonObject, parseStrictJson } from "../input/strict-json.ts";
import type { StatementAlgorithm } from "./statement.ts";

/** A public key. @property kid - its thumbprint: SHA-256, base64url. */
export interface VerifyingKey {
  readonly kid: string;
  readonly key: KeyObject;
  readonly algorithms: readonly StatementAlgorithm[];
}

/** A private key. @property kid - the thumbprint of its public half. */
export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
  readonly algorithm: StatementAlgorithm;
}

/** What is wrong with a key; the message names its file and holds nothing of the key. */
export class ReleaseKeyError extends Error {
  override readonly name = "ReleaseKeyError";

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
  }
}

const MIN_RSA_BITS = 2048;
/** An exponent of 1 would make every message its own signature. */
const MIN_RSA_EXPONENT = 3n;
/** Longer than any key that is taken. */
const MAX_LENGTH = 32_768;

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END ([A-Z0-9 ]+)-----/g;
const PUBLIC_BLOCKS: readonly string[] = ["PUBLIC KEY"];
const PRIVATE_BLOCKS: readonly string[] = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"];

/**
 * A key that may be trusted.
 *
 * @param text - of the file: SPKI in one PEM block, or a JWK.
 * @param file - its name, for the message.
 * @throws ReleaseKeyError for anything else, a private key among it: one must never lie here.
 */
export async function verifyingKey(text: string, file: string): Promise<VerifyingKey> {
  const source = sourceOf(text, file);
  if (typeof source === "string" ? PRIVATE_BLOCKS.includes(source) : "d" in source) {
    throw new ReleaseKeyError(file, "a private key: only its public half belongs here");
  }
  if (typeof source === "string" && !PUBLIC_BLOCKS.includes(source)) {
    throw new ReleaseKeyError(file, `a public key is expected, found ${source}`);
  }
  const key = parsed(() =>
    typeof source === "string"
      ? createPublicKey(text)
      : createPublicKey({ key: { ...source }, format: "jwk" }),
  );
  if (key === undefined) throw new ReleaseKeyError(file, "not a readable public key");
  const algorithms = algorithmsOf(key, file);
  if (typeof source !== "string") assertMeantFor("verify", source, algorithms, file);
  return { kid: await thumbprintOf(key), key, algorithms };
}

/**
 * A key to sign with.
 *
 * @param text - of the file: PKCS#8, SEC1 or PKCS#1 in one PEM block without a password, or a JWK with its `d`.
 * @param file - its name, for the message.
 * @throws ReleaseKeyError
 */
export async function signingKey(text: string, file: string): Promise<SigningKey> {
  const source = sourceOf(text, file);
  if (source === "ENCRYPTED PRIVATE KEY" || text.includes("Proc-Type")) {
    throw new ReleaseKeyError(file, "an encrypted private key: decrypt it for the signing");
  }
  if (typeof source === "string" ? !PRIVATE_BLOCKS.includes(source) : !("d" in source)) {
    throw new ReleaseKeyError(file, "a private key is expected");
  }
  const key = parsed(() =>
    typeof source === "string"
      ? createPrivateKey(text)
      : createPrivateKey({ key: { ...source }, format: "jwk" }),
  );
  if (key === undefined) throw new ReleaseKeyError(file, "not a readable private key");
  const algorithms = algorithmsOf(key, file);
  if (typeof source !== "string") assertMeantFor("sign", source, algorithms, file);
  const [algorithm = "EdDSA"] = algorithms;
  return { kid: await thumbprintOf(createPublicKey(key)), key, algorithm };
}

/** The label of the one PEM block, or the JWK. */
function sourceOf(text: string, file: string): string | JsonObject {
  if (text.length > MAX_LENGTH) throw new ReleaseKeyError(file, "longer than any key");
  if (text.trimStart().startsWith("{")) return jwkOf(text, file);
  const blocks = [...text.matchAll(BLOCK)];
  const [, label, end] = blocks[0] ?? [];
  if (label === undefined || label !== end) throw new ReleaseKeyError(file, "neither a PEM block nor a JWK");
  if (blocks.length > 1) throw new ReleaseKeyError(file, "more than one PEM block");
  return label;
}

function jwkOf(text: string, file: string): JsonObject {
  let value: ReturnType<typeof parseStrictJson>;
  try {
    value = parseStrictJson(text.trim());
  } catch {
    throw new ReleaseKeyError(file, "not the JSON of a JWK");
  }
  if (!isJsonObject(value)) throw new ReleaseKeyError(file, "not the JSON of a JWK");
  return value;
}

/** The libraries' own messages may quote what they read. */
function parsed(parse: () => KeyObject): KeyObject | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function algorithmsOf(key: KeyObject, file: string): readonly StatementAlgorithm[] {
  const { namedCurve, modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "ed25519":
      if (isOfSmallOrder(key)) {
        throw new ReleaseKeyError(
          file,
          "an Ed25519 key that is no point of its own, or of small order: anybody could sign with it",
        );
      }
      return ["EdDSA", "Ed25519"];
    case "ec":
      if (namedCurve === "prime256v1") return ["ES256"];
      throw new ReleaseKeyError(file, `an EC key on ${namedCurve ?? "another curve"}; P-256 is expected`);
    case "rsa":
      if (modulusLength < MIN_RSA_BITS) {
        throw new ReleaseKeyError(
          file,
          `an RSA key of ${modulusLength} bits; at least ${MIN_RSA_BITS} are required`,
        );
      }
      if (publicExponent < MIN_RSA_EXPONENT) {
        throw new ReleaseKeyError(file, "an RSA key with a public exponent below 3");
      }
      return ["RS256"];
    default:
      throw new ReleaseKeyError(file, "neither an Ed25519, a P-256 nor an RSA key");
  }
}

/** One signature fits every message under such a key; OpenSSL takes it. */
function isOfSmallOrder(key: KeyObject): boolean {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const { x = "" } = publicKey.export({ format: "jwk" });
  try {
    return ed25519.Point.fromBytes(Buffer.from(x, "base64url")).isSmallOrder();
  } catch {
    return true;
  }
}

/** What a JWK says of its own use. */
function assertMeantFor(
  operation: "sign" | "verify",
  { alg, use, key_ops }: JsonObject,
  algorithms: readonly StatementAlgorithm[],
  file: string,
): void {
  if (alg !== undefined && !algorithms.some((known) => known === alg)) {
    throw new ReleaseKeyError(file, `its alg is none of ${algorithms.join(", ")}`);
  }
  if (use !== undefined && use !== "sig") throw new ReleaseKeyError(file, "its use is not sig");
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes(operation))) {
    throw new ReleaseKeyError(file, `its key_ops have no ${operation}`);
  }
}

async function thumbprintOf(key: KeyObject): Promise<string> {
  return await calculateJwkThumbprint(await exportJWK(key));
}
