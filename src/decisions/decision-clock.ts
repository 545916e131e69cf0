/**
 * The one clock of decisions. Time never runs back: `now` is the later of the machine's clock and the newest
 * entry of the ledger, so that a window never opens again because somebody set a clock.
 */
import { Refusal } from "../input/refusal.ts";
import type { Ledger } from "../ledger/ledger.ts";

/** A clock corrected by less goes unnoticed: time stands still until it has caught up. */
const TOLERATED_MS = 5_000;

/**
 * @param clock - the machine's, milliseconds since the epoch; @param newestAt - of the ledger's newest entry.
 * @throws Refusal `CLOCK_BEHIND` where the clock is more than 5 s behind the ledger.
 */
export function decisionNow(clock: number, newestAt: number): number {
  if (clock >= newestAt) return clock;
  if (newestAt - clock > TOLERATED_MS) {
    throw new Refusal(
      "CLOCK_BEHIND",
      `the clock is ${newestAt - clock} ms behind the newest decision: set it right, or wait until it has caught up`,
      { clock, newest: newestAt, behind_ms: newestAt - clock },
    );
  }
  return newestAt;
}

/**
 * When an entry is written of what nobody may refuse: at the time that is asked for, and never before the newest.
 *
 * @param ms - milliseconds since the epoch.
 */
export function entryTime(ms: number, ledger: Pick<Ledger, "newestAt">): number {
  return Math.max(ms, ledger.newestAt());
}
