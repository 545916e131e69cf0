/** The sample transfer's bytes as those of another transaction, so that the demo can ask for more than one. */
import { createHash } from "node:crypto";
import * as Hash from "ox/Hash";
import type { Hex } from "ox/Hex";
import * as Rlp from "ox/Rlp";

/** @property value - smallest units of the chain's coin; absent: as it was. */
interface Changes {
  readonly nonce: number;
  readonly value?: bigint;
}

/**
 * @param unsigned - an unsigned legacy transaction (EIP-155).
 * @returns the same with other members, and the hash that is signed for it.
 */
export function rebuilt(
  unsigned: Hex,
  { nonce, value }: Changes,
): { readonly unsigned: Hex; readonly hash: Hex } {
  const fields = Rlp.toHex(unsigned);
  if (!Array.isArray(fields)) throw new TypeError("no legacy transaction");
  const changed = [...fields];
  changed[0] = integer(BigInt(nonce));
  if (value !== undefined) changed[4] = integer(value);
  const bytes = Rlp.fromHex(changed);
  return { unsigned: bytes, hash: Hash.keccak256(bytes) };
}

/** A nonce for each id, far above what an account has: 48 bits of its digest. */
export function nonceOf(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 6);
}

function integer(value: bigint): Hex {
  const digits = value === 0n ? "" : value.toString(16);
  return `0x${digits.length % 2 === 0 ? "" : "0"}${digits}`;
}
