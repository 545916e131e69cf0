/** What each reading of bytes works from, and what it finds. */
import type { Document, Evidence } from "../input/document.ts";
import type { Knowledge } from "../policy/assets.ts";
import type { ChainFamily } from "../policy/release.ts";
import type { Comparison } from "./comparison.ts";

/**
 * @property family - of the chain, or of the kind of message.
 * @property signer - the address that the signing key has, where it was derived. @property publicKey - that key.
 * @property comparison - gets what differs.
 */
export interface Reading {
  readonly document: Document;
  readonly knowledge: Knowledge;
  readonly family: ChainFamily | undefined;
  readonly signer: string | undefined;
  readonly publicKey: Uint8Array | undefined;
  readonly comparison: Comparison;
}

/** What a reading finds, besides what it compares. */
export type Found = Pick<Evidence, "effects" | "typed_data" | "text">;

/** Whose the bytes are: the derived address, else the one that the words name, where they name one. */
export function senderOf({ document, signer }: Reading): string | undefined {
  const [source, ...others] = document.transaction?.sources ?? [];
  return signer ?? (others.length === 0 ? source?.address : undefined);
}
