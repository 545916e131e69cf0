import { generalVerify } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { encoded, type PublisherKey, publisherKey, says, statementOf } from "../../test/support/publisher.ts";
import { ReleaseError } from "./release.ts";
import { withSignature } from "./sign-release.ts";
import {
  MAX_STATEMENT_BYTES,
  readEnvelope,
  readHeader,
  readPayload,
  type StatementEnvelope,
  writeEnvelope,
  writePayload,
} from "./statement.ts";

const SHA256 = "ab".repeat(32);
const GOOD = says(SHA256);
const PAYLOAD = encoded(GOOD);

function stepOf(read: () => unknown): string {
  try {
    read();
    return "none";
  } catch (error) {
    if (error instanceof ReleaseError) return error.step;
    throw error;
  }
}

describe("an envelope is refused", () => {
  const signature = { protected: encoded({ alg: "EdDSA" }), signature: "AAAA" };
  const envelope = (members: object) =>
    JSON.stringify({ payload: PAYLOAD, signatures: [signature], ...members });

  it.each([
    ["that is empty", ""],
    ["that is half written", envelope({}).slice(0, 200)],
    ["that is no JSON", "not JSON"],
    ["that is null", "null"],
    ["that is an array", `[${envelope({})}]`],
    ["that is a compact JWS", `${signature.protected}.${PAYLOAD}.AAAA`],
    ["in the flattened form", JSON.stringify({ payload: PAYLOAD, ...signature })],
    ["with text after it", `${envelope({})}x`],
    ["with a byte order mark", `\ufeff${envelope({})}`],
    ["with another member", envelope({ more: 1 })],
    ["with a member twice", `{"payload":"${PAYLOAD}",${envelope({}).slice(1)}`],
    ["without a payload", envelope({ payload: undefined })],
    ["with an empty payload", envelope({ payload: "" })],
    ["with a payload that is no base64url", envelope({ payload: `${PAYLOAD}=` })],
    ["with stray bits in the payload's last character", envelope({ payload: "eyJhIjoxfR" })],
    ["with a payload that is an object", envelope({ payload: GOOD })],
    ["without signatures", envelope({ signatures: undefined })],
    ["with signatures that are an object", envelope({ signatures: { 0: signature } })],
    ["with an unprotected header", envelope({ signatures: [{ ...signature, header: { kid: "x" } }] })],
    ["without a protected header", envelope({ signatures: [{ signature: "AAAA" }] })],
    ["with a signature that is a number", envelope({ signatures: [{ ...signature, signature: 1 }] })],
    ["with 17 signatures", envelope({ signatures: Array(17).fill(signature) })],
    ["that is too large", envelope({}) + " ".repeat(MAX_STATEMENT_BYTES)],
    ["nested without end", "[".repeat(10_000)],
  ])("%s", (_name, text) => {
    expect(stepOf(() => readEnvelope(Buffer.from(text)))).toBe("statement");
  });

  it("of other bytes than UTF-8", () => {
    expect(stepOf(() => readEnvelope(Buffer.from([0x7b, 0xff, 0x7d])))).toBe("statement");
  });
});

describe("a signature's header is refused", () => {
  it.each<[string, unknown]>([
    ["with the algorithm none", { alg: "none" }],
    ["with a symmetric algorithm", { alg: "HS256" }],
    ["with an algorithm that is not ours", { alg: "ES384" }],
    ["with an algorithm in other letters", { alg: "es256" }],
    ["without an algorithm", { kid: "x" }],
    ["with several algorithms", { alg: ["EdDSA", "none"] }],
    ["with crit", { alg: "EdDSA", crit: ["exp"], exp: 1 }],
    ["with an empty crit", { alg: "EdDSA", crit: [] }],
    ["with b64", { alg: "EdDSA", b64: false }],
    ["with a key of its own", { alg: "EdDSA", jwk: { kty: "OKP" } }],
    ["with a certificate", { alg: "EdDSA", x5c: ["AAAA"] }],
    ["with a place for keys", { alg: "EdDSA", jku: "https://example.com" }],
    ["with a kid that is a number", { alg: "EdDSA", kid: 1 }],
    ["with a member twice", '{"alg":"EdDSA","alg":"none"}'],
    ["that is no object", '"EdDSA"'],
    ["that is no JSON", "EdDSA"],
  ])("%s", (_name, header) => {
    const signature = { protected: encoded(header), signature: "" };
    expect(stepOf(() => readHeader(signature, "signature 1"))).toBe("signatures");
  });

  it("and what it says is not repeated at any length", () => {
    const signature = { protected: encoded({ alg: "EdDSA", ["x".repeat(10_000)]: 1 }), signature: "" };
    const read = () => readHeader(signature, "signature 1");
    expect(read).toThrow(ReleaseError);
    expect(read).toThrow(/^.{1,200}$/s);
  });
});

