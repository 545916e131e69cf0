/** The sample transfer's bytes as those of another transaction, so that a test can ask for as many as it likes. */
import { createHash } from "node:crypto";
import { type HDNodeVoidWallet, HDNodeWallet, Transaction } from "ethers";

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

/** Keys above many children, by root and path: each step down costs milliseconds. */
const parents = new Map<string, HDNodeWallet | HDNodeVoidWallet>();

function parentAt(root: string, path: string): HDNodeWallet | HDNodeVoidWallet {
  const name = `${root} ${path}`;
  const known = parents.get(name);
  if (known !== undefined) return known;
  const wallet = HDNodeWallet.fromExtendedKey(root);
  const parent = path === "m" ? wallet : wallet.derivePath(path.slice("m/".length));
  parents.set(name, parent);
  return parent;
}

/** The address of the root key's child at a path such as `m/44/60/0/0/1`, in lower case. */
export function addressAt(root: string, path: string): string {
  const last = path.lastIndexOf("/");
  const index = Number(path.slice(last + 1));
  return parentAt(root, path.slice(0, last)).deriveChild(index).address.toLowerCase();
}

/** A nonce for each id, far above what an account has: 48 bits of its digest. */
export function nonceOf(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 6);
}
