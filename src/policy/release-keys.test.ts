import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, exportJWK } from "jose";
import { describe, expect, it } from "vitest";
import { ReleaseKeyError, signingKey, verifyingKey } from "./release-keys.ts";

const ed25519 = generateKeyPairSync("ed25519");
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

const publicPem = (key: KeyObject): string => String(key.export({ type: "spki", format: "pem" }));
const privatePem = (key: KeyObject, type: "pkcs8" | "sec1" | "pkcs1" = "pkcs8"): string =>
  String(key.export({ type, format: "pem" }));
const jwk = (key: KeyObject, more: object = {}): string =>
  JSON.stringify({ ...key.export({ format: "jwk" }), ...more });

const WEAK = {
  "a short RSA key": generateKeyPairSync("rsa", { modulusLength: 1024 }),
  "an RSA-PSS key": generateKeyPairSync("rsa-pss", { modulusLength: 2048 }),
  "a key on another curve": generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
  "an X25519 key": generateKeyPairSync("x25519"),
  "an Ed448 key": generateKeyPairSync("ed448"),
} as const;

const NOTHING: readonly [string, string][] = [
  ["nothing", ""],
  ["no key", "hello"],
  ["two keys", publicPem(ed25519.publicKey) + publicPem(p256.publicKey)],
  ["a cut block", publicPem(ed25519.publicKey).replace(/\n.{20}/, "\n")],
  ["another end", publicPem(ed25519.publicKey).replace("END PUBLIC", "END PRIVATE")],
  ["a certificate's label", publicPem(ed25519.publicKey).replaceAll("PUBLIC KEY", "CERTIFICATE")],
  ["a JWK with a member twice", jwk(ed25519.publicKey).replace("{", '{"kty":"OKP",')],
  ["a JWK without its point", jwk(ed25519.publicKey, { x: undefined })],
  ["a JWK with text after it", `${jwk(ed25519.publicKey)} {}`],
  ["a secret", JSON.stringify({ kty: "oct", k: "c2VjcmV0" })],
  ["an array", `{"keys": [${jwk(ed25519.publicKey)}]}`],
  ["more than a key has", `${publicPem(ed25519.publicKey)}${" ".repeat(40_000)}`],
];

describe("refuses to trust", () => {
  it.each<[string, string]>([
    ...NOTHING,
    ["a private key", privatePem(ed25519.privateKey)],
    ["a private key in SEC1", privatePem(p256.privateKey, "sec1")],
    ["a private JWK", jwk(ed25519.privateKey)],
    ["a JWK for encryption", jwk(rsa.publicKey, { use: "enc" })],
    ["a JWK of another algorithm", jwk(rsa.publicKey, { alg: "PS256" })],
    ["zeros", jwk(ed25519.publicKey, { x: Buffer.alloc(32).toString("base64url") })],
    [
      "the neutral point",
      jwk(ed25519.publicKey, { x: Buffer.alloc(32).fill(1, 0, 1).toString("base64url") }),
    ],
    ["no point", jwk(ed25519.publicKey, { x: Buffer.alloc(32, 0xff).toString("base64url") })],
    ["a JWK that is only to sign", jwk(rsa.publicKey, { key_ops: ["sign"] })],
    ...Object.entries(WEAK).map(
      ([name, pair]) => [name, publicPem(pair.publicKey)] satisfies [string, string],
    ),
  ])("%s", async (_name, text) => {
    await expect(verifyingKey(text, "k.pub")).rejects.toBeInstanceOf(ReleaseKeyError);
  });

  it("and says which file, and nothing of the key", async () => {
    const text = privatePem(ed25519.privateKey);
    const refusal = await verifyingKey(text, "k.pub").catch((error: unknown) => String(error));
    expect(refusal).toContain("k.pub");
    for (const line of text.split("\n").filter((part) => part.length > 20))
      expect(refusal).not.toContain(line);
  });
});

describe("refuses to sign with", () => {
  it.each<[string, string]>([
    ...NOTHING,
    ["a public key", publicPem(ed25519.publicKey)],
    ["a public JWK", jwk(ed25519.publicKey)],
    ["a JWK that is only to verify", jwk(ed25519.privateKey, { key_ops: ["verify"] })],
    [
      "an encrypted key",
      String(
        ed25519.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
      ),
    ],
    [
      "an encrypted PKCS#1 key",
      String(rsa.privateKey.export({ type: "pkcs1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })),
    ],
    ...Object.entries(WEAK).map(
      ([name, pair]) => [name, privatePem(pair.privateKey)] satisfies [string, string],
    ),
  ])("%s", async (_name, text) => {
    await expect(signingKey(text, "k.pem")).rejects.toBeInstanceOf(ReleaseKeyError);
  });
});

describe("takes", () => {
  const keys = [
    ["Ed25519", ed25519, ["EdDSA", "Ed25519"]],
    ["P-256", p256, ["ES256"]],
    ["RSA", rsa, ["RS256"]],
  ] as const;

  it.each(keys)("%s, as PEM and as JWK, under one thumbprint", async (_name, pair, algorithms) => {
    const kid = await calculateJwkThumbprint(await exportJWK(pair.publicKey));
    const meant = { use: "sig", alg: algorithms[0], kid: "mine" };
    for (const text of [publicPem(pair.publicKey), jwk(pair.publicKey), jwk(pair.publicKey, meant)]) {
      const trusted = await verifyingKey(text, "k.pub");
      expect({ kid: trusted.kid, algorithms: trusted.algorithms }).toEqual({ kid, algorithms });
      expect(trusted.key.equals(pair.publicKey)).toBe(true);
      expect(trusted.key.type).toBe("public");
    }
    for (const text of [
      privatePem(pair.privateKey),
      jwk(pair.privateKey),
      ` \r\n${privatePem(pair.privateKey)}`,
    ]) {
      const signing = await signingKey(text, "k.pem");
      expect({ kid: signing.kid, algorithm: signing.algorithm }).toEqual({ kid, algorithm: algorithms[0] });
      expect(createPublicKey(signing.key).equals(pair.publicKey)).toBe(true);
    }
  });

  it("the private forms that OpenSSL writes", async () => {
    expect((await signingKey(privatePem(p256.privateKey, "sec1"), "k")).algorithm).toBe("ES256");
    expect((await signingKey(privatePem(rsa.privateKey, "pkcs1"), "k")).algorithm).toBe("RS256");
  });
});
