/**
 * The answers to the rules' history queries (design 3.8): what the ledger adds up to and what earlier requests
 * that are not in it yet add, less what the document at hand did itself.
 *
 * An answer that can't be had is absent: a member of the document that the query goes by is not there, or a
 * movement in the window has no price. The rule that reads it then refuses.
 */
import { startOf } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import { type FactMember, factKey } from "../input/fact-shape.ts";
import { hasProvenPayments, isProven, paymentsOf } from "../input/payments.ts";
import { factKeys } from "../ledger/fact-keys.ts";
import { minus, plus, sumsOf } from "../ledger/fact-sums.ts";
import type { FactTotals, NewMovements, Snapshot, StoredMovement } from "../ledger/ledger.ts";
import { heldClaims, sameMovements } from "../ledger/movement-rows.ts";
import type { FactQuery } from "../policy/fact-queries.ts";
import type { Ticket } from "./tickets.ts";

type Facts = NonNullable<Document["facts"]>;

/** @property assumed - the tickets that were counted and may still be refused. */
export interface FactsAnswer {
  readonly facts: Facts;
  readonly assumed: ReadonlySet<Ticket>;
}

/**
 * @param queries - those of the document's group.
 * @param own - the ticket of the request, whose movements are never in the answer, nor are those of the same
 *   signing by another request.
 * @param earlier - the tickets before it, in their order.
 * @throws LedgerError where the ledger can't be read.
 */
export function answerFacts(
  document: Document,
  queries: readonly FactQuery[],
  own: Ticket,
  earlier: readonly Ticket[],
  snapshot: Snapshot,
): FactsAnswer {
  const { signing } = own.movements;
  const done = queries.length === 0 ? [] : snapshot.signed(signing);
  if (done.length > 0) own.foundStored();
  const reading: Reading = {
    document,
    snapshot,
    done,
    unseen: unseenBy(snapshot, signing, earlier),
    assumed: new Set(),
  };
  const facts: Record<string, Record<string, Facts[string][string]>> = {};
  for (const query of queries) {
    const value = answer(query, reading);
    if (value === undefined) continue;
    facts[query.rule] = { ...facts[query.rule], [query.name]: value };
  }
  return { facts, assumed: reading.assumed };
}

interface Reading {
  readonly document: Document;
  readonly snapshot: Snapshot;
  /** What this very signing has moved already. */
  readonly done: readonly StoredMovement[];
  readonly unseen: readonly Ticket[];
  readonly assumed: Set<Ticket>;
}

/**
 * The earlier tickets that add something to what the snapshot has. Whoever asks for the same bytes again adds
 * nothing, be the first asking on its way or in the ledger already; claims that contradict it add, as they do there.
 */
function unseenBy(snapshot: Snapshot, signing: string, earlier: readonly Ticket[]): readonly Ticket[] {
  const unseen: Ticket[] = [];
  for (const ticket of earlier) {
    const { movements } = ticket;
    if (movements.signing === signing || !ticket.isMissingFrom(snapshot.through)) continue;
    if (ticket.mayBeStored && isCounted(movements, unseen, snapshot)) continue;
    unseen.push(ticket);
  }
  return unseen;
}

function isCounted(movements: NewMovements, unseen: readonly Ticket[], snapshot: Snapshot): boolean {
  const { signing, rows } = movements;
  const claims = unseen
    .filter((ticket) => ticket.isOfSameBytes(movements))
    .map((ticket) => ticket.movements.rows);
  return [...claims, ...heldClaims(snapshot.signed(signing))].some((claim) => sameMovements(claim, rows));
}

function answer(query: FactQuery, reading: Reading): Facts[string][string] | undefined {
  if (query.kind === "flags" || query.kind === "movement") return undefined;
  const by = query.shape.by;
  const many = by.find((member) => member.includes("[]"));
  if (many === undefined) return answerOne(query, reading, undefined);
  const values = valuesOf(reading.document, many);
  if (values === undefined) return undefined;
  const answers: [string, string][] = [];
  for (const value of values) {
    const one = answerOne(query, reading, value);
    if (one === undefined) return undefined;
    answers.push([value, one]);
  }
  // A value may be `__proto__`: an assignment to that key would be lost.
  return Object.fromEntries(answers);
}

/** @param element - the value of the member with `[]`, where the query has one. */
function answerOne(query: FactQuery, reading: Reading, element: string | undefined): string | undefined {
  const values: string[] = [];
  for (const member of query.shape.by) {
    const value = member.includes("[]") ? element : memberOf(reading.document, member);
    if (value === undefined) return undefined;
    values.push(value);
  }
  const key = factKey(values);
  const after = windowStart(query, reading.document);
  if (query.kind === "first" || query.kind === "last") return bound(query.kind, query, reading, key, after);
  return textOf(query, totals(query, reading, key, after));
}

