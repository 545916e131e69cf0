import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COBO } from "../../../test/support/push-double.ts";
import { PushKeyError, pushKeysOf } from "./keys.ts";

const DEV = "03596da539963fb1dd29d5859e25903eb76b9f7ed2d58516e29c9f80c201ff2c1b";

describe("refused", () => {
  it.each([
    ["nothing", [""]],
    ["another name", ["sandbox"]],
    ["a name in capitals", ["PROD"]],
    ["what every object has", ["constructor"]],
    ["a digit too few", [DEV.slice(0, -1)]],
    ["a byte too many", [`${DEV}00`]],
    ["white space", [` ${DEV}`]],
    ["a prefix", [`0x${DEV}`]],
    ["an uncompressed point", [`04${"11".repeat(64)}`]],
    ["the point at infinity", ["00"]],
    ["a point on no curve", [`02${"0".repeat(63)}5`]],
    ["a coordinate beyond the field", [`02${"f".repeat(64)}`]],
  ])("%s", (_what, names) => {
    expect(() => pushKeysOf(names)).toThrow(PushKeyError);
  });

  it("the same key twice, however it is named, with its place", () => {
    for (const names of [
      ["prod", "prod"],
      ["dev", DEV],
      [DEV, DEV.toUpperCase()],
    ]) {
      expect(() => pushKeysOf([COBO.point, ...names])).toThrow(
        expect.objectContaining({ index: 2, message: "the same key twice" }),
      );
    }
  });
});

it("takes names and points, in any case", () => {
  const keys = pushKeysOf(["prod", DEV.toUpperCase(), COBO.point]);
  expect(keys.map(({ name }) => name)).toEqual(["prod", "03596da539963fb1", "03353b3e51527dd2"]);
  expect(keys.map(({ key }) => key.asymmetricKeyDetails)).toEqual(
    keys.map(() => ({ namedCurve: "secp256k1" })),
  );
  expect(pushKeysOf([])).toEqual([]);
});

it("takes exactly what is on the curve", () => {
  const point = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((x) => `02${Buffer.from(x).toString("hex")}`);
  fc.assert(
    fc.property(point, (hex) => {
      let onCurve = true;
      try {
        secp256k1.Point.fromHex(hex).assertValidity();
      } catch {
        onCurve = false;
      }
      if (onCurve) expect(pushKeysOf([hex])).toHaveLength(1);
      else expect(() => pushKeysOf([hex])).toThrow(PushKeyError);
    }),
  );
});
