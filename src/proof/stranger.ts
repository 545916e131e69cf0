/**
 * Whoever the host's guard asks as: an installation that nobody knows, with everything that a real one has. All of it is
 * made up anew each time, so that no release can tell its documents from those of a customer whom it hasn't met.
 */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { hexOf } from "../evidence/evm/rlp-fields.ts";
import { addressesOf, CURVE_OF } from "../evidence/keys/addresses.ts";
import { type Curve, POINTS } from "../evidence/keys/curve-points.ts";
import { derivePublicKey } from "../evidence/keys/derive-public-key.ts";
import { extendedKeyText, type PublicKey } from "../evidence/keys/extended-key.ts";
import type { ChainFamily } from "../policy/release.ts";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** How addresses begin that people pay from. */
const PREFIXES: Partial<Record<ChainFamily, string>> = { bitcoin: "bc1q", cosmos: "cosmos" };

/** Where below a root key the accounts of a family are, by its number in SLIP-44. */
const PATHS: Partial<Record<ChainFamily, string>> = {
  bitcoin: "m/84/0",
  tron: "m/44/195",
  solana: "m/44/501",
  cosmos: "m/44/118",
  stellar: "m/44/148",
};

/** A text of letters and digits, as ids of vaults, groups and nodes are. */
export function randomText(length: number): string {
  return Array.from({ length }, () => BASE58[randomInt(BASE58.length)]).join("");
}

function randomDigits(length: number): string {
  return Array.from({ length }, () => randomInt(10)).join("");
}

/** As Cobo names its co-signers' nodes. */
export function randomNode(): string {
  return `cobo${randomText(45)}`;
}

export function oneOf<T>(choices: readonly T[], otherwise: T): T {
  return choices.length === 0 ? otherwise : (choices[randomInt(choices.length)] ?? otherwise);
}

/** @property path - below the root key; @property address - of the key there. */
export interface Account {
  readonly root: string;
  readonly path: string;
  readonly address: string;
  readonly curve: Curve;
}

/** Keys of nobody's, one for each curve: making one and deriving from it is most of what a request costs. */
export class RandomKeys {
  readonly #roots = new Map<Curve, string>();
  readonly #accounts = new Map<ChainFamily, Account>();

  /** An account with an address of a family; where that is not known, one as on EVM chains. */
  account(family: ChainFamily = "evm"): Account {
    const known = this.#accounts.get(family);
    if (known !== undefined) return known;
    const curve = CURVE_OF[family];
    const root =
      this.#roots.get(curve) ??
      extendedKeyText({ ...randomKey(curve), chainCode: randomBytes(32), depth: 0 });
    this.#roots.set(curve, root);
    const path = `${PATHS[family] ?? "m/44/60"}/0/0/${randomInt(500)}`;
    const key = derivePublicKey(root, path);
    // One root in 2^127 has no such child.
    if ("unusable" in key) throw new Error(`no key of a random root: ${key.why}`);
    const account = { root, path, curve, address: addressOf(key, family) };
    this.#accounts.set(family, account);
    return account;
  }
}

/** An address that nobody has ever listed. */
export function randomAddress(family: ChainFamily | undefined): string {
  if (family === undefined || family === "evm") return hexOf(randomBytes(20));
  return addressOf(randomKey(CURVE_OF[family]), family);
}

function addressOf(key: PublicKey, family: ChainFamily): string {
  const [address = ""] = addressesOf(key, family, PREFIXES[family] ?? "").keys();
  return address;
}

/** A point whose private key nobody has. Every second text of the right length is one, which is cheaper than a key. */
function randomKey(curve: Curve): PublicKey {
  for (;;) {
    const bytes = Uint8Array.from([...(curve === "ed25519" ? [] : [2]), ...randomBytes(32)]);
    if (POINTS[curve].isKey(bytes)) return { curve, bytes };
  }
}

/** @property units - of the chain's coin, in wei. @property data - the call; empty for a plain payment. */
export interface Payment {
  readonly chainId: number;
  readonly nonce: number;
  readonly maxFee: bigint;
  readonly tip: bigint;
  readonly gasLimit: number;
  readonly to: string;
  readonly units: bigint;
  readonly data: Uint8Array;
}

/** An unsigned EIP-1559 transaction, and what is signed for it, both in hex. */
export function unsignedPayment(payment: Payment): { readonly unsigned: string; readonly hash: string } {
  const { chainId, nonce, tip, maxFee, gasLimit, to, units, data } = payment;
  const fields = [chainId, nonce, tip, maxFee, gasLimit].map((value) => rlpText(integer(BigInt(value))));
  const bytes = Buffer.concat([
    Uint8Array.of(2),
    rlpList([
      ...fields,
      rlpText(Buffer.from(to.slice(2), "hex")),
      rlpText(integer(units)),
      rlpText(data),
      rlpList([]),
    ]),
  ]);
  return { unsigned: hexOf(bytes), hash: hexOf(keccak_256(bytes)) };
}

/** `transfer(address,uint256)` of ERC-20. */
export function transferCall(to: string, units: bigint): Uint8Array {
  const word = (digits: string): string => digits.padStart(64, "0");
  return Buffer.from(`a9059cbb${word(to.slice(2))}${word(units.toString(16))}`, "hex");
}

/** Without leading zeros. */
function integer(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array();
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
}

const SHORT = 55;

function rlpText(bytes: Uint8Array): Uint8Array {
  const [first = 0] = bytes;
  return bytes.length === 1 && first < 0x80 ? bytes : Buffer.concat([rlpHead(0x80, bytes.length), bytes]);
}

function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(items);
  return Buffer.concat([rlpHead(0xc0, content.length), content]);
}

function rlpHead(kind: number, length: number): Uint8Array {
  if (length <= SHORT) return Uint8Array.of(kind + length);
  const size = integer(BigInt(length));
  return Uint8Array.of(kind + SHORT + size.length, ...size);
}

/** A random id in the form that members of Cobo's requests have. */
export const randomId = {
  uuid: (): string => randomUUID(),
  /** Of a task, a transaction or a request: a date and a number. */
  numbered: (nowMs: number): string =>
    `${new Date(nowMs).toISOString().replaceAll(/\D/g, "").slice(0, 14)}${randomDigits(18)}`,
  hex: (bytes: number): string => randomBytes(bytes).toString("hex"),
};
