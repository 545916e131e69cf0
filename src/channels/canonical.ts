/** What a request states, in the canonical forms that follow from the release's data. */
import { foldedAddress } from "../input/address.ts";
import { Refusal } from "../input/refusal.ts";
import { type Assets, tokenOf } from "../policy/assets.ts";
import type { ChainFamily } from "../policy/release.ts";

/**
 * A token lives on one chain.
 *
 * @throws Refusal `REQUEST_SCHEMA` where the request puts it on another one than the release's data.
 */
export function checkChainOfToken(
  assets: Assets,
  token: string | undefined,
  chain: string | undefined,
): void {
  const known = tokenOf(assets, token);
  if (known === undefined || !chain || known.chain === chain) return;
  throw new Refusal("REQUEST_SCHEMA", "a token of the transaction lies on another chain in data.tokens", {
    token,
    chain,
    known: known.chain,
  });
}

/** EVM addresses in lower case, on chains of that family and on chains nobody knows; all others exactly. */
export function canonicalAddress(address: string, family: ChainFamily | undefined): string {
  return family === undefined || family === "evm" ? foldedAddress(address) : address;
}

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

/**
 * Bytes as lower-case hex with `0x`.
 *
 * @param prefix - whether the text has to begin with `0x`.
 * @throws Refusal `REQUEST_SCHEMA` for what is not whole bytes of hex.
 */
export function canonicalHex(text: string, where: string, prefix: "required" | "optional"): string {
  const prefixed = text.startsWith("0x");
  const digits = prefixed ? text.slice(2) : text;
  if ((prefix === "required" && !prefixed) || !HEX.test(digits)) {
    throw new Refusal("REQUEST_SCHEMA", `${where}: not hex${prefix === "required" ? " with 0x" : ""}`);
  }
  return `0x${digits.toLowerCase()}`;
}

/** The hash of a transaction: hex in lower case, so that one transaction has one name; other spellings exactly. */
export function canonicalHash(hash: string): string {
  return /^(?:0x)?[0-9a-fA-F]+$/.test(hash) ? hash.toLowerCase() : hash;
}

/** `hash:index`, as {@link canonicalHash} has the hash. */
export function outpointOf(hash: string | undefined, index: number | undefined): string | undefined {
  if (!hash || hash.includes(":") || index === undefined) return undefined;
  return `${canonicalHash(hash)}:${index}`;
}

/** Runs what may refuse, and puts the member's path in front of the message. */
export function located<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(error.code, `${where}: ${error.message}`, error.values);
    throw error;
  }
}
