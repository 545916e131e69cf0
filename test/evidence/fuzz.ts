/**
 * Bytes that nobody made on purpose, and bytes that somebody did: for both, reading them has to end soon, throw
 * nothing, and call nothing `verified` but what is exactly what was asked.
 */
import {
  AbiCoder,
  concat,
  dataSlice,
  Interface,
  randomBytes,
  toBeHex,
  ZeroAddress,
  zeroPadValue,
} from "ethers";
import fc from "fast-check";
import { readEvidence } from "../../src/evidence/evidence.ts";
import type { Material } from "../../src/evidence/material.ts";
import { type Document, documentSchema } from "../../src/input/document.ts";
import type { Knowledge } from "../../src/policy/assets.ts";
import {
  defaultKnowledge,
  demoCallback,
  LISTED,
  normalizedOf,
  OWN,
  STRANGER,
  USDT,
  withBytes,
} from "../support/evidence.ts";

export interface Sample {
  readonly name: string;
  readonly document: Document;
  readonly material: Material;
}

const ABI = new Interface([
  "function transfer(address,uint256)",
  "function approve(address,uint256)",
  "function multiSend(bytes)",
  "function multicall(bytes[])",
  "function aggregate3((address,bool,bytes)[])",
  "function execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
  "function permit(address,((address,uint160,uint48,uint48)[],address,uint256),bytes)",
]);

const MULTISEND = "0x40a2accbd92bca938b02010e17a5b8929b49130d";

const transfer = ABI.encodeFunctionData("transfer", [LISTED, 5n]);
const packedCall = (data: string): string =>
  concat(["0x00", USDT, zeroPadValue("0x00", 32), zeroPadValue(toBeHex((data.length - 2) / 2), 32), data]);
const safeCall = (data: string): string =>
  ABI.encodeFunctionData("execTransaction", [
    MULTISEND,
    0n,
    data,
    1,
    0n,
    0n,
    0n,
    ZeroAddress,
    ZeroAddress,
    "0x11",
  ]);

const CALLDATA: readonly string[] = [
  transfer,
  ABI.encodeFunctionData("approve", [STRANGER, 2n ** 256n - 1n]),
  ABI.encodeFunctionData("multicall", [[transfer, transfer]]),
  ABI.encodeFunctionData("aggregate3", [[[USDT, true, transfer]]]),
  safeCall(ABI.encodeFunctionData("multiSend", [concat([packedCall(transfer), packedCall(transfer)])])),
  ABI.encodeFunctionData("permit", [OWN, [[[USDT, 2n ** 160n - 1n, 0n, 0n]], STRANGER, 0n], "0x"]),
];

function sampleOf(name: string, callback: ReturnType<typeof demoCallback>): Sample {
  const { document, material } = normalizedOf(callback);
  if (material === undefined) throw new TypeError(`${name} signs nothing`);
  return { name, document, material };
}

/** Requests that are verified as they stand. */
export const SAMPLES: readonly Sample[] = [
  sampleOf("a transfer", demoCallback("listed-transfer")),
  sampleOf("an approval", demoCallback("contract-call-approval")),
  sampleOf("a Safe's transaction", demoCallback("message-signing-safe")),
];

/** The calls, each as its own transaction. */
export const CALLS: readonly Sample[] = CALLDATA.map((data) => {
  const callback = demoCallback("contract-call-approval");
  return sampleOf(dataSlice(data, 0, 4), withBytes(callback, { to: USDT, data, gasLimit: 60_000 }));
});

/** Hex digits changed, left out, or more of them, anywhere in what is to be signed. */
export const editArbitrary = fc.record({
  sample: fc.nat(),
  edits: fc.array(
    fc.record({
      at: fc.nat(9_999).map((share) => share / 10_000),
      drop: fc.oneof(fc.constant(0), fc.constant(2), fc.nat(200)),
      /** As many digits go as come. */
      replace: fc.boolean(),
      add: fc.oneof(
        fc.constant(""),
        fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString("hex")),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

type Edits = ReturnType<(typeof editArbitrary)["generate"]>["value"]["edits"];

function edited(text: string, edits: Edits): string {
  let result = text;
  for (const { at, drop, add, replace } of edits) {
    const place = 2 + Math.floor(at * Math.max(0, result.length - 2));
    result = result.slice(0, place) + add + result.slice(place + (replace ? add.length : drop));
  }
  return result;
}

/** Material with the edits in each of its texts. */
export function changedMaterial(material: Material, edits: Edits): Material {
  const changed = Object.entries(material).map(([key, value]) => [
    key,
    key === "type" || typeof value !== "string" ? value : edited(value, edits),
  ]);
  return Object.fromEntries(changed) as Material;
}

/** Reads it, and holds the answer against the document's own schema: nothing else may come out, and nothing is thrown. */
export function read({ document, material }: Sample, knowledge: Knowledge = KNOWLEDGE): Document {
  return documentSchema.parse({ ...document, evidence: readEvidence(document, material, knowledge) });
}

export const KNOWLEDGE = defaultKnowledge();

/** Calldata without rhyme or reason behind each selector that means something. */
export const calldataArbitrary = fc
  .record({
    head: fc.constantFrom(...CALLDATA.map((data) => data.slice(0, 10)), "0x00000000", "0x1626ba7e"),
    words: fc.array(
      fc.oneof(
        fc
          .constantFrom(0n, 32n, 64n, 96n, 2n ** 256n - 1n, 2n ** 255n, 2n ** 63n, 1n)
          .map((word) => toBeHex(word, 32).slice(2)),
        fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex")),
      ),
      { maxLength: 40 },
    ),
    tail: fc.uint8Array({ maxLength: 31 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  })
  .map(({ head, words, tail }) => `${head}${words.join("")}${tail}`);

/** A transaction with any calldata, which its words and its hash agree with. */
export function callWith(data: string): Sample {
  return sampleOf(
    "a call",
    withBytes(demoCallback("contract-call-approval"), { to: USDT, data, gasLimit: 60_000 }),
  );
}

/** Shapes that a reader could be caught in: each is one request. */
export function traps(): readonly Sample[] {
  let nested = transfer;
  for (let depth = 0; depth < 100; depth += 1) nested = ABI.encodeFunctionData("multicall", [[nested]]);
  let safes = transfer;
  for (let depth = 0; depth < 60; depth += 1) safes = safeCall(safes);
  const many = ABI.encodeFunctionData("multicall", [Array.from({ length: 400 }, () => transfer)]);
  const packed = safeCall(
    ABI.encodeFunctionData("multiSend", [concat(Array.from({ length: 400 }, () => packedCall(transfer)))]),
  );
  const fork = (depth: number): string =>
    depth === 0 ? transfer : ABI.encodeFunctionData("multicall", [[fork(depth - 1), fork(depth - 1)]]);
  const overlap = `0xac9650d8${AbiCoder.defaultAbiCoder()
    .encode(["uint256[]"], [[32n, 3_000n, ...Array.from({ length: 3_000 }, () => 32n)]])
    .slice(66)}`;
  const long = `0x095ea7b3${Buffer.from(randomBytes(60_000)).toString("hex")}`;
  return [nested, safes, many, packed, fork(8), overlap, long].map(callWith);
}
