/** A push message whose sender is proven: what the push desk works from. Made by a channel, once the signature held. */
import type { Channel, Document, InputDocument } from "../input/document.ts";
import type { FlagMark, TransactionNames } from "../ledger/ledger.ts";

interface Received {
  readonly channel: Channel;
  /** The configured key's name. */
  readonly source: string;
  /** SHA-256 in hex over the message's bytes: the same message, whenever it is sent again. */
  readonly identity: string;
  /** The signed message as it is kept: see `ledger/signed-message.ts`. */
  readonly envelope: string;
  /** `performance.now()` when it arrived. */
  readonly startedAt: number;
}

/**
 * @property input - the document without facts and `deposit.previously`, with prices and list hits.
 * @property names - of its transaction, `cobo:ID` first; no organization is known, so that it is empty.
 */
export interface ReadPush extends Received {
  readonly readable: true;
  readonly input: InputDocument;
  readonly names: TransactionNames | undefined;
}

/**
 * A message that nobody understands: it is kept as it is, and flagged.
 *
 * @property problem - why, for people. @property names, marks - what could be found in it all the same.
 */
export interface UnreadPush extends Received {
  readonly readable: false;
  readonly now: Document["now"];
  readonly problem: string;
  readonly names: TransactionNames | undefined;
  readonly marks: readonly FlagMark[];
}

export type Push = ReadPush | UnreadPush;
