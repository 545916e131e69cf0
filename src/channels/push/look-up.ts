/** One question to Cobo about one push, and what it comes to. */
import type { Channel } from "../../input/document.ts";
import type { JsonObject } from "../../input/strict-json.ts";
import { type Asked, isFinal, queriesFor, transactionIn } from "./query.ts";
import { type Query, type QueryAnswer, UnreadableAnswer } from "./query-client.ts";
import { compare, type Particulars, type QueryDifference, unknownTransaction } from "./query-compare.ts";

/** @property id - of the transaction, Cobo's: see `isCoboId`. @property particulars - of the push's document. */
export interface Question {
  readonly id: string;
  readonly channel: Channel;
  readonly particulars: Particulars;
}

/** What Cobo says to a push. */
export type Settled =
  | { readonly confirmed: true }
  | { readonly confirmed: false; readonly differences: readonly QueryDifference[] };

/** What keeps a push open: Cobo's words as they are for now, or that there are none. */
export type Why = { readonly difference: QueryDifference } | { readonly problem: string };

export interface Asking {
  readonly client: { ask(query: Query): Promise<QueryAnswer>; close(): void };
  /** Reads a transaction as a push of this channel is read. @throws UnreadableAnswer where it is none. */
  readonly read: (channel: Channel, transaction: JsonObject) => Particulars;
}

/** @throws QueryFailure where there is no answer. */
export async function lookUp(
  { client, read }: Asking,
  { id, channel, particulars }: Question,
): Promise<Settled | Why> {
  const asked: Asked = { channel, id, status: particulars.status };
  for (const query of queriesFor(asked)) {
    const answer = await client.ask(query);
    try {
      const transaction = transactionIn(answer, asked);
      if (transaction === undefined) continue;
      const { differences, behind } = compare(particulars, read(channel, transaction));
      if (behind !== undefined) return { difference: behind };
      return differences.length === 0 ? { confirmed: true } : { confirmed: false, differences };
    } catch (error) {
      if (error instanceof UnreadableAnswer) return { problem: error.message };
      throw error;
    }
  }
  // What a custodial wallet has under way is known only to some settings of Cobo's.
  return channel === "push.mpc" || isFinal(particulars.status)
    ? { difference: unknownTransaction(particulars) }
    : { problem: "Cobo does not know the transaction yet" };
}
