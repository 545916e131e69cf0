/** The digest is cross-checked with the sign document written out by hand, and OpenSSL's SHA-256. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Undecodable } from "../undecodable.ts";
import { readAdr36 } from "./adr36.ts";

const SIGNER = "cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6";

function digestOf(message: Uint8Array, signer: string): string {
  const data = Buffer.from(message).toString("base64");
  const document = `{"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[{"type":"sign/MsgSignData","value":{"data":"${data}","signer":"${signer}"}}],"sequence":"0"}`;
  return `0x${createHash("sha256").update(document).digest("hex")}`;
}

describe("refuses", () => {
  test.each([
    ["what is not hex", "Hello", SIGNER],
    ["half a byte", "0", SIGNER],
    ["no signer", "00", ""],
    ["a signer that is no address", "00", "cosmos1"],
    ["a signer with another checksum", "00", `${SIGNER.slice(0, -1)}7`],
    ["a signer in capitals", "00", SIGNER.toUpperCase()],
    ["a signer that would need escaping", "00", 'cosmos"<1qqqqqq'],
    ["a long signer", "00", `cosmos1${"q".repeat(1_000_000)}`],
  ])("%s", (_, message, signer) => {
    expect(() => readAdr36(message, signer)).toThrow(Undecodable);
  });
});

describe("reads", () => {
  test("text", () => {
    const message = Buffer.from("Sign in to <example> & Co.");
    expect(readAdr36(`0x${message.toString("hex")}`, SIGNER)).toEqual({
      digest: digestOf(message, SIGNER),
      text: "Sign in to <example> & Co.",
    });
  });

  test("nothing but bytes, and throws nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: "binary" }), (bytes, other) => {
        expect(readAdr36(Buffer.from(bytes).toString("hex"), SIGNER).digest).toBe(digestOf(bytes, SIGNER));
        try {
          readAdr36(other, other);
        } catch (error) {
          expect(error).toBeInstanceOf(Undecodable);
        }
      }),
    );
  });
});
