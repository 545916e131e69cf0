/**
 * What the bytes of a request pay, read by another library than the server's: a transfer may be approved only where
 * they pay what the words say, from the address that the signing key has.
 */
import { HDNodeWallet, Transaction } from "ethers";

/** What the words pay. @property contract - of the token; absent for the chain's coin. */
export interface Said {
  readonly chainId: number;
  readonly contract: string | undefined;
  readonly address: string;
  readonly units: bigint;
}

/** Whether the bytes pay exactly that, and their hash is the one that is signed. */
export function bytesPay(unsigned: unknown, hash: unknown, said: Said): boolean {
  const transaction = decoded(unsigned);
  if (transaction === undefined || transaction.signature !== null) return false;
  if (typeof hash !== "string" || transaction.unsignedHash.slice(2) !== hash.replace(/^0x/, "").toLowerCase())
    return false;
  if (transaction.chainId !== BigInt(said.chainId)) return false;
  const to = transaction.to?.toLowerCase();
  if (said.contract === undefined) {
    return to === said.address && transaction.value === said.units && transaction.data === "0x";
  }
  const units = said.units.toString(16).padStart(64, "0");
  const data = `0xa9059cbb${said.address.slice(2).padStart(64, "0")}${units}`;
  return to === said.contract && transaction.value === 0n && transaction.data === data;
}

function decoded(unsigned: unknown): Transaction | undefined {
  if (typeof unsigned !== "string" || unsigned === "") return undefined;
  try {
    return Transaction.from(unsigned.startsWith("0x") ? unsigned : `0x${unsigned}`);
  } catch {
    return undefined;
  }
}

const addresses = new Map<string, string | undefined>();

/** The address of the signing key; undefined where root and path make none. */
export function addressOfKey(root: unknown, path: unknown): string | undefined {
  const name = JSON.stringify([root, path]);
  if (!addresses.has(name)) addresses.set(name, derived(root, path));
  return addresses.get(name);
}

function derived(root: unknown, path: unknown): string | undefined {
  if (typeof root !== "string" || typeof path !== "string") return undefined;
  try {
    return HDNodeWallet.fromExtendedKey(root).derivePath(path.replace(/^m\//, "")).address.toLowerCase();
  } catch {
    return undefined;
  }
}
