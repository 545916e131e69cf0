/** Public keys of the two curves as points: what public derivation adds up. All of it is public, so time may vary. */
import { createECDH } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
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

/** What the points of both curves have. */
interface Point<P> {
  add(other: P): P;
  is0(): boolean;
  toBytes(): Uint8Array;
}

interface PointOf<P> {
  readonly Fn: { readonly ORDER: bigint };
  fromBytes(bytes: Uint8Array): P;
}

/**
 * @property size - of a key, in bytes. @property scalarOf - what is added, as the curve's derivation reads it.
 * @property baseTimes - the base point so often.
 */
interface Derivation<P> {
  readonly size: number;
  readonly scalarOf: (value: bigint, order: bigint) => bigint | undefined;
  readonly baseTimes: (scalar: bigint) => P;
}

function pointsOf<P extends Point<P>>(
  curve: PointOf<P>,
  { size, scalarOf, baseTimes }: Derivation<P>,
): CurvePoints {
  // Decompressing takes a fifth of a derivation.
  const known = new WeakMap<Uint8Array, P>();
  const pointAt = (key: Uint8Array): P => {
    const point = known.get(key) ?? curve.fromBytes(key);
    known.set(key, point);
    return point;
  };
  return {
    isKey(key) {
      try {
        return key.length === size && !pointAt(key).is0();
      } catch {
        return false;
      }
    },
    add(key, scalar) {
      const distance = scalarOf(bytesToNumberBE(scalar), curve.Fn.ORDER);
      if (distance === undefined || distance === 0n) return undefined;
      const sum = pointAt(key).add(baseTimes(distance));
      if (sum.is0()) return undefined;
      const bytes = sum.toBytes();
      known.set(bytes, sum);
      return bytes;
    },
  };
}

/** OpenSSL's, which has its tables at hand: to make them here holds the first request for 60 milliseconds. */
function secp256k1BaseTimes(scalar: bigint): InstanceType<typeof secp256k1.Point> {
  const pair = createECDH("secp256k1");
  pair.setPrivateKey(numberToBytesBE(scalar, 32));
  return secp256k1.Point.fromBytes(pair.getPublicKey());
}

/**
 * The base point with a table of its own: the library's larger one takes 25 ms to make, which the first request would wait
 * for. This one takes 10, and each multiplication a fifth of a millisecond instead of a sixth.
 */
const ED25519_BASE = ed25519.Point.fromAffine(ed25519.Point.BASE.toAffine()).precompute(4);

export const POINTS: Readonly<Record<Curve, CurvePoints>> = {
  /** Keys are 33 bytes, compressed. A scalar that is no less than the order has no child (BIP-32). */
  secp256k1: pointsOf(secp256k1.Point, {
    size: 33,
    scalarOf: (value, order) => (value < order ? value : undefined),
    baseTimes: secp256k1BaseTimes,
  }),
  /** Keys are 32 bytes (RFC 8032). The scalar is taken modulo the order of the base point. */
  ed25519: pointsOf(ed25519.Point, {
    size: 32,
    scalarOf: (value, order) => value % order,
    baseTimes: (scalar) => ED25519_BASE.multiplyUnsafe(scalar),
  }),
};

/** @param key - on secp256k1, 33 bytes. @returns 65 bytes: 04, x, y. */
export function uncompressed(key: Uint8Array): Uint8Array {
  return secp256k1.Point.fromBytes(key).toBytes(false);
}
