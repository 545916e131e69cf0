/** Calldata of any kind: what it does is always said, within bounds, and never by a throw. */

import { AbiCoder } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COLLECTION,
  EDITIONS,
  execTransaction,
  KNOWLEDGE,
  MULTICALL,
  MULTISEND,
  multiSend,
  OTHER,
  PAYEE,
  PERMIT2,
  PLACE,
  packed,
  SAFE,
  USDT,
} from "../../../test/support/evm.ts";
import { documentSchema } from "../../input/document.ts";
import type { AbiType } from "./abi-type.ts";
import type { Hex } from "./call.ts";
import type { AbiValue } from "./calldata.ts";
import { effectsOfCall } from "./effects.ts";
import { READINGS, signatureOf } from "./methods.ts";
import type { Reading } from "./reading.ts";

const effectsSchema = documentSchema.shape.evidence.unwrap().shape.effects.unwrap();

const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString("hex")}`;
const anAddress = fc.oneof(
  fc.constantFrom(USDT, SAFE, MULTISEND, MULTICALL, PERMIT2, COLLECTION, EDITIONS, PAYEE, OTHER),
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map(hex),
);

const { data } = fc.letrec<{ data: Hex; known: Hex; wrapped: Hex }>((tie) => ({
  data: fc.oneof(
    { depthSize: "medium" },
    fc.uint8Array({ maxLength: 8 }).map(hex),
    tie("known"),
    tie("wrapped"),
  ),
  known: fc.constantFrom(...READINGS).chain(([selector, reading]) => callOf(selector, reading)),
  wrapped: fc.oneof(
    fc
      .record({ to: anAddress, data: tie("data"), operation: fc.nat(2), value: fc.nat().map(BigInt) })
      .map((call) => execTransaction(call)),
    fc
      .array(fc.tuple(fc.nat(2), anAddress, fc.nat().map(BigInt), tie("data")), { maxLength: 4 })
      .map((calls) => multiSend(...calls.map((call) => packed(...call)))),
  ),
}));

/** Calldata of a method with values of its types, bytes among them that may be calldata again. */
function callOf(selector: Hex, reading: Reading): fc.Arbitrary<Hex> {
  const types = signatureOf(reading).parameters.map(({ type }) => type);
  return fc.tuple(...types.map(argumentOf)).map((values): Hex => {
    const encoded = AbiCoder.defaultAbiCoder().encode(types.map(typeText), values);
    return `${selector}${encoded.slice(2)}`;
  });
}

function typeText({ text }: AbiType): string {
  return text;
}

function argumentOf(type: AbiType): fc.Arbitrary<AbiValue> {
  switch (type.kind) {
    case "uint":
      return fc.bigInt({ min: 0n, max: 2n ** BigInt(type.bits) - 1n });
    case "int":
      return fc.bigInt({ min: 0n, max: 2n ** BigInt(type.bits - 1) - 1n });
    case "fixed_bytes":
      return fc.uint8Array({ minLength: type.bytes, maxLength: type.bytes }).map(hex);
    case "address":
      return anAddress;
    case "bool":
      return fc.boolean();
    case "bytes":
      return fc.oneof(
        fc.uint8Array({ maxLength: 70 }).map(hex),
        fc.constant(execTransaction({ to: PAYEE, value: 1n })),
      );
    case "string":
      return fc.string({ maxLength: 20 });
    case "array":
      return fc.array(argumentOf(type.of), { minLength: type.length ?? 0, maxLength: type.length ?? 3 });
    case "tuple":
      return fc.tuple(...type.members.map((member) => argumentOf(member.type)));
  }
}

function effectsOf(to: string, bytes: Hex) {
  return effectsOfCall({ to, value: 0n, data: bytes }, PLACE, KNOWLEDGE);
}

describe("strange calldata", () => {
  it("has effects that the document takes, always", () => {
    fc.assert(
      fc.property(anAddress, data, (to, bytes) => {
        const effects = effectsOf(to, bytes);
        expect(effectsSchema.parse(effects)).toEqual(effects);
        expect(effects.length).toBeLessThanOrEqual(513);
      }),
      { numRuns: 200 },
    );
  });

  it("has them too with a byte changed, bytes cut off or grown", () => {
    fc.assert(
      fc.property(
        anAddress,
        data,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: -5, max: 5 }),
        (to, bytes, at, change, length) => {
          const changed = Buffer.from(bytes.slice(2), "hex");
          if (changed.length === 0) return;
          const index = at % changed.length;
          changed[index] = (changed[index] ?? 0) ^ change;
          const cut = changed.subarray(0, changed.length + Math.min(length, 0));
          const grown = Buffer.concat([cut, Buffer.alloc(Math.max(length, 0))]);
          const effects = effectsOf(to, hex(grown));
          expect(effectsSchema.parse(effects)).toEqual(effects);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("of every method with a word too many, or a byte, is unknown", () => {
    const calls = fc
      .constantFrom(...READINGS)
      .chain(([selector, reading]) =>
        fc.record({ selector: fc.constant(selector), bytes: callOf(selector, reading) }),
      );
    fc.assert(
      fc.property(calls, fc.constantFrom("00", "00".repeat(32)), ({ selector, bytes }, extra) => {
        expect(effectsOf(OTHER, `${bytes}${extra}`)).toEqual([
          { type: "unknown", from: PLACE.from, to: OTHER, selector, depth: 0 },
        ]);
      }),
      { numRuns: 100 },
    );
  });

  it("of any bytes at all, under any selector", () => {
    const bytes = fc
      .tuple(fc.constantFrom(...READINGS), fc.uint8Array({ maxLength: 700 }))
      .map(([[selector], rest]): Hex => `${selector}${hex(rest).slice(2)}`);
    fc.assert(
      fc.property(anAddress, bytes, (to, any) => {
        expect(effectsOf(to, any).length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it("as large as it may be is read in bounded time", () => {
    const words = (count: number, word: string): Hex => `0xac9650d8${word.repeat(count)}`;
    const worst = [
      words(4095, "0".repeat(63).concat("1")),
      words(4095, "f".repeat(64)),
      multiSend(...new Array<string>(1_500).fill(packed(0, PAYEE, 1n, "0x"))),
    ];
    for (const bytes of worst) {
      const start = process.cpuUsage();
      effectsOf(MULTISEND, bytes);
      const { user, system } = process.cpuUsage(start);
      // Only what hangs is stopped here; the bound of 50 ms is held elsewhere, where nothing else runs.
      expect(user + system).toBeLessThan(2_000_000);
    }
  });
});
