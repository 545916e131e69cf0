/** What typed data does once it is signed: permits, transfers by signature, Safe transactions. */
import type { Effect } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import { finished } from "../evm/unwrapping.ts";
import { permit2Reader } from "./permit2.ts";
import { safeReader } from "./safe-tx.ts";
import { argumentsOf, chainWithId, type SignedMessage, type Signing } from "./signed-message.ts";
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

/** In characters. Longer values say nothing to anybody, and an effect goes without. */
const MAX_ARGUMENTS = 8192;

function unknownEffect({ reading, signing }: SignedMessage): Effect {
  const { messageType, message, verifyingContract } = reading;
  const words = argumentsOf(messageType, message);
  const length = words.reduce((sum, { value }) => sum + value.length, 0);
  return finished({ type: "unknown", from: signing.from, to: verifyingContract }, 0, {
    method: messageType,
    ...(words.length === 0 || length > MAX_ARGUMENTS ? {} : { arguments: words }),
  });
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
