/** Public keys of the two curves as points: what public derivation adds up. All of it is public, so time may vary. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToNumberBE } from "@noble/curves/utils.js";
import type { Document } from "../../input/document.ts";

export type Curve = NonNullable<NonNullable<Document["key"]>["curve"]>;

/**
 * @property isKey - whether the bytes are a public key in its one spelling.
 * @property add - the key that a scalar (32 bytes, big-endian) is farther; absent where there is none.
 */
interface CurvePoints {
  isKey(key: Uint8Array): boolean;
  add(key: Uint8Array, scalar: Uint8Array): Uint8Array | undefined;
}

const secp = secp256k1.Point;
const edwards = ed25519.Point;

/** Keys are 33 bytes, compressed. A scalar that is no less than the order has no child (BIP-32). */
const secp256k1Points: CurvePoints = {
  isKey: (key) => key.length === 33 && decodes(() => secp.fromBytes(key)),
  add(key, scalar) {
    const distance = bytesToNumberBE(scalar);
    if (distance === 0n || distance >= secp.Fn.ORDER) return undefined;
    const sum = secp.fromBytes(key).add(secp.BASE.multiplyUnsafe(distance));
    return sum.is0() ? undefined : sum.toBytes(true);
  },
};

/** Keys are 32 bytes (RFC 8032). The scalar is taken modulo the order of the base point. */
const ed25519Points: CurvePoints = {
  isKey: (key) => key.length === 32 && decodes(() => edwards.fromBytes(key)),
  add(key, scalar) {
    const distance = bytesToNumberBE(scalar) % edwards.Fn.ORDER;
    if (distance === 0n) return undefined;
    const sum = edwards.fromBytes(key).add(edwards.BASE.multiplyUnsafe(distance));
    return sum.is0() ? undefined : sum.toBytes();
  },
};

export const POINTS: Readonly<Record<Curve, CurvePoints>> = {
  secp256k1: secp256k1Points,
  ed25519: ed25519Points,
};

/** @param key - on secp256k1, 33 bytes. @returns 65 bytes: 04, x, y. */
export function uncompressed(key: Uint8Array): Uint8Array {
  return secp.fromBytes(key).toBytes(false);
}

function decodes(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch {
    return false;
  }
}
