/**
 * The keys that Cobo signs push messages with: points on secp256k1, one for each of Cobo's environments. All of
 * Cobo's customers get messages of the same key, so that a good signature says "Cobo said this", never "this is ours".
 *
 * The two points stand in Cobo's own clients (cobo-js-api `src/Env.ts`, cobo-python-api `config.py`); Cobo's web
 * console shows the one in force, and a point written in hex takes its place when Cobo changes it.
 */
import { createPublicKey, type KeyObject } from "node:crypto";

const KNOWN: ReadonlyMap<string, string> = new Map([
  ["prod", "02c3e5bacf436fbf4da78597e791579f022a2e85073ae36c54a361ff97f2811376"],
  ["dev", "03596da539963fb1dd29d5859e25903eb76b9f7ed2d58516e29c9f80c201ff2c1b"],
]);

const COMPRESSED_POINT = /^0[23][0-9a-f]{64}$/;
/** As much of a point is its key's name. */
const NAME_DIGITS = 16;
/** A SubjectPublicKeyInfo of id-ecPublicKey on secp256k1, up to the compressed point (RFC 5480). */
const SPKI = Buffer.from("3036301006072a8648ce3d020106052b8104000a032200", "hex");

/**
 * @property name - `prod`, `dev`, or the first 16 hex digits of the point: a document's `request.source`.
 * @property point - compressed, in lower-case hex: two names of one key have the same.
 */
export interface PushKey {
  readonly name: string;
  readonly point: string;
  readonly key: KeyObject;
}

/** What is wrong with a name of a key, by its place in the list. */
export class PushKeyError extends Error {
  override readonly name = "PushKeyError";
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

/**
 * The keys of a config's `push.keys`.
 *
 * @param names - `prod`, `dev`, or a compressed point in hex.
 * @throws PushKeyError for anything else, for a point that is not on the curve, and for a key that stands there twice.
 */
export function pushKeysOf(names: readonly string[]): readonly PushKey[] {
  const keys: PushKey[] = [];
  for (const [index, name] of names.entries()) {
    const key = pushKeyOf(name, index);
    if (keys.some(({ point }) => point === key.point)) throw new PushKeyError(index, "the same key twice");
    keys.push(key);
  }
  return keys;
}

function pushKeyOf(name: string, index: number): PushKey {
  const point = KNOWN.get(name) ?? name.toLowerCase();
  if (!COMPRESSED_POINT.test(point)) {
    throw new PushKeyError(
      index,
      "not prod, dev, or a compressed point: 66 hex digits that begin with 02 or 03",
    );
  }
  try {
    const der = Buffer.concat([SPKI, Buffer.from(point, "hex")]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return { name: KNOWN.has(name) ? name : point.slice(0, NAME_DIGITS), point, key };
  } catch {
    throw new PushKeyError(index, "no point on secp256k1");
  }
}
