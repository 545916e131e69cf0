/** What typed data does once it is signed: permits, transfers by signature, Safe transactions. */
import type { Effect } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import { permit2Reader } from "./permit2.ts";
import { safeReader } from "./safe-tx.ts";
import { allArgumentsOf, chainWithId, type SignedMessage, type Signing } from "./signed-message.ts";
import { TOKEN_MESSAGES } from "./token-messages.ts";
import type { TypedDataReading } from "./typed-data.ts";

/**
 * The effects of typed data, never none: what isn't known, orders of any market among it, is one `unknown`. Contracts
 * and tokens are looked up on the chain of `knowledge` that has the domain's chain id, whatever the document says; a
 * domain without one finds none, but for a Safe of before 1.3.0, whose domain has none.
 *
 * Deadlines stand among the arguments, as the standards call them: `deadline`, Dai's `expiry` (0 is never),
 * `sigDeadline` and `expiration` of Permit2, `validBefore` of ERC-3009.
 */
export function effectsOfTypedData(
  reading: TypedDataReading,
  signing: Signing,
  knowledge: Knowledge,
): readonly Effect[] {
  const signed = {
    reading,
    signing,
    knowledge,
    chain: chainWithId(reading.chainId, signing.chain, knowledge),
  };
  return knownEffects(signed) ?? [unknownEffect(signed)];
}

function knownEffects(signed: SignedMessage): readonly Effect[] | undefined {
  const { messageType, verifyingContract } = signed.reading;
  if (verifyingContract === undefined) return undefined;
  const read =
    TOKEN_MESSAGES.get(messageType)?.read ?? permit2Reader(messageType) ?? safeReader(signed.reading);
  return read?.(signed, verifyingContract);
}

function unknownEffect({ reading, signing }: SignedMessage): Effect {
  return {
    type: "unknown",
    ...(signing.from === undefined ? {} : { from: signing.from }),
    ...(reading.verifyingContract === undefined ? {} : { to: reading.verifyingContract }),
    method: reading.messageType,
    ...allArgumentsOf(reading.messageType, reading.message),
    depth: 0,
  };
}

/**
 * Whose assets the data says it is about, in lower case: who signs it must be that account, or it is worth nothing.
 * Absent where it doesn't say.
 */
export function ownerOf({ messageType, message }: TypedDataReading): string | undefined {
  const member = TOKEN_MESSAGES.get(messageType)?.owner;
  const owner = member === undefined ? undefined : message[member];
  return typeof owner === "string" ? owner : undefined;
}
