import { createHash, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VECTORS, type Vector, vector } from "../../../test/fixtures/pushes/pushes.ts";
import { COBO } from "../../../test/support/push-double.ts";
import { headersOf, signPush } from "../../cli/push-client.ts";
import { type PushKey, pushKeysOf } from "./keys.ts";
import { isOutsideWarning, PushRefusal, type VerifiedMessage, verifyPush } from "./signature.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function headers(timestamp: string, signature: string): string[] {
  return ["Host", "example.com", "Biz-Timestamp", timestamp, "Biz-Resp-Signature", signature];
}

/** What comes of it: the key's name, or the refusal's code. */
function outcome(run: () => VerifiedMessage): string {
  try {
    return run().key.name;
  } catch (error) {
    if (error instanceof PushRefusal) return error.code;
    throw error;
  }
}

function outcomeOf({ body, timestamp, signature, key }: Vector, keys: readonly string[] = [key]): string {
  return outcome(() => verifyPush(bytes(body), headers(timestamp, signature), pushKeysOf(keys)));
}

const P3 = vector("P3");
const own = pushKeysOf([COBO.point]);
const ownKey = keyAt(own, 0);

function keyAt(keys: readonly PushKey[], index: number): PushKey {
  const key = keys[index];
  if (key === undefined) throw new Error("no key there");
  return key;
}

