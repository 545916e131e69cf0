/** The sample transfer's bytes as those of another transaction, so that a test can ask for as many as it likes. */
import { createHash } from "node:crypto";
import { HDNodeWallet, Transaction } from "ethers";

/** @property value - smallest units of the chain's coin; absent: as it was. */
interface Changes {
  readonly nonce: number;
  readonly value?: bigint;
}

/**
 * @param unsigned - an unsigned transaction in hex.
 * @returns the same with other members, and the hash that is signed for it.
 */
export function rebuilt(
  unsigned: string,
  { nonce, value }: Changes,
): { readonly unsigned: string; readonly hash: string } {
  const transaction = Transaction.from(unsigned);
  transaction.nonce = nonce;
  if (value !== undefined) transaction.value = value;
  return { unsigned: transaction.unsignedSerialized, hash: transaction.unsignedHash };
}

/** The address of the root key's child at a path such as `m/44/60/0/0/1`, in lower case. */
export function addressAt(root: string, path: string): string {
  return HDNodeWallet.fromExtendedKey(root).derivePath(path.slice("m/".length)).address.toLowerCase();
}

/** A nonce for each id, far above what an account has: 48 bits of its digest. */
export function nonceOf(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 6);
}
