/**
 * Which question answers for which push (reference: Cobo's WaaS1 query endpoints).
 *
 * - MPC wallets: `mpc/transactions_by_cobo_ids`, whatever the status.
 * - Custodial wallets: `transaction` has what is final, `pending_transaction` what is not. A transaction moves from one
 *   to the other between two questions, so that one that is not pending any more is looked for among the final ones.
 */
import type { Channel, PushStatus } from "../../input/document.ts";
import { isJsonObject, type JsonObject } from "../../input/strict-json.ts";
import { type Query, type QueryAnswer, UnreadableAnswer } from "./query-client.ts";

const CUSTODIAL = "/v1/custody/transaction/";
const CUSTODIAL_PENDING = "/v1/custody/pending_transaction/";
const MPC = "/v1/custody/mpc/transactions_by_cobo_ids/";

/**
 * Cobo's ids are 32 digits, and UUIDs. What has other characters is none, and would be encoded in one way by some of
 * Cobo's clients and in another by others.
 */
const COBO_ID = /^[0-9A-Za-z_-]{1,128}$/;

export function isCoboId(text: string): boolean {
  return COBO_ID.test(text);
}

/** What is asked about. @property id - Cobo's, see {@link isCoboId}. @property status - as the push tells it. */
export interface Asked {
  readonly channel: Channel;
  readonly id: string;
  readonly status: PushStatus;
}

/** The questions, in their order: the first answer that knows the transaction counts. */
export function queriesFor({ channel, id, status }: Asked): readonly Query[] {
  if (channel === "push.mpc") return [{ path: MPC, params: { cobo_ids: id } }];
  const final = { path: CUSTODIAL, params: { id } };
  return isFinal(status) ? [final] : [{ path: CUSTODIAL_PENDING, params: { id } }, final];
}

/** Whether Cobo tells of nothing more, unless the chain is reorganized. */
export function isFinal(status: PushStatus): boolean {
  return status === "success" || status === "failed";
}

/**
 * The transaction in an answer, in the shape of a push.
 *
 * @returns undefined where the answer has none. One that has another one's is not told apart here: the comparison finds
 *   that its id differs.
 * @throws UnreadableAnswer where it has something else.
 */
export function transactionIn(answer: QueryAnswer, { channel, id }: Asked): JsonObject | undefined {
  if (!answer.known || answer.result === undefined || answer.result === null) return undefined;
  const { result } = answer;
  if (!isJsonObject(result)) throw new UnreadableAnswer("a signed answer whose result is no object");
  if (channel !== "push.mpc") return Object.keys(result).length === 0 ? undefined : result;
  const listed = result["transactions"];
  if (!Array.isArray(listed) || !listed.every(isJsonObject)) {
    throw new UnreadableAnswer("a signed answer whose transactions are no list");
  }
  return listed.find((transaction) => transaction["cobo_id"] === id) ?? listed[0];
}
