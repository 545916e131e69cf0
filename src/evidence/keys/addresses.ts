/** The addresses that a public key has on a family of chains. */
import { equalBytes } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { base32nopad, base58, bech32, createBase58check } from "@scure/base";
import type { Document } from "../../input/document.ts";
import type { ChainFamily } from "../../policy/release.ts";
import { RecentMap } from "../../recent-map.ts";
import { hexOf } from "../evm/rlp-fields.ts";
import {
  type BitcoinAddress,
  type BitcoinNetwork,
  bitcoinAddressText,
  hash160,
  readBitcoinAddress,
  scriptOf,
} from "./bitcoin-address.ts";
import { type Curve, uncompressed } from "./curve-points.ts";
import type { PublicKey } from "./extended-key.ts";

export type Algorithm = NonNullable<NonNullable<Document["signing"]>["algorithm"]>;

/** The curve that a family's accounts have. */
export const CURVE_OF: Readonly<Record<ChainFamily, Curve>> = {
  evm: "secp256k1",
  bitcoin: "secp256k1",
  tron: "secp256k1",
  cosmos: "secp256k1",
  solana: "ed25519",
  stellar: "ed25519",
};

/** The addresses of a key, each with the algorithm that signs for it. */
export type Addresses = ReadonlyMap<string, Algorithm>;

const made = new WeakMap<PublicKey, RecentMap<string, Addresses>>();
/** Kinds that are remembered of one key: a prefix of Cosmos may be any. */
const MAX_KINDS = 16;

/** What tells the kinds of address of a family apart, as far as they begin differently. */
export function prefixOf(family: ChainFamily, address: string): string {
  switch (family) {
    case "bitcoin":
      return /^(?:bc|tb)1[a-z0-9]/.exec(address)?.[0] ?? address.slice(0, 1);
    case "cosmos":
      return address.slice(0, Math.max(0, address.lastIndexOf("1")));
    default:
      return "";
  }
}

/**
 * The addresses of a key that begin alike, in their one spelling (EVM and bech32 in lower case), remembered with it.
 *
 * Taproot: the key is the output key as it stands, without the tweak of BIP-341, which is how Cobo makes an address
 * without a script tree (CoboGlobal/cobo-mpc-recovery-kits, `pkg/wallet/address.go` at 7b819a9).
 *
 * @param key - of the family's curve.
 * @param prefix - of {@link prefixOf}.
 */
export function addressesOf(key: PublicKey, family: ChainFamily, prefix: string): Addresses {
  const kind = `${family} ${prefix}`;
  const known = made.get(key) ?? new RecentMap<string, Addresses>(MAX_KINDS);
  made.set(key, known);
  const addresses = known.get(kind) ?? makeAddresses(key.bytes, family, prefix);
  known.set(kind, addresses);
  return addresses;
}

function makeAddresses(key: Uint8Array, family: ChainFamily, prefix: string): Addresses {
  switch (family) {
    case "evm":
      return new Map([[hexOf(keccakAddress(key)), "ecdsa"]]);
    case "tron":
      return new Map([[base58check.encode(concatBytes(Uint8Array.of(0x41), keccakAddress(key))), "ecdsa"]]);
    case "cosmos":
      return cosmosAddresses(key, prefix);
    case "solana":
      return new Map([[base58.encode(key), "eddsa"]]);
    case "stellar":
      return new Map([[stellarAccount(key), "eddsa"]]);
    case "bitcoin":
      return new Map(
        bitcoinAddresses(key, prefix).map((address) => [
          bitcoinAddressText(address),
          address.script === "p2tr" ? "schnorr" : "ecdsa",
        ]),
      );
  }
}

/**
 * Whether an address that is none of a key's may be one of its all the same: it takes more than a key to say (a
 * script, a muxed account, a contract), or nobody documents which of two ways the chain derives it.
 */
export function isOpenKind(key: PublicKey, family: ChainFamily, declared: string): boolean {
  switch (family) {
    case "bitcoin":
      return readBitcoinAddress(declared)?.script === "p2wsh";
    case "stellar":
      return /^[MC][A-Z2-7]{55,68}$/.test(declared);
    case "cosmos": {
      // Chains with EVM accounts.
      const bytes = cosmosParts(declared)?.bytes;
      return bytes !== undefined && equalBytes(bytes, keccakAddress(key.bytes));
    }
    default:
      return false;
  }
}

const base58check = createBase58check(sha256);

/** The last 20 bytes of Keccak-256 over the uncompressed key. */
function keccakAddress(key: Uint8Array): Uint8Array {
  return keccak_256(uncompressed(key).subarray(1)).slice(12);
}

function bitcoinAddresses(key: Uint8Array, prefix: string): BitcoinAddress[] {
  const hash = hash160(key);
  const nested = () => hash160(scriptOf({ script: "p2wpkh", program: hash }));
  const legacy = (network: BitcoinNetwork): BitcoinAddress[] => [
    { network, script: "p2pkh", program: hash },
    { network, script: "p2pkh", program: hash160(uncompressed(key)) },
  ];
  switch (prefix) {
    case "bc1q":
      return [{ network: "main", script: "p2wpkh", program: hash }];
    case "bc1p":
      return [{ network: "main", script: "p2tr", program: key.slice(1) }];
    case "tb1q":
      return [{ network: "test", script: "p2wpkh", program: hash }];
    case "tb1p":
      return [{ network: "test", script: "p2tr", program: key.slice(1) }];
    case "1":
      return legacy("main");
    case "m":
    case "n":
      return legacy("test");
    case "3":
      return [{ network: "main", script: "p2sh", program: nested() }];
    case "2":
      return [{ network: "test", script: "p2sh", program: nested() }];
    default:
      return [];
  }
}

function cosmosAddresses(key: Uint8Array, prefix: string): Addresses {
  // Anything may stand before a 1.
  if (!/^[a-z0-9]{1,40}$/.test(prefix)) return new Map();
  return new Map([[bech32.encode(prefix, bech32.toWords(hash160(key))), "ecdsa"]]);
}

function cosmosParts(address: string): { prefix: string; bytes: Uint8Array } | undefined {
  try {
    return bech32.decodeToBytes(address);
  } catch {
    return undefined;
  }
}

/** Stellar's strkey of an account (SEP-23): version 6 << 3, the key, CRC-16/XMODEM with its low byte first. */
function stellarAccount(key: Uint8Array): string {
  const body = concatBytes(Uint8Array.of(6 << 3), key);
  const crc = crc16(body);
  return base32nopad.encode(concatBytes(body, Uint8Array.of(crc & 0xff, crc >> 8)));
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}
