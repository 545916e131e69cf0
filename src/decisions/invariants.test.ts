import { describe, expect, test } from "vitest";
import type { Document } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";
import { assertHashesFit, assertInScope, assertParticipant, assertSignatureFits } from "./invariants.ts";

const base: Document = {
  version: 1,
  kind: "transaction_signing",
  group: "transfer",
  channel: "tss.v2",
  request: { id: "r", source: "n", received_at: 1 },
  now: { ms: 1, date: "1970-01-01", time: "00:00:00", weekday: "thu", hour: 0, minute: 0, zone: "UTC" },
  organization: { id: "org" },
  vault: { id: "vault" },
  wallet: { id: "wallet" },
};

function codeOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "passed";
}

describe("scope", () => {
  test.each([
    ["another organization", base, { organizations: ["other"] }],
    ["an empty list", base, { organizations: [] }],
    ["no organization stated", { ...base, organization: undefined }, { organizations: ["org"] }],
    ["another vault", base, { vaults: ["other"] }],
    ["another wallet", base, { wallets: ["other"] }],
    ["no wallet stated", { ...base, wallet: undefined }, { wallets: ["wallet"] }],
    ["one of three", base, { organizations: ["org"], vaults: ["vault"], wallets: [] }],
  ])("refuses %s", (_name, document, scope) => {
    expect(codeOf(() => assertInScope(document as Document, scope))).toBe("OUT_OF_SCOPE");
  });

  test("admits what is listed, and all where nothing is", () => {
    expect(codeOf(() => assertInScope(base, {}))).toBe("passed");
    expect(
      codeOf(() => assertInScope(base, { organizations: ["org"], vaults: ["vault"], wallets: ["wallet"] })),
    ).toBe("passed");
  });

  test("asks a key event for no wallet, but for its organization", () => {
    const { wallet: _wallet, ...key } = { ...base, kind: "key_generation", group: "key" } as const;
    expect(codeOf(() => assertInScope(key, { wallets: ["wallet"] }))).toBe("passed");
    expect(codeOf(() => assertInScope(key, { organizations: ["other"] }))).toBe("OUT_OF_SCOPE");
  });
});

describe("participant", () => {
  test("refuses a node that the request does not name", () => {
    expect(codeOf(() => assertParticipant("coboA", ["coboB"]))).toBe("NOT_A_PARTICIPANT");
    expect(codeOf(() => assertParticipant("coboA", []))).toBe("NOT_A_PARTICIPANT");
  });

  test("admits one that it names, and any where no id is configured", () => {
    expect(codeOf(() => assertParticipant("coboA", ["coboB", "coboA"]))).toBe("passed");
    expect(codeOf(() => assertParticipant(undefined, ["coboB"]))).toBe("passed");
  });
});

