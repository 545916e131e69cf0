/** The kept body of an entry, decoded for people as far as it can be: whoever signed it may have written anything. */
import { z } from "zod";
import { decodeBody } from "./body-encoding.ts";
import { utf8Of } from "./paged-rows.ts";
import type { FullDecision } from "./query-types.ts";
import { decodeSignedMessage } from "./signed-message.ts";
import { type Blob, bytesOf } from "./tables.ts";

/** Columns of `bodies`, all null where nothing is kept. */
export interface KeptBody {
  readonly encoding: number | null;
  readonly token: Blob | null;
  readonly document: Blob | null;
}

const claimsSchema = z.looseObject({ package_data: z.string().optional() });

/**
 * Document, and token with what is in it: claims and request of a node's token, headers and body of a signed message.
 *
 * @throws LedgerError `LEDGER_CORRUPT`
 */
export function readBody({ encoding, token, document }: KeptBody): Partial<FullDecision> {
  if (encoding === null) return {};
  const bytes = decodeBody(encoding, bytesOrNull(token), bytesOrNull(document));
  return {
    ...(bytes.document === undefined ? {} : { document: parseJson(utf8Of(bytes.document)) }),
    ...(bytes.token === undefined ? {} : readToken(utf8Of(bytes.token))),
  };
}

function readToken(token: string): Partial<FullDecision> {
  const message = decodeSignedMessage(token);
  if (message !== undefined) {
    const { body, ...claims } = message;
    return { token, claims, request: textOf(body) };
  }
  const claims = claimsSchema.safeParse(parseJson(decodePart(token.split(".")[1] ?? "")));
  const { package_data, ...rest } = claims.data ?? {};
  return {
    token,
    ...(claims.success ? { claims: rest } : {}),
    ...(package_data === undefined ? {} : { request: Buffer.from(package_data, "base64").toString("utf8") }),
  };
}

/** UTF-8 as text, anything else in base64. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("base64");
  }
}

function decodePart(part: string): string {
  return Buffer.from(part, "base64url").toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function bytesOrNull(blob: Blob | null): Uint8Array | null {
  return blob === null ? null : bytesOf(blob);
}
