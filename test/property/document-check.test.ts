/** The quick check of a finished document and the schema that it is made from give one answer, whatever is asked. */
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { normalize } from "../../src/channels/tss/normalize.ts";
import { parseCallback } from "../../src/channels/tss/wire.ts";
import { fitsSchema } from "../../src/input/check-document.ts";
import { nowMembers } from "../../src/input/clock.ts";
import { documentSchema } from "../../src/input/document.ts";
import { chainsOf } from "../../src/policy/release.ts";
import { bytesOf, callback } from "../fixtures/callbacks/callbacks.ts";

const AMOUNT = { token: "ETH", units: "15", decimals: 1, text: "1.5", usd_micros: "7" };

/** What no callback brings yet: facts, lists, evidence, a deposit. */
const REST = {
  facts: {
    daily: { spent: "7", by_destination: { "0xaa": "1", "0xbb": "2" }, none: "0" },
    flags: { known: { known: true, open: [] } },
    replaced: { moved: [{ asset: "ETH", state: "signed", amount: AMOUNT }] },
  },
  lists: { sanctions: {}, labels: { "0xaa": { kind: "own" }, "0xbb": true } },
  evidence: {
    status: "mismatch",
    key: "absent",
    differences: [{ field: "transaction.token", declared: "ETH" }],
    effects: [{ type: "transfer", asset: "ETH", to: "0xaa", amount: AMOUNT }],
  },
  deposit: { waiting_audit: false, outpoint: { hash: "ab", index: 0 }, sources: [{ address: "0xaa" }] },
};

const NOW = 1_700_000_000_000;
const tokens = { ETH: { chain: "ETH", decimals: 18 } };
const documents = readdirSync(new URL("../fixtures/callbacks", import.meta.url))
  .filter((file) => file.endsWith(".json") && !file.includes("ping"))
  .map((file): unknown => {
    const name = file.replace(".json", "");
    const task = parseCallback(bytesOf(callback(name)), name.startsWith("v1") ? "v1" : "v2");
    if (task.type === "ping") throw new Error("a ping");
    const context = { source: "node-1", receivedAt: NOW, now: nowMembers(NOW, "UTC"), tokens };
    const { document } = normalize(task, { ...context, chains: chainsOf(undefined) });
    return structuredClone({ ...document, ...REST });
  });

const STRANGE = [
  undefined,
  null,
  true,
  false,
  0,
  1,
  -1,
  256,
  1440,
  1.5,
  2 ** 53,
  Number.NaN,
  "",
  "0",
  "007",
  "1.50",
  "0xAB",
  "0xabc",
  "verified",
  "ETH",
  [],
  [""],
  [{}],
  {},
  { "": 1 },
  { a: {} },
  AMOUNT,
];

const WRITABLE = { enumerable: true, writable: true, configurable: true };

/** Every container of a value. */
function containers(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(containers)];
}

const answers = (document: unknown) => ({
  quick: fitsSchema(document),
  schema: documentSchema.safeParse(document).success,
});

test("the documents of all callbacks fit", () => {
  expect(documents.length).toBeGreaterThan(10);
  for (const document of documents) expect(answers(document)).toEqual({ quick: true, schema: true });
});

test("each member of each, made strange in every way", () => {
  let fitting = 0;
  let refused = 0;
  for (const document of documents) {
    for (const container of containers(document)) {
      for (const key of Object.keys(container)) {
        const before: unknown = Reflect.get(container, key);
        for (const strange of STRANGE) {
          Reflect.set(container, key, strange);
          const { quick, schema } = answers(document);
          if (quick !== schema) expect(quick, `${key} ${JSON.stringify(strange)}`).toBe(schema);
          if (quick) fitting += 1;
          else refused += 1;
        }
        Reflect.deleteProperty(container, key);
        const { quick, schema } = answers(document);
        expect(quick, `without ${key}`).toBe(schema);
        Reflect.set(container, key, before);
      }
    }
  }
  expect(fitting).toBeGreaterThan(1_000);
  expect(refused).toBeGreaterThan(10_000);
});

test("several members of one, and members that nobody knows", () => {
  const change = fc.record({
    at: fc.nat(),
    key: fc.oneof(fc.constantFrom("address", "amount", "units", "type", "id", "__proto__", "x"), fc.nat(3)),
    value: fc.oneof(
      fc.constantFrom(...STRANGE),
      fc.json().map((text): unknown => JSON.parse(text)),
    ),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...documents),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (document, changes) => {
        const changed = structuredClone(document);
        for (const change of changes) {
          const places = containers(changed);
          const place = places[change.at % places.length] ?? {};
          const value = structuredClone(change.value);
          Object.defineProperty(place, change.key, { ...WRITABLE, value });
        }
        const { quick, schema } = answers(changed);
        // The library leaves a key `__proto__` of a table alone; here it is a key like any other.
        const proto = /__proto__/.test(JSON.stringify(changes));
        if (!proto || quick) expect(quick, JSON.stringify(changes)).toBe(schema);
      },
    ),
    { numRuns: 3_000 },
  );
});
