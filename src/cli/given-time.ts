/** Times on a command line. */
import { UsageError } from "./output.ts";

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const AGO = /^([0-9]{1,6})(m|h|d)$/;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A moment as people write it: RFC 3339, a date (its first moment in UTC), milliseconds since the epoch, or how
 * long ago (`90m`, `24h`, `7d`).
 *
 * @param option - its name, for the error. @param now - milliseconds since the epoch.
 * @throws UsageError
 */
export function givenTime(option: string, text: string, now: number): number {
  const [, count, unit] = AGO.exec(text) ?? [];
  const ms =
    count !== undefined && unit !== undefined
      ? now - Number(count) * (UNITS[unit] ?? Number.NaN)
      : /^[0-9]+$/.test(text)
        ? Number(text)
        : RFC_3339.test(text) || DATE.test(text)
          ? Date.parse(text)
          : Number.NaN;
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new UsageError(`${option} ${text}: RFC 3339, a date, milliseconds, or how long ago (24h)`);
}
