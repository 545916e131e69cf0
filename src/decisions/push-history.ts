/** What the ledger knows of a transaction when a message of it comes, and what the message changes of its movements. */
import { hash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../input/canonical-json.ts";
import type { Document } from "../input/document.ts";
import {
  LedgerError,
  type MovementState,
  type NewEntry,
  type NewMovements,
  type Snapshot,
  type StoredMovement,
  type TransactionNames,
} from "../ledger/ledger.ts";
import { movementsOf } from "./movements.ts";
import { movementStateOf, type Story, storySchema } from "./push-story.ts";

/**
 * @property transactions - the ledger's numbers, the oldest first: names may join what was taken for two.
 * @property story - as the newest message left it; absent where there is none, or nobody understood it.
 * @property movements - of all of these transactions.
 */
export interface Known {
  readonly transactions: readonly number[];
  readonly story: Story | undefined;
  readonly movements: readonly StoredMovement[];
}

const NOTHING: Known = { transactions: [], story: undefined, movements: [] };

/** @throws LedgerError */
export function knownOf(names: TransactionNames | undefined, snapshot: Snapshot): Known {
  const transactions = names === undefined ? [] : snapshot.transactionsNamed(names);
  if (transactions.length === 0) return NOTHING;
  const pushes = transactions.flatMap((transaction) => snapshot.newestPush(transaction) ?? []);
  const [newest] = pushes.sort((a, b) => b.seq - a.seq);
  return {
    transactions,
    story: newest === undefined ? undefined : storyIn(newest.row),
    movements: transactions.flatMap((transaction) => snapshot.movementsOf(transaction)),
  };
}

const rowSchema = z.object({ story: storySchema.optional() });

function storyIn(row: string): Story | undefined {
  const parsed = rowSchema.safeParse(JSON.parse(row));
  if (parsed.success) return parsed.data.story;
  throw new LedgerError("LEDGER_CORRUPT", "the story of a transaction is not readable", parsed.error);
}

/**
 * @property own - what the document itself moved or moves: never in its own facts.
 * @property adds - what is in the ledger from this message on: of a deposit, once.
 * @property transition - see `NewEntry`.
 */
export interface Moves {
  readonly own: NewMovements;
  readonly adds?: NewMovements;
  readonly transition?: NonNullable<NewEntry["transition"]>;
}

/**
 * @param story - with this message; absent where none said in which state the transaction is.
 * @param approved - of a withdrawal: the movements of the approval that says the same.
 */
export function movesOf(
  document: Document,
  names: TransactionNames | undefined,
  identity: string,
  known: Known,
  story: Story | undefined,
  approved: readonly StoredMovement[],
): Moves {
  const signing = hash("sha256", canonicalJson({ push: names?.names[0] ?? identity }), "hex");
  const state = story && movementStateOf(story);
  if (document.kind !== "deposit") {
    const [{ signing: theirs, slot } = { signing, slot: undefined }] = approved;
    const own = { signing: theirs, slot, rows: [] };
    return {
      own,
      ...entering(
        approved.filter((movement) => isBehind(movement, state)),
        state,
      ),
    };
  }
  const stored = known.movements.filter(({ direction }) => direction === "in");
  const [first] = stored;
  if (first === undefined) {
    const { rows } = movementsOf(document, signing);
    const adds = { signing, state: state ?? "reserved", rows };
    return { own: adds, adds };
  }
  const own = { signing: first.signing, rows: stored };
  return {
    own,
    ...entering(
      stored.filter((movement) => movement.state !== state),
      state,
    ),
  };
}

function entering(
  movements: readonly StoredMovement[],
  state: MovementState | undefined,
): Pick<Moves, "transition"> {
  if (movements.length === 0 || state === undefined) return {};
  return { transition: { movements: movements.map(({ number }) => number), state } };
}

/** What was released did leave after all, where it is told that it was broadcast. */
const PROGRESS: readonly MovementState[] = ["released", "reserved", "signed", "broadcast", "settled"];

function isBehind({ state }: StoredMovement, target: MovementState | undefined): boolean {
  return target !== undefined && PROGRESS.indexOf(state) < PROGRESS.indexOf(target);
}
