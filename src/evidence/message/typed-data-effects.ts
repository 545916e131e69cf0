/** What typed data does once it is signed: permits, transfers by signature, Safe transactions. */
import type { Effect } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import type { TypedDataReading } from "./typed-data.ts";

/**
 * @property chain - the document's chain, such as `ETH`.
 * @property from - the address that signs, in lower case.
 */
export interface Signing {
  readonly chain?: string | undefined;
  readonly from?: string | undefined;
}

/**
 * The effects of typed data, never none: what isn't known is one `unknown`. Contracts are looked up on the chain of
 * `knowledge` that has the domain's chain id, whatever the document says.
 */
export function effectsOfTypedData(
  reading: TypedDataReading,
  signing: Signing,
  knowledge: Knowledge,
): readonly Effect[] {
  throw new Error(`not read yet: ${reading.messageType} ${signing.chain} ${Object.keys(knowledge)}`);
}

/** Whose assets the data speaks of, where it says so, in lower case: who signs it must be that account. */
export function ownerOf(reading: TypedDataReading): string | undefined {
  throw new Error(`not read yet: ${reading.messageType}`);
}
