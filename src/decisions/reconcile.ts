/**
 * A withdrawal that moved, held against what was approved here (design 3.8).
 *
 * Its transaction must have had an approval that says the same: for each destination a movement of its own, of the same
 * token and the same amount. What an approval says besides is no matter, nor whether an operator released it since. A
 * destination that is paid nothing, a contract that is called, asks for no more than that there was an approval: what it
 * did is in the effects of the bytes that were approved.
 *
 * Only withdrawals from a **governed** address, one that a decision of ours has named as paid from, are looked at, and
 * those of a transaction that was refused to a co-signer here, whoever the message says is paid from; and of both only
 * what was made after the ledger began: of all others nobody here was asked. Cobo signs for all of its customers with one
 * key, so that a push that is not of ours must raise nothing. What is paid from a governed address was signed: that Cobo
 * was told `ok` is no approval of that.
 */
import { amountFromText } from "../input/amounts.ts";
import type { Amount, Document } from "../input/document.ts";
import type { Snapshot, StoredMovement } from "../ledger/ledger.ts";
import { decisionRowSchema } from "../ledger/rows.ts";
import { type Assets, tokenOf } from "../policy/assets.ts";
import { parseScope } from "./freeze.ts";
import { sourcesOf } from "./push-claims.ts";
import type { HostFinding } from "./push-flags.ts";

/**
 * @property approved - the movements of the approval that says the same; empty where none does.
 * @property finding - what is wrong, with the scopes that a freeze has to have.
 */
export interface Reconciled {
  readonly approved: readonly StoredMovement[];
  readonly finding?: HostFinding & { readonly scope: readonly string[] };
}

type Destination = NonNullable<NonNullable<Document["transaction"]>["destinations"]>[number];

/** What one approval said would be moved. */
type Approval = readonly StoredMovement[];

/** A message, and what of it is paid. */
interface Told {
  readonly document: Document;
  readonly paid: readonly Destination[];
  readonly assets: Assets;
}

const CONFIRMATION: Document["kind"] = "withdrawal_confirmation";

const MAX_LISTED = 16;

/**
 * @property hash - of the transaction on its chain, as any message of it had it; undefined: nothing moved yet, unless the
 *   message says `success`.
 * @property transactions - the ledger's numbers, by all names that it is known by.
 * @property movements - of these.
 * @property assets - says which tokens are known: what is not may have another name here than there.
 */
interface Withdrawal {
  readonly document: Document;
  readonly hash: string | undefined;
  readonly transactions: readonly number[];
  readonly movements: readonly StoredMovement[];
  readonly assets: Assets;
}

/** @throws LedgerError where the ledger can't be read. */
export function reconcile(
  { document, hash, transactions, movements, assets }: Withdrawal,
  snapshot: Snapshot,
): Reconciled {
  const paid = (document.transaction?.destinations ?? []).filter(({ amount }) => !isNothing(amount));
  const told: Told = { document, paid, assets };
  const governed = scopeOf(document, snapshot);
  const approvals = approvalsIn(movements).filter(
    (approval) => governed.length === 0 || approval.every(({ kind }) => kind !== CONFIRMATION),
  );
  const approved = approvals.find((approval) => unpaidIn(approval, told) === undefined) ?? [];
  const hasMoved = hash !== undefined || document.deposit?.status === "success";
  if (!hasMoved || approved.length > 0 || !isSinceStart(document, snapshot)) return { approved };
  const refusal = refusalOf(document, transactions, snapshot);
  const scope = governed.length > 0 || refusal === undefined ? governed : [scopeOfWallet(refusal.wallet)];
  if (scope.length === 0) return { approved };
  const [approval] = approvals;
  const found =
    approval === undefined
      ? byNobody(document, refusal)
      : otherwise(approval, unpaidIn(approval, told), told);
  const values = {
    ...found.values,
    ...(hash === undefined ? {} : { hash }),
    moved: paid.slice(0, MAX_LISTED).map((each) => wordsOf(each, document)),
  };
  const code = "UNAPPROVED_WITHDRAWAL";
  return { approved, finding: { code, severity: "critical", message: found.message, values, scope } };
}

/** Each with its movements; those that still count before those that were released, the newest first. */
function approvalsIn(movements: readonly StoredMovement[]): readonly Approval[] {
  const byEntry = new Map<number, StoredMovement[]>();
  for (const movement of movements) {
    if (movement.direction !== "out") continue;
    const known = byEntry.get(movement.entry);
    if (known === undefined) byEntry.set(movement.entry, [movement]);
    else known.push(movement);
  }
  const newest = [...byEntry.values()].reverse();
  const isHeld = (approval: Approval) => approval.some(({ state }) => state !== "released");
  return [...newest.filter(isHeld), ...newest.filter((approval) => !isHeld(approval))];
}

/** The first destination that an approval has no movement for; each movement is there for one of them. */
function unpaidIn(approval: Approval, told: Told): Destination | undefined {
  const left = [...approval];
  return told.paid.find((destination) => {
    const at = left.findIndex(
      (movement) =>
        isSameAddress(movement, destination) &&
        isSameToken(movement, destination, told) &&
        isSameAmount(movement, destination, told.document),
    );
    if (at < 0) return true;
    left.splice(at, 1);
    return false;
  });
}

/** Where the case of an address says something, no two differ in nothing else. */
function isSameAddress(movement: StoredMovement, { address }: Destination): boolean {
  return address !== undefined && movement.destination?.toLowerCase() === address.toLowerCase();
}

