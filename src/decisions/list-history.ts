/** The signed lists that were in force, as the ledger has them: the memory that no older one gets past. */
import { z } from "zod";
import type { ListHistory } from "../feeds/list-activation.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { TrustedList } from "../policy/list-trust.ts";
import type { Precedent } from "../policy/trust-store.ts";
import { entryTime } from "./decision-clock.ts";
import { noteEntry } from "./note.ts";

/** Entries that are read at once. */
const PAGE = 100;

/** What is read of an entry. */
const rowSchema = z.object({
  list: z.string(),
  audience: z.string(),
  sequence: z.int().min(0),
  sha256: z.string(),
});

export class LedgerLists implements ListHistory {
  readonly #ledger: Ledger;
  readonly #clock: () => number;

  /** @param clock - the machine's, milliseconds since the epoch. */
  constructor(ledger: Ledger, clock: () => number) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** The time of decisions: it never runs back. */
  now(): number {
    return entryTime(this.#clock(), this.#ledger);
  }

  /** No later entry of a list and audience has a lower sequence, so that the newest is the highest. @throws LedgerError */
  highest(list: string, audience: string): Precedent | undefined {
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const entries = this.#ledger.newestOf("list", before, PAGE);
      const found = precedentIn(
        entries.map(({ row }) => row),
        list,
        audience,
      );
      const last = entries.at(-1);
      if (found !== undefined || last === undefined || entries.length < PAGE) return found;
      before = last.seq;
    }
  }

  async record(statement: TrustedList, entries: number): Promise<void> {
    const { list, sequence, sha256, audience, expires_at, signedBy } = statement;
    const members = { list, sequence, sha256, entries, audience, expires_at, signed_by: signedBy };
    await this.#ledger.append(noteEntry("list", this.now(), members)).durable;
  }
}

/** The newest of a list and audience. @param rows - entries of the type `list`, as they are stored, the newest first. */
export function precedentIn(rows: readonly string[], list: string, audience: string): Precedent | undefined {
  for (const text of rows) {
    const row = rowSchema.parse(JSON.parse(text));
    if (row.list === list && row.audience === audience) return { sequence: row.sequence, sha256: row.sha256 };
  }
  return undefined;
}