describe("signature", () => {
  const signing = { hashes: ["0x00"], paths: ["m/0"] };
  const evidence = { status: "unsupported", key: "unsupported" } as const;
  test.each([
    ["ecdsa on ed25519", { signing: { ...signing, algorithm: "ecdsa" }, key: { curve: "ed25519" } }],
    ["eddsa on secp256k1", { signing: { ...signing, algorithm: "eddsa" }, key: { curve: "secp256k1" } }],
    ["schnorr on ed25519", { signing: { ...signing, algorithm: "schnorr" }, key: { curve: "ed25519" } }],
    ["ecdsa by the EdDSA protocol", { signing: { ...signing, algorithm: "ecdsa", protocol: "eddsa_tss" } }],
    ["eddsa by an ECDSA protocol", { signing: { ...signing, algorithm: "eddsa", protocol: "lindell" } }],
    [
      "eddsa on an EVM chain",
      { signing: { ...signing, algorithm: "eddsa" }, evidence: { ...evidence, family: "evm" } },
    ],
    [
      "schnorr on Tron",
      { signing: { ...signing, algorithm: "schnorr" }, evidence: { ...evidence, family: "tron" } },
    ],
    [
      "a curve and a protocol of two algorithms",
      { signing: { ...signing, protocol: "lindell" }, key: { curve: "ed25519" } },
    ],
    [
      "ed25519 for an EVM chain, whatever the algorithm",
      { signing, key: { curve: "ed25519" }, evidence: { ...evidence, family: "evm" } },
    ],
    [
      "the EdDSA protocol for Bitcoin, whatever the algorithm",
      { signing: { ...signing, protocol: "eddsa_tss" }, evidence: { ...evidence, family: "bitcoin" } },
    ],
    [
      "ecdsa on Solana",
      { signing: { ...signing, algorithm: "ecdsa" }, evidence: { ...evidence, family: "solana" } },
    ],
  ])("refuses %s", (_name, members) => {
    const document = { ...base, ...members } as Document;
    expect(codeOf(() => assertSignatureFits(document))).toBe("SIGNATURE_KIND");
  });

  test.each([
    ["ecdsa on secp256k1 for an EVM chain", "ecdsa", "secp256k1", "lindell", "evm"],
    ["schnorr for Bitcoin", "schnorr", "secp256k1", "gg18", "bitcoin"],
    ["eddsa for Solana", "eddsa", "ed25519", "eddsa_tss", "solana"],
  ])("admits %s", (_name, algorithm, curve, protocol, family) => {
    const document = {
      ...base,
      key: { curve },
      signing: { ...signing, algorithm, protocol },
      evidence: { ...evidence, family },
    } as Document;
    expect(codeOf(() => assertSignatureFits(document))).toBe("passed");
  });

  test("compares nothing that is not stated", () => {
    expect(codeOf(() => assertSignatureFits(base))).toBe("passed");
    expect(codeOf(() => assertSignatureFits({ ...base, signing }))).toBe("passed");
  });
});

describe("hashes", () => {
  const digest = `0x${"ab".repeat(32)}`;
  const evidence = { status: "unsupported", key: "unsupported" } as const;
  const signing = { paths: ["m/0"], algorithm: "ecdsa" } as const;
  test.each([
    ["an ECDSA digest of one byte", { signing: { ...signing, hashes: [digest, "0x00"] } }],
    [
      "a Schnorr digest of 33 bytes",
      { signing: { ...signing, algorithm: "schnorr", hashes: [`${digest}00`] } },
    ],
    [
      "a digest of one byte for an EVM chain, no algorithm stated",
      { signing: { paths: ["m/0"], hashes: ["0x00"] }, evidence: { ...evidence, family: "evm" } },
    ],
    [
      "a digest of one byte for a secp256k1 key, no algorithm stated",
      { signing: { paths: ["m/0"], hashes: ["0x00"] }, key: { curve: "secp256k1" } },
    ],
    [
      "a digest of one byte by lindell, no algorithm stated",
      { signing: { paths: ["m/0"], protocol: "lindell", hashes: ["0x00"] } },
    ],
    [
      "a second hash for one EVM transaction",
      { signing: { ...signing, hashes: [digest, digest] }, evidence: { ...evidence, family: "evm" } },
    ],
    [
      "a second hash for one Tron transaction, whatever the algorithm says",
      { signing: { paths: ["m/0"], hashes: [digest, digest] }, evidence: { ...evidence, family: "tron" } },
    ],
  ])("refuses %s", (_name, members) => {
    expect(codeOf(() => assertHashesFit({ ...base, ...members } as Document))).toBe("SIGNATURE_KIND");
  });

  test.each([
    ["one digest for an EVM transaction", [digest], "ecdsa", "evm"],
    ["a digest for each input", [digest, digest], "ecdsa", "bitcoin"],
    ["a whole message where nothing tells the algorithm", ["0x00112233"], undefined, undefined],
    ["a whole message for EdDSA", ["0x00112233"], "eddsa", "solana"],
  ])("admits %s", (_name, hashes, algorithm, family) => {
    const document = {
      ...base,
      signing: { ...signing, algorithm, hashes },
      evidence: { ...evidence, family },
    } as unknown as Document;
    expect(codeOf(() => assertHashesFit(document))).toBe("passed");
    expect(codeOf(() => assertHashesFit(base))).toBe("passed");
  });
});
