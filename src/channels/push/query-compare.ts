/**
 * What a push said of a transaction, held against what Cobo says of it when it is asked.
 *
 * Both are documents, made by the same reading, so that spellings don't matter: what is compared is what rules and
 * people go by. Whatever one of them states and the other does not is a difference, but for what a transaction gets
 * only on its way: its hash, and the place in it. Prices, confirmations, fees and times are not compared: they move.
 *
 * A status that moved on meanwhile contradicts nothing, unless the push called it final: who books a deposit because
 * it is a success wants to hear from Cobo that it still is one. There the answer is `behind`: it is asked again, and
 * only if it stays so it is a difference.
 */
import { z } from "zod";
import { documentSchema, type PushStatus } from "../../input/document.ts";

/** A document, as far as it is compared. */
const claimedSchema = z.object({
  kind: documentSchema.shape.kind,
  transaction: documentSchema.shape.transaction,
  deposit: documentSchema.shape.deposit,
});
type Claimed = z.infer<typeof claimedSchema>;

/** @property pushed, answered - absent where it states none. */
export interface QueryDifference {
  /** A path of the document. */
  readonly field: string;
  readonly pushed?: string;
  readonly answered?: string;
}

/** What is claimed of a transaction: its status, and all else by path. */
export interface Particulars {
  readonly status: PushStatus;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * @property differences - empty where the answer agrees.
 * @property behind - there are none but this one: the push calls it final, and Cobo does not, or no longer, or not yet.
 */
export interface Comparison {
  readonly differences: readonly QueryDifference[];
  readonly behind?: QueryDifference;
}

/** Known only once it was broadcast. */
const LATER: ReadonlySet<string> = new Set(["deposit.outpoint.hash", "deposit.outpoint.index"]);
/** Not every message of the same transaction has it. */
const WHERE_BOTH_STATE: ReadonlySet<string> = new Set(["transaction.type"]);

/** Where a status may be when it has moved on. From `success` only a reorganization leads away. */
const LATER_STATUSES: Readonly<Record<PushStatus, readonly PushStatus[]>> = {
  pending: ["confirming", "reverting", "success", "failed", "reorganized"],
  confirming: ["pending", "reverting", "success", "failed", "reorganized"],
  reverting: ["failed"],
  reorganized: ["pending", "confirming", "reverting", "success", "failed"],
  success: [],
  failed: [],
};

/** The stored text of a push's document. @returns undefined where it is none, or states no status. */
export function particularsOfText(text: string): Particulars | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = claimedSchema.safeParse(value);
  return parsed.success ? particularsOf(parsed.data) : undefined;
}

/** @returns undefined where it states no status: then it is none of a push. */
export function particularsOf({ kind, transaction, deposit }: Claimed): Particulars | undefined {
  if (deposit?.status === undefined) return undefined;
  const { outpoint, coin, nft } = deposit;
  const stated: Record<string, string | number | boolean | undefined> = {
    kind,
    "transaction.cobo_id": transaction?.cobo_id,
    "transaction.type": transaction?.type,
    "transaction.token": transaction?.token,
    "transaction.internal": transaction?.internal,
    "deposit.internal": deposit.internal,
    "deposit.coin.decimals": coin?.decimals,
    "deposit.outpoint.hash": outpoint?.hash,
    "deposit.outpoint.index": outpoint?.index,
    "deposit.nft.code": nft?.code,
    "deposit.nft.contract": nft?.contract,
    "deposit.nft.token_id": nft?.token_id,
    "deposit.nft.amount": nft?.amount,
    ...paymentsOf(transaction),
  };
  const fields: Record<string, string> = {};
  for (const [field, value] of Object.entries(stated))
    if (value !== undefined) fields[field] = spelledOnce(String(value));
  return { status: deposit.status, fields };
}

const HASH = /^(?:0x)?([0-9a-f]{64})$/i;
const EVM_ADDRESS = /0x[0-9a-f]{40}(?![0-9a-f])/gi;

/** A document has its addresses as the release of its time knew their chains. */
function spelledOnce(value: string): string {
  return (
    HASH.exec(value)?.[1]?.toLowerCase() ?? value.replace(EVM_ADDRESS, (address) => address.toLowerCase())
  );
}

/** Who gets how much. Several destinations may come in any order. */
function paymentsOf(transaction: Claimed["transaction"]): Record<string, string | undefined> {
  const payments = (transaction?.destinations ?? []).map(({ address, wallet_id, memo, amount }) => ({
    address,
    wallet_id,
    memo,
    token: amount?.token,
    amount: amount?.text,
  }));
  const sorted = payments
    .map((payment) => ({ payment, key: spelledOnce(JSON.stringify(Object.values(payment))) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return Object.fromEntries(
    sorted.flatMap(({ payment }, index) =>
      Object.entries(payment).map(([name, value]) => [`transaction.destinations[${index}].${name}`, value]),
    ),
  );
}

/** Holds an answer against a push. */
export function compare(pushed: Particulars, answered: Particulars): Comparison {
  const fields = new Set([...Object.keys(pushed.fields), ...Object.keys(answered.fields)]);
  const differences: QueryDifference[] = [];
  for (const field of fields) {
    const [ours, theirs] = [pushed.fields[field], answered.fields[field]];
    if (ours === theirs || (ours === undefined && LATER.has(field))) continue;
    if ((ours === undefined || theirs === undefined) && WHERE_BOTH_STATE.has(field)) continue;
    differences.push(difference(field, ours, theirs));
  }
  if (pushed.status === answered.status || LATER_STATUSES[pushed.status].includes(answered.status)) {
    return { differences };
  }
  const status = difference("deposit.status", pushed.status, answered.status);
  const isFinal = LATER_STATUSES[pushed.status].length === 0;
  return isFinal && differences.length === 0
    ? { differences, behind: status }
    : { differences: [...differences, status] };
}

/** What it says where Cobo does not know the transaction at all. */
export function unknownTransaction({ fields }: Particulars): QueryDifference {
  return difference("transaction.cobo_id", fields["transaction.cobo_id"], undefined);
}

function difference(
  field: string,
  pushed: string | undefined,
  answered: string | undefined,
): QueryDifference {
  return {
    field,
    ...(pushed === undefined ? {} : { pushed }),
    ...(answered === undefined ? {} : { answered }),
  };
}
