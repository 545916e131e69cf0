/** Addresses are made here by ethers and @scure/btc-signer, from children that ethers derives. */
import { createHash } from "node:crypto";
import { base32nopad, bech32 } from "@scure/base";
import { Address, NETWORK, p2pkh, p2sh, p2wpkh, p2wsh, TEST_NETWORK } from "@scure/btc-signer";
import { computeAddress, encodeBase58, getBytes, HDNodeWallet, ripemd160, SigningKey, sha256 } from "ethers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Document } from "../../input/document.ts";
import type { ChainFamily } from "../../policy/release.ts";
import { derivePublicKey } from "./derive-public-key.ts";
import { readKey } from "./read-key.ts";

const wallet = HDNodeWallet.fromSeed(createHash("sha256").update("countersign").digest()).neuter();
const ROOT = wallet.extendedKey;
/** Of derive-public-key.test.ts. */
const CPUB =
  "cpubGCmTMqXYTnzkc9uLgpoTEk2YUVcFsHKSsXKaatDU9tr4p5uccFkPBvyVTdHDYsHAWZEMJvMzJDHVRy6VynG5rzRwuvuW37fabuGpVxAKPFx";
const PATH = "m/44/60/0/0/7";

type Source = NonNullable<NonNullable<Document["transaction"]>["sources"]>[number];
type Signing = NonNullable<Document["signing"]>;

interface Request {
  readonly root?: string | undefined;
  readonly curve?: "secp256k1" | "ed25519";
  readonly signing?: Partial<Signing> | undefined;
  readonly sources?: readonly Source[] | undefined;
}

const PLAIN: Document = {
  version: 1,
  kind: "transaction_signing",
  group: "transfer",
  channel: "tss.v2",
  request: { id: "1", source: "node-1", received_at: 0 },
  now: { ms: 0, date: "1970-01-01", time: "00:00:00", weekday: "thu", hour: 0, minute: 0, zone: "UTC" },
};

function documentOf({ root = ROOT, curve, signing, sources }: Request): Document {
  const { paths = [PATH], ...others } = signing ?? {};
  return {
    ...PLAIN,
    key: { root_public_key: root, ...(curve === undefined ? {} : { curve }) },
    signing: { hashes: paths.map(() => "0x00" as const), paths, ...others },
    transaction: sources === undefined ? {} : { sources: [...sources] },
  };
}

function publicKeyAt(path: string): Uint8Array {
  return getBytes(wallet.derivePath(path).publicKey);
}

function evmAddress(path: string): string {
  return computeAddress(wallet.derivePath(path).publicKey).toLowerCase();
}

function checked(bytes: string): string {
  return encodeBase58(`${bytes}${sha256(sha256(bytes)).slice(2, 10)}`);
}

function tronAddress(path: string): string {
  return checked(`0x41${evmAddress(path).slice(2)}`);
}

function hash160(path: string): Uint8Array {
  return getBytes(ripemd160(sha256(publicKeyAt(path))));
}

function cosmosAddress(path: string, prefix = "cosmos"): string {
  return bech32.encode(prefix, bech32.toWords(hash160(path)));
}

function edKeyAt(path: string): Uint8Array {
  const key = derivePublicKey(CPUB, path);
  if ("unusable" in key) throw new TypeError(key.why);
  return key.bytes;
}

/** x^16 times the message, modulo x^16 + x^12 + x^5 + 1. */
function crc16(bytes: Uint8Array): number {
  let rest = BigInt(`0x${Buffer.from(bytes).toString("hex")}`) << 16n;
  for (let bit = BigInt(bytes.length * 8 + 15); bit >= 16n; bit -= 1n) {
    if ((rest >> bit) & 1n) rest ^= 0x11021n << (bit - 16n);
  }
  return Number(rest);
}

function stellarAddress(path: string): string {
  const body = Uint8Array.of(0x30, ...edKeyAt(path));
  const crc = crc16(body);
  return base32nopad.encode(Uint8Array.of(...body, crc & 0xff, crc >> 8));
}

