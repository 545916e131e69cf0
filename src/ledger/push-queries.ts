/** The pushes of a transaction as people see them. */
import { type Kysely, sql } from "kysely";
import { readBody } from "./entry-body.ts";
import type { PushItem } from "./query-types.ts";
import { type JudgementRow, parseRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** Newest first; each with the newest word on it. */
export async function pushesOf(
  database: Kysely<Tables>,
  transaction: number,
  limit: number,
): Promise<PushItem[]> {
  const judgements = await judgementsOf(database, transaction);
  const rows = await database
    .selectFrom("entries")
    .leftJoin("bodies", "bodies.seq", "entries.seq")
    .select(["entries.seq", "row", "encoding", "token", sql<null>`NULL`.as("document")])
    .where("tx", "=", transaction)
    .where("type", "=", "push")
    .orderBy("entries.seq", "desc")
    .limit(limit)
    .execute();
  return rows.flatMap(({ seq, row, ...kept }) => {
    const push = parseRow(row);
    if (push.type !== "push") return [];
    const { id, at, channel, kind, status, late, readable } = push;
    const judgement = judgements.get(id);
    const { outcome, reasons, alerts } = judgement ?? push;
    const { request } = readBody(kept);
    return [
      {
        ...{ id, at, seq, channel, late, readable, outcome, reasons, alerts },
        ...(kind === undefined ? {} : { kind }),
        ...(status === undefined ? {} : { status }),
        ...(judgement && { judged: { seq: judgement.seq, at: judgement.at, why: judgement.why } }),
        ...(request === undefined ? {} : { message: request }),
      },
    ];
  });
}

/** The newest one of each push, by the push's id. */
async function judgementsOf(
  database: Kysely<Tables>,
  transaction: number,
): Promise<ReadonlyMap<string, JudgementRow & { readonly seq: number }>> {
  const rows = await database
    .selectFrom("entries")
    .select(["seq", "row"])
    .where("tx", "=", transaction)
    .where("type", "=", "judgement")
    .orderBy("seq")
    .execute();
  const judgements = new Map<string, JudgementRow & { readonly seq: number }>();
  for (const { seq, row } of rows) {
    const judgement = parseRow(row);
    if (judgement.type === "judgement") judgements.set(judgement.push, { ...judgement, seq });
  }
  return judgements;
}
