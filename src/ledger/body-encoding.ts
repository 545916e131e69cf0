/**
 * How the bodies of entries are stored: the column `encoding` of the table `bodies`, a sum of what was done to them,
 * so that bodies of all forms may stand together.
 */
import { hash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { compactToken, tokenOf } from "./compact-token.ts";
import { type EntryBody, LedgerError } from "./ledger.ts";

/** Each member is deflated (zlib). */
export const DEFLATED = 1;
/** The token is without its base64, see `compact-token.ts`. */
const COMPACT_TOKEN = 2;
const KNOWN = DEFLATED | COMPACT_TOKEN;

/** More than any body: what is inflated beyond it is damaged. */
const MAX_BYTES = 128 * 1024 * 1024;

/** @property token - and `document`: good until the encoder is told that all are written. */
export interface StoredBody {
  readonly encoding: number;
  readonly token: Uint8Array | null;
  readonly document: Uint8Array | null;
}

/** A member that was never there is absent. The bytes are those that the row has the digest of. */
export interface BodyBytes {
  readonly token?: Uint8Array;
  readonly document?: Uint8Array;
}

/** A group's bodies of the usual length. */
const ROOM = 1_048_576;

/**
 * Encodes bodies one behind the other in memory of its own, which is used again: memory for each would have to be
 * collected, and costs more than what is done with it.
 */
export class BodyEncoder {
  readonly #room = Buffer.allocUnsafeSlow(ROOM);
  #used = 0;

  /** Whether this body has room behind the others. */
  hasRoomFor({ token = "", document = "" }: EntryBody): boolean {
    return this.#used + mostOf(token) + mostOf(document) <= ROOM;
  }

  /** A body that is larger than all the room gets memory of its own. */
  encode(body: EntryBody): StoredBody {
    const { token, document } = body;
    const room = this.hasRoomFor(body)
      ? this.#room.subarray(this.#used)
      : Buffer.allocUnsafe(mostOf(token ?? "") + mostOf(document ?? ""));
    const compact = token === undefined ? undefined : compactToken(token, room);
    const tokenEnd = compact ?? (token === undefined ? 0 : room.write(token));
    const end = tokenEnd + (document === undefined ? 0 : room.write(document, tokenEnd));
    if (room.buffer === this.#room.buffer) this.#used += end;
    return {
      encoding: compact === undefined ? 0 : COMPACT_TOKEN,
      token: token === undefined ? null : room.subarray(0, tokenEnd),
      document: document === undefined ? null : room.subarray(tokenEnd, end),
    };
  }

  /** What was encoded is written, or dropped. */
  reset(): void {
    this.#used = 0;
  }
}

/** Bytes that a text may take in UTF-8, and its compact form. */
function mostOf(text: string): number {
  return text.length * 3 + 16;
}

/** The same body, deflated. */
export function deflatedBody({ encoding, token, document }: StoredBody): StoredBody {
  return {
    encoding: encoding | DEFLATED,
    token: token && deflateSync(token),
    document: document && deflateSync(document),
  };
}

/** @throws LedgerError `LEDGER_CORRUPT` where it is not what its encoding says, or of a newer encoding. */
export function decodeBody(
  encoding: number,
  token: Uint8Array | null,
  document: Uint8Array | null,
): BodyBytes {
  assertKnown(encoding);
  return {
    ...(token === null ? {} : { token: decodeToken(encoding, token) }),
    ...(document === null ? {} : { document: inflated(encoding, document) }),
  };
}

/** {@link decodeBody} as texts: exactly what {@link BodyEncoder.encode} was given. */
export function bodyOf(encoding: number, token: Uint8Array | null, document: Uint8Array | null): EntryBody {
  const bytes = decodeBody(encoding, token, document);
  return {
    ...(bytes.token === undefined ? {} : { token: Buffer.from(bytes.token).toString() }),
    ...(bytes.document === undefined ? {} : { document: Buffer.from(bytes.document).toString() }),
  };
}

/** SHA-256 of a token in hex, as its row has it. @throws as {@link decodeBody} */
export function tokenDigest(encoding: number, member: Uint8Array): string {
  assertKnown(encoding);
  const bytes = inflated(encoding, member);
  return hash("sha256", (encoding & COMPACT_TOKEN) === 0 ? bytes : tokenText(bytes), "hex");
}

/** The bytes of a document. @throws as {@link decodeBody} */
export function decodeDocument(encoding: number, member: Uint8Array): Uint8Array {
  assertKnown(encoding);
  return inflated(encoding, member);
}

function assertKnown(encoding: number): void {
  if ((encoding & ~KNOWN) !== 0)
    throw new LedgerError("LEDGER_CORRUPT", `a body has the encoding ${encoding}`);
}

function decodeToken(encoding: number, member: Uint8Array): Uint8Array {
  const bytes = inflated(encoding, member);
  return (encoding & COMPACT_TOKEN) === 0 ? bytes : Buffer.from(tokenText(bytes));
}

function tokenText(compact: Uint8Array): string {
  try {
    return tokenOf(Buffer.from(compact.buffer, compact.byteOffset, compact.byteLength));
  } catch (error) {
    throw new LedgerError("LEDGER_CORRUPT", "a stored token is damaged", error);
  }
}

function inflated(encoding: number, member: Uint8Array): Uint8Array {
  if ((encoding & DEFLATED) === 0) return member;
  try {
    return inflateSync(member, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw new LedgerError("LEDGER_CORRUPT", "a compressed body is damaged", error);
  }
}
