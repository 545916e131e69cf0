/** How a body's token and document are stored. The number says it, so that bodies of all forms may stand together. */
import type { EntryBody } from "./ledger.ts";
import { LedgerError } from "./ledger.ts";

/** Both as their UTF-8. */
const PLAIN = 0;

export interface StoredBody {
  readonly encoding: number;
  readonly token: Uint8Array | null;
  readonly document: Uint8Array | null;
}

export function encodeBody({ token, document }: EntryBody): StoredBody {
  return {
    encoding: PLAIN,
    token: token === undefined ? null : Buffer.from(token),
    document: document === undefined ? null : Buffer.from(document),
  };
}

/**
 * Exactly what {@link encodeBody} was given.
 *
 * @throws LedgerError `LEDGER_CORRUPT` for a form that there is not.
 */
export function decodeBody(encoding: number, token?: Buffer, document?: Buffer): EntryBody {
  if (encoding !== PLAIN)
    throw new LedgerError("LEDGER_CORRUPT", "a body is stored in no form that is known");
  return {
    ...(token === undefined ? {} : { token: token.toString() }),
    ...(document === undefined ? {} : { document: document.toString() }),
  };
}
