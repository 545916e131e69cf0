/** The public key at a path below a root key, remembered: five steps cost a millisecond, the same wallet's mostly one. */

import { RecentMap } from "../../recent-map.ts";
import { childOf, type ExtendedKey, readExtendedKey, type Unusable } from "./extended-key.ts";

/** Keys that are remembered, those on the way included. About 500 bytes each. */
const MAX_REMEMBERED = 8192;
/** Cobo's paths have five levels. */
const MAX_LEVELS = 10;
const HARDENED = 0x80000000;

const PLAIN_PATH = /^m(?:\/(?:0|[1-9][0-9]{0,9}))+$/;
const HARDENED_PATH = /^m(?:\/[0-9]{1,10}['hH]?)*$/;

/** By root and path. */
const keys = new RecentMap<string, ExtendedKey>(MAX_REMEMBERED);
/** By their text. An installation has a handful. */
const masters = new RecentMap<string, ExtendedKey>(256);

/**
 * @param root - an extended public key, `xpub…` (secp256k1) or `cpub…` (Ed25519), of depth 0.
 * @param path - as Cobo writes it: `m/44/60/0/0/0`, unhardened.
 * @returns the key, or why there is none; `of` says which of the two is at fault.
 */
export function derivePublicKey(
  root: string,
  path: string,
): ExtendedKey | (Unusable & { readonly of: "root" | "path" }) {
  const known = keys.get(`${root} ${path}`);
  if (known !== undefined) return known;
  const master = masterOf(root);
  if ("unusable" in master) return { ...master, of: "root" };
  const wrong = faultOf(path);
  if (wrong !== undefined) return { ...wrong, of: "path" };
  return descendantOf(root, master, path) ?? { unusable: "unknown", why: "a path without a key", of: "path" };
}

function masterOf(root: string): ExtendedKey | Unusable {
  const known = masters.get(root);
  if (known !== undefined) return known;
  const read = readExtendedKey(root);
  if ("unusable" in read) return read;
  if (read.depth !== 0) return { unusable: "unknown", why: "an extended key that is no root" };
  masters.set(root, read);
  return read;
}

function faultOf(path: string): Unusable | undefined {
  if (PLAIN_PATH.test(path)) {
    const levels = path.split("/").slice(1);
    if (levels.length > MAX_LEVELS) return { unusable: "unknown", why: `a path of ${levels.length} levels` };
    if (levels.every((level) => Number(level) < HARDENED)) return undefined;
    return { unusable: "unknown", why: "a hardened path" };
  }
  if (/['hH]/.test(path) && HARDENED_PATH.test(path)) return { unusable: "unknown", why: "a hardened path" };
  return { unusable: "broken", why: "no path" };
}

/** @param path - a plain one. Every key on the way is remembered: the next address of a wallet is one step away. */
function descendantOf(root: string, master: ExtendedKey, path: string): ExtendedKey | undefined {
  const end = path.lastIndexOf("/");
  if (end === -1) return master;
  const name = `${root} ${path}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const parent = descendantOf(root, master, path.slice(0, end));
  const child = parent && childOf(parent, Number(path.slice(end + 1)));
  if (child !== undefined) keys.set(name, child);
  return child;
}