function taprootAddress(path: string, network = NETWORK): string {
  return Address(network).encode({ type: "tr", pubkey: publicKeyAt(path).slice(1) });
}

interface Good extends Pick<Request, "root" | "curve"> {
  readonly kind: string;
  readonly family: ChainFamily;
  readonly address: string;
}

function bitcoinSources(network: typeof NETWORK): Good[] {
  const key = publicKeyAt(PATH);
  const uncompressed = ripemd160(sha256(SigningKey.computePublicKey(key, false)));
  const version = Buffer.of(network.pubKeyHash).toString("hex");
  return [
    ["P2WPKH", p2wpkh(key, network).address],
    ["P2SH over P2WPKH", p2sh(p2wpkh(key, network), network).address],
    ["P2PKH", p2pkh(key, network).address],
    ["P2PKH of the uncompressed key", checked(`0x${version}${uncompressed.slice(2)}`)],
    ["P2TR", taprootAddress(PATH, network)],
  ].map(([kind, address = ""]) => ({ kind: `${kind} (${network.bech32})`, family: "bitcoin", address }));
}

/** One source of each kind, as it is declared where all is in order. */
const GOOD: readonly Good[] = [
  { kind: "EVM", family: "evm", address: evmAddress(PATH) },
  { kind: "TRON", family: "tron", address: tronAddress(PATH) },
  { kind: "Cosmos", family: "cosmos", address: cosmosAddress(PATH) },
  { kind: "Osmosis", family: "cosmos", address: cosmosAddress(PATH, "osmo") },
  { kind: "Cosmos in capitals", family: "cosmos", address: cosmosAddress(PATH).toUpperCase() },
  { kind: "Solana", family: "solana", address: encodeBase58(edKeyAt(PATH)), root: CPUB, curve: "ed25519" },
  { kind: "Stellar", family: "stellar", address: stellarAddress(PATH), root: CPUB },
  ...bitcoinSources(NETWORK),
  ...bitcoinSources(TEST_NETWORK),
];

