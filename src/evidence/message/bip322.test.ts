/**
 * Vectors of BIP-322 (CC0-1.0), `basic-test-vectors.json` and `generated-test-vectors.json`: signatures that are good
 * for the digests made here. They sign no P2PKH or P2SH address without time locks; those are held against
 * @scure/btc-signer, which signs the same virtual transactions.
 */
import { createHash } from "node:crypto";
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { Address, NETWORK, p2pkh, p2sh, p2wpkh, p2wsh, SigHash, Transaction } from "@scure/btc-signer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBitcoinAddress, scriptOf } from "../keys/bitcoin-address.ts";
import { Undecodable } from "../undecodable.ts";
import { readBip322 } from "./bip322.ts";

const SECRET = createHash("sha256").update("bip322").digest();
const KEY = secp256k1.getPublicKey(SECRET);
const P2WPKH = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), "hex"));
}

describe("refuses", () => {
  test.each([
    ["what is not hex", "Hello World", P2WPKH],
    ["no address", "00", ""],
    ["an address with another checksum", "00", P2WPKH.replace(/l$/, "p")],
    [
      "an address of version 0 with the checksum of version 1",
      "00",
      "bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    ],
    ["an address of another chain", "00", "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f"],
    ["a script's address", "00", p2wsh(p2pkh(KEY)).address ?? ""],
    ["a P2SH address without its key", "00", p2sh(p2wpkh(KEY)).address ?? ""],
    ["more than 128 KiB", "00".repeat(131_073), P2WPKH],
  ])("%s", (_, message, address) => {
    expect(() => readBip322(message, address)).toThrow(Undecodable);
  });

  test("a P2SH address of another key", () => {
    const other = secp256k1.getPublicKey(createHash("sha256").update("other").digest());
    expect(() => readBip322("00", p2sh(p2wpkh(KEY)).address ?? "", other)).toThrow(Undecodable);
  });
});

/** The elements of a witness stack in base64, all shorter than 253 bytes. */
function witnessOf(signature: string): Uint8Array[] {
  const bytes = Buffer.from(signature, "base64");
  const elements: Uint8Array[] = [];
  for (let at = 1; at < bytes.length; at += 1 + (bytes[at] ?? 0)) {
    elements.push(Uint8Array.from(bytes.subarray(at + 1, at + 1 + (bytes[at] ?? 0))));
  }
  return elements;
}

describe("makes the hash that the BIP's signatures sign", () => {
  test.each([
    [
      "",
      P2WPKH,
      "AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
    ],
    [
      "Hello World",
      P2WPKH,
      "AkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
    ],
    [
      "2V6TUTMSH4VQ3Z7WZWKYD7DFNH",
      "bc1qqthe0hz8klx90e7stf6shclhsvqd5ly96pn53v",
      "AkgwRQIhALC6hdfxNy1n45d7UXSskRBdfZW0Al259E1kDMpipdYkAiAJPfZqb+WurZuf1apU5xeE6Igui9dvt5tihQLDvxlY1AEhAqbnruyo677ktQjio7XOchO3w51Dh9AbRVngha5jtNfT",
    ],
  ])("P2WPKH, %j", (message, address, signature) => {
    const [signed, key] = witnessOf(signature);
    if (signed === undefined || key === undefined) throw new TypeError("no signature");
    const { digests } = readBip322(hexOf(message), address);
    const [digest = "0x", ...others] = digests;
    expect(others).toEqual([]);
    expect(signed.at(-1)).toBe(SigHash.ALL);
    const der = secp256k1.Signature.fromBytes(signed.slice(0, -1), "der").toBytes();
    expect(secp256k1.verify(der, bytesOf(digest), key, { prehash: false })).toBe(true);
  });

  test.each([
    [
      "No prefix fallback",
      "bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler",
      "AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R",
    ],
    [
      "PURVOQ544B6HUATVBJZN5EZJUU",
      "bc1pcquvhrqv0q68t4m0hfq6tpn006qrskyc7yrqnp2uyrf2emg3wynsdjyk38",
      "AUB6B2Rbupzua8LTQIF06516wzl+cwKy1be8RgoiW0riyXdKwe6GTz/5Hnb37m67pJwIKCh+D5jDueG6KpvYpmu8",
    ],
  ])("P2TR, %j", (message, address, signature) => {
    const [signed] = witnessOf(signature);
    const key = readBitcoinAddress(address)?.program;
    if (signed === undefined || key === undefined) throw new TypeError("no signature");
    const good = readBip322(hexOf(message), address).digests.map((digest) =>
      schnorr.verify(signed, bytesOf(digest), key),
    );
    // The first has SIGHASH_DEFAULT, the second SIGHASH_ALL.
    expect(good).toEqual([true, false]);
  });
});

/** Both virtual transactions, by btc-signer, ready to be signed. */
function toSign(message: Uint8Array, script: Uint8Array, redeemScript?: Uint8Array): Transaction {
  const options = {
    version: 0,
    allowUnknownOutputs: true,
    allowLegacyWitnessUtxo: true,
    disableScriptCheck: true,
  };
  const tag = createHash("sha256").update("BIP0322-signed-message").digest();
  const hash = createHash("sha256").update(tag).update(tag).update(message).digest();
  const spent = new Transaction(options);
  spent.addOutput({ script, amount: 0n });
  const finalScriptSig = Uint8Array.of(0, 32, ...hash);
  spent.addInput({ txid: new Uint8Array(32), index: 0xffffffff, sequence: 0, finalScriptSig });
  const signing = new Transaction(options);
  signing.addInput({
    txid: spent.id,
    index: 0,
    sequence: 0,
    nonWitnessUtxo: spent.toBytes(true, false),
    ...(redeemScript === undefined ? {} : { redeemScript }),
  });
  signing.addOutput({ script: Uint8Array.of(0x6a), amount: 0n });
  return signing;
}

describe("makes the hash that btc-signer signs", () => {
  const nested = p2sh(p2wpkh(KEY));

  test.each([
    ["P2PKH", p2pkh(KEY).address ?? "", undefined],
    ["P2WPKH", p2wpkh(KEY).address ?? "", undefined],
    ["P2SH over P2WPKH", nested.address ?? "", nested.redeemScript],
  ])("%s", (_, address, redeemScript) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        const signer = readBitcoinAddress(address);
        if (signer === undefined) throw new TypeError("no address");
        const transaction = toSign(message, scriptOf(signer), redeemScript);
        transaction.signIdx(SECRET, 0);
        const [[, signature] = []] = transaction.getInput(0).partialSig ?? [];
        if (signature === undefined) throw new TypeError("no signature");
        const [digest = "0x"] = readBip322(Buffer.from(message).toString("hex"), address, KEY).digests;
        const der = secp256k1.Signature.fromBytes(signature.slice(0, -1), "der").toBytes();
        expect(secp256k1.verify(der, bytesOf(digest), KEY, { prehash: false })).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  test("P2TR, with either way of hashing", () => {
    const address = Address(NETWORK).encode({ type: "tr", pubkey: KEY.slice(1) });
    const message = Buffer.from("taproot");
    const signer = readBitcoinAddress(address);
    if (signer === undefined) throw new TypeError("no address");
    const script = scriptOf(signer);
    const transaction = toSign(message, script);
    const hashes = [SigHash.DEFAULT, SigHash.ALL].map((type) =>
      Buffer.from(transaction.preimageWitnessV1(0, [script], type, [0n])).toString("hex"),
    );
    expect(readBip322(message.toString("hex"), address).digests).toEqual(hashes.map((hash) => `0x${hash}`));
  });
});

test("gives the text", () => {
  expect(readBip322(hexOf("Hello World"), P2WPKH).text).toBe("Hello World");
  expect(readBip322("ff", P2WPKH)).not.toHaveProperty("text");
});

test("throws nothing but Undecodable", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.constantFrom(P2WPKH, "00"));
  fc.assert(
    fc.property(text, text, fc.option(fc.uint8Array(), { nil: undefined }), (message, address, key) => {
      try {
        readBip322(message, address, key);
      } catch (error) {
        expect(error).toBeInstanceOf(Undecodable);
      }
    }),
  );
});
