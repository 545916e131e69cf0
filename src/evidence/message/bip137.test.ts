/** The digest is cross-checked with OpenSSL's SHA-256 over the formula of BIP-137. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Undecodable } from "../undecodable.ts";
import { readBip137 } from "./bip137.ts";

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function length(bytes: Buffer): Buffer {
  if (bytes.length < 253) return Buffer.of(bytes.length);
  if (bytes.length < 65_536) return Buffer.of(253, bytes.length % 256, bytes.length >> 8);
  return Buffer.of(254, bytes.length % 256, (bytes.length >> 8) % 256, bytes.length >> 16, 0);
}

function digestOf(message: Buffer): string {
  const prefix = Buffer.from("\x18Bitcoin Signed Message:\n", "latin1");
  return `0x${sha256(sha256(Buffer.concat([prefix, length(message), message]))).toString("hex")}`;
}

describe("refuses", () => {
  test.each([
    ["half a byte", "0"],
    ["what is not hex", "zz"],
    ["text", "Hello World"],
    ["a space before it", " 00"],
    ["0x twice", "0x0x00"],
    ["more than 128 KiB", "00".repeat(131_073)],
  ])("%s", (_, message) => {
    expect(() => readBip137(message)).toThrow(Undecodable);
  });
});

describe("reads", () => {
  test.each([
    ["48656c6c6f20576f726c64", "Hello World"],
    ["0x48656C6C6F", "Hello"],
    ["", undefined],
    ["ff", undefined],
    [Buffer.from("päy\n\tme 你好 😄").toString("hex"), "päy\n\tme 你好 😄"],
    [Buffer.from("a\u202eb").toString("hex"), undefined],
    [Buffer.from("a\u0000b").toString("hex"), undefined],
    [Buffer.from("a\u200bb").toString("hex"), undefined],
    ["61".repeat(4097), undefined],
  ])("%.20s", (message, text) => {
    expect(readBip137(message)).toEqual({
      digest: digestOf(Buffer.from(message.replace("0x", ""), "hex")),
      ...(text === undefined ? {} : { text }),
    });
  });

  test.each([252, 253, 254, 65_535, 65_536, 131_072])("a message of %d bytes", (size) => {
    const message = Buffer.alloc(size, 7);
    expect(readBip137(message.toString("hex")).digest).toBe(digestOf(message));
  });

  test("nothing but bytes, and throws nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.string({ unit: "binary" }), (bytes, other) => {
        const message = Buffer.from(bytes);
        expect(readBip137(message.toString("hex")).digest).toBe(digestOf(message));
        try {
          readBip137(other);
        } catch (error) {
          expect(error).toBeInstanceOf(Undecodable);
        }
      }),
    );
  });
});
