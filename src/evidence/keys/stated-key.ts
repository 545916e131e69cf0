/** A public key as a request states it beside an address. */
import { bytesToHex } from "@noble/hashes/utils.js";
import { uncompressed } from "./curve-points.ts";
import { type ExtendedKey, extendedKeyText } from "./extended-key.ts";

const HEX = /^(?:0x)?((?:[0-9a-fA-F]{2}){32,65})$/;

const texts = new WeakMap<ExtendedKey, string>();

/**
 * Whether a text states a key: as the extended key, which is what Cobo's API documents, or in hex: compressed,
 * uncompressed, or the 32 bytes of an x-only or Ed25519 key.
 *
 * @param key - derived, not read.
 * @returns undefined for a spelling that nobody documents.
 */
export function states(text: string, key: ExtendedKey): boolean | undefined {
  const digits = HEX.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) return /^[xc]pub/.test(text) ? text === textOf(key) : undefined;
  const own = bytesToHex(key.bytes);
  if (digits.length === own.length) return digits === own;
  if (key.curve === "ed25519") return digits.length === 66 ? digits === `00${own}` : undefined;
  if (digits.length === 64) return digits === own.slice(2);
  return digits.length === 130 ? digits === bytesToHex(uncompressed(key.bytes)) : undefined;
}

function textOf(key: ExtendedKey): string {
  const text = texts.get(key) ?? extendedKeyText(key);
  texts.set(key, text);
  return text;
}
