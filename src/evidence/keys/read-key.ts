/**
 * Whether the address that signs is the one that the request names: the key is derived from root, path and tweak, and
 * its address on the chain is held against the declared sources.
 */
import { listedAddress } from "../../input/address.ts";
import type { Difference, Document, Evidence } from "../../input/document.ts";
import type { ChainFamily } from "../../policy/release.ts";
import { Comparison } from "../comparison.ts";
import { hexOf } from "../evm/rlp-fields.ts";
import { addressesOf, CURVE_OF, isOpenKind, prefixOf } from "./addresses.ts";
import { DeclaredSources } from "./declared-sources.ts";
import { derivePublicKey } from "./derive-public-key.ts";
import type { ExtendedKey } from "./extended-key.ts";
import { states } from "./stated-key.ts";

/**
 * @property key - `absent`: root, paths or source addresses are not stated. `unsupported`: nothing contradicts, but
 *   something is asked for that no document of Cobo's settles.
 * @property signer - the address that signs, in lower case on EVM, where there is one for all hashes, whatever is
 *   declared.
 * @property publicKey - of `signer`: 33 bytes, compressed, on secp256k1; 32 on Ed25519.
 * @property differences - empty but for `mismatch`.
 */
export interface KeyReading {
  readonly key: Evidence["key"];
  readonly signer?: string;
  readonly publicKey?: Uint8Array;
  readonly differences: readonly Difference[];
}

type Signing = NonNullable<Document["signing"]>;

/** A hash without a tweak among others that have one. */
const NO_TWEAK = "0x";
/**
 * Keys of one request, those on the way to them included: each takes up to half a millisecond, and all of them must
 * stay well below 50. Those that are remembered count as well: a decision must not depend on the one before.
 */
const MAX_KEYS = 80;
/** More of them would not tell more. */
const MAX_DIFFERENCES = 16;

/**
 * What is checked, for every hash that is to be signed:
 *
 * - the root is an extended public key of depth 0, on the curve that the chain's accounts have;
 * - the address of the key at the path is a declared source;
 * - path and public key, where the source states them, are those of the signature, and the algorithm is the address's.
 *
 * And every declared source signs: an account that is named beside the one that signs leaves it `unsupported`, as does
 * a tweak. Cobo documents that there is one for Schnorr signatures, not whether it is a script tree's root or the
 * hash of BIP-341. Never throws.
 *
 * @param family - of the transaction's chain, or of the kind of message.
 */
export function readKey(document: Document, family: ChainFamily | undefined): KeyReading {
  const { key, signing } = document;
  const declared = document.transaction?.sources?.some(({ address }) => address !== undefined) ?? false;
  if (key?.root_public_key === undefined || signing === undefined || !declared) {
    return { key: "absent", differences: [] };
  }
  if (family === undefined) return { key: "unsupported", differences: [] };
  const sources = new DeclaredSources(document.transaction?.sources ?? [], family);
  const comparison = new Comparison();
  if (key.curve !== undefined && key.curve !== CURVE_OF[family]) {
    comparison.differ("key.curve", key.curve, CURVE_OF[family]);
    return { key: "mismatch", differences: comparison.differences };
  }
  const signers = new Map<string, ExtendedKey>();
  const reading = { root: key.root_public_key, signing, sources, family, comparison, signers };
  readSignatures(reading);
  if (sources.hasIdle) comparison.leaveOpen();
  const { differences, isComplete } = comparison;
  const state = isComplete ? "verified" : "unsupported";
  return { key: differences.length > 0 ? "mismatch" : state, differences, ...onlySigner(signers) };
}

/** @property signers - gets the keys that sign, by their addresses. */
interface Reading {
  readonly root: string;
  readonly signing: Signing;
  readonly sources: DeclaredSources;
  readonly family: ChainFamily;
  readonly comparison: Comparison;
  readonly signers: Map<string, ExtendedKey>;
}