describe("refuses", () => {
  const source = { address: evmAddress(PATH), path: PATH };

  test.each<[string, Request & { readonly family?: ChainFamily }, object[]]>([
    [
      "another address",
      { sources: [{ address: evmAddress("m/44/60/0/0/8") }] },
      [
        {
          field: "transaction.sources.0.address",
          declared: evmAddress("m/44/60/0/0/8"),
          decoded: evmAddress(PATH),
        },
      ],
    ],
    [
      "another path than the source's",
      { sources: [{ ...source, path: "m/44/60/0/0/8" }] },
      [{ field: "transaction.sources.0.path", declared: "m/44/60/0/0/8", decoded: PATH }],
    ],
    [
      "another public key than the source's",
      { sources: [{ ...source, public_key: wallet.derivePath("m/44/60/0/0/8").publicKey }] },
      [
        {
          field: "transaction.sources.0.public_key",
          declared: wallet.derivePath("m/44/60/0/0/8").publicKey,
          decoded: wallet.derivePath(PATH).publicKey,
        },
      ],
    ],
    [
      "another extended key than the source's",
      { sources: [{ ...source, public_key: ROOT }] },
      [
        {
          field: "transaction.sources.0.public_key",
          declared: ROOT,
          decoded: wallet.derivePath(PATH).publicKey,
        },
      ],
    ],
    [
      "a second hash that somebody else signs",
      { signing: { paths: [PATH, "m/44/60/0/0/8"] }, sources: [source] },
      [
        {
          field: "transaction.sources.0.address",
          declared: source.address,
          decoded: evmAddress("m/44/60/0/0/8"),
        },
      ],
    ],
    [
      "an Ed25519 root for an EVM chain, as stated",
      { curve: "ed25519", sources: [source] },
      [{ field: "key.curve", declared: "ed25519", decoded: "secp256k1" }],
    ],
    [
      "an Ed25519 root for an EVM chain, as it is",
      { root: CPUB, sources: [source] },
      [{ field: "key.root_public_key", declared: "a root on secp256k1", decoded: "one on ed25519" }],
    ],
    [
      "a secp256k1 root for Solana, as stated",
      { family: "solana", curve: "secp256k1", sources: [{ address: encodeBase58(edKeyAt(PATH)) }] },
      [{ field: "key.curve", declared: "secp256k1", decoded: "ed25519" }],
    ],
    [
      "a private root, without repeating it",
      {
        root: "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        sources: [source],
      },
      [{ field: "key.root_public_key", decoded: "an extended private key" }],
    ],
    [
      "a path that is none",
      { signing: { paths: ["m/44/60//0"] }, sources: [source] },
      [{ field: "signing.paths.0", declared: "m/44/60//0", decoded: "no path" }],
    ],
    [
      "the algorithm of another address",
      { signing: { algorithm: "schnorr" }, sources: [source] },
      [{ field: "signing.algorithm", declared: "schnorr", decoded: "ecdsa" }],
    ],
    [
      "ECDSA for taproot",
      { family: "bitcoin", signing: { algorithm: "ecdsa" }, sources: [{ address: taprootAddress(PATH) }] },
      [{ field: "signing.algorithm", declared: "ecdsa", decoded: "schnorr" }],
    ],
    [
      "the algorithm once, however many inputs there are",
      {
        family: "bitcoin",
        signing: { algorithm: "eddsa", paths: ["m/0", "m/1"] },
        sources: [{ address: taprootAddress("m/0") }, { address: taprootAddress("m/1") }],
      },
      [{ field: "signing.algorithm", declared: "eddsa", decoded: "schnorr" }],
    ],
    [
      "another taproot address than the key's",
      { family: "bitcoin", sources: [{ address: taprootAddress("m/0", TEST_NETWORK) }] },
      [
        {
          field: "transaction.sources.0.address",
          declared: taprootAddress("m/0", TEST_NETWORK),
          decoded: taprootAddress(PATH, TEST_NETWORK),
        },
      ],
    ],
    [
      "no address at all",
      { family: "cosmos", sources: [{ address: "cosmos1" }] },
      [{ field: "transaction.sources.0.address", declared: "cosmos1" }],
    ],
    [
      "an input of its path with another address",
      {
        family: "bitcoin",
        signing: { paths: ["m/0", "m/1"] },
        sources: [
          { address: taprootAddress("m/1"), path: "m/1" },
          { address: taprootAddress("m/2"), path: "m/0" },
        ],
      },
      [
        {
          field: "transaction.sources.1.address",
          declared: taprootAddress("m/2"),
          decoded: taprootAddress("m/0"),
        },
      ],
    ],
  ])("%s", (_, { family = "evm", ...request }, differences) => {
    expect(readKey(documentOf(request), family)).toMatchObject({ key: "mismatch", differences });
  });

  test("with no more differences than a person reads", () => {
    const sources = new Array<Source>(10_000).fill({ ...source, path: "m/1" });
    expect(readKey(documentOf({ sources }), "evm").differences).toHaveLength(16);
  });
});

