/** From a checked push message to the one document that rules see (design 3.4). */
import type { Document, InputDocument } from "../../input/document.ts";
import type { TransactionNames } from "../../ledger/ledger.ts";
import type { Assets } from "../../policy/assets.ts";
import { type ParsedPush, UnreadablePush } from "./wire.ts";

/**
 * What the message doesn't say itself.
 *
 * @property source - the key's name. @property receivedAt - milliseconds since the epoch.
 * @property identity - SHA-256 in hex over the message's bytes.
 */
export interface PushContext extends Assets {
  readonly source: string;
  readonly receivedAt: number;
  readonly now: Document["now"];
  readonly identity: string;
}

export interface NormalizedPush extends InputDocument {
  readonly names: TransactionNames | undefined;
}

/** @throws UnreadablePush */
export function normalizePush(_parsed: ParsedPush, _context: PushContext): NormalizedPush {
  throw new UnreadablePush("not built yet", undefined, []);
}

/** @throws Refusal `REQUEST_SCHEMA`, `KIND_UNKNOWN`: it is no confirmation, or can't be used as one. */
export function normalizeConfirmation(_parsed: ParsedPush, _context: PushContext): NormalizedPush {
  throw new UnreadablePush("not built yet", undefined, []);
}

/** SHA-256 in hex over canonical JSON of what will be paid. */
export function confirmationIdentity(_parsed: ParsedPush): string {
  throw new UnreadablePush("not built yet", undefined, []);
}
