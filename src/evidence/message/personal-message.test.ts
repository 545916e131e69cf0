/** Digests are held against ethers' `hashMessage`. */
import { hashMessage, Transaction } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Undecodable } from "../undecodable.ts";
import { readPersonalMessage } from "./personal-message.ts";

function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString("base64");
}

describe("what is no base64", () => {
  it.each([
    ["nothing", ""],
    ["no padding", "aGk"],
    ["too much padding", "aGk=="],
    ["padding alone", "===="],
    ["stray bits after the last byte", "aGl="],
    ["the alphabet for URLs", "-_-_"],
    ["a line end", "aGk=\n"],
    ["a line end within", "aGVs\nbG8h"],
    ["a space", " aGk="],
    ["hex", "0x68656c6c"],
    ["text", "hello!"],
    ["two texts in one", "aGk=aGk="],
  ])("refuses %s", (_, message) => {
    expect(() => readPersonalMessage(message)).toThrow(Undecodable);
  });

  it("refuses more than 128 KiB", () => {
    expect(() => readPersonalMessage(base64(new Uint8Array(131_073)))).toThrow("128 KiB");
    expect(() => readPersonalMessage("A".repeat(1_000_000))).toThrow("128 KiB");
    expect(readPersonalMessage(base64(new Uint8Array(131_072))).bytes).toHaveLength(131_072);
  });
});

describe("what people can't read", () => {
  it.each([
    ["bytes that are not UTF-8", Uint8Array.of(0xff, 0xfe)],
    ["an overlong sequence", Uint8Array.of(0xc0, 0xaf)],
    ["half of a surrogate pair", Uint8Array.of(0xed, 0xa0, 0x80)],
    ["a NUL", "a\u0000b"],
    ["an escape sequence", "\u001b[2Jhello"],
    ["a control character beyond ASCII", "a\u0085b"],
    ["text written backwards", "pay \u202e001"],
    ["an isolate", "pay \u2066100"],
    ["a space without width", "exa\u200bmple.com"],
    ["a byte order mark", "\ufeffhello"],
    ["a separator of lines", "a\u2028b"],
    ["more than 4096 characters", "a".repeat(4097)],
    ["much more", "a".repeat(100_000)],
  ])("shows no text for %s", (_, message) => {
    const reading = readPersonalMessage(base64(message));
    expect(reading).not.toHaveProperty("text");
    expect(reading.digest).toBe(hashMessage(Buffer.from(message)));
  });

  it.each([
    ["a word", "hello"],
    ["lines", "Zeile 1\r\n\tZeile 2 – ümläut"],
    ["other scripts", "登录 🚀"],
    ["4096 characters", "a".repeat(4096)],
  ])("shows %s", (_, message) => {
    expect(readPersonalMessage(base64(message)).text).toBe(message);
  });
});

describe("messages that are something else", () => {
  const transaction = Transaction.from({
    type: 2,
    chainId: 1,
    nonce: 7,
    gasLimit: 21_000,
    maxFeePerGas: 1,
    maxPriorityFeePerGas: 1,
    to: "0x000000000000000000000000000000000000dead",
    value: 1,
  });

  it("knows an unsigned transaction", () => {
    const reading = readPersonalMessage(base64(Buffer.from(transaction.unsignedSerialized.slice(2), "hex")));
    expect(reading).toMatchObject({ transaction: true, hashlike: false });
    expect(reading.digest).not.toBe(transaction.unsignedHash);
  });

  it.each([
    ["32 bytes", Buffer.from(transaction.unsignedHash.slice(2), "hex")],
    ["32 letters", "Sign in to example.com, 12345678"],
    ["a hash as text", transaction.unsignedHash],
    ["a hash as text without 0x, in capitals", transaction.unsignedHash.slice(2).toUpperCase()],
  ])("takes %s for a hash", (_, message) => {
    expect(readPersonalMessage(base64(message))).toMatchObject({ hashlike: true, transaction: false });
  });

  it.each(["hello", "a".repeat(31), "a".repeat(33), `${transaction.unsignedHash}0`])(
    "takes %j for neither",
    (message) => {
      expect(readPersonalMessage(base64(message))).toMatchObject({ hashlike: false, transaction: false });
    },
  );
});

describe("properties", () => {
  it("hashes any bytes as ethers does, and gives them back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const reading = readPersonalMessage(base64(bytes));
        expect(reading.digest).toBe(hashMessage(bytes));
        expect(Buffer.from(reading.bytes)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it("throws nothing but Undecodable", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: "binary" })), (message) => {
        try {
          expect(base64(readPersonalMessage(message).bytes)).toBe(message);
        } catch (error) {
          expect(error).toBeInstanceOf(Undecodable);
        }
      }),
      { numRuns: 500 },
    );
  });
});
