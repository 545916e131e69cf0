/**
 * The answers to the rules' history queries (design 3.8): what the ledger adds up to and what earlier requests
 * that are not in it yet add, less what the document at hand did itself or provably replaces.
 *
 * An answer that can't be had is absent: a member of the document that the query goes by is not there, or a
 * movement in the window has no price. The rule that reads it then refuses.
 */
import { startOf } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import { type FactMember, type FactShape, factKey, shapeId } from "../input/fact-shape.ts";
import { hasProvenPayments, isProven, paymentsOf } from "../input/payments.ts";
import { minus, plus } from "../ledger/fact-sums.ts";
import type { FactTotals, NewMovements, Snapshot } from "../ledger/ledger.ts";
import type { FactQuery } from "../policy/fact-queries.ts";
import { FlagFacts } from "./flag-facts.ts";
import { OwnMovements } from "./own-movements.ts";
import { replacedMovements } from "./replaced-movements.ts";
import type { Ticket } from "./tickets.ts";
import { UnseenTickets } from "./unseen-tickets.ts";

type Facts = NonNullable<Document["facts"]>;

/** @property assumed - the tickets that were counted and may still be refused. */
export interface FactsAnswer {
  readonly facts: Facts;
  readonly assumed: ReadonlySet<Ticket>;
}

/**
 * @param queries - those of the document's group.
 * @param own - the ticket of the request, whose movements are never in the answer, nor are those of the same
 *   signing by another request, nor those of its slot, nor those that it takes over.
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
  if (queries.length === 0) return { facts: {}, assumed: new Set() };
  const unseen = new UnseenTickets(snapshot, own, earlier);
  const mine = new OwnMovements(snapshot, own.movements, own.takesOver);
  if (mine.isStored) own.foundStored();
  if (mine.replaces) own.foundReplaced();
  const flags = new FlagFacts(document, snapshot);
  const keys = new AskedKeys(document);
  const reading: Reading = { document, own: own.movements, snapshot, mine, unseen, flags, keys };
  // A rule may be named `constructor`, which each object seems to have.
  const facts = new Map<string, Record<string, Facts[string][string]>>();
  for (const query of queries) {
    const value = answer(query, reading);
    if (value === undefined) continue;
    const ofRule = facts.get(query.rule) ?? {};
    ofRule[query.name] = value;
    facts.set(query.rule, ofRule);
  }
  return { facts: Object.fromEntries(facts), assumed: unseen.assumed };
}

interface Reading {
  readonly document: Document;
  readonly own: NewMovements;
  readonly snapshot: Snapshot;
  readonly mine: OwnMovements;
  readonly unseen: UnseenTickets;
  readonly flags: FlagFacts;
  readonly keys: AskedKeys;
}

/** One key of a shape for a document. @property element - the value of the member with `[]`, where the shape has one. */
interface AskedKey {
  readonly element: string | undefined;
  readonly key: string;
}

/** The keys that a document asks by, each shape's once: several queries ask for the same. */
class AskedKeys {
  readonly #document: Document;
  readonly #known = new Map<string, readonly AskedKey[] | undefined>();
  readonly #values = new Map<FactMember, readonly string[] | undefined>();

  constructor(document: Document) {
    this.#document = document;
  }

  /** Undefined where the document lacks a member. */
  of(shape: FactShape): readonly AskedKey[] | undefined {
    const id = shapeId(shape);
    if (!this.#known.has(id)) this.#known.set(id, this.#keys(shape));
    return this.#known.get(id);
  }

  /** Every value of a member that a document may have several of, or none at all where one element lacks it. */
  values(member: FactMember): readonly string[] | undefined {
    if (!this.#values.has(member)) this.#values.set(member, valuesOf(this.#document, member));
    return this.#values.get(member);
  }

  #keys({ by }: FactShape): readonly AskedKey[] | undefined {
    const many = by.find(isMany);
    const elements = many === undefined ? [undefined] : this.values(many);
    const asked: AskedKey[] = [];
    for (const element of elements ?? []) {
      const values: string[] = [];
      for (const member of by) {
        const value = isMany(member) ? element : memberOf(this.#document, member);
        if (value === undefined) return undefined;
        values.push(value);
      }
      asked.push({ element, key: factKey(values) });
    }
    return elements === undefined ? undefined : asked;
  }
}

/** Whether a document may have several of it. */
function isMany(member: FactMember): boolean {
  return member.includes("[]");
}

function answer(query: FactQuery, reading: Reading): Facts[string][string] | undefined {
  if (query.kind === "movement") {
    const { document, own, snapshot, unseen } = reading;
    return replacedMovements(document, own, snapshot, unseen);
  }
  const many = query.shape.by.find(isMany);
  if (many !== undefined && query.kind === "flags") {
    const values = reading.keys.values(many);
    return values && reading.flags.of(many, values);
  }
  const after = windowStart(query, reading.document);
  const answers: [string, string][] = [];
  for (const { element, key } of reading.keys.of(query.shape) ?? []) {
    const one = answerOne(query, reading, key, after);
    if (element === undefined || one === undefined) return one;
    answers.push([element, one]);
  }
  // A value may be `__proto__`: an assignment to that key would be lost.
  return answers.length === 0 ? undefined : Object.fromEntries(answers);
}

function answerOne(
  query: FactQuery,
  reading: Reading,
  key: string,
  after: number | undefined,
): string | undefined {
  if (query.kind === "first" || query.kind === "last") return bound(query.kind, query, reading, key, after);
  const { snapshot, mine, unseen } = reading;
  const { shape } = query;
  const others = minus(snapshot.totals(shape, key, after), mine.totals(shape, key, after));
  return textOf(query, plus(others, unseen.totals(shape, key, after)));
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
  { document, snapshot, mine, unseen }: Reading,
  key: string,
  after: number | undefined,
): string {
  const stored = snapshot.bound(which, shape, key, mine.numbers, after);
  const times = [...(stored === undefined ? [] : [stored]), ...unseen.timesOf(shape, key)];
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
