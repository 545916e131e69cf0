import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeyFileError, privateKeyFromPem, publicKeyFromPem } from "./keys.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 });

const privatePem = (key: KeyObject, type: "pkcs1" | "pkcs8"): string =>
  key.export({ type, format: "pem" }).toString();
const publicPem = (key: KeyObject, type: "pkcs1" | "spki"): string =>
  key.export({ type, format: "pem" }).toString();

const pkcs8 = privatePem(rsa.privateKey, "pkcs8");
const spki = publicPem(rsa.publicKey, "spki");

describe("refuses", () => {
  it.each([
    ["no PEM", "hello"],
    ["an empty file", ""],
    ["a short key", privatePem(short.privateKey, "pkcs8")],
    ["an EC key", privatePem(ec.privateKey, "pkcs8")],
    ["an RSA-PSS key", privatePem(pss.privateKey, "pkcs8")],
    ["a public key", spki],
    ["two keys", pkcs8 + pkcs8],
    ["foreign characters", pkcs8.replace("M", "%")],
    ["a cut key", pkcs8.replace(/(BEGIN PRIVATE KEY-----\n.{64}\n)[^-]*/, "$1")],
    ["another end", pkcs8.replace("END PRIVATE", "END RSA PRIVATE")],
    [
      "an encrypted key",
      rsa.privateKey
        .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
        .toString(),
    ],
    [
      "an encrypted PKCS#1 key",
      rsa.privateKey
        .export({ type: "pkcs1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
        .toString(),
    ],
  ])("%s as a private key", (_name, pem) => {
    expect(() => privateKeyFromPem(pem, "k.pem")).toThrow(KeyFileError);
  });

  it.each([
    ["a private key", pkcs8],
    ["a PKCS#1 private key", privatePem(rsa.privateKey, "pkcs1")],
    ["a short key", publicPem(short.publicKey, "spki")],
    ["an EC key", publicPem(ec.publicKey, "spki")],
    ["an RSA-PSS key", publicPem(pss.publicKey, "spki")],
    ["two keys", spki + spki],
    ["a cut key", spki.replace(/\n.{20}/, "\n")],
  ])("%s as a public key", (_name, pem) => {
    expect(() => publicKeyFromPem(pem, "k.pub")).toThrow(KeyFileError);
  });

  it("with the file's name and nothing of the key in the message", () => {
    const pem = privatePem(short.privateKey, "pkcs8");
    const message = String(
      (() => {
        try {
          return privateKeyFromPem(pem, "server.pem");
        } catch (error) {
          return error;
        }
      })(),
    );
    expect(message).toContain("server.pem");
    for (const line of pem.split("\n").filter((part) => part.length > 20))
      expect(message).not.toContain(line);
  });
});

describe("takes", () => {
  const dirty = (pem: string): string => `\r\n${pem.replaceAll("\n", "\r\n\r\n")}\r\n`;

  it.each([
    ["PKCS#8", pkcs8],
    ["PKCS#1", privatePem(rsa.privateKey, "pkcs1")],
    ["blank lines and CRLF", dirty(pkcs8)],
  ])("a private key: %s", (_name, pem) => {
    const key = privateKeyFromPem(pem, "k");
    expect(createPublicKey(key).equals(rsa.publicKey)).toBe(true);
  });

  it.each([
    ["SPKI", spki],
    ["PKCS#1", publicPem(rsa.publicKey, "pkcs1")],
    ["blank lines and CRLF", dirty(spki)],
    ["the node's own print around it", `callback public key:\n${spki}\nnode id: x\n`],
  ])("a public key: %s", (_name, pem) => {
    expect(publicKeyFromPem(pem, "k").equals(rsa.publicKey)).toBe(true);
  });
});