const CONTRACT = /^0x[0-9a-f]{40}$/;

/**
 * A token that the release does not know is a contract by the bytes, and a code by the message: two names that nobody can
 * hold against each other. Then they are taken for the same; the amount has to be, too.
 */
function isSameToken(
  { token: approved, chain }: StoredMovement,
  { amount }: Destination,
  { document: { transaction, deposit }, assets }: Told,
): boolean {
  const token = amount?.token ?? transaction?.token;
  if (approved === undefined || token === undefined) return false;
  const { contract, token_id } = deposit?.nft ?? {};
  if (contract !== undefined) return approved === `${contract}/${token_id ?? ""}`;
  if (approved === token) return true;
  const isSameChain = chain === undefined || transaction?.chain === undefined || chain === transaction.chain;
  return isSameChain && CONTRACT.test(approved) && tokenOf(assets, token) === undefined;
}

function isSameAmount(movement: StoredMovement, destination: Destination, document: Document): boolean {
  const units = unitsOf(destination, document);
  return units !== undefined && movement.units === units;
}

/** By the release's decimals; where it does not know the token, by those that the message states. */
function unitsOf({ amount }: Destination, { deposit }: Document): string | undefined {
  const { token, units, text } = amount ?? {};
  const decimals = deposit?.coin?.decimals;
  if (units !== undefined || token === undefined || text === undefined || decimals === undefined)
    return units;
  try {
    return amountFromText(token, text, decimals).units;
  } catch {
    // It has more digits than its token has, as the message itself says: that is no number of units.
    return undefined;
  }
}

function isNothing(amount: Amount | undefined): boolean {
  return amount?.units === "0" || amount?.text === "0";
}

/**
 * What to freeze: the wallets of the governed addresses that it is paid from, or all where a decision named none.
 * Empty where it is paid from no governed address.
 */
function scopeOf(document: Document, snapshot: Snapshot): readonly string[] {
  const governed = sourcesOf(document).flatMap((address) => snapshot.governed(address) ?? []);
  const scopes = governed.map(({ wallet }) => scopeOfWallet(wallet));
  return scopes.includes("all") ? ["all"] : [...new Set(scopes)];
}

function scopeOfWallet(wallet: string | undefined): string {
  try {
    return wallet === undefined ? "all" : parseScope(`wallet:${wallet}`).text;
  } catch {
    return "all";
  }
}

function isSinceStart({ deposit, transaction, now }: Document, snapshot: Snapshot): boolean {
  const createdAt = deposit?.created_at ?? transaction?.created_at ?? now.ms;
  const firstAt = snapshot.firstAt();
  return firstAt !== undefined && createdAt > firstAt;
}

interface Found {
  readonly message: string;
  readonly values: Readonly<Record<string, unknown>>;
}

interface Refused {
  readonly id: string;
  readonly codes: readonly string[];
  readonly wallet: string | undefined;
}

/** What a co-signer was refused. That Cobo was told `deny` shows of no withdrawal that it is ours. */
function refusalOf(
  document: Document,
  transactions: readonly number[],
  snapshot: Snapshot,
): Refused | undefined {
  if (document.channel !== "push.mpc") return undefined;
  for (const transaction of transactions) {
    const refusal = snapshot.newestRefusal(transaction);
    if (refusal === undefined) continue;
    const { id, channel, reasons, wallet } = decisionRowSchema.parse(JSON.parse(refusal.row));
    if (channel === "tss.v1" || channel === "tss.v2")
      return { id, wallet, codes: reasons.map(({ code }) => code) };
  }
  return undefined;
}

function byNobody(document: Document, refusal: Refused | undefined): Found {
  const sources = sourcesOf(document).slice(0, MAX_LISTED).join(", ");
  const of = `${nameOf(document)} left ${sources === "" ? "its wallet" : sources}`;
  if (refusal === undefined) {
    return { message: `${of}: no decision here approved it`, values: { approved: "none" } };
  }
  const { id, codes } = refusal;
  return {
    message: `${of}: it was refused here (${codes[0] ?? ""}), and was sent all the same`,
    values: { approved: "none", refused: id, refused_for: codes },
  };
}

function otherwise(approval: Approval, unpaid: Destination | undefined, told: Told): Found {
  const differs = differenceOf(approval, unpaid, told);
  return {
    message: `${nameOf(told.document)} was sent with another ${differs} than was approved`,
    values: {
      differs,
      approved: approval
        .slice(0, MAX_LISTED)
        .map(({ units = "?", token = "?", destination = "?" }) => `${units} of ${token} to ${destination}`),
    },
  };
}

function differenceOf(
  approval: Approval,
  unpaid: Destination | undefined,
  told: Told,
): "destination" | "token" | "amount" {
  if (unpaid === undefined) return "destination";
  const there = approval.filter((movement) => isSameAddress(movement, unpaid));
  if (there.length === 0) return "destination";
  return there.some((movement) => isSameToken(movement, unpaid, told)) ? "amount" : "token";
}

function wordsOf(destination: Destination, document: Document): string {
  const { address = "?", amount } = destination;
  const token = amount?.token ?? document.transaction?.token ?? "?";
  return `${unitsOf(destination, document) ?? "?"} of ${token} to ${address}`;
}

function nameOf({ transaction, request }: Document): string {
  return `transaction ${transaction?.cobo_id ?? transaction?.business_id ?? request.id}`;
}
