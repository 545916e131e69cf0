/**
 * The kill switch (design 3.9): freezes by scope, and the file that freezes everything.
 *
 * A freeze is looked at twice: when a request is judged, and at the last moment before an approval leaves. Once
 * `freeze` was called nothing in its scope passes that second look; what had passed it is waited for, so that
 * when the call has returned no APPROVE in the scope is still on its way out of the process.
 */
import { lstatSync } from "node:fs";
import type { Document, Effect } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";

const KINDS_OF_SCOPE = [
  "organization",
  "vault",
  "wallet",
  "chain",
  "token",
  "destination",
  "initiator",
] as const;
type ScopeKind = (typeof KINDS_OF_SCOPE)[number];

/** One parsed scope; `text` as it was written. */
interface FreezeScope {
  readonly text: string;
  readonly covers: (document: Document) => boolean;
}

/** @property scope - as written: `all`, `wallet:ID`, … */
export interface Freeze {
  readonly id: string;
  readonly scope: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly reason: string;
  readonly by: string;
  /** Another code than `FROZEN` for what it refuses: `LEDGER_BEHIND`. */
  readonly code?: "LEDGER_BEHIND";
}

/** A scope that is none. The message is for the operator. */
export class FreezeScopeError extends Error {
  override readonly name = "FreezeScopeError";
}

const MAX_SCOPE = 512;

/** @throws FreezeScopeError */
export function parseScope(text: string): FreezeScope {
  if (text === "all") return { text, covers: () => true };
  const colon = text.indexOf(":");
  const kind = KINDS_OF_SCOPE.find((known) => known === text.slice(0, Math.max(colon, 0)));
  const value = text.slice(colon + 1);
  if (kind === undefined || value === "" || value.trim() !== value || text.length > MAX_SCOPE) {
    throw new FreezeScopeError(
      `${text.slice(0, 80)}: not a scope; one of all, ${KINDS_OF_SCOPE.map((known) => `${known}:ID`).join(", ")}`,
    );
  }
  return { text, covers: (document) => isHit(valuesOf(document, kind, value), wanted(kind, value)) };
}

/** What is not stated can't be seen to be outside: it counts as hit. */
function isHit(values: readonly (string | undefined)[], value: string): boolean {
  return values.length === 0 || values.some((stated) => stated === undefined || stated === value);
}

/**
 * Addresses are compared in lower case: `BC1…` and `0X…` pay whom `bc1…` and `0x…` pay, and where the case says
 * something, no two addresses differ in nothing else.
 */
function wanted(kind: ScopeKind, value: string): string {
  if (kind !== "destination") return value;
  const slash = value.indexOf("/");
  return value.slice(0, slash + 1) + value.slice(slash + 1).toLowerCase();
}

function valuesOf(document: Document, kind: ScopeKind, value: string): readonly (string | undefined)[] {
  const { transaction } = document;
  switch (kind) {
    case "organization":
      return [document.organization?.id];
    case "vault":
      return [document.vault?.id];
    case "wallet":
      return [document.wallet?.id];
    case "initiator":
      return [document.initiator?.id];
    case "chain":
      return [transaction?.chain];
    case "token": {
      const amounts = (transaction?.destinations ?? []).map(({ amount }) => amount?.token);
      const effects = (document.evidence?.effects ?? []).map(({ asset }) => asset);
      const known = [transaction?.token, ...amounts, ...effects.filter((asset) => asset !== undefined)];
      return movesUnseen(document) ? [...known, undefined] : known;
    }
    case "destination":
      return destinationsOf(document, value.includes("/"));
  }
}

/** What moves, and to whom, is all that these do. Of a call, or a contract that is made, nobody knows it. */
const SEEN: ReadonlySet<Effect["type"]> = new Set(["transfer", "approve", "permit", "operator_grant", "fee"]);

/** A contract is called, or code runs, and nobody has read what that moves, or to whom. */
function movesUnseen({ transaction, evidence }: Pick<Document, "transaction" | "evidence">): boolean {
  const effects = evidence?.effects;
  if (effects === undefined) return transaction?.contract !== undefined;
  return effects.some(({ type }) => !SEEN.has(type));
}

