/** The short form of the fuzz of evidence; the long one, with CPU and memory counted, is in test/soak. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CALLS,
  calldataArbitrary,
  callWith,
  changedMaterial,
  editArbitrary,
  KNOWLEDGE,
  read,
  SAMPLES,
  traps,
} from "../evidence/fuzz.ts";

const ALL = [...SAMPLES, ...CALLS];

describe("bytes that were changed", () => {
  it("never stay verified while the hash to be signed stays", () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(editArbitrary, ({ sample, edits }) => {
        const chosen = SAMPLES[sample % SAMPLES.length] ?? fc.pre(false);
        if (chosen === undefined) return;
        const material = changedMaterial(chosen.material, edits);
        const { evidence } = read({ ...chosen, material });
        const status = evidence?.status ?? "none";
        outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
        const same = JSON.stringify(material).toLowerCase() === JSON.stringify(chosen.material).toLowerCase();
        if (!same) expect(status, JSON.stringify(material)).not.toBe("verified");
      }),
      { numRuns: 600 },
    );
    expect([...outcomes.keys()].sort()).toEqual(expect.arrayContaining(["mismatch", "undecodable"]));
  });

  it("each flipped bit of a transaction is seen", () => {
    const [chosen] = SAMPLES;
    if (chosen?.material.type !== "transaction") throw new TypeError("the first sample is a transaction");
    const bytes = Buffer.from((chosen.material.unsigned ?? "").slice(2), "hex");
    expect(read(chosen).evidence?.status).toBe("verified");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const material = { type: "transaction", unsigned: `0x${flipped.toString("hex")}` } as const;
      expect(["mismatch", "undecodable"]).toContain(read({ ...chosen, material }).evidence?.status);
    }
  });
});

describe("calls of any bytes", () => {
  it("end in effects that fit the document, whatever the calldata is", () => {
    fc.assert(
      fc.property(calldataArbitrary, (data) => {
        const { evidence } = read(callWith(data));
        expect(evidence?.effects?.at(-1)?.type).toBe("fee");
        expect(evidence?.effects?.length).toBeGreaterThan(1);
      }),
      { numRuns: 200 },
    );
  });

  it.each(traps().map((trap, index) => [index, trap] as const))("trap %i is left in time", (_index, trap) => {
    const { evidence } = read(trap);
    expect(evidence?.effects?.length).toBeLessThan(600);
  });
});

it("the samples are verified as they stand", () => {
  for (const sample of ALL) {
    if (CALLS.includes(sample)) continue;
    expect(read(sample, KNOWLEDGE).evidence?.status, sample.name).toBe("verified");
  }
});
