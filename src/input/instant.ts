/** Points in time as people and scripts write them. */
import { z } from "zod";

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
/** The last millisecond of the year 9999, which RFC 3339 ends with. */
const MAX_MS = 253_402_300_799_999;
/** Knows which days there are: `Date.parse` takes February 30 for March 2. */
const calendar = z.iso.datetime({ offset: true });

/**
 * RFC 3339 with its offset, or milliseconds since the epoch.
 *
 * @returns milliseconds since the epoch; undefined for anything else.
 */
export function parseInstant(text: string): number | undefined {
  const upper = text.toUpperCase();
  const ms = /^[0-9]{1,15}$/.test(text)
    ? Number(text)
    : RFC_3339.test(upper) && calendar.safeParse(upper).success
      ? Date.parse(upper)
      : Number.NaN;
  return ms >= 0 && ms <= MAX_MS ? ms : undefined;
}