/** Each as `ADDRESS`, or `CHAIN/ADDRESS` where the scope names a chain. */
function destinationsOf({ transaction, evidence }: Document, withChain: boolean): (string | undefined)[] {
  if (withChain && transaction?.chain === undefined) return [];
  const paid = (transaction?.destinations ?? []).map(({ address }) => address);
  const contract = transaction?.contract?.address;
  const effects = (evidence?.effects ?? []).flatMap(({ to }) => to ?? []);
  const unseen = movesUnseen({ transaction, evidence }) ? [undefined] : [];
  const all = [...paid, ...(contract === undefined ? [] : [contract]), ...effects, ...unseen];
  const chain = withChain ? `${transaction?.chain}/` : "";
  return all.map((address) => (address === undefined ? undefined : `${chain}${address.toLowerCase()}`));
}

/** Where an approval is on its way out, and how to cut it off. */
export interface Leaving {
  /** Calls back once, when the answer has left the process or can't any more. */
  onDone(callback: () => void): void;
  destroy(): void;
}

/** An answer that the client doesn't take is cut off after so long, so that a freeze never waits for a client. */
const LEAVING_MS = 1_000;

interface Active {
  readonly freeze: Freeze;
  readonly scopes: readonly FreezeScope[];
}

export class Freezes {
  readonly #file: string;
  readonly #active = new Map<string, Active>();
  /** In an array, since a Set keeps what was deleted from it: see `passing.ts`. */
  readonly #leaving: Leaving[] = [];
  #restored = false;

  /** @param file - `state_dir/FREEZE`: while it is there, or can't be looked for, everything is frozen. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Those in force, newest first. */
  list(): readonly Freeze[] {
    return [...this.#active.values()].map(({ freeze }) => freeze).reverse();
  }

  get(id: string): Freeze | undefined {
    return this.#active.get(id)?.freeze;
  }

  /** In force from here on. @throws FreezeScopeError */
  add(freeze: Freeze): void {
    this.#active.set(freeze.id, { freeze, scopes: freeze.scope.map(parseScope) });
  }

  remove(id: string): void {
    this.#active.delete(id);
  }

  /** Those of the ledger are in force again; before that nothing is approved. */
  restored(): void {
    this.#restored = true;
  }

  /** Why the file freezes everything now; undefined where nothing of this name is there, not even a link to nowhere. */
  fileFreeze(): string | undefined {
    try {
      return lstatSync(this.#file, { throwIfNoEntry: false }) === undefined
        ? undefined
        : "the file FREEZE is in the state directory: all is frozen until it is removed";
    } catch {
      return "whether the file FREEZE is in the state directory can't be seen: all is frozen until it can";
    }
  }

  /** Why nothing may be approved for this document; undefined where no freeze covers it. */
  refusalOf(document: Document): Refusal | undefined {
    if (!this.#restored) {
      return new Refusal("LEDGER_UNAVAILABLE", "which freezes are in force could not be read yet");
    }
    for (const { freeze, scopes } of this.#active.values()) {
      const hit = scopes.find(({ covers }) => covers(document));
      if (hit !== undefined) return refusalBy(freeze, hit.text);
    }
    const byFile = this.fileFreeze();
    return byFile === undefined ? undefined : new Refusal("FROZEN", byFile, { scope: "all", file: "FREEZE" });
  }

  /** The last look, when the signed answer is there: either it is refused now, or it leaves and is waited for. */
  letLeave(document: Document, leaving: Leaving): Refusal | undefined {
    const refusal = this.refusalOf(document);
    if (refusal !== undefined) return refusal;
    this.#leaving.push(leaving);
    leaving.onDone(() => this.#left(leaving));
    return undefined;
  }

  #left(leaving: Leaving): void {
    const at = this.#leaving.indexOf(leaving);
    if (at >= 0) this.#leaving.splice(at, 1);
  }

  /** Resolves when every approval that had passed before this call has left. */
  async settled(): Promise<void> {
    const before = [...this.#leaving];
    await Promise.all(
      before.map(
        (leaving) =>
          new Promise<void>((resolve) => {
            const timer = setTimeout(() => leaving.destroy(), LEAVING_MS);
            leaving.onDone(() => {
              clearTimeout(timer);
              resolve();
            });
          }),
      ),
    );
  }
}

/** The id stands before the reason, which may be long: an answer has 256 bytes, and the id is what lifts it. */
function refusalBy({ id, at, reason, by, code }: Freeze, scope: string): Refusal {
  const values = { freeze: id, scope, since: at, by, reason };
  if (code === "LEDGER_BEHIND") return new Refusal(code, reason, values);
  return new Refusal("FROZEN", `${scope} is frozen by ${by} (${id}): ${reason}`, values);
}
