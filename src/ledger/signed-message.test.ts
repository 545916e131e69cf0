import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSignedMessage, encodeSignedMessage } from "./signed-message.ts";

const part = (text: string) => Buffer.from(text).toString("base64url");
const HEADERS = '{"timestamp":"1760000000000","signature":"3044","key":"cobo"}';

test.each([
  ["nothing", ""],
  ["a token", `${part('{"alg":"RS256"}')}.${part(HEADERS)}.c2ln`],
  ["no body", `push.${part(HEADERS)}`],
  ["headers that are no JSON", `push.${part("{")}.e30`],
  ["a header less", `push.${part('{"timestamp":"1","signature":"3044"}')}.e30`],
  ["a header more", `push.${part('{"timestamp":"1","signature":"","key":"","more":""}')}.e30`],
  ["a number for a text", `push.${part('{"timestamp":1,"signature":"","key":""}')}.e30`],
  ["headers in another spelling", `push.${part(`${HEADERS} `)}.e30`],
  ["another prefix", `pusx.${part(HEADERS)}.e30`],
  ["letters that are not base64url", `push.${part(HEADERS)}.e3+0`],
  ["padding", `push.${part(HEADERS)}.e30=`],
  ["bits that mean nothing", `push.${part(HEADERS)}.e31`],
  ["a part more", `push.${part(HEADERS)}.e30.e30`],
])("%s is no signed message", (_name, text) => {
  expect(decodeSignedMessage(text)).toBeUndefined();
});

test("a signed message has one text, in which its body's bytes can be found", () => {
  const text = `push.${part(HEADERS)}.${part('{"id":"é"}')}`;
  const message = decodeSignedMessage(text);
  expect(message).toMatchObject({ timestamp: "1760000000000", signature: "3044", key: "cobo" });
  expect(Buffer.from(message?.body ?? []).toString()).toBe('{"id":"é"}');
});

test("whatever was signed is what is read again", () => {
  const text = fc.string({ unit: "binary" });
  const body = fc.uint8Array({ maxLength: 64 });
  fc.assert(
    fc.property(text, text, text, body, (timestamp, signature, key, bytes) => {
      const message = decodeSignedMessage(encodeSignedMessage({ timestamp, signature, key, body: bytes }));
      expect(message).toEqual({ timestamp, signature, key, body: Buffer.from(bytes) });
    }),
  );
});
