/** The releases that were live, as the ledger has them: the memory that no older one gets past. */
import { z } from "zod";
import type { Ledger } from "../ledger/ledger.ts";
import type { Promotion, ReleaseHistory } from "../policy/admission.ts";
import type { ReleaseIdentity } from "../policy/release.ts";
import type { Precedent, TrustedStatement } from "../policy/trust-store.ts";
import { entryTime } from "./decision-clock.ts";
import { noteEntry } from "./note.ts";

/** What is read of an entry; those of releases that nobody signed have no audience. */
const rowSchema = z.object({
  sequence: z.int().min(0),
  sha256: z.string(),
  audience: z.string().optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
});

/** The one that went live last. */
type LastRelease = ReturnType<ReleaseHistory["last"]>;

export class LedgerReleases implements ReleaseHistory {
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

  /** Of two with one sequence the later entry counts: it went live only with the same digest. @throws LedgerError */
  highest(audience: string): Precedent | undefined {
    return highestOf(
      this.#ledger.entriesOf(["release"]).map(({ row }) => row),
      audience,
    );
  }

  last(): LastRelease {
    return lastOf(this.#ledger.newestOf("release", Number.MAX_SAFE_INTEGER, 1).map(({ row }) => row));
  }

  async record(
    { revision, sequence, sha256 }: ReleaseIdentity,
    statement: TrustedStatement | undefined,
    promotion?: Promotion,
  ): Promise<void> {
    const members = {
      ...{ revision, sequence, sha256 },
      ...(statement === undefined
        ? {}
        : {
            audience: statement.audience,
            expires_at: statement.expires_at,
            signed_by: statement.signedBy,
          }),
      ...(promotion === undefined ? {} : { by: promotion.by, reason: promotion.reason }),
    };
    await this.#ledger.append(noteEntry("release", this.now(), members)).durable;
  }
}

/** The newest release of an audience. @param rows - entries of the type `release`, as they are stored. */
export function highestOf(rows: readonly string[], audience: string): Precedent | undefined {
  let highest: Precedent | undefined;
  for (const text of rows) {
    const row = rowSchema.parse(JSON.parse(text));
    if (row.audience !== audience) continue;
    if (highest === undefined || row.sequence >= highest.sequence) {
      highest = { sequence: row.sequence, sha256: row.sha256 };
    }
  }
  return highest;
}

/** The release of the last of these entries, in their order. */
export function lastOf(rows: readonly string[]): LastRelease {
  const text = rows.at(-1);
  if (text === undefined) return undefined;
  const { sha256, by, reason = "" } = rowSchema.parse(JSON.parse(text));
  return { sha256, ...(by === undefined ? {} : { promotion: { by, reason } }) };
}
