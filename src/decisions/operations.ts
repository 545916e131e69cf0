/**
 * What operators do to decisions: freeze, unfreeze, release a reservation, resolve a flag. Each is an entry of the
 * ledger, with who did it and why.
 */
import { ulid } from "ulid";
import { z } from "zod";
import type { EntryType, Ledger, NewEntry, StoredFlag, StoredMovement } from "../ledger/ledger.ts";
import { entryTime } from "./decision-clock.ts";
import { type Freeze, type Freezes, parseScope } from "./freeze.ts";
import { noteEntry } from "./note.ts";

/** Who acts, and why. */
export interface Act {
  readonly by: string;
  readonly reason: string;
}

/**
 * What became of the wish to resolve a flag.
 *
 * @property flag - as it was, open. @property seq, at - of the entry that resolved it, `at` in milliseconds.
 */
export type FlagResolution =
  | { readonly result: "absent" }
  | { readonly result: "already_resolved" }
  | { readonly result: "resolved"; readonly flag: StoredFlag; readonly seq: number; readonly at: number };

/** The freeze that a ledger behind its anchor starts with. */
export const BEHIND_ID = "f_ledger_behind";

const freezeRow = z.object({
  id: z.string(),
  at: z.int(),
  scope: z.array(z.string()).min(1),
  reason: z.string(),
  by: z.string(),
});
const unfreezeRow = z.object({ freeze: z.string() });

export class Operations {
  readonly #ledger: Ledger;
  readonly #freezes: Freezes;
  readonly #clock: () => number;
  /** The last act on each flag that is being resolved: those on one flag wait for each other. */
  readonly #resolving = new Map<string, Promise<unknown>>();

  /** @param clock - the machine's, milliseconds since the epoch. */
  constructor(ledger: Ledger, freezes: Freezes, clock: () => number) {
    this.#ledger = ledger;
    this.#freezes = freezes;
    this.#clock = clock;
  }

  /**
   * Puts in force again what was in force when the last process ended.
   *
   * @throws LedgerError where the ledger can't be read; then nothing can be approved either.
   */
  restore(): void {
    const { behindAnchor } = this.#ledger;
    if (behindAnchor !== undefined) {
      const { message } = behindAnchor;
      const at = this.#clock();
      this.#freezes.add({
        id: BEHIND_ID,
        scope: ["all"],
        at,
        reason: message,
        by: "countersign",
        code: "LEDGER_BEHIND",
      });
    }
    for (const { type, row } of this.#ledger.entriesOf(["freeze", "unfreeze"])) {
      const members: unknown = JSON.parse(row);
      if (type === "freeze") {
        this.#freezes.add(freezeRow.parse(members));
        continue;
      }
      // What was lifted by this id was another time that the ledger was behind: then its head was accepted.
      const { freeze } = unfreezeRow.parse(members);
      if (freeze !== BEHIND_ID) this.#freezes.remove(freeze);
    }
    this.#freezes.restored();
  }

  /**
   * In force at once; on the disk, and with no approval in the scope still on its way out, when it resolves.
   *
   * @throws FreezeScopeError for a scope that is none.
   * @throws LedgerError where it can't be written down: it is in force all the same, until this process ends.
   */
  async freeze(scope: readonly string[], { by, reason }: Act): Promise<Freeze> {
    for (const text of scope) parseScope(text);
    const at = this.#at();
    const freeze = { id: `f_${ulid()}`, scope, at, reason, by };
    this.#freezes.add(freeze);
    const [durable] = await Promise.allSettled([
      this.#append("freeze", freeze.id, at, { scope, reason, by }),
      this.#freezes.settled(),
    ]);
    if (durable.status === "rejected") throw durable.reason;
    return freeze;
  }

  /**
   * @returns whether there was such a freeze.
   * @throws LedgerError where it can't be written down: the freeze stays.
   */
  async unfreeze(id: string, { by, reason }: Act): Promise<boolean> {
    if (this.#freezes.get(id) === undefined) return false;
    await this.#append("unfreeze", `u_${ulid()}`, this.#at(), { freeze: id, reason, by });
    if (id === BEHIND_ID) await this.#ledger.acceptHead();
    this.#freezes.remove(id);
    return true;
  }

  /**
   * Gives back what a transaction reserved: an operator's word that no signature of it can be used any more.
   *
   * @param transaction - as the operator named it.
   * @param movements - of that transaction. What is settled has left, whatever the operator says.
   * @returns those that were released now.
   * @throws LedgerError
   */
  async release<Held extends Pick<StoredMovement, "number" | "state">>(
    transaction: string,
    movements: readonly Held[],
    { by, reason }: Act,
  ): Promise<readonly Held[]> {
    const held = movements.filter(({ state }) => state !== "released" && state !== "settled");
    if (held.length === 0) return [];
    const numbers = held.map(({ number }) => number);
    await this.#append(
      "act",
      `a_${ulid()}`,
      this.#at(),
      { act: "release", transaction, movements: numbers, reason, by },
      { transition: { movements: numbers, state: "released" } },
    );
    return held;
  }

  /**
   * Closes a flag: an operator's word that somebody looked. Of several at once one does it.
   *
   * @throws LedgerError where it can't be written down: the flag stays open.
   */
  async resolveFlag(id: string, act: Act): Promise<FlagResolution> {
    const before = this.#resolving.get(id) ?? Promise.resolve();
    const work = before.then(() => this.#resolveFlag(id, act));
    const settled = work.catch(() => {});
    this.#resolving.set(id, settled);
    try {
      return await work;
    } finally {
      if (this.#resolving.get(id) === settled) this.#resolving.delete(id);
    }
  }

  async #resolveFlag(id: string, { by, reason }: Act): Promise<FlagResolution> {
    const flag = this.#ledger.flag(id);
    if (flag === undefined) return { result: "absent" };
    if (flag.resolved !== undefined) return { result: "already_resolved" };
    const at = this.#at();
    const members = { act: "resolve_flag", flag: id, reason, by };
    const seq = await this.#append("act", `a_${ulid()}`, at, members, { resolves: [id] });
    return { result: "resolved", flag, seq, at };
  }

  /** @throws LedgerError */
  async acceptedPrice(token: string, usd: string, { by, reason }: Act): Promise<void> {
    await this.#append("act", `a_${ulid()}`, this.#at(), { act: "accept_price", token, usd, reason, by });
  }

  #at(): number {
    return entryTime(this.#clock(), this.#ledger);
  }

  /** @param effects - what the entry does beside being written. @returns its number in the chain. */
  async #append(
    type: EntryType,
    id: string,
    at: number,
    members: Readonly<Record<string, unknown>>,
    effects: Pick<NewEntry, "transition" | "resolves"> = {},
  ): Promise<number> {
    return await this.#ledger.append({ ...noteEntry(type, at, members, id), ...effects }).durable;
  }
}
