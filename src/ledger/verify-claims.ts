/**
 * Approvals without movements of their own: the same bytes signed with the same keys are one movement, whoever asks for
 * them and however often. An earlier approval of them must have said the same, and have been counted still.
 */
import type { Movement } from "./ledger.ts";
import { type Columns, castText, integer } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

/** All that a movement says but for its worth: the same bytes have another price a minute later. */
const CLAIM = [
  ...["organization", "project", "vault", "wallet", "chain", "token", "sources", "outpoints"],
  ...["destination", "initiator", "kind", "direction", "units", "nonce"],
] as readonly (keyof Movement)[];

interface EarlierMovement {
  readonly number: number;
  readonly entry: number;
  readonly isReleased: boolean;
  readonly said: string;
}

/** One that says what may have been released before it: which acts did so is known when all ranges are read. */
export interface RepeatedClaim {
  readonly seq: number;
  readonly said: readonly string[];
  readonly earlier: readonly EarlierMovement[];
}

/** Finds what was approved before. */
export class ClaimVerifier {
  readonly #earlier: (signing: string, seq: number) => readonly EarlierMovement[];
  readonly open: RepeatedClaim[] = [];

  constructor(database: Connection) {
    const find = database
      .prepare(
        `SELECT number, entry, state = 'released', CAST(json_array(${CLAIM.join()}) AS BLOB)
         FROM movements WHERE signing = ? AND entry < ? ORDER BY number`,
      )
      .raw(true);
    this.#earlier = (signing, seq) =>
      find.all(Buffer.from(signing, "hex"), seq).map((row) => readEarlier(Array.isArray(row) ? row : []));
  }

  /**
   * @param movements - what the approval's row says.
   * @returns whether an earlier approval of that signing may have said the same: where something of it was released,
   *   {@link verifyRepeated} tells.
   */
  isRepeated(signing: string, seq: number, movements: readonly Readonly<Record<string, unknown>>[]): boolean {
    const earlier = this.#earlier(signing, seq);
    const said = movements.map((movement) => claimOf(CLAIM.map((member) => movement[member] ?? null))).sort();
    if (!earlier.some(({ isReleased }) => isReleased)) return isSaid(said, earlier);
    this.open.push({ seq, said, earlier });
    return true;
  }
}

/** @param released - by which entry a movement was released, by its number. */
export function verifyRepeated(
  claims: readonly RepeatedClaim[],
  released: ReadonlyMap<number, number>,
  problems: Problems,
): void {
  for (const { seq, said, earlier } of claims) {
    const held = earlier.filter(({ number }) => (released.get(number) ?? seq) >= seq);
    if (!isSaid(said, held)) {
      problems.add(seq, "it has 0 movements, and those that an earlier entry has were released before it");
    }
  }
}

function isSaid(said: readonly string[], earlier: readonly EarlierMovement[]): boolean {
  return [...new Set(earlier.map(({ entry }) => entry))].some((entry) => {
    const texts = earlier.filter((movement) => movement.entry === entry).map((movement) => movement.said);
    return texts.length === said.length && texts.sort().every((text, at) => text === said[at]);
  });
}

function readEarlier([number, entry, isReleased, said]: Columns): EarlierMovement {
  const values: unknown = JSON.parse(castText(said));
  return {
    ...{ number: integer(number), entry: integer(entry), isReleased: isReleased === 1 },
    said: claimOf(Array.isArray(values) ? values.map(listed) : []),
  };
}

/** Lists are JSON in their columns, and the order in them says nothing. What is no list stays as it is. */
function listed(value: unknown, at: number): unknown {
  const member = CLAIM[at];
  if (typeof value !== "string" || (member !== "sources" && member !== "outpoints")) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function claimOf(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (Array.isArray(value) ? value.map(String).sort() : value)));
}
