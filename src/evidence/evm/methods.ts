/** What is known of a call's method: the host's own readings, and the signatures that a release brings. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Method } from "../../policy/release.ts";
import { Undecodable } from "../undecodable.ts";
import { parseSignature, type Signature } from "./abi-type.ts";
import { ADMIN_READINGS } from "./admin-methods.ts";
import { COLLECTION_READINGS } from "./collection-calls.ts";
import { MULTICALL_READINGS } from "./multicalls.ts";
import { MULTISEND_READINGS } from "./multisend.ts";
import { PERMIT2_READINGS } from "./permit2-calls.ts";
import type { Reading, Readings } from "./reading.ts";
import { SAFE_READINGS } from "./safe-calls.ts";
import { TOKEN_READINGS } from "./token-calls.ts";

/** All readings. No selector stands in it twice. */
export const READINGS: Readings = [
  ...TOKEN_READINGS,
  ...COLLECTION_READINGS,
  ...PERMIT2_READINGS,
  ...MULTICALL_READINGS,
  ...MULTISEND_READINGS,
  ...SAFE_READINGS,
  ...ADMIN_READINGS,
];

const bySelector: ReadonlyMap<string, Reading> = new Map(READINGS);

/** The host's reading of a method; absent where it has none. */
export function readingOf(selector: string): Reading | undefined {
  return bySelector.get(selector);
}

const parsed = new WeakMap<Reading | Method, Signature | "wrong">();

/** A reading's signature, parsed once. */
export function signatureOf(reading: Reading): Signature {
  const known = parsed.get(reading);
  if (known !== undefined && known !== "wrong") return known;
  const signature = parseSignature(reading.signature);
  parsed.set(reading, signature);
  return signature;
}

/** A release's signature of a method; absent where it isn't one, or not that selector's. */
export function statedSignature(selector: string, method: Method): Signature | undefined {
  const known = parsed.get(method);
  if (known !== undefined) return known === "wrong" ? undefined : known;
  const signature = checkedSignature(selector, method.signature);
  parsed.set(method, signature ?? "wrong");
  return signature;
}

function checkedSignature(selector: string, text: string): Signature | undefined {
  try {
    const signature = parseSignature(text);
    return selectorOfSignature(signature) === selector ? signature : undefined;
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

/** The first four bytes of the hash of a method's canonical signature. */
export function selectorOfSignature({ text }: Signature): string {
  return `0x${Buffer.from(keccak_256(Buffer.from(text)).subarray(0, 4)).toString("hex")}`;
}
