/**
 * The fact `movement` (design 3.8): what the transaction moves that `transaction.replaces` names, as it is known when
 * the document is judged. The name is a claim of the request: that it is replaced is for the bytes to prove.
 */
import type { Document } from "../input/document.ts";
import type { Movement, MovementState, NewMovements, Snapshot, TransactionNames } from "../ledger/ledger.ts";
import type { Ticket } from "./tickets.ts";
import type { UnseenTickets } from "./unseen-tickets.ts";

type Fact = NonNullable<Document["facts"]>[string][string];
type ReplacedMovement = Extract<Fact, readonly unknown[]>[number];

interface ClaimedMovement extends Movement {
  readonly state: MovementState;
}

/**
 * The newest claim about that transaction, be it in the ledger or on its way; the document's own signing is none.
 *
 * @returns absent where no transaction is named, none of that name was approved, its names lead to two, or what it
 *   moves is no asset that has a name.
 * @throws LedgerError where the ledger can't be read.
 */
export function replacedMovements(
  document: Document,
  own: NewMovements,
  snapshot: Snapshot,
  unseen: UnseenTickets,
): Fact | undefined {
  const id = document.transaction?.replaces?.id;
  if (id === undefined) return undefined;
  const organization = document.organization?.id ?? "";
  const names = { organization, names: [`transaction:${id}`, `cobo:${id}`] };
  const [transaction, another] = snapshot.transactionsNamed(names);
  if (another !== undefined) return undefined;

  const onItsWay = newestTicket(unseen, names, transaction, snapshot);
  if (onItsWay !== undefined) unseen.assume(onItsWay);
  const claim = onItsWay === undefined ? newestStored(transaction, own, snapshot) : onItsWay.slotMovements();
  const replaced = claim.flatMap(replacedMovement);
  return replaced.length > 0 && replaced.length === claim.length ? replaced : undefined;
}

function newestStored(
  transaction: number | undefined,
  { signing }: NewMovements,
  snapshot: Snapshot,
): readonly ClaimedMovement[] {
  if (transaction === undefined) return [];
  const others = snapshot.movementsOf(transaction).filter((movement) => movement.signing !== signing);
  const newest = others.at(-1)?.entry;
  return others.filter(({ entry }) => entry === newest);
}

/** Tickets that share a name with one another are of one transaction, as their entries will be. */
function newestTicket(
  unseen: UnseenTickets,
  asked: TransactionNames,
  transaction: number | undefined,
  snapshot: Snapshot,
): Ticket | undefined {
  const known = new Set(asked.names);
  let newest: Ticket | undefined;
  for (const ticket of unseen.all) {
    const { names } = ticket;
    if (names === undefined || names.organization !== asked.organization) continue;
    const isMeant =
      names.names.some((name) => known.has(name)) ||
      (transaction !== undefined && snapshot.transactionsNamed(names).includes(transaction));
    if (!isMeant) continue;
    for (const name of names.names) known.add(name);
    newest = ticket;
  }
  return newest;
}

/** None where its asset has no name. */
function replacedMovement(movement: ClaimedMovement): ReplacedMovement[] {
  const { token, sources, destination, units, usd_micros, nonce, state } = movement;
  if (token === undefined) return [];
  const [from, ...others] = sources;
  const amount = {
    token,
    ...(units === undefined ? {} : { units }),
    ...(usd_micros === undefined ? {} : { usd_micros }),
  };
  return [
    {
      asset: token,
      ...(from === undefined || others.length > 0 ? {} : { from }),
      ...(destination === undefined ? {} : { to: destination }),
      ...(units === undefined && usd_micros === undefined ? {} : { amount }),
      ...(nonce === undefined ? {} : { nonce }),
      state,
    },
  ];
}
