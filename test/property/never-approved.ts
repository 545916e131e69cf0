/**
 * The properties: no mutation of a refused request is approved, unless it became one that the policy allows; a
 * mutation of an approved one is approved only where it still is one; a change of words alone changes nothing.
 */
import fc from "fast-check";
import { expect } from "vitest";
import type { LiveRelease } from "../../src/policy/live.ts";
import { callbackText } from "../fixtures/callbacks/callbacks.ts";
import { demoRequest } from "../support/caller.ts";
import { type Judged, judge } from "./in-process.ts";
import { hasDuplicateKey, type Node, textOf, treeOf } from "./json-tree.ts";
import { changesArbitrary, HARMLESS, mutated } from "./mutations.ts";
import { DEMO_AT_FIRST, type Grounds, mayBeApproved } from "./oracle.ts";

export interface Sample {
  readonly name: string;
  readonly payload: "v1" | "v2";
  readonly tree: Node;
}

const sample = (name: string, text: string, payload: "v1" | "v2" = "v2"): Sample => ({
  name,
  payload,
  tree: treeOf(JSON.parse(text)),
});

/** What the demo release approves. */
export const APPROVED: readonly Sample[] = [
  ...["listed-transfer", "message-signing-safe", "key-generation-listed"].map((name) =>
    sample(name, demoRequest(name)),
  ),
  sample("v1-keygen-secp256k1", callbackText("v1-keygen-secp256k1"), "v1"),
];

const REFUSED_BY_DEMO = [
  "unlisted-transfer",
  "transfer-over-cap",
  "transfer-inexact-amount",
  "other-transaction-shown",
  "contract-call-approval",
  "other-bytes-than-words",
  "bybit-safe-transaction",
  "key-generation-unlisted",
  "key-reshare-unlisted",
  "key-share-signing",
  "transfer-v1-shape",
];

/** What it refuses, each for a reason of its own. */
export const REFUSED: readonly Sample[] = [
  ...REFUSED_BY_DEMO.map((name) => sample(name, demoRequest(name))),
  ...["v2-keysign-trc20", "v2-keysign-spl", "v2-keysign-eip712", "v2-keysharesign-two-groups"].map((name) =>
    sample(name, callbackText(name)),
  ),
  ...["v1-keysign-erc20", "v1-keysign-utxo", "v1-keygen-ed25519", "v1-keyreshare-secp256k1"].map((name) =>
    sample(name, callbackText(name), "v1"),
  ),
];

const OTHERS = [...APPROVED, ...REFUSED].map(({ tree }) => tree);

/** Faults of the server's own: no request may cause one. */
const OWN_FAULTS = /^(INTERNAL|OVERLOADED|POLICY_|LEDGER_|CLOCK_)/;

/** What came of the runs, by code. */
export type Tally = Map<string, number>;

/** A sample and its mutation, as text, and whether it may be approved on these grounds. */
export const mutationArbitrary = (samples: readonly Sample[], grounds: Grounds) =>
  fc
    .record({ sample: fc.constantFrom(...samples), changes: changesArbitrary })
    .map(({ sample: from, changes }) => {
      const tree = mutated(from.tree, changes, OTHERS);
      return {
        name: from.name,
        payload: from.payload,
        text: textOf(tree),
        acceptable: !hasDuplicateKey(tree) && mayBeApproved(textOf(tree), from.payload, grounds),
      };
    });

/** Typed data has no harmless words: a member too many is shown, and not signed. */
const IN_OTHER_WORDS = APPROVED.filter(({ name }) => name !== "message-signing-safe");

const harmlessArbitrary = fc
  .record({ sample: fc.constantFrom(...IN_OTHER_WORDS), changes: changesArbitrary })
  .map(({ sample: { tree, payload, name }, changes }) => ({
    name,
    payload,
    text: textOf(mutated(tree, changes, OTHERS, HARMLESS)),
  }));

/** How long, and how often at most. */
export interface Extent {
  readonly runs: number;
  readonly limitMs: number;
}

const settings = ({ runs, limitMs }: Extent): fc.Parameters<unknown> => ({
  numRuns: runs,
  interruptAfterTimeLimit: limitMs,
  markInterruptAsFailure: false,
});

function note(tally: Tally, { code }: Judged): void {
  tally.set(code, (tally.get(code) ?? 0) + 1);
}

/** Fails with the seed and the smallest request that is approved and must not be. */
export async function assertNeverApproved(
  samples: readonly Sample[],
  live: LiveRelease,
  extent: Extent,
): Promise<Tally> {
  const tally: Tally = new Map();
  await fc.assert(
    fc.asyncProperty(mutationArbitrary(samples, DEMO_AT_FIRST), async ({ text, payload, acceptable }) => {
      const judged = await judge(text, payload, live);
      note(tally, judged);
      expect(judged.code).not.toMatch(OWN_FAULTS);
      if (judged.approved) expect(acceptable, "approved, and must not be").toBe(true);
    }),
    settings(extent),
  );
  return tally;
}

/** Fails where an approved request is refused for its spelling alone. */
export async function assertStaysApproved(live: LiveRelease, extent: Extent): Promise<Tally> {
  const tally: Tally = new Map();
  await fc.assert(
    fc.asyncProperty(harmlessArbitrary, async ({ text, payload }) => {
      const judged = await judge(text, payload, live);
      note(tally, judged);
      expect(judged).toEqual({ approved: true, code: "approved" });
    }),
    settings(extent),
  );
  return tally;
}
