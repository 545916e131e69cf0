/**
 * Alarms (design 3.6): what an operator must look at. Each is a line at `error`, a counter by code and an entry
 * in `/v1/status`. The same alarm again raises the count of its entry, so that a flood hides no other one.
 */
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

const MAX_ALARMS = 100;
/** A release that does not build may have a hundred problems: the first ones are enough for an alarm. */
const MAX_LINES = 5;
const MAX_LENGTH = 2_000;

/**
 * @property first_at - milliseconds since the epoch.
 * @property last_at - milliseconds since the epoch.
 */
interface Alarm {
  readonly code: string;
  readonly message: string;
  readonly first_at: number;
  readonly last_at: number;
  readonly count: number;
}

export interface Alarms {
  /**
   * @param code - `^[A-Z][A-Z0-9_]{2,63}$`.
   * @param message - names members, codes, files and rules; never a token, a key or a payload. Of a long one
   *   the first lines are kept.
   */
  raise(code: string, message: string): void;
  /** The latest first. */
  list(): readonly Alarm[];
  /** Is told of each alarm that is raised, with how often it has been. */
  onRaised(listener: (alarm: Alarm) => void): void;
}

/** Creates an empty list of alarms; the longest quiet one is forgotten first. */
export function createAlarms(
  log: Pick<Log, "alarm">,
  metrics: Pick<Metrics, "alarm">,
  now = Date.now,
): Alarms {
  const entries = new Map<string, Alarm>();
  const listeners: ((alarm: Alarm) => void)[] = [];
  return {
    raise(code, whole) {
      const message = shortened(whole);
      const key = `${code} ${message}`;
      const at = now();
      const known = entries.get(key);
      const alarm = {
        code,
        message,
        first_at: known?.first_at ?? at,
        last_at: at,
        count: (known?.count ?? 0) + 1,
      };
      entries.delete(key);
      entries.set(key, alarm);
      const { value: oldest } = entries.keys().next();
      if (entries.size > MAX_ALARMS && oldest !== undefined) entries.delete(oldest);
      metrics.alarm(code);
      log.alarm(code, message, alarm.count);
      for (const listener of listeners) listener(alarm);
    },
    onRaised: (listener) => listeners.push(listener),
    list: () => [...entries.values()].reverse(),
  };
}

function shortened(message: string): string {
  const lines = message.split("\n");
  const left = lines.length - MAX_LINES;
  const kept = left > 0 ? [...lines.slice(0, MAX_LINES), `and ${left} more`].join("\n") : message;
  return kept.length <= MAX_LENGTH ? kept : `${kept.slice(0, MAX_LENGTH)}…`;
}
