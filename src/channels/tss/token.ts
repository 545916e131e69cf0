/**
 * The token that a callback travels in: a compact JWS, RS256, with the claims `package_data` (standard base64
 * of the request) and `exp` (seconds). The documents' prose has the request itself as the claims; no node and
 * no template does that, and such a token is refused.
 *
 * The order of checks is fixed: structure, algorithm, signature, and only then the claims. Before the
 * signature nothing is interpreted but the header's algorithm.
 *
 * `node:crypto` does the verification: one RS256 verification is most of the time a callback costs, and a
 * second library in between doubles it. The tests hold it against `jose`.
 */
import { type KeyObject, verify } from "node:crypto";
import { type HostCode, Refusal } from "../../input/refusal.ts";
import { decodeUtf8Strict, isJsonObject, type JsonObject, parseStrictJson } from "../../input/strict-json.ts";

const FIELD = "TSS_JWT_MSG";

/** `{"alg":"RS256","typ":"JWT"}`, as every node sends it; any other spelling is parsed. */
const USUAL_HEADER = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";

/** A header is read before anything is proven, so it is not read at any length: the usual one has 36. */
const MAX_HEADER = 4_096;

/**
 * A node sends one field. Whoever sends a body has proven nothing yet, and a mebibyte of separators, or of spaces,
 * takes a reader of whole forms a tenth of a second.
 */
const MAX_FIELDS = 64;

const PLUS = 0x2b;

/** A node as far as tokens go; callers bring their own fuller type. */
export interface NodeKeys {
  readonly name: string;
  readonly publicKeys: readonly KeyObject[];
}

/**
 * A token that is not to be believed: no request was read. The node is known where the signature was good and
 * the claims were not; the answer is then signed with that node's key.
 */
export class TokenRefusal<N extends NodeKeys = NodeKeys> extends Refusal {
  readonly node: N | undefined;

  constructor(code: HostCode, message: string, node?: N) {
    super(code, message);
    this.node = node;
  }
}

/** A good token. Where its `package_data` cannot be used, `refusal` says why: status 10, answered to the node. */
export type VerifiedToken<N extends NodeKeys> =
  | { readonly node: N; readonly packageData: Uint8Array; readonly refusal?: undefined }
  | { readonly node: N; readonly packageData?: undefined; readonly refusal: Refusal };

/**
 * The token in a form body.
 *
 * @param body - `application/x-www-form-urlencoded`, exactly one field `TSS_JWT_MSG`, others are ignored.
 * @returns the field's value without surrounding white space.
 * @throws TokenRefusal `TOKEN_MISSING` where the field is missing, empty, or there twice.
 */
export function fieldOf(body: string): string {
  const pairs = body.split("&", MAX_FIELDS + 1);
  if (pairs.length > MAX_FIELDS) throw new TokenRefusal("TOKEN_MALFORMED", "the form has too many fields");
  const values = pairs.flatMap((pair) => {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    return isField(name) ? [equals < 0 ? "" : pair.slice(equals + 1)] : [];
  });
  const value = decoded(withoutOuterSpaces(values[0] ?? "")).trim();
  if (values.length > 1) throw new TokenRefusal("TOKEN_MISSING", `${FIELD} is there more than once`);
  if (value === "") throw new TokenRefusal("TOKEN_MISSING", `${FIELD} is missing or empty`);
  return value;
}

/** A name of which each character is encoded is three times as long. */
function isField(name: string): boolean {
  return name === FIELD || (name.length <= 3 * FIELD.length && decoded(name) === FIELD);
}

/** What can't be decoded stays as it is: with a `%` in it, it is neither the field's name nor a token. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A form spells a space as `+`. A token has neither inside, so there a `+` may stay what no token is. */
function withoutOuterSpaces(value: string): string {
  let from = 0;
  let to = value.length;
  while (value.charCodeAt(from) === PLUS) from += 1;
  while (to > from && value.charCodeAt(to - 1) === PLUS) to -= 1;
  return value.slice(from, to);
}

/** Base64url without padding, one spelling a value: what does not encode back to itself is refused. */
function decodePart(part: string, name: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) {
    throw new TokenRefusal("TOKEN_MALFORMED", `the token's ${name} is not canonical base64url`);
  }
  return bytes;
}

