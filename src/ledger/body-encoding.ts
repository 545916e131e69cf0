/** How the bodies of entries are stored: the column `encoding` of the table `bodies`. */
import { deflateSync, inflateSync } from "node:zlib";
import { type EntryBody, LedgerError } from "./ledger.ts";

/** 0: UTF-8 text as it is. 1: the same, each member deflated (zlib). */
export const PLAIN = 0;
export const DEFLATED = 1;

/** More than any body: what is inflated beyond it is damaged. */
const MAX_BYTES = 128 * 1024 * 1024;

/** A member that was never there is absent. The bytes are those that the row has the digest of. */
export interface BodyBytes {
  readonly token?: Uint8Array;
  readonly document?: Uint8Array;
}

/**
 * @param token - the column, null where there is none; @param document - likewise.
 * @throws LedgerError `LEDGER_CORRUPT` where it is not what its encoding says, or of a newer encoding.
 */
export function decodeBody(
  encoding: number,
  token: Uint8Array | null,
  document: Uint8Array | null,
): BodyBytes {
  return {
    ...(token === null ? {} : { token: decode(encoding, token) }),
    ...(document === null ? {} : { document: decode(encoding, document) }),
  };
}

/** A body as it is stored first; a member that it lacks is null. */
export function encodeBody({ token, document }: EntryBody): {
  readonly encoding: number;
  readonly token: Uint8Array | null;
  readonly document: Uint8Array | null;
} {
  return {
    encoding: PLAIN,
    token: token === undefined ? null : Buffer.from(token),
    document: document === undefined ? null : Buffer.from(document),
  };
}

/** {@link decodeBody} as texts. */
export function bodyOf(encoding: number, token: Uint8Array | null, document: Uint8Array | null): EntryBody {
  const bytes = decodeBody(encoding, token, document);
  return {
    ...(bytes.token === undefined ? {} : { token: Buffer.from(bytes.token).toString() }),
    ...(bytes.document === undefined ? {} : { document: Buffer.from(bytes.document).toString() }),
  };
}

/** A member as the encoding {@link DEFLATED} has it. */
export function deflated(member: Uint8Array | null): Uint8Array | null {
  return member === null ? null : deflateSync(member);
}

function decode(encoding: number, member: Uint8Array): Uint8Array {
  if (encoding === PLAIN) return member;
  if (encoding !== DEFLATED) throw new LedgerError("LEDGER_CORRUPT", `a body has the encoding ${encoding}`);
  try {
    return inflateSync(member, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw new LedgerError("LEDGER_CORRUPT", "a compressed body is damaged", error);
  }
}
