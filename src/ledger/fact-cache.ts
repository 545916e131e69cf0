/**
 * The running aggregates of the keys that were asked for lately, in the calling thread's memory.
 *
 * It is one state of the ledger: that of the newest group of entries whose commit this thread was told of
 * (`through`). What such a group adds is added here as well, so that a busy key is never read again. A key that is
 * not known is read from the disk, and only where the disk says the same state; where it is ahead, because a commit
 * is on its way here, the reading is stale and the caller asks the disk for all of it.
 *
 * It is **usable** from the opening on; **unusable** from a failure until the next commit, since until then nobody
 * knows what is on the disk; and **emptied** when a movement that it may have counted counts otherwise.
 */
import type { FactShape } from "../input/fact-shape.ts";
import { AbsenceCache } from "./absence-cache.ts";
import { BoundCache } from "./bound-cache.ts";
import { factKeys } from "./fact-keys.ts";
import type { FactReader } from "./fact-reader.ts";
import { minus, NOTHING, plus, sumsOf } from "./fact-sums.ts";
import type { FactTotals, NewEntry } from "./ledger.ts";
import type { Counting } from "./writer-protocol.ts";

/** The disk is not in the state that the cache has. */
export class StaleReading extends Error {}

/** What is before a window: the sums up to `from`, which hold for every window that begins before `until`. */
export interface Edge {
  readonly from: number;
  until: number;
  readonly sums: FactTotals;
}

interface Known {
  newest: FactTotals;
  /** The newest last; one for each window that is asked for, and those windows move. */
  edges: Edge[];
}

export interface CommittedEntry {
  readonly order: number;
  readonly entry: NewEntry;
  readonly counted: Counting;
  readonly changed: boolean;
}

/** A key takes some hundred bytes. */
const MAX_KEYS = 50_000;
const MAX_EDGES = 4;
const NONE: ReadonlySet<number> = new Set();

export class FactCache {
  /** Is in the same state. */
  readonly absent = new AbsenceCache();
  /** By the shape's number and the key. */
  readonly #known = new Map<string, Known>();
  /** Those that were asked for, by number. */
  readonly #shapes = new Map<number, FactShape>();
  readonly #bounds = new BoundCache();
  #state: { readonly through: number; readonly seq: number } | undefined;

  /** @param seq - the newest entry of the ledger that was opened. */
  constructor(seq: number) {
    this.#state = { through: 0, seq };
  }

  /** The order and the number of the newest entry that it contains; absent while it can't be used. */
  get state(): { readonly through: number; readonly seq: number } | undefined {
    return this.#state;
  }

  forget(): void {
    this.#state = undefined;
    this.#clear();
    this.absent.clear();
  }

  /** @param seq - the newest entry on the disk now. */
  committed(entries: readonly CommittedEntry[], seq: number): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    for (const { entry } of entries) this.absent.committed(entry);
    // What added nothing beside others of its slot may have been the last: releasing it changes no sum.
    if (entries.some(({ entry }) => entry.transition !== undefined)) this.#bounds.clear();
    if (entries.some(({ changed }) => changed)) this.#clear();
    else if (this.#known.size > 0 || !this.#bounds.isEmpty) {
      for (const { entry, counted } of entries) if (counted !== "none") this.#add(entry, counted === "all");
    }
    this.#state = { through: last.order, seq };
  }

  /**
   * @param atSameState - runs a reading of the disk in the state of this cache.
   * @throws StaleReading
   */
  totals(
    facts: FactReader,
    atSameState: <T>(read: () => T) => T,
    shape: FactShape,
    key: string,
    after: number | undefined,
  ): FactTotals {
    const id = facts.idOf(shape);
    const name = `${id} ${key}`;
    let known = this.#known.get(name);
    if (known === undefined) {
      known = facts.isNew(shape, key)
        ? newKey()
        : { newest: newestOf(facts, atSameState, shape, key), edges: [] };
      this.#shapes.set(id, shape);
      this.#remember(name, known);
    }
    if (after === undefined) return known.newest;
    let edge = known.edges.find(({ from, until }) => from <= after && after < until);
    if (edge === undefined) {
      edge = facts.edge(shape, key, after);
      known.edges = [...known.edges.slice(1 - MAX_EDGES), edge];
    }
    return minus(known.newest, edge.sums);
  }

  /** @param isWhole - else only the disk knows how much of it was added: its keys are read again. */
  /**
   * See {@link FactReader.bound}, with nothing left out.
   *
   * @throws LedgerError where the shape is not kept, or the disk can't be read.
   */
  bound(
    facts: FactReader,
    which: "first" | "last",
    shape: FactShape,
    key: string,
    after = Number.MIN_SAFE_INTEGER,
  ): number | undefined {
    const id = facts.idOf(shape);
    this.#shapes.set(id, shape);
    // What the disk has beyond this state is left out one by one, and comes with its commit.
    const upTo = this.#state?.seq;
    return this.#bounds.bound(which, `${id} ${key}`, after, (from) =>
      facts.bound(which, shape, key, NONE, from, upTo),
    );
  }

  #clear(): void {
    this.#known.clear();
    this.#bounds.clear();
  }

  #add({ movements, at }: NewEntry, isWhole: boolean): void {
    for (const [id, shape] of this.#shapes) {
      for (const row of movements?.rows ?? []) {
        for (const key of factKeys(shape, row, movements?.state ?? "reserved")) {
          if (isWhole) this.#grow(`${id} ${key}`, at, sumsOf(row));
          else this.#drop(`${id} ${key}`);
        }
      }
    }
  }

  #drop(name: string): void {
    this.#known.delete(name);
    this.#bounds.drop(name);
  }

  #grow(name: string, at: number, sums: FactTotals): void {
    this.#bounds.add(name, at);
    const known = this.#known.get(name);
    if (known === undefined) return;
    known.newest = plus(known.newest, sums);
    for (const edge of known.edges) edge.until = Math.min(edge.until, at);
  }

  #remember(name: string, known: Known): void {
    const { value: oldest } = this.#known.keys().next();
    if (this.#known.size >= MAX_KEYS && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(name, known);
  }
}

/** What has no row now had none in any state before, whichever it is that is read. */
function newKey(): Known {
  const edge = { from: Number.MIN_SAFE_INTEGER, until: Number.MAX_SAFE_INTEGER, sums: NOTHING };
  return { newest: NOTHING, edges: [edge] };
}

/** @throws StaleReading */
function newestOf(
  facts: FactReader,
  atSameState: <T>(read: () => T) => T,
  shape: FactShape,
  key: string,
): FactTotals {
  const newest = atSameState(() => facts.newest(shape, key));
  // What was changed late is somewhere in the middle: such a key is left to the disk.
  if (newest === undefined) throw new StaleReading();
  return newest;
}
