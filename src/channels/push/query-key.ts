/**
 * The API key with which Cobo is asked (WaaS1): a point on secp256k1, and the secret that it belongs to.
 *
 * A request is proven by ECDSA over the double SHA-256 of `METHOD|PATH|NONCE|PARAMS`, DER in hex (reference: Cobo's
 * "authentication" page). Signatures are deterministic (RFC 6979) and as they come: `s` is not made low.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, hexToBytes } from "@noble/curves/utils.js";

/** A secret file is 64 hex digits and a line end; what is longer is another file. */
const MAX_SECRET_BYTES = 4_096;

/**
 * Why a key cannot be used. The message names the file, never what is in it.
 *
 * @property isMismatch - the file has a secret, and the key is another one's.
 */
export class QueryKeyError extends Error {
  override readonly name = "QueryKeyError";
  readonly isMismatch: boolean;

  constructor(message: string, isMismatch = false) {
    super(message);
    this.isMismatch = isMismatch;
  }
}

/** What is signed of a request. @property params - form-urlencoded, sorted by name. @property nonce - milliseconds. */
export interface SignedRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly nonce: number;
  readonly params: string;
}

export class QueryKey {
  /** 33 bytes, compressed, in lower-case hex: the header `Biz-Api-Key`. */
  readonly point: string;
  readonly #secret: Uint8Array;

  private constructor(point: string, secret: Uint8Array) {
    this.point = point;
    this.#secret = secret;
  }

  /**
   * @param point - the configured key, hex. @param secret - the text of the secret file: 64 hex digits.
   * @param file - its name, for the message.
   * @throws QueryKeyError where the text is no secret, or not that of the key.
   */
  static of(point: string, secret: string, file: string): QueryKey {
    const digits = secret.trim();
    if (!/^[0-9a-fA-F]{64}$/.test(digits)) throw new QueryKeyError(`${file}: not 64 hex digits`);
    const bytes = hexToBytes(digits);
    if (!secp256k1.utils.isValidSecretKey(bytes)) {
      throw new QueryKeyError(`${file}: not a secret of secp256k1 (zero, or beyond the order of the group)`);
    }
    const own = bytesToHex(secp256k1.getPublicKey(bytes, true));
    if (own !== point.toLowerCase()) {
      throw new QueryKeyError(`${file}: the secret of another key, ${own}`, true);
    }
    return new QueryKey(own, bytes);
  }

  /** Reads the secret. @throws QueryKeyError; an error of the file system as it is. */
  static async read(point: string, file: string): Promise<QueryKey> {
    const bytes = await readFile(file);
    if (bytes.length > MAX_SECRET_BYTES) throw new QueryKeyError(`${file}: not 64 hex digits`);
    return QueryKey.of(point, bytes.toString("latin1"), file);
  }

  /** The header `Biz-Api-Signature`: DER in hex. */
  sign({ method, path, nonce, params }: SignedRequest): string {
    const digest = doubleSha256(`${method}|${path}|${nonce}|${params}`);
    return bytesToHex(secp256k1.sign(digest, this.#secret, { prehash: false, lowS: false, format: "der" }));
  }
}

function doubleSha256(text: string): Uint8Array {
  return createHash("sha256").update(createHash("sha256").update(text).digest()).digest();
}
