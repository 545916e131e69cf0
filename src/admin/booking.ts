/** What stands of a transaction that was pushed, for those who ask before they book it: see `docs/deposits.md`. */
import type { PushStatus } from "../input/document.ts";
import type { FullTransaction, PushItem, ToldOfChain } from "../ledger/query-types.ts";

/**
 * @property state - what the newest message says; absent where none could be read.
 * @property outcome - what the rules found of that message, whatever was resolved since.
 * @property pending - whether a message waits to be judged.
 * @property open_flags - how many flags of the transaction are open.
 * @property flagged_elsewhere - what was found and has no flag of its own: there is one of a token and day where the rule
 *   says so, raised by the first such transaction, and that it is resolved says nothing of this one.
 */
export interface Booking extends ToldOfChain {
  readonly state?: PushStatus;
  readonly outcome?: PushItem["outcome"];
  readonly pending: boolean;
  readonly open_flags: number;
  readonly flagged_elsewhere: readonly string[];
}

/** @returns undefined where nothing was pushed of it. */
export function bookingOf({ pushes, flags }: FullTransaction): Booking | undefined {
  if (pushes.length === 0) return undefined;
  const newest = pushes.find(({ readable, late }) => readable && !late);
  const { status, outcome, confirmations, threshold, block, confirmed_by_query } = newest ?? {};
  const found = outcome === "flagged" ? (newest?.reasons ?? []) : [];
  const elsewhere = found.filter(
    ({ rule, code }) => !flags.some((flag) => flag.rule === rule && flag.code === code),
  );
  return {
    ...(status === undefined ? {} : { state: status }),
    ...(outcome === undefined ? {} : { outcome }),
    pending: pushes.some((push) => push.outcome === "pending"),
    open_flags: flags.filter(({ state }) => state === "open").length,
    flagged_elsewhere: elsewhere.map(({ rule, code }) => (rule === undefined ? code : `${rule} ${code}`)),
    ...(confirmations === undefined ? {} : { confirmations }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(block === undefined ? {} : { block }),
    ...(confirmed_by_query === undefined ? {} : { confirmed_by_query }),
  };
}
