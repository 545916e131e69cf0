/**
 * The `now` member of the document: one instant in the operator's zone. Rules see no other clock.
 */
import type { Document } from "./document.ts";

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** No zone changes its offset twice within so short a span, so equal offsets at both ends mean no change. */
const SPAN_MS = 15 * 60_000;

/**
 * A zone's formatter, and the offset found last with the span over which it is known to hold. Asking `Intl`
 * costs microseconds, so it is asked twice a span and, within a span that holds a change, once a call.
 */
interface Zone {
  readonly format: Intl.DateTimeFormat;
  from: number;
  offset: number;
}

const zones = new Map<string, Zone>();

/** Whether the name is an IANA zone that this runtime knows. Bare offsets such as `+01:00` are no zones. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
}

/** What the zone's clock is ahead of UTC at an instant, in milliseconds. */
function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

function offsetOf(name: string, ms: number): number {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = { format: formatterOf(name), from: Number.NEGATIVE_INFINITY, offset: 0 };
    zones.set(name, zone);
  }
  if (ms >= zone.from && ms < zone.from + SPAN_MS) return zone.offset;
  const from = Math.floor(ms / SPAN_MS) * SPAN_MS;
  const offset = offsetAt(zone.format, from);
  if (offset !== offsetAt(zone.format, from + SPAN_MS - 1)) return offsetAt(zone.format, ms);
  zone.from = from;
  zone.offset = offset;
  return offset;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/**
 * An instant as the document states it.
 *
 * @param ms - milliseconds since the epoch.
 * @param zone - an IANA zone name, see {@link isZone}.
 * @returns `date` and `time` on that zone's clock; `minute` is the minute of the day, 0 to 1439.
 * @throws RangeError for a zone that is none.
 */
export function nowMembers(ms: number, zone: string): Document["now"] {
  const local = new Date(ms + offsetOf(zone, ms));
  const hour = local.getUTCHours();
  const minute = local.getUTCMinutes();
  return {
    ms,
    date: `${String(local.getUTCFullYear()).padStart(4, "0")}-${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`,
    time: `${two(hour)}:${two(minute)}:${two(local.getUTCSeconds())}`,
    weekday: WEEKDAYS[local.getUTCDay()] ?? "sun",
    hour,
    minute: hour * 60 + minute,
    zone,
  };
}

const DAY_MS = 86_400_000;

/**
 * The first instant of the day or month that an instant lies in, on the zone's clock. Where midnight does not
 * exist or exists twice, the first instant that bears the date.
 *
 * @returns milliseconds since the epoch.
 */
export function startOf(unit: "day" | "month", ms: number, zone: string): number {
  const local = new Date(ms + offsetOf(zone, ms));
  const midnight = Date.UTC(
    local.getUTCFullYear(),
    local.getUTCMonth(),
    unit === "day" ? local.getUTCDate() : 1,
  );
  // The offset at midnight is one of those in force about then; the earliest instant that has the date is it.
  const starts = [-DAY_MS, 0, DAY_MS].map((away) => midnight - offsetOf(zone, midnight + away));
  const inside = starts.filter((start) => start + offsetOf(zone, start) >= midnight);
  return Math.min(...(inside.length === 0 ? starts : inside));
}