describe("leaves open", () => {
  const source = { address: evmAddress(PATH) };
  const taproot = { address: taprootAddress(PATH) };

  test.each<[string, Request & { readonly family?: ChainFamily | undefined }]>([
    ["a chain of no known family", { family: undefined, sources: [source] }],
    ["a tweak", { family: "bitcoin", signing: { tweaks: [`0x${"11".repeat(32)}`] }, sources: [taproot] }],
    ["a tweak of one zero", { family: "bitcoin", signing: { tweaks: ["0x00"] }, sources: [taproot] }],
    [
      "a tweak, where the address is another one",
      {
        family: "bitcoin",
        signing: { tweaks: [`0x${"11".repeat(32)}`] },
        sources: [{ address: taprootAddress("m/0") }],
      },
    ],
    [
      "a tweak too few",
      { family: "bitcoin", signing: { paths: [PATH, "m/0"], tweaks: ["0x"] }, sources: [taproot] },
    ],
    ["a hash without a path", { signing: { hashes: ["0x00", "0x01"] }, sources: [source] }],
    ["a hardened path", { signing: { paths: ["m/44'/60'/0'/0/0"] }, sources: [source] }],
    [
      "a root of another version",
      { root: checked(`0x04b24746${"00".repeat(41)}${wallet.publicKey.slice(2)}`), sources: [source] },
    ],
    ["an account beside the one that signs", { sources: [source, { address: evmAddress("m/0") }] }],
    ["a source that is nobody's", { sources: [source, { path: "m/0" }] }],
    ["a public key in a spelling of its own", { sources: [{ ...source, public_key: "BHJ1" }] }],
    [
      "a root of BIP-32's version for Ed25519",
      { family: "solana", curve: "ed25519", sources: [{ address: encodeBase58(edKeyAt(PATH)) }] },
    ],
    [
      "an account of an EVM on Cosmos",
      {
        family: "cosmos",
        sources: [{ address: bech32.encode("inj", bech32.toWords(getBytes(evmAddress(PATH)))) }],
      },
    ],
    [
      "a script's address",
      { family: "bitcoin", sources: [{ address: p2wsh(p2pkh(publicKeyAt(PATH))).address ?? "" }] },
    ],
    [
      "a muxed account of Stellar",
      { family: "stellar", root: CPUB, sources: [{ address: `M${"A".repeat(68)}` }] },
    ],
    [
      "more keys than may be derived at once",
      {
        family: "bitcoin",
        signing: { paths: Array.from({ length: 81 }, (_, index) => `m/${index}`) },
        sources: Array.from({ length: 81 }, (_, index) => ({ address: taprootAddress(`m/${index}`) })),
      },
    ],
    [
      "more keys on the way than may be derived at once",
      {
        signing: { paths: Array.from({ length: 17 }, (_, index) => `m/${index}/1/1/1/1`) },
        sources: Array.from({ length: 17 }, (_, index) => ({ address: evmAddress(`m/${index}/1/1/1/1`) })),
      },
    ],
  ])("%s", (_, { family, ...request }) => {
    const chain = family ?? (_.startsWith("a chain") ? undefined : "evm");
    expect(readKey(documentOf(request), chain)).toMatchObject({ key: "unsupported", differences: [] });
  });
});

describe("has nothing to check", () => {
  const sources = [{ address: evmAddress(PATH) }];

  test.each<[string, Document]>([
    ["without sources", documentOf({})],
    ["without an address", documentOf({ sources: [{ path: PATH }] })],
    ["without a root", { ...documentOf({ sources }), key: {} }],
    ["without a key", PLAIN],
    ["without paths", { ...documentOf({ sources }), signing: undefined }],
  ])("%s", (_, document) => {
    expect(readKey(document, "evm")).toEqual({ key: "absent", differences: [] });
  });
});

