/**
 * RSA keys from PEM text, parsed once at start.
 *
 * Cobo's documents have the server's key made by `openssl genrsa` (PKCS#1 with OpenSSL 1, PKCS#8 with 3) and
 * the node's public key copied by hand from a page that shows it with blank lines between its lines, so the
 * armour is read here and blank lines and carriage returns inside it are dropped.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

const MIN_BITS = 2048;
/** An exponent of 1 would make every message its own signature. */
const MIN_EXPONENT = 3n;

/** What is wrong with a key file; the message names the file and holds nothing of the key. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
  readonly file: string;

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
    this.file = file;
  }
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END ([A-Z0-9 ]+)-----/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

interface Block {
  readonly label: string;
  readonly der: Buffer;
}

function readBlock(pem: string, file: string): Block {
  const blocks = [...pem.matchAll(BLOCK)];
  const [, label, body, end] = blocks[0] ?? [];
  if (label === undefined || body === undefined) throw new KeyFileError(file, "no PEM block");
  if (blocks.length > 1) throw new KeyFileError(file, "more than one PEM block");
  if (label !== end) throw new KeyFileError(file, "the PEM block ends under another name than it begins");
  if (label === "ENCRYPTED PRIVATE KEY" || body.includes("Proc-Type")) {
    throw new KeyFileError(file, "an encrypted private key; store it unencrypted and protect the file");
  }
  const base64 = body.replace(/\s+/g, "");
  if (!BASE64.test(base64)) throw new KeyFileError(file, "the PEM block is not base64");
  return { label, der: Buffer.from(base64, "base64") };
}

function checked(key: KeyObject, file: string): KeyObject {
  if (key.asymmetricKeyType !== "rsa") throw new KeyFileError(file, "not an RSA key");
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_BITS) {
    throw new KeyFileError(file, `an RSA key of ${modulusLength} bits; at least ${MIN_BITS} are required`);
  }
  if (publicExponent < MIN_EXPONENT)
    throw new KeyFileError(file, "an RSA key with a public exponent below 3");
  return key;
}

/**
 * The server's RSA private key, PKCS#1 or PKCS#8.
 *
 * @param pem - the file's text.
 * @param file - its name, for the message.
 * @throws KeyFileError for no, several or broken blocks, encrypted, other or short keys, and public ones.
 */
export function privateKeyFromPem(pem: string, file: string): KeyObject {
  const { label, der } = readBlock(pem, file);
  const type = label === "RSA PRIVATE KEY" ? "pkcs1" : label === "PRIVATE KEY" ? "pkcs8" : undefined;
  if (type === undefined) throw new KeyFileError(file, `a private key is expected, found ${label}`);
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: der, format: "der", type });
  } catch {
    // The library's own message may quote what it read.
    throw new KeyFileError(file, "not a readable private key");
  }
  return checked(key, file);
}

/**
 * A node's RSA public key, SPKI or PKCS#1.
 *
 * @throws KeyFileError as {@link privateKeyFromPem}, and for private keys: one must never lie here.
 */
export function publicKeyFromPem(pem: string, file: string): KeyObject {
  const { label, der } = readBlock(pem, file);
  const type = label === "PUBLIC KEY" ? "spki" : label === "RSA PUBLIC KEY" ? "pkcs1" : undefined;
  if (type === undefined) throw new KeyFileError(file, `a public key is expected, found ${label}`);
  let key: KeyObject;
  try {
    key = createPublicKey({ key: der, format: "der", type });
  } catch {
    throw new KeyFileError(file, "not a readable public key");
  }
  return checked(key, file);
}
