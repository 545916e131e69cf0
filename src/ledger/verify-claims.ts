/**
 * Approvals and pushes without movements of their own: the same bytes signed with the same keys are one movement, whoever
 * asks for them and however often, and so is one deposit. An earlier entry of them must have said the same, and have
 * been counted still, but for what begins as released.
 */
import type { CheckedMoves } from "./checked-row.ts";
import type { Movement } from "./ledger.ts";
import { type Columns, castText, integer } from "./paged-rows.ts";
import type { Connection } from "./read-connection.ts";

/** All that a movement says but for its worth: the same bytes have another price a minute later. */
const CLAIM = [
  ...["organization", "project", "vault", "wallet", "chain", "token", "sources", "outpoints"],
  ...["destination", "initiator", "kind", "direction", "units", "nonce"],
] as readonly (keyof Movement)[];

/**
 * What a movement's state was when an entry came: what it entered last until then, or what it began as, which only
 * the rows of pushes say.
 */
const STATE = `coalesce(
  (SELECT state FROM transitions WHERE movement = number AND entry <= ?2 ORDER BY entry DESC LIMIT 1),
  iif(direction = 'out', NULL, (SELECT row ->> '$.state' FROM entries WHERE seq = movements.entry)),
  'reserved')`;

interface EarlierMovement {
  readonly entry: number;
  readonly isReleased: boolean;
  readonly said: string;
}

/** Finds what was approved or told of before. */
export class ClaimVerifier {
  readonly #earlier: (signing: string, seq: number) => readonly EarlierMovement[];

  constructor(database: Connection) {
    const find = database
      .prepare(
        `SELECT entry, ${STATE} = 'released', CAST(json_array(${CLAIM.join()}) AS BLOB)
         FROM movements WHERE signing = ?1 AND entry < ?2 ORDER BY number`,
      )
      .raw(true);
    this.#earlier = (signing, seq) =>
      find.all(Buffer.from(signing, "hex"), seq).map((row) => readEarlier(Array.isArray(row) ? row : []));
  }

  /** @returns whether an earlier entry of that signing has movements that say the same, and counted then. */
  isRepeated({ signing = "", state, movements = [] }: CheckedMoves, seq: number): boolean {
    const earlier = this.#earlier(signing, seq);
    const said = movements.map((movement) => claimOf(CLAIM.map((member) => movement[member] ?? null))).sort();
    return isSaid(said, state === "released" ? earlier : earlier.filter(({ isReleased }) => !isReleased));
  }
}

function isSaid(said: readonly string[], earlier: readonly EarlierMovement[]): boolean {
  return [...new Set(earlier.map(({ entry }) => entry))].some((entry) => {
    const texts = earlier.filter((movement) => movement.entry === entry).map((movement) => movement.said);
    return texts.length === said.length && texts.sort().every((text, at) => text === said[at]);
  });
}

function readEarlier([entry, isReleased, said]: Columns): EarlierMovement {
  const values: unknown = JSON.parse(castText(said));
  return {
    ...{ entry: integer(entry), isReleased: isReleased === 1 },
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
