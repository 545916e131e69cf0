import fc from "fast-check";
import { expect, test } from "vitest";
import { BodyEncoder, bodyOf, deflatedBody } from "./body-encoding.ts";
import type { EntryBody } from "./ledger.ts";

const encoder = new BodyEncoder();
const BESIDE: EntryBody = { token: "beside", document: "é".repeat(100) };

function throughStore(body: EntryBody): EntryBody {
  // Others before and behind it share its memory.
  encoder.reset();
  encoder.encode(BESIDE);
  const stored = encoder.encode(body);
  encoder.encode(BESIDE);
  const smaller = deflatedBody(stored);
  const given = bodyOf(stored.encoding, stored.token, stored.document);
  expect(bodyOf(smaller.encoding, smaller.token, smaller.document)).toEqual(given);
  return given;
}

const segment = (text: string) => Buffer.from(text).toString("base64url");
const claims = fc
  .record({ data: fc.uint8Array({ maxLength: 200 }), more: fc.string({ unit: "binary" }) })
  .map(({ data, more }) =>
    JSON.stringify({
      a: more,
      package_data: Buffer.from(data).toString("base64"),
      exp: 1_700_000_000,
      z: more,
    }),
  );

test("a node's token is stored in little more than its bytes, and given back to the letter", () => {
  const data = Buffer.alloc(3_000, "request ").toString("base64");
  const token = `${segment('{"alg":"RS256"}')}.${segment(JSON.stringify({ package_data: data }))}.${segment("s".repeat(256))}`;
  const { token: stored } = new BodyEncoder().encode({ token });
  expect(stored?.length).toBeLessThan(3_350);
  expect(throughStore({ token })).toEqual({ token });
});

test("whatever a token is, it is given back to the letter", () => {
  const jws = fc
    .tuple(fc.string(), claims, fc.uint8Array())
    .map(
      ([header, text, signature]) =>
        `${header}.${segment(text)}.${Buffer.from(signature).toString("base64url")}`,
    );
  const spoilt = fc
    .tuple(jws, fc.nat(), fc.constantFrom("=", "A", ".", "+", "/", "-", " ", "é"))
    .map(([text, at, by]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + by + text.slice(place + 1);
    });
  const token = fc.oneof(jws, spoilt, fc.string(), fc.constantFrom("..", ".", "", segment("\u{1f511}")));
  fc.assert(
    fc.property(token, (text) => {
      expect(throughStore({ token: text })).toEqual({ token: text });
    }),
    { numRuns: 2_000 },
  );
});

test("a body that is larger than all the room, or than what is left of it, is stored too", () => {
  for (const length of [1_000, 300_000, 3_000_000]) {
    const body = { token: `${"é".repeat(length)}.`, document: "\u{1f511}".repeat(length / 2) };
    expect(throughStore(body)).toEqual(body);
  }
});

test("what is not there stays absent", () => {
  expect(throughStore({})).toEqual({});
  expect(throughStore({ document: "{}" })).toEqual({ document: "{}" });
});

test("a form that is not known is a corrupt ledger", () => {
  expect(() => bodyOf(7, Buffer.from("x"), null)).toThrow(
    expect.objectContaining({ code: "LEDGER_CORRUPT" }),
  );
});
