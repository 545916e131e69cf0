/** What all pages have in common: how many items are asked for, and where the next ones are. */
import { DEFAULT_LIMIT, MAX_LIMIT, QueryError } from "./query-types.ts";

/** @throws QueryError `BAD_LIMIT` */
export function limitOf(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new QueryError("BAD_LIMIT", `limit: 1 to ${MAX_LIMIT}`);
}

/** @param number - of the last item that was looked at. @returns opaque: what it is made of may change. */
export function cursorOf(number: number): string {
  return Buffer.from(`s${number}`).toString("base64url");
}

/** @throws QueryError `BAD_CURSOR` */
export function readCursor(cursor: string): number {
  const [, digits] = /^s([0-9]{1,15})$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  if (digits === undefined) throw new QueryError("BAD_CURSOR", "cursor: not one of this server");
  return Number(digits);
}
