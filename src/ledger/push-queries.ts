/** The pushes of a transaction as people see them. */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { readBody } from "./entry-body.ts";
import type { PushItem, ToldOfChain } from "./query-types.ts";
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
    .select(["entries.seq", "row", "encoding", "token", "document"])
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
    const { request, document } = readBody(kept);
    return [
      {
        ...{ id, at, seq, channel, late, readable, outcome, reasons, alerts },
        ...(kind === undefined ? {} : { kind }),
        ...(status === undefined ? {} : { status }),
        ...(judgement && { judged: { seq: judgement.seq, at: judgement.at, why: judgement.why } }),
        ...toldOfChain(document),
        ...judgement?.told,
        ...(request === undefined ? {} : { message: request }),
      },
    ];
  });
}

type Judged = JudgementRow & { readonly seq: number; readonly told: ToldOfChain };

/** The newest one of each push, by the push's id. */
async function judgementsOf(
  database: Kysely<Tables>,
  transaction: number,
): Promise<ReadonlyMap<string, Judged>> {
  const rows = await database
    .selectFrom("entries")
    .leftJoin("bodies", "bodies.seq", "entries.seq")
    .select(["entries.seq", "row", "encoding", sql<null>`NULL`.as("token"), "document"])
    .where("tx", "=", transaction)
    .where("type", "=", "judgement")
    .orderBy("entries.seq")
    .execute();
  const judgements = new Map<string, Judged>();
  for (const { seq, row, ...kept } of rows) {
    const judgement = parseRow(row);
    if (judgement.type !== "judgement") continue;
    const told = { ...judgements.get(judgement.push)?.told, ...toldOfChain(readBody(kept).document) };
    judgements.set(judgement.push, { ...judgement, seq, told });
  }
  return judgements;
}

const depositSchema = z.object({
  confirmations: z.int().optional(),
  threshold: z.int().optional(),
  block: z.object({ hash: z.string().optional(), height: z.int().optional() }).optional(),
  confirmed_by_query: z.boolean().optional(),
});
const documentSchema = z.object({ deposit: depositSchema.optional() });

/** What a kept document says of its transaction's place on the chain. */
function toldOfChain(document: unknown): ToldOfChain {
  const { deposit } = documentSchema.safeParse(document).data ?? {};
  const { confirmations, threshold, block, confirmed_by_query } = deposit ?? {};
  return {
    ...(confirmations === undefined ? {} : { confirmations }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(block === undefined ? {} : { block }),
    ...(confirmed_by_query === undefined ? {} : { confirmed_by_query }),
  };
}