function readSignatures(reading: Reading): void {
  const { root, signing, comparison } = reading;
  if (signing.paths.length !== signing.hashes.length) comparison.leaveOpen();
  const seen = new Set<string>();
  const keys = new Set<string>();
  for (const [index, path] of signing.paths.entries()) {
    const tweak = signing.tweaks === undefined ? NO_TWEAK : signing.tweaks[index];
    const signature = `${path} ${tweak}`;
    if (seen.has(signature)) continue;
    seen.add(signature);
    addKeys(path, keys);
    if (keys.size > MAX_KEYS || comparison.differences.length >= MAX_DIFFERENCES) {
      comparison.leaveOpen();
      return;
    }
    const key = derivePublicKey(root, path);
    if ("unusable" in key) {
      if (key.unusable === "unknown") comparison.leaveOpen();
      else if (key.of === "path") comparison.differ(`signing.paths.${index}`, path, key.why);
      // Whoever put a private key there must not find it in a log.
      else comparison.differ("key.root_public_key", undefined, key.why);
      if (key.of === "root") return;
    } else if (key.curve !== CURVE_OF[reading.family]) {
      compareRootCurve(reading, key);
      return;
    } else if (tweak !== NO_TWEAK) comparison.leaveOpen();
    else compareSources(reading, index, path, key);
  }
}

/** Adds a path and those above it, as far as they are not there yet. A path that is none is one key. */
function addKeys(path: string, keys: Set<string>): void {
  for (let at = path; at.includes("/") && !keys.has(at) && keys.size <= MAX_KEYS; ) {
    keys.add(at);
    at = at.slice(0, at.lastIndexOf("/"));
  }
}

/**
 * Cobo's recovery kit writes Ed25519 roots as `cpub…`; its API's documents show only `xpub…`, for whichever curve.
 * What such a root would hold for Ed25519 is not said anywhere.
 */
function compareRootCurve({ family, comparison }: Reading, { curve }: ExtendedKey): void {
  if (curve === "secp256k1") comparison.leaveOpen();
  else comparison.differ("key.root_public_key", `a root on ${CURVE_OF[family]}`, `one on ${curve}`);
}

function compareSources(reading: Reading, index: number, path: string, key: ExtendedKey): void {
  const { signing, sources, family, comparison, signers } = reading;
  const { differences } = comparison;
  const declared = sources.likeliest(index, path, signing.paths.length);
  const own = sources.prefixes
    .flatMap((prefix) => [...addressesOf(key, family, prefix)])
    .filter(([address]) => sources.has(address));
  for (const [address, algorithm] of own) {
    signers.set(address, key);
    if (!differences.some(({ field }) => field === "signing.algorithm")) {
      comparison.same("signing.algorithm", signing.algorithm, algorithm);
    }
    for (const [at, source] of sources.take(address)) {
      comparison.same(`transaction.sources.${at}.path`, source.path, path);
      comparePublicKey(`transaction.sources.${at}.public_key`, source.public_key, key, comparison);
      if (differences.length >= MAX_DIFFERENCES) return;
    }
  }
  if (own.length > 0) return;
  if (isOpenKind(key, family, declared.address)) {
    comparison.leaveOpen();
    return;
  }
  const [instead] = addressesOf(key, family, prefixOf(family, listedAddress(declared.address))).keys();
  if (instead !== undefined) signers.set(instead, key);
  comparison.differ(`transaction.sources.${declared.at}.address`, declared.address, instead);
}

function comparePublicKey(
  field: string,
  stated: string | undefined,
  key: ExtendedKey,
  comparison: Comparison,
): void {
  if (stated === undefined) return;
  const same = states(stated, key);
  if (same === undefined) comparison.leaveOpen();
  else if (!same) comparison.differ(field, stated, hexOf(key.bytes));
}

function onlySigner(signers: ReadonlyMap<string, ExtendedKey>): Pick<KeyReading, "signer" | "publicKey"> {
  const [first, ...others] = signers;
  return first === undefined || others.length > 0 ? {} : { signer: first[0], publicKey: first[1].bytes };
}
