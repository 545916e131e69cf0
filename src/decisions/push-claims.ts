/**
 * What a push message says of a transaction that no later one can change: which side it is on, what is moved, to whom
 * and in which transaction of which chain. A member may come later than the others (nothing has a hash before it is
 * broadcast); once it is known it stays, and who says otherwise contradicts.
 */
import { z } from "zod";
import type { Document } from "../input/document.ts";

const destinationSchema = z.object({
  address: z.string().optional(),
  memo: z.string().optional(),
  amount: z.string().optional(),
});

export const claimsSchema = z.object({
  side: z.enum(["deposit", "withdrawal"]),
  chain: z.string().optional(),
  token: z.string().optional(),
  /** Of the transaction on its chain. */
  hash: z.string().optional(),
  index: z.int().optional(),
  /** In the order of their texts. Amounts in whole units. */
  destinations: z.array(destinationSchema).optional(),
  /** Sorted. */
  sources: z.array(z.string()).optional(),
});

/** An absent member is not known. */
export type Claims = z.infer<typeof claimsSchema>;
type Destination = z.infer<typeof destinationSchema>;

/** Two answers to one question. */
export interface Contradiction {
  readonly member: string;
  readonly before: string;
  readonly now: string;
}

/** Who pays is a claim once there is a transaction on the chain: before that it may be made anew from other inputs. */
export function claimsOf({ kind, transaction, deposit }: Document): Claims {
  const { chain, token, destinations } = transaction ?? {};
  const { hash, index } = deposit?.outpoint ?? {};
  const sources = hash === undefined ? [] : sourcesOf({ transaction, deposit });
  return {
    side: kind === "deposit" ? "deposit" : "withdrawal",
    ...(chain === undefined ? {} : { chain }),
    ...(token === undefined ? {} : { token }),
    ...(hash === undefined ? {} : { hash: spelledOnce(hash) }),
    ...(index === undefined ? {} : { index }),
    ...(destinations === undefined ? {} : { destinations: destinationsOf(destinations) }),
    ...(sources.length === 0 ? {} : { sources: [...sources].sort() }),
  };
}

/** The addresses that it is paid from, without repetition. */
export function sourcesOf({ transaction, deposit }: Pick<Document, "transaction" | "deposit">): string[] {
  const found = [...(transaction?.sources ?? []), ...(deposit?.sources ?? [])];
  return [...new Set(found.flatMap(({ address }) => address ?? []))];
}

const HASH = /^(?:0x)?([0-9a-f]{64})$/i;

/** Both generations name one transaction; a hash in hexadecimal digits has more spellings than one. */
function spelledOnce(hash: string): string {
  return HASH.exec(hash)?.[1]?.toLowerCase() ?? hash;
}

function destinationsOf(
  stated: NonNullable<NonNullable<Document["transaction"]>["destinations"]>,
): Destination[] {
  return stated
    .map(({ address, memo, amount }) => ({
      ...(address === undefined ? {} : { address }),
      ...(memo === undefined ? {} : { memo }),
      ...(amount?.text === undefined ? {} : { amount: amount.text }),
    }))
    .sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

/**
 * What is known after another message.
 *
 * @param prevails - whether the new message is the one that is believed where they contradict each other.
 */
export function joinClaims(known: Claims, stated: Claims, prevails: boolean): Claims {
  const [weak, strong] = prevails ? [known, stated] : [stated, known];
  const sources = joinSources(weak.sources, strong.sources);
  const destinations = joinDestinations(weak.destinations, strong.destinations);
  return {
    ...weak,
    ...strong,
    ...(destinations === undefined ? {} : { destinations }),
    ...(sources === undefined ? {} : { sources }),
  };
}

/** Where two messages contradict each other; what one of them leaves out contradicts nothing. */
export function contradictions(known: Claims, stated: Claims): Contradiction[] {
  const found: Contradiction[] = [];
  const compare = (member: string, before: unknown, now: unknown) => {
    if (before === undefined || now === undefined || before === now) return;
    found.push({ member, before: String(before), now: String(now) });
  };
  compare("side", known.side, stated.side);
  compare("chain", known.chain, stated.chain);
  compare("token", known.token, stated.token);
  compare("hash", known.hash, stated.hash);
  compare("index", known.index, stated.index);
  const [before, now] = [known.destinations, stated.destinations];
  if (before !== undefined && now !== undefined) {
    if (before.length !== now.length) compare("destinations", listed(before), listed(now));
    for (const [at, destination] of before.length === now.length ? before.entries() : []) {
      const other = now[at] ?? {};
      compare("address", destination.address, other.address);
      compare("memo", destination.memo, other.memo);
      compare("amount", destination.amount, other.amount);
    }
  }
  if (!agree(known.sources, stated.sources)) {
    compare("sources", known.sources?.join(", "), stated.sources?.join(", "));
  }
  return found;
}

/** Of several inputs one message may name all, another one the first: so far they say the same. */
function agree(some: readonly string[] = [], others: readonly string[] = []): boolean {
  const [fewer, more] = some.length < others.length ? [some, others] : [others, some];
  return fewer.every((address) => more.includes(address));
}

function joinSources(weak: string[] | undefined, strong: string[] | undefined): string[] | undefined {
  if (weak === undefined || strong === undefined) return strong ?? weak;
  return agree(weak, strong) && weak.length > strong.length ? weak : strong;
}

function joinDestinations(
  weak: Destination[] | undefined,
  strong: Destination[] | undefined,
): Destination[] | undefined {
  if (weak === undefined || strong === undefined || weak.length !== strong.length) return strong ?? weak;
  return strong.map((destination, at) => ({ ...weak[at], ...destination }));
}

function listed(destinations: readonly Destination[]): string {
  return destinations.map(textOf).join(", ");
}

function textOf({ address = "?", memo, amount = "?" }: Destination): string {
  return `${amount} to ${address}${memo === undefined ? "" : ` memo ${memo}`}`;
}
