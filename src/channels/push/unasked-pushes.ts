/**
 * The pushes that were not settled by an answer of Cobo's when the last process ended, from the ledger. Of each
 * transaction it is the newest push that is not late; what was said before it does not matter any more.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Ledger, StoredEntry } from "../../ledger/ledger.ts";
import { parseRow } from "../../ledger/rows.ts";
import type { PushToAsk } from "./push-queries.ts";
import { particularsOfText } from "./query-compare.ts";

/** As many rows are read in some milliseconds. */
const PAGE = 100;

type Readable = Pick<Ledger, "newestOf" | "entry">;
type Found = Omit<PushToAsk, "particulars"> & { readonly seq: number };

/**
 * Oldest first.
 *
 * @param since - milliseconds since the epoch: earlier pushes are let go.
 * @throws LedgerError
 */
export async function* unaskedPushes(ledger: Readable, since: number): AsyncGenerator<PushToAsk> {
  const judged = await judgedByQuery(ledger, since);
  for (const { seq, ...push } of (await newestPushes(ledger, since)).reverse()) {
    const judgement = judged.get(push.id);
    if (judgement === "settled") continue;
    const particulars = particularsOfText(ledger.entry(seq)?.body.document ?? "");
    if (particulars === undefined) continue;
    yield { ...push, particulars, unanswered: judgement === "unanswered" };
    await turn();
  }
}

/** What the newest answer to each push came to. */
async function judgedByQuery(
  ledger: Readable,
  since: number,
): Promise<ReadonlyMap<string, "settled" | "unanswered">> {
  const judged = new Map<string, "settled" | "unanswered">();
  for await (const { row: text } of backTo(ledger, "judgement", since)) {
    const row = parseRow(text);
    if (row.type !== "judgement" || row.why !== "query" || judged.has(row.push)) continue;
    const isUnanswered = row.flags.some(({ code }) => code === "QUERY_UNANSWERED");
    judged.set(row.push, isUnanswered ? "unanswered" : "settled");
  }
  return judged;
}

/** Newest first. */
async function newestPushes(ledger: Readable, since: number): Promise<Found[]> {
  const found: Found[] = [];
  const transactions = new Set<string>();
  for await (const { seq, at, id, row: text } of backTo(ledger, "push", since)) {
    const row = parseRow(text);
    if (row.type !== "push" || !row.readable || row.late) continue;
    const transaction = row.transaction?.names.find((name) => name.startsWith("cobo:"));
    if (transaction === undefined || transactions.has(transaction)) continue;
    transactions.add(transaction);
    found.push({ id, at, seq, channel: row.channel });
  }
  return found;
}

async function* backTo(
  ledger: Readable,
  type: "push" | "judgement",
  since: number,
): AsyncGenerator<StoredEntry> {
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = ledger.newestOf(type, before, PAGE);
    for (const entry of page) {
      if (entry.at < since) return;
      yield entry;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    before = last.seq;
    await turn();
  }
}
