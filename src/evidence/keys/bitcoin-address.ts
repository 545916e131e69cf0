/** Bitcoin's addresses and the scripts they stand for (BIP-16, BIP-173, BIP-350), of the main network and testnet. */
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { bech32, bech32m, createBase58check } from "@scure/base";

export type BitcoinNetwork = "main" | "test";
export type BitcoinScript = "p2pkh" | "p2sh" | "p2wpkh" | "p2wsh" | "p2tr";

/** @property program - the hash, or the x-only key of `p2tr`, that the script holds. */
export interface BitcoinAddress {
  readonly network: BitcoinNetwork;
  readonly script: BitcoinScript;
  readonly program: Uint8Array;
}

const base58check = createBase58check(sha256);

const PREFIXES: Readonly<
  Record<BitcoinNetwork, { readonly p2pkh: number; readonly p2sh: number; readonly hrp: "bc" | "tb" }>
> = {
  main: { p2pkh: 0x00, p2sh: 0x05, hrp: "bc" },
  test: { p2pkh: 0x6f, p2sh: 0xc4, hrp: "tb" },
};
const NETWORKS = ["main", "test"] as const;

/** The longest address has 62 characters. */
const MAX_TEXT = 90;

/** SHA-256 and then RIPEMD-160: 20 bytes. */
export function hash160(bytes: Uint8Array): Uint8Array {
  return ripemd160(sha256(bytes));
}

/** The script of an output, and the redeem script of `p2sh` over `p2wpkh`. */
export function scriptOf({ script, program }: Pick<BitcoinAddress, "script" | "program">): Uint8Array {
  switch (script) {
    case "p2pkh":
      return concatBytes(Uint8Array.of(0x76, 0xa9, 0x14), program, Uint8Array.of(0x88, 0xac));
    case "p2sh":
      return concatBytes(Uint8Array.of(0xa9, 0x14), program, Uint8Array.of(0x87));
    case "p2wpkh":
    case "p2wsh":
      return concatBytes(Uint8Array.of(0x00, program.length), program);
    case "p2tr":
      return concatBytes(Uint8Array.of(0x51, 0x20), program);
  }
}

export function bitcoinAddressText({ network, script, program }: BitcoinAddress): string {
  const prefixes = PREFIXES[network];
  switch (script) {
    case "p2pkh":
    case "p2sh":
      return base58check.encode(concatBytes(Uint8Array.of(prefixes[script]), program));
    case "p2wpkh":
    case "p2wsh":
      return bech32.encode(prefixes.hrp, [0, ...bech32.toWords(program)]);
    case "p2tr":
      return bech32m.encode(prefixes.hrp, [1, ...bech32m.toWords(program)]);
  }
}

/**
 * @param text - bech32 in lower case or in capitals.
 * @returns undefined for what is no address of these networks, with whatever checksum.
 */
export function readBitcoinAddress(text: string): BitcoinAddress | undefined {
  if (text.length > MAX_TEXT) return undefined;
  return /^(?:bc|tb)1/i.test(text) ? readSegwit(text) : readBase58(text);
}

function readBase58(text: string): BitcoinAddress | undefined {
  const bytes = attempt(() => base58check.decode(text));
  if (bytes?.length !== 21) return undefined;
  for (const network of NETWORKS) {
    for (const script of ["p2pkh", "p2sh"] as const) {
      if (PREFIXES[network][script] === bytes[0]) return { network, script, program: bytes.slice(1) };
    }
  }
  return undefined;
}

function readSegwit(text: string): BitcoinAddress | undefined {
  const [old, new_] = [
    attempt(() => bech32.decode(text, MAX_TEXT)),
    attempt(() => bech32m.decode(text, MAX_TEXT)),
  ];
  const decoded = old ?? new_;
  const network = NETWORKS.find((one) => PREFIXES[one].hrp === decoded?.prefix);
  if (decoded === undefined || network === undefined) return undefined;
  const [version, ...words] = decoded.words;
  const program = attempt(() => bech32.fromWords(words));
  if (program === undefined) return undefined;
  // Version 0 has the checksum of BIP-173, all later ones that of BIP-350.
  if (version === 0 && old !== undefined && program.length === 20)
    return { network, script: "p2wpkh", program };
  if (version === 0 && old !== undefined && program.length === 32)
    return { network, script: "p2wsh", program };
  if (version === 1 && old === undefined && program.length === 32)
    return { network, script: "p2tr", program };
  return undefined;
}

function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
