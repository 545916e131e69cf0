/** What rules ask of history, answered without a ledger. */
import { answerFacts } from "../decisions/facts.ts";
import { movementsOf } from "../decisions/movements.ts";
import type { VerifiedRequest } from "../decisions/request.ts";
import { Ticket } from "../decisions/tickets.ts";
import type { Document } from "../input/document.ts";
import { NOTHING } from "../ledger/fact-sums.ts";
import type { Snapshot } from "../ledger/ledger.ts";
import type { LiveRelease } from "../policy/live.ts";

/** A ledger that nothing was ever written to. */
export const NO_HISTORY: Snapshot = {
  through: 0,
  totals: () => NOTHING,
  bound: () => undefined,
  signed: () => [],
  transactionsNamed: () => [],
  movementsOf: () => [],
  confirmed: () => [],
  firstAt: () => undefined,
  push: () => undefined,
  newestPush: () => undefined,
  flagsOf: () => [],
  isFlagged: () => false,
  newestRefusal: () => undefined,
  marked: () => ({ known: false, open: [] }),
  governed: () => undefined,
};

type Facts = NonNullable<Document["facts"]>;

/**
 * The request as a server would judge it that has this history and nothing else in hand.
 *
 * @param stated - answers that are given, whatever history says: by rule and name.
 */
export function withHistory(
  request: VerifiedRequest,
  live: LiveRelease,
  history: Snapshot,
  stated: Facts = {},
): VerifiedRequest {
  const { document, identity } = request;
  const ticket = new Ticket(movementsOf(document, identity), document.now.ms);
  const { facts } = answerFacts(document, live.factQueries(document.kind), ticket, [], history);
  const rules = new Set([...Object.keys(facts), ...Object.keys(stated)]);
  const all = Object.fromEntries([...rules].map((rule) => [rule, { ...facts[rule], ...stated[rule] }]));
  return rules.size === 0 ? request : request.withFacts(all);
}

/** The document after all lists that its rules read were looked up, and nobody was on any. */
export function withEmptyLists(document: Document, live: LiveRelease): Document {
  const lists = Object.fromEntries(live.lists.map((name) => [name, {}]));
  return { ...document, lists };
}
