/** EIP-712: what is signed where structured data is. */
import type { Hex } from "ox/Hex";
import type { Difference, TypedData } from "../../input/document.ts";
import type { JsonObject } from "../../input/strict-json.ts";
import { Undecodable } from "../undecodable.ts";
import type { TypedStruct } from "./typed-data-values.ts";

/**
 * @property digest - the hash that a wallet signs.
 * @property domainHash - the domain separator; `messageHash`: the hash of the message alone. Safe shows both.
 * @property typedData - what the document says of it.
 * @property domainType - the type `EIP712Domain` as EIP-712's `encodeType` spells it.
 * @property messageType - the primary type and all that it refers to, in the same spelling.
 * @property chainId - the chain for which it is valid; absent where the domain doesn't say.
 * @property verifyingContract - the contract that takes it, in lower case; absent where the domain doesn't say.
 * @property message - the decoded values.
 * @property differences - each place where the two forms of a request disagree: `declared` is what
 *   `raw_structured_data` says, the text that the document shows, `decoded` what was hashed.
 */
export interface TypedDataReading {
  readonly digest: Hex;
  readonly domainHash: Hex;
  readonly messageHash: Hex;
  readonly typedData: TypedData;
  readonly domainType: string;
  readonly messageType: string;
  readonly chainId?: bigint | undefined;
  readonly verifyingContract?: string | undefined;
  readonly message: TypedStruct;
  readonly differences: readonly Difference[];
}

/**
 * Typed data, as an object, as JSON text, or both. The digest is that of the object where there is one; whatever the
 * text says otherwise, spelling included, is a difference.
 *
 * @throws Undecodable for what is no typed data: a value that doesn't fit its type, a member missing or too much, a
 *   type that isn't known, a name that could be read as something else, and for more than the limits allow.
 */
export function readTypedData(structured: JsonObject | undefined, raw: string | undefined): TypedDataReading {
  throw new Undecodable(structured === undefined && raw === undefined ? "no typed data" : "not read yet");
}