describe("published and own vectors", () => {
  it("has all of them, and the bodies that were published", () => {
    expect(VECTORS.map(({ id }) => id)).toEqual(["P1", "P2", "P3", "P4", "P5"]);
    const digest = (id: string): string => createHash("sha256").update(vector(id).body).digest("hex");
    expect(digest("P1")).toBe("2b083806bb9cd5875dbe9d022b092e91d68bef9d7079d2550fbc3f53817ec2b8");
    expect(digest("P2")).toBe("e85d9405d7955c3669660dfb99936444b53f6c12b9c9d0d18218d79bf3420eee");
  });

  it("refuses a signature over a single SHA-256", () => {
    const { body, timestamp, signature } = vector("P5");
    expect(outcomeOf(vector("P5"))).toBe("SIGNATURE");
    // It is a good one, of the other kind.
    expect(verify("sha256", bytes(`${body}|${timestamp}`), ownKey.key, Buffer.from(signature, "hex"))).toBe(
      true,
    );
  });

  it.each(VECTORS.filter(({ good }) => good))("takes $id: $what", (one) => {
    const digits = one.key.slice(0, 16);
    expect(outcomeOf(one, ["prod", "dev"])).toBe("SIGNATURE");
    expect(outcomeOf(one)).toBe(digits);
    expect(outcomeOf(one, ["prod", "dev", one.key])).toBe(digits);
    expect(outcomeOf({ ...one, signature: one.signature.toUpperCase() })).toBe(digits);
  });

  it("takes a high s, and its low twin", () => {
    const { signature, ...rest } = vector("P4");
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${signature.slice(-64)}`);
    expect(s > n / 2n).toBe(true);
    const low = (n - s).toString(16).padStart(64, "0");
    const twin = `3045${signature.slice(4, -70)}0220${low}`;
    expect(outcomeOf({ ...rest, signature: twin })).toBe(COBO.point.slice(0, 16));
  });
});

describe("headers", () => {
  const { body, timestamp, signature } = P3;
  const at = (...raw: string[]): string => outcome(() => verifyPush(bytes(body), raw, own));
  const good = COBO.point.slice(0, 16);

  it.each([
    ["no header at all", []],
    ["no timestamp", ["Biz-Resp-Signature", signature]],
    ["no signature", ["Biz-Timestamp", timestamp]],
    ["other names", ["Biz.Timestamp", timestamp, "Biz-Resp-Signature", signature]],
    ["names that are longer", ["X-Biz-Timestamp", timestamp, "Biz-Resp-Signature", signature]],
  ])("missing: %s", (_what, raw) => {
    expect(at(...raw)).toBe("HEADER_MISSING");
  });

  it.each([
    ["both spellings of the time", ["BIZ_TIMESTAMP", "1700000000001"]],
    ["both spellings of the signature", ["BIZ_RESP_SIGNATURE", vector("P4").signature]],
    ["one spelling twice", ["Biz-Timestamp", "1700000000001"]],
    ["an empty one besides", ["biz_timestamp", ""]],
  ])("disagree: %s", (_what, more) => {
    expect(at(...headers(timestamp, signature), ...more)).toBe("HEADERS_DISAGREE");
    expect(at(...more, ...headers(timestamp, signature))).toBe("HEADERS_DISAGREE");
  });

  it.each([
    ["Biz-Timestamp", "Biz-Resp-Signature"],
    ["BIZ-TIMESTAMP", "BIZ-RESP-SIGNATURE"],
    ["BIZ_TIMESTAMP", "BIZ_RESP_SIGNATURE"],
    ["biz_timestamp", "bIz-rEsp_Signature"],
  ])("takes %s", (time, name) => {
    expect(at(time, timestamp, name, signature)).toBe(good);
    expect(at(time, timestamp, name, signature, ...headers(timestamp, signature))).toBe(good);
  });

  it.each([
    "",
    " ",
    "1700000000000.0",
    "1.7e12",
    "-1700000000000",
    "+1",
    "0x1",
    "1700000000000, 1700000000000",
    "1".repeat(16),
  ])("a time such as '%s' is malformed", (time) => {
    expect(at(...headers(time, signature))).toBe("TIMESTAMP_MALFORMED");
  });

  it.each([
    ["nothing", ""],
    ["base64", Buffer.from(signature, "hex").toString("base64")],
    ["a prefix", `0x${signature}`],
    ["half a byte", signature.slice(0, -1)],
    ["another type", `31${signature.slice(2)}`],
    ["64 raw bytes", "ab".repeat(64)],
    ["far too much", `${signature}${"00".repeat(5_000)}`],
    ["two of them", `${signature}, ${signature}`],
  ])("a signature of %s is malformed", (_what, der) => {
    expect(at(...headers(timestamp, der))).toBe("SIGNATURE_MALFORMED");
  });

  it.each([
    ["a byte more", `${signature}00`],
    ["a byte less", signature.slice(0, -2)],
    ["a length in two bytes", `3081${signature.slice(2)}`],
    ["a negative number", signature.replace("022100ae", "0220ae").replace("3045", "3044")],
    ["a zero too many", signature.replace("3045", "3046").replace("022100ae", "02220000ae")],
    ["r = 0", `3006020100${"020101"}`],
    ["s = 0", "3006020101020100"],
    ["r = 1, s = 1", "3006020101020101"],
  ])("DER of %s fits no key", (_what, der) => {
    expect(at(...headers(timestamp, der))).toMatch(/^SIGNATURE(_MALFORMED)?$/);
  });

  it("refuses everything without keys, before anything is looked at", () => {
    expect(outcome(() => verifyPush(bytes(body), [], pushKeysOf([])))).toBe("NO_KEYS");
    expect(outcome(() => verifyPush(bytes(body), headers(timestamp, signature), []))).toBe("NO_KEYS");
  });

  it("refuses what the other environment signed", () => {
    expect(outcomeOf(P3, ["prod"])).toBe("SIGNATURE");
  });
});

describe("for any message", () => {
  const body = fc.uint8Array({ minLength: 0, maxLength: 2_000 });
  const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const mask = fc.integer({ min: 1, max: 255 });

  it("one changed byte of the body, the time or the signature is refused, and the message itself is not", () => {
    fc.assert(
      fc.property(body, time, fc.nat(), mask, (message, at, seed, flipped) => {
        const { timestamp, signature } = signPush(message, COBO.privateKey, at);
        const verified = verifyPush(message, headers(timestamp, signature), own);
        expect(verified).toEqual({ key: ownKey, timestamp, timestampMs: at, signature });

        const changed = (from: Uint8Array): Uint8Array =>
          from.map((byte, index) => (index === seed % from.length ? byte ^ flipped : byte));
        const refused = /^(SIGNATURE|SIGNATURE_MALFORMED|TIMESTAMP_MALFORMED)$/;
        if (message.length > 0) {
          expect(outcome(() => verifyPush(changed(message), headers(timestamp, signature), own))).toBe(
            "SIGNATURE",
          );
        }
        const der = Buffer.from(changed(Buffer.from(signature, "hex"))).toString("hex");
        expect(outcome(() => verifyPush(message, headers(timestamp, der), own))).toMatch(refused);
        const text = Buffer.from(changed(bytes(timestamp))).toString("latin1");
        expect(outcome(() => verifyPush(message, headers(text, signature), own))).toMatch(refused);
        const longer = Uint8Array.of(...message, flipped);
        expect(outcome(() => verifyPush(longer, headers(timestamp, signature), own))).toBe("SIGNATURE");
      }),
      { numRuns: 60 },
    );
  });

  it("whatever stands in the headers is refused, and nothing else is thrown", () => {
    const value = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 80 }).map((der) => `30${Buffer.from(der).toString("hex")}`),
    );
    fc.assert(
      fc.property(body, value, value, (message, timestamp, signature) => {
        expect(() => verifyPush(message, headers(timestamp, signature), own)).toThrow(PushRefusal);
        expect(() => verifyPush(message, headers("1700000000000", signature), own)).toThrow(PushRefusal);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the window", () => {
  const message: VerifiedMessage = {
    key: ownKey,
    timestamp: "1000000",
    timestampMs: 1_000_000,
    signature: "",
  };

  it.each([
    [1_000_000, false],
    [1_000_100, false],
    [999_900, false],
    [1_000_101, true],
    [999_899, true],
  ])("refuses beyond it and warns before: at %i", (now, isFar) => {
    if (isFar) {
      expect(() => isOutsideWarning(message, now, { warn: 1, refuse: 100 })).toThrow(
        expect.objectContaining({ code: "OUTSIDE_WINDOW" }),
      );
    } else {
      expect(isOutsideWarning(message, now, { warn: 1_000, refuse: 100 })).toBe(false);
    }
    expect(isOutsideWarning(message, now, { warn: 100, refuse: "off" })).toBe(isFar);
  });
});

it("puts the headers in any spelling", () => {
  const signed = signPush(bytes(P3.body), COBO.privateKey, 1_700_000_000_000);
  for (const spelling of ["dash", "underscore", "both"] as const) {
    const raw = Object.entries(headersOf(signed, spelling)).flat();
    expect(outcome(() => verifyPush(bytes(P3.body), raw, own))).toBe(ownKey.name);
  }
});