describe("a payload is refused", () => {
  it.each<[string, unknown]>([
    ["of another type", { ...GOOD, type: "countersign.release/2" }],
    ["of a checkpoint", { ...GOOD, type: "countersign.checkpoint/1" }],
    ["with another member", { ...GOOD, note: "x" }],
    ["with a member twice", JSON.stringify(GOOD).replace("{", '{"sequence":9,')],
    ...Object.keys(GOOD).map((member): [string, unknown] => [
      `without ${member}`,
      { ...GOOD, [member]: undefined },
    ]),
    ...Object.keys(GOOD).map((member): [string, unknown] => [
      `with ${member} null`,
      { ...GOOD, [member]: null },
    ]),
    ["with a sequence below 0", { ...GOOD, sequence: -1 }],
    ["with a broken sequence", { ...GOOD, sequence: 1.5 }],
    ["with a sequence in words", { ...GOOD, sequence: "1" }],
    ["with a sequence spelled 1.0", JSON.stringify(GOOD).replace('"sequence":1', '"sequence":1.0')],
    [
      "with a sequence that no double has",
      JSON.stringify(GOOD).replace('"sequence":1', '"sequence":9007199254740993'),
    ],
    ["with a digest in capitals", { ...GOOD, sha256: "AB".repeat(32) }],
    ["with half a digest", { ...GOOD, sha256: "ab".repeat(16) }],
    ["with an empty audience", { ...GOOD, audience: "" }],
    ["with an audience of two lines", { ...GOOD, audience: "production\n" }],
    ["with an empty revision", { ...GOOD, revision: "" }],
    ["with a day for a time", { ...GOOD, created_at: "2025-01-01" }],
    ["with a time without an offset", { ...GOOD, expires_at: "2025-01-01T00:00:00" }],
    ["with milliseconds for a time", { ...GOOD, expires_at: "1735689600000" }],
    ["with a number for a time", { ...GOOD, expires_at: 1_735_689_600_000 }],
    ["with a day that is none", { ...GOOD, expires_at: "2025-02-30T00:00:00Z" }],
    ["that is an array", [GOOD]],
    ["that is no JSON", "release"],
  ])("%s", (_name, payload) => {
    expect(stepOf(() => readPayload({ payload: encoded(payload) }))).toBe("payload");
  });
});

describe("what is written", () => {
  let keys: readonly PublisherKey[];
  beforeAll(async () => {
    keys = await Promise.all([publisherKey("ed25519"), publisherKey("p256"), publisherKey("rsa")]);
  });

  const statement = {
    audience: "production",
    sequence: 7,
    revision: "r-7",
    sha256: SHA256,
    created_at: Date.UTC(2025, 0, 1, 12, 0, 0),
    expires_at: Date.UTC(2025, 1, 1, 12, 0, 0),
  };

  it("reads back as what it says, to the second", () => {
    const payload = writePayload({ ...statement, created_at: statement.created_at + 999 });
    expect(readPayload({ payload })).toEqual(statement);
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({
      ...statement,
      type: "countersign.release/1",
      created_at: "2025-01-01T12:00:00Z",
      expires_at: "2025-02-01T12:00:00Z",
    });
  });

  it("grows by one signature at a time, over one payload, and another library verifies each", async () => {
    let envelope: StatementEnvelope = { payload: writePayload(statement), signatures: [] };
    for (const { signing } of keys) envelope = await withSignature(envelope, signing);
    const read = readEnvelope(Buffer.from(writeEnvelope(envelope)));
    expect(read).toEqual(envelope);
    for (const [at, key] of keys.entries()) {
      const one = { payload: read.payload, signatures: read.signatures.slice(at, at + 1) };
      expect(readHeader(read.signatures[at] ?? { protected: "", signature: "" }, "it").kid).toBe(key.kid);
      const { payload } = await generalVerify(one, key.verifying.key);
      expect(Buffer.from(payload).toString("base64url")).toBe(read.payload);
    }
  });

  it("is what another library writes", async () => {
    const envelope = readEnvelope(await statementOf(GOOD, ...keys));
    expect(readPayload(envelope)).toMatchObject({ audience: "production", sequence: 1, sha256: SHA256 });
    expect(envelope.signatures).toHaveLength(3);
  });
});