function totals(
  query: FactQuery,
  { snapshot, done, unseen, assumed }: Reading,
  key: string,
  after: number | undefined,
): FactTotals {
  let sum = snapshot.totals(query.shape, key, after);
  for (const movement of done) {
    if (countsFor(query, movement, key, after)) sum = minus(sum, sumsOf(movement));
  }
  for (const ticket of unseen) {
    const more = ticket.sumsOf(query.shape).get(key);
    if (more === undefined) continue;
    if (ticket.state === "open") assumed.add(ticket);
    sum = plus(sum, more);
  }
  return sum;
}

function countsFor(
  { shape }: FactQuery,
  movement: StoredMovement,
  key: string,
  after: number | undefined,
): boolean {
  return (
    movement.state !== "released" &&
    (after === undefined || movement.at > after) &&
    factKeys(shape, movement, movement.state).includes(key)
  );
}

function textOf({ kind, of }: FactQuery, sum: FactTotals): string | undefined {
  if (kind === "count") return String(sum.count);
  if (of === "usd_micros") return sum.unpriced === 0 ? sum.usdMicros.toString() : undefined;
  return sum.unmeasured === 0 ? sum.units.toString() : undefined;
}

/** What was never seen has age 0: its `first` is now, and its `last` is the beginning of time. */
function bound(
  which: "first" | "last",
  { shape }: FactQuery,
  { document, snapshot, done, unseen, assumed }: Reading,
  key: string,
  after: number | undefined,
): string {
  const without = new Set(done.map(({ number }) => number));
  const stored = snapshot.bound(which, shape, key, without, after);
  const times = stored === undefined ? [] : [stored];
  for (const ticket of unseen) {
    if (!ticket.sumsOf(shape).has(key)) continue;
    if (ticket.state === "open") assumed.add(ticket);
    times.push(ticket.at);
  }
  if (times.length === 0) return which === "first" ? String(document.now.ms) : "0";
  return String(which === "first" ? Math.min(...times) : Math.max(...times));
}

/** Movements later than this are in the window: `(now - W, now]`, or from the first instant of day or month on. */
function windowStart({ window }: FactQuery, { now }: Document): number | undefined {
  if (window === undefined) return undefined;
  if (window.type === "sliding") return now.ms - window.ms;
  return startOf(window.unit, now.ms, now.zone) - 1;
}

function memberOf(document: Document, member: FactMember): string | undefined {
  switch (member) {
    case "organization.id":
      return document.organization?.id;
    case "project.id":
      return document.project?.id;
    case "vault.id":
      return document.vault?.id;
    case "wallet.id":
      return document.wallet?.id;
    case "transaction.chain":
      return document.transaction?.chain;
    case "transaction.token":
      return document.transaction?.token;
    case "initiator.id":
      return document.initiator?.id;
    case "kind":
      return document.kind;
    default:
      return undefined;
  }
}

/** Every value, or none at all where one element lacks it. */
function valuesOf(document: Document, member: FactMember): readonly string[] | undefined {
  const elements = elementsOf(document, member);
  if (elements === undefined || elements.length === 0) return undefined;
  const values = elements.filter((value) => value !== undefined);
  return values.length === elements.length ? [...new Set(values)] : undefined;
}

/** What is declared, and where the bytes were read what they do besides: the rules may loop over either. */
function elementsOf(document: Document, member: FactMember): readonly (string | undefined)[] | undefined {
  const { transaction } = document;
  switch (member) {
    case "transaction.destinations[].address": {
      const declared = transaction?.destinations?.map(({ address }) => address);
      if (!isProven(document)) return declared;
      return [...(declared ?? []), ...paymentsOf(document).map(({ to }) => to)];
    }
    case "transaction.sources[].address": {
      const declared = transaction?.sources?.map(({ address }) => address);
      if (!hasProvenPayments(document)) return declared;
      // A payment whose source the bytes leave open is from the declared ones.
      const paying = paymentsOf(document).flatMap(({ from }) => from ?? declared ?? [undefined]);
      return [...(declared ?? []), ...paying];
    }
    case "transaction.sources[].outpoint":
      return transaction?.sources?.map(({ outpoint }) => outpoint);
    case "transaction.totals[].token":
      return transaction?.totals === undefined ? undefined : Object.keys(transaction.totals);
    default:
      return undefined;
  }
}