describe("verifies", () => {
  test.each(GOOD)("$kind", ({ kind: _, family, address, ...request }) => {
    const reading = readKey(documentOf({ ...request, sources: [{ address, path: PATH }] }), family);
    expect(reading).toMatchObject({ key: "verified", differences: [] });
    expect(reading.signer).toBe(family === "cosmos" ? address.toLowerCase() : address);
    expect(reading.publicKey).toEqual(
      family === "solana" || family === "stellar" ? edKeyAt(PATH) : publicKeyAt(PATH),
    );
  });

  test.each([
    ["the extended key, as Cobo's API documents it", wallet.derivePath(PATH).extendedKey],
    ["hex", wallet.derivePath(PATH).publicKey],
    ["hex without 0x, in capitals", wallet.derivePath(PATH).publicKey.slice(2).toUpperCase()],
    ["an uncompressed key", SigningKey.computePublicKey(publicKeyAt(PATH), false)],
    ["an x-only key", `0x${wallet.derivePath(PATH).publicKey.slice(4)}`],
  ])("a public key stated as %s", (_, public_key) => {
    const sources = [{ address: evmAddress(PATH), public_key }];
    expect(readKey(documentOf({ sources }), "evm").key).toBe("verified");
  });

  test.each([
    ["hex", Buffer.from(edKeyAt(PATH)).toString("hex")],
    ["hex as in an extended key", `0x00${Buffer.from(edKeyAt(PATH)).toString("hex")}`],
  ])("an Ed25519 key stated as %s", (_, public_key) => {
    const sources = [{ address: stellarAddress(PATH), public_key }];
    expect(readKey(documentOf({ root: CPUB, sources }), "stellar").key).toBe("verified");
  });

  test("each input of a Bitcoin transaction by its own path, in whatever order", () => {
    const paths = ["m/84/0/0/0/1", "m/86/0/0/0/2", "m/84/0/0/0/1"];
    const sources = [
      { address: taprootAddress("m/86/0/0/0/2"), path: "m/86/0/0/0/2" },
      { address: p2wpkh(publicKeyAt("m/84/0/0/0/1")).address ?? "", path: "m/84/0/0/0/1" },
      { address: p2wpkh(publicKeyAt("m/84/0/0/0/1")).address ?? "" },
    ];
    const reading = readKey(documentOf({ signing: { paths }, sources }), "bitcoin");
    expect(reading).toEqual({ key: "verified", differences: [] });
  });

  test("an address stated for two chains", () => {
    const source = { address: evmAddress(PATH), path: PATH };
    expect(readKey(documentOf({ sources: [source, source] }), "evm").key).toBe("verified");
  });

  test("a hash without a tweak", () => {
    const request = { signing: { tweaks: ["0x"], algorithm: "schnorr" as const } };
    const sources = [{ address: taprootAddress(PATH) }];
    expect(readKey(documentOf({ ...request, sources }), "bitcoin").key).toBe("verified");
  });
});

describe("whatever comes", () => {
  const path = fc
    .array(fc.nat(0x7fffffff), { minLength: 1, maxLength: 5 })
    .map((levels) => `m/${levels.join("/")}`);

  test("agrees with ethers and btc-signer", () => {
    fc.assert(
      fc.property(path, (at) => {
        for (const [family, address] of [
          ["evm", evmAddress(at)],
          ["tron", tronAddress(at)],
          ["cosmos", cosmosAddress(at)],
          ["bitcoin", taprootAddress(at)],
          ["bitcoin", p2sh(p2wpkh(publicKeyAt(at))).address ?? ""],
        ] as const) {
          const request = { signing: { paths: [at] }, sources: [{ address, path: at }] };
          expect(readKey(documentOf(request), family)).toMatchObject({ key: "verified", signer: address });
        }
      }),
      { numRuns: 20 },
    );
  });

  test("no altered character of root, path or address is verified", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GOOD),
        fc.constantFrom("root", "path", "address"),
        fc.nat(),
        fc.constantFrom(..."0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/' "),
        fc.constantFrom("replaced", "inserted", "removed"),
        ({ kind: _, family, address, ...request }, member, position, character, how) => {
          const good = { root: request.root ?? ROOT, path: PATH, address };
          const text = good[member];
          const at = position % text.length;
          const altered = `${text.slice(0, at)}${how === "removed" ? "" : character}${text.slice(how === "inserted" ? at : at + 1)}`;
          fc.pre(altered !== text && !(family === "evm" && altered.toLowerCase() === address));
          const { root, ...rest } = { ...good, [member]: altered };
          const document = documentOf({
            ...request,
            root,
            signing: { paths: [rest.path] },
            sources: [{ address: rest.address }],
          });
          expect(["mismatch", "unsupported", "absent"]).toContain(readKey(document, family).key);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("never throws", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(ROOT, CPUB, ...GOOD.map(({ address }) => address)),
    );
    const source = fc.record({ address: text, path: text, public_key: text }, { requiredKeys: [] });
    fc.assert(
      fc.property(
        text,
        fc.array(fc.oneof(text, path), { minLength: 1, maxLength: 3 }),
        fc.array(source, { minLength: 1, maxLength: 3 }),
        fc.constantFrom<ChainFamily>("evm", "bitcoin", "tron", "solana", "cosmos", "stellar"),
        (root, paths, sources, family) => {
          const { key, differences } = readKey(documentOf({ root, signing: { paths }, sources }), family);
          expect(key === "mismatch").toBe(differences.length > 0);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