function parseObject(bytes: Uint8Array, name: string, node?: NodeKeys): JsonObject {
  try {
    const value = parseStrictJson(decodeUtf8Strict(bytes));
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw new TokenRefusal("TOKEN_MALFORMED", `the token's ${name} is not a JSON object`, node);
}

function checkHeader(part: string): void {
  if (part === USUAL_HEADER) return;
  if (part.length > MAX_HEADER) throw new TokenRefusal("TOKEN_MALFORMED", "the token's header is too long");
  const header = parseObject(decodePart(part, "header"), "header");
  for (const extension of ["crit", "b64"]) {
    if (header[extension] !== undefined) {
      throw new TokenRefusal("TOKEN_MALFORMED", `the token's header has ${extension}`);
    }
  }
  const { alg } = header;
  if (alg !== "RS256") throw new TokenRefusal("TOKEN_ALGORITHM", "the token is not signed with RS256");
}

function signerOf<N extends NodeKeys>(nodes: readonly N[], signed: string, signature: Buffer): N {
  const bytes = Buffer.from(signed, "latin1");
  for (const node of nodes) {
    for (const key of node.publicKeys) {
      if (verify("sha256", bytes, key, signature)) return node;
    }
  }
  throw new TokenRefusal("TOKEN_SIGNATURE", "the token's signature fits no key of a configured node");
}

/** `exp` is required (RFC 7519 has it optional), `nbf` counts where it is there and not null. */
function checkTimes(claims: JsonObject, node: NodeKeys, nowMs: number, leewayMs: number): void {
  const { exp, nbf } = claims;
  if (typeof exp !== "number") {
    throw new TokenRefusal("TOKEN_NO_EXPIRY", "the token's exp is not there or not an integer", node);
  }
  if (exp * 1000 + leewayMs <= nowMs) throw new TokenRefusal("TOKEN_EXPIRED", "the token has expired", node);
  if (nbf === undefined || nbf === null) return;
  if (typeof nbf !== "number" || nbf * 1000 - leewayMs > nowMs) {
    throw new TokenRefusal("TOKEN_MALFORMED", "the token's nbf is not an integer, or in the future", node);
  }
}

function packageDataOf<N extends NodeKeys>(claims: JsonObject, node: N): VerifiedToken<N> {
  const { package_data: data } = claims;
  if (typeof data !== "string" || data === "") {
    return {
      node,
      refusal: new Refusal("REQUEST_ENCODING", "package_data is not there, empty or not a string"),
    };
  }
  const packageData = Buffer.from(data, "base64");
  if (packageData.toString("base64") !== data) {
    return { node, refusal: new Refusal("REQUEST_ENCODING", "package_data is not standard padded base64") };
  }
  return { node, packageData };
}

/**
 * Verifies a token against the keys of all configured nodes; the first that fits is the sender.
 *
 * @param compact - the token, three parts.
 * @param nowMs - the clock, milliseconds since the epoch.
 * @param leewayMs - how far the node's clock may be off.
 * @throws TokenRefusal `TOKEN_MISSING`, `TOKEN_MALFORMED`, `TOKEN_ALGORITHM`, `TOKEN_SIGNATURE`,
 *   `TOKEN_NO_EXPIRY`, `TOKEN_EXPIRED`; a `nbf` that lies ahead or is no integer is `TOKEN_MALFORMED`.
 */
export function verifyToken<N extends NodeKeys>(
  compact: string,
  nodes: readonly N[],
  nowMs: number,
  leewayMs: number,
): VerifiedToken<N> {
  if (compact === "") throw new TokenRefusal("TOKEN_MISSING", "the token is empty");
  const [header, payload, signature, ...more] = compact.split(".", 4);
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw new TokenRefusal("TOKEN_MALFORMED", "the token does not have three parts");
  }
  const claimsBytes = decodePart(payload, "claims");
  const signatureBytes = decodePart(signature, "signature");
  checkHeader(header);
  const node = signerOf(nodes, compact.slice(0, header.length + 1 + payload.length), signatureBytes);
  const claims = parseObject(claimsBytes, "claims", node);
  checkTimes(claims, node, nowMs, leewayMs);
  return packageDataOf(claims, node);
}
