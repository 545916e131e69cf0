/** One push in full, for somebody who asks what was found of it. */
import type { Kysely } from "kysely";
import { flagsOfTransaction } from "./flag-queries.ts";
import type { LedgerReader } from "./kysely-ledger.ts";
import { pushesOf } from "./push-queries.ts";
import { entryOf } from "./queries.ts";
import { type FlagItem, type FullEntry, MAX_LIMIT } from "./query-types.ts";
import { type JudgementRow, type PushRow, parseRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

/**
 * @property push - its row, whole. @property document - that was judged; absent where there is none, or it was pruned.
 * @property token, claims, request - as of a {@link FullEntry}: the signed message, its headers and its body.
 * @property judgements - of this push, the oldest first.
 * @property flags - of its transaction, the newest first.
 * @property stands - the newest message of the transaction that could be read and is not late.
 */
export interface FullPush extends Omit<FullEntry, "entry"> {
  readonly push: PushRow;
  readonly document?: unknown;
  readonly judgements: readonly (JudgementRow & { readonly seq: number })[];
  readonly flags: readonly FlagItem[];
  readonly stands?: { readonly id: string; readonly status?: PushRow["status"] };
}

/**
 * A push by its id, by that of one of its judgements, or by that of a flag that it or one of these raised.
 *
 * @returns undefined where there is none.
 */
export function findPush({ kysely }: LedgerReader, id: string): Promise<FullPush | undefined> {
  return kysely.transaction().execute(async (snapshot) => {
    const raising = await snapshot
      .selectFrom("flags")
      .innerJoin("entries", "entries.seq", "flags.entry")
      .select("entries.id")
      .where("flags.id", "=", id)
      .executeTakeFirst();
    const named = await entryOf(snapshot, raising?.id ?? id);
    const found = named?.entry.type === "judgement" ? await entryOf(snapshot, named.entry.push) : named;
    if (found?.entry.type !== "push") return undefined;
    const { entry: push, ...rest } = found;
    const transaction = await transactionOf(snapshot, rest.seq);
    const newest = (await pushesOf(snapshot, transaction, MAX_LIMIT)).find(
      ({ readable, late }) => readable && !late,
    );
    return {
      ...rest,
      push,
      judgements: await judgementsOf(snapshot, transaction, push.id),
      flags: await flagsOfTransaction(snapshot, transaction, MAX_LIMIT),
      ...(newest === undefined ? {} : { stands: { id: newest.id, status: newest.status } }),
    };
  });
}

/** What has no name is a transaction of its own number. */
async function transactionOf(snapshot: Kysely<Tables>, seq: number): Promise<number> {
  const found = await snapshot
    .selectFrom("entries")
    .select("tx")
    .where("seq", "=", seq)
    .executeTakeFirstOrThrow();
  return found.tx ?? seq;
}

async function judgementsOf(snapshot: Kysely<Tables>, transaction: number, push: string) {
  const rows = await snapshot
    .selectFrom("entries")
    .select(["seq", "row"])
    .where("tx", "=", transaction)
    .where("type", "=", "judgement")
    .orderBy("seq")
    .execute();
  return rows.flatMap(({ seq, row }) => {
    const judgement = parseRow(row);
    return judgement.type === "judgement" && judgement.push === push ? [{ ...judgement, seq }] : [];
  });
}
