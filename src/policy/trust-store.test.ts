import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  DAY_MS,
  encoded,
  type PublisherKey,
  publisherKey,
  rfc3339,
  type Says,
  type Signature,
  says,
  signatureOver,
  statementOf,
} from "../../test/support/publisher.ts";
import { ReleaseError, type ReleaseStep } from "./release.ts";
import { type TrustOptions, TrustStore } from "./trust-store.ts";

const NOW = Date.UTC(2025, 5, 1, 12, 0, 0);
const SHA256 = "ab".repeat(32);
const OTHER = "cd".repeat(32);

let first: PublisherKey;
let second: PublisherKey;
let third: PublisherKey;
let stranger: PublisherKey;
beforeAll(async () => {
  [first, second, third, stranger] = await Promise.all([
    publisherKey("ed25519"),
    publisherKey("p256"),
    publisherKey("rsa"),
    publisherKey("ed25519"),
  ]);
});

function store(options: Partial<TrustOptions> = {}): TrustStore {
  return new TrustStore({
    keys: [first, second, third].map(({ verifying }) => verifying),
    threshold: 2,
    audience: "production",
    maxLifetimeMs: 90 * DAY_MS,
    ...options,
  });
}

const good = (members: Says = {}): Says => says(SHA256, members, NOW);

/** The step that refuses, and why; `none` for what is admitted. */
async function refusal(statement: Promise<Buffer> | Buffer, trust = store()): Promise<[string, string]> {
  try {
    const admitted = await trust.admit(await statement, NOW);
    trust.assertDigest(admitted, SHA256);
    return ["none", ""];
  } catch (error) {
    if (error instanceof ReleaseError) return [error.step, error.message];
    throw error;
  }
}

const stepOf = async (statement: Promise<Buffer> | Buffer, trust = store()): Promise<string> =>
  (await refusal(statement, trust))[0];

async function signed(payload: string, signatures: readonly Promise<Signature>[]): Promise<Buffer> {
  return Buffer.from(JSON.stringify({ payload, signatures: await Promise.all(signatures) }));
}

describe("a store is refused", () => {
  it("with one key twice, and with a threshold that can't be reached or is none", () => {
    const twice = [first.verifying, first.verifying];
    expect(() => store({ keys: twice })).toThrow(TypeError);
    expect(() => store({ keys: [], threshold: 0 })).toThrow(TypeError);
    for (const threshold of [0, -1, 1.5, 4, Number.NaN])
      expect(() => store({ threshold })).toThrow(TypeError);
  });
});

describe("signatures", () => {
  const payload = encoded(says(SHA256, {}, NOW));
  const refusals: [string, () => Promise<Signature>[], RegExp][] = [
    ["none", () => [], /^0 of 2 /],
    ["one short", () => [signatureOver(payload, first)], /^1 of 2 signatures that are needed$/],
    [
      "one by a key that is not trusted",
      () => [signatureOver(payload, first), signatureOver(payload, stranger)],
      /^1 of 2 .*; 1 by nobody/,
    ],
    [
      "the same key twice",
      () => [signatureOver(payload, second), signatureOver(payload, second), signatureOver(payload, first)],
      /^signature 2 is by .* once more$/,
    ],
    [
      "the same key twice, once without its name",
      () => [signatureOver(payload, first), signatureOver(payload, first, { kid: undefined })],
      /^signature 2 is by .* once more$/,
    ],
    [
      "the same key twice, under a stranger's name",
      () => [signatureOver(payload, first), signatureOver(payload, first, { kid: stranger.kid })],
      /^signature 2 is by .* once more$/,
    ],
    [
      "a trusted key's name over a stranger's signature",
      () => [
        signatureOver(payload, first),
        signatureOver(payload, second),
        signatureOver(payload, stranger, { kid: first.kid }),
      ],
      /^signature 3 names .* and is not by it$/,
    ],
    [
      "a signature over something else",
      () => [
        signatureOver(payload, first),
        signatureOver(payload, second),
        signatureOver(encoded("{}"), third),
      ],
      /^signature 3 names .* and is not by it$/,
    ],
  ];

  it.each(refusals)("%s: refused", async (_name, make, why) => {
    const [step, message] = await refusal(signed(payload, make()));
    expect(step).toBe("signatures");
    expect(message).toMatch(why);
  });

  it.each(["none", "HS256", "ES384", "PS256"])("the algorithm %s in one of them: refused", async (alg) => {
    const odd = signatureOver(payload, third).then(({ signature }) => ({
      protected: encoded({ alg, kid: third.kid }),
      signature,
    }));
    const good = [signatureOver(payload, first), signatureOver(payload, second)];
    expect(await stepOf(signed(payload, [...good, odd]))).toBe("signatures");
    expect(await stepOf(signed(payload, [odd, ...good]))).toBe("signatures");
  });

  it("a trusted key under another one's algorithm: refused", async () => {
    const mixed = signatureOver(payload, first).then(({ signature }) => ({
      protected: encoded({ alg: "ES256", kid: first.kid }),
      signature,
    }));
    const [step, message] = await refusal(
      signed(payload, [signatureOver(payload, second), signatureOver(payload, third), mixed]),
    );
    expect(step).toBe("signatures");
    expect(message).toMatch(/^signature 3 is by .* in ES256, which is not its algorithm$/);
  });

  it("any flipped bit of payload or signature: refused", async () => {
    const whole = await statementOf(good(), first, second);
    const { payload: text, signatures } = JSON.parse(whole.toString());
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(4_000), async (which, at) => {
        const flip = (part: string): string => {
          const bytes = Buffer.from(part, "base64url");
          const index = at % (bytes.length * 8);
          bytes[index >> 3] = (bytes[index >> 3] ?? 0) ^ (1 << (index & 7));
          return bytes.toString("base64url");
        };
        const changed = signatures.map((each: Signature, index: number) =>
          index === which ? { ...each, signature: flip(each.signature) } : each,
        );
        const statement = { payload: which === 2 ? flip(text) : text, signatures: changed };
        expect(await stepOf(Buffer.from(JSON.stringify(statement)))).toBe("signatures");
      }),
    );
  });

  it("enough of them: admitted, and it says by whom; strangers do no harm", async () => {
    const statement = await statementOf(good(), stranger, third, first);
    const admitted = await store().admit(statement, NOW);
    expect(admitted.signedBy).toEqual([third.kid, first.kid]);
    expect(admitted).toMatchObject({ sequence: 1, revision: "test", sha256: SHA256, audience: "production" });
    expect(await stepOf(statementOf(good(), first, second, third))).toBe("none");
  });

  it("a name is not needed, and another name for EdDSA is the same", async () => {
    const other = (header: Record<string, unknown>) => signatureOver(payload, first, header);
    expect(await stepOf(signed(payload, [other({ kid: undefined }), signatureOver(payload, third)]))).toBe(
      "none",
    );
    expect(await stepOf(signed(payload, [other({ alg: "Ed25519" }), signatureOver(payload, third)]))).toBe(
      "none",
    );
  });
});

describe("rotation by overlapping sets", () => {
  const holds = (keys: readonly PublisherKey[], threshold = 1): TrustStore =>
    store({ keys: keys.map(({ verifying }) => verifying), threshold });

  it("a removed key signs nothing any more; who signs with the old and the new one is believed by both", async () => {
    const byOld = await statementOf(good(), first);
    const byBoth = await statementOf(good(), first, second);
    const byNew = await statementOf(good(), second);
    const [before, between, after] = [holds([first]), holds([first, second]), holds([second])];
    expect(await Promise.all([byOld, byBoth, byNew].map((one) => stepOf(one, before)))).toEqual([
      "none",
      "none",
      "signatures",
    ]);
    expect(await Promise.all([byOld, byBoth, byNew].map((one) => stepOf(one, between)))).toEqual([
      "none",
      "none",
      "none",
    ]);
    expect(await Promise.all([byOld, byBoth, byNew].map((one) => stepOf(one, after)))).toEqual([
      "signatures",
      "none",
      "none",
    ]);
  });
});

describe("what the payload says is refused", () => {
  const live = { sequence: 5, sha256: SHA256 };
  const aged = (): TrustStore => {
    const trust = store();
    trust.raise(live);
    return trust;
  };
  const aSecond = 1_000;

  it.each<[string, Says, ReleaseStep]>([
    ["of another kind", { type: "countersign.checkpoint/1" }, "payload"],
    ["for another audience", { audience: "staging" }, "audience"],
    ["for an audience in other letters", { audience: "Production" }, "audience"],
    ["older than what was live", { sequence: 4 }, "sequence"],
    ["with the sequence of what was live and another digest", { sequence: 5, sha256: OTHER }, "sequence"],
    ["made more than a minute ahead", { sequence: 6, created_at: rfc3339(NOW + 61 * aSecond) }, "time"],
    ["over this second", { sequence: 6, expires_at: rfc3339(NOW) }, "time"],
    [
      "over before it was made",
      { sequence: 6, created_at: rfc3339(NOW + 50 * aSecond), expires_at: rfc3339(NOW + 40 * aSecond) },
      "time",
    ],
    [
      "longer than allowed, by a second",
      { sequence: 6, created_at: rfc3339(NOW), expires_at: rfc3339(NOW + 90 * DAY_MS + aSecond) },
      "time",
    ],
    ["about another archive", { sequence: 6, sha256: OTHER }, "digest"],
  ])("%s", async (_name, members, step) => {
    expect(await stepOf(statementOf(good(members), first, second), aged())).toBe(step);
  });

  it.each<[string, Says]>([
    ["newer than what was live", { sequence: 6 }],
    ["with the sequence and the digest of what was live", { sequence: 5 }],
    ["made almost a minute ahead", { sequence: 6, created_at: rfc3339(NOW + 60 * aSecond) }],
    ["over in a second", { sequence: 6, expires_at: rfc3339(NOW + aSecond) }],
    ["as long as allowed", { sequence: 6, created_at: rfc3339(NOW), expires_at: rfc3339(NOW + 90 * DAY_MS) }],
  ])("and not %s", async (_name, members) => {
    expect(await stepOf(statementOf(good(members), first, second), aged())).toBe("none");
  });

  it("what was live never goes back", async () => {
    const trust = aged();
    trust.raise({ sequence: 3, sha256: OTHER });
    trust.raise({ sequence: 5, sha256: OTHER });
    expect(trust.highest).toEqual(live);
    trust.raise({ sequence: 8, sha256: OTHER });
    expect(await stepOf(statementOf(good({ sequence: 7 }), first, second), trust)).toBe("sequence");
  });
});

/** Everything that can be wrong, in the order in which it is looked at; each may be wrong in several ways. */
const FAULTS = ["statement", "signatures", "payload", "audience", "sequence", "time", "digest"] as const;
type Fault = (typeof FAULTS)[number];

interface Faulty {
  readonly faults: readonly Fault[];
  /** Which of the ways. */
  readonly way: number;
}

function pick<T>(ways: readonly T[], way: number): T {
  const chosen = ways[way % ways.length];
  if (chosen === undefined) throw new Error("nothing to pick from");
  return chosen;
}

async function faultyStatement({ faults, way }: Faulty): Promise<Buffer> {
  const has = (fault: Fault): boolean => faults.includes(fault);
  const payload = good({
    sequence: has("sequence") ? pick([4, 0], way) : 6,
    ...(has("audience") ? { audience: pick(["staging", "PRODUCTION"], way) } : {}),
    ...(has("time")
      ? pick(
          [
            { expires_at: rfc3339(NOW - 1_000) },
            { created_at: rfc3339(NOW + DAY_MS) },
            { expires_at: rfc3339(NOW + 365 * DAY_MS) },
          ],
          way,
        )
      : {}),
    ...(has("digest") ? { sha256: OTHER } : {}),
    ...(has("payload")
      ? pick([{ more: 1 }, { sequence: "6" }, { type: "other" }, { revision: undefined }], way)
      : {}),
  });
  const text = encoded(payload);
  const signatures = await Promise.all(
    has("signatures")
      ? pick<() => Promise<Signature>[]>(
          [
            () => [],
            () => [signatureOver(text, first)],
            () => [signatureOver(text, first), signatureOver(text, stranger)],
            () => [signatureOver(text, first), signatureOver(text, first)],
            () => [signatureOver(text, first), signatureOver(encoded(good()), second)],
            () => [
              signatureOver(text, first),
              signatureOver(text, second),
              Promise.resolve({ protected: encoded({ alg: "none" }), signature: "" }),
            ],
          ],
          way,
        )()
      : [signatureOver(text, first), signatureOver(text, second)],
  );
  const whole = JSON.stringify({ payload: text, signatures });
  if (!has("statement")) return Buffer.from(whole);
  return Buffer.from(
    pick(
      [whole.slice(0, -1), whole.replace("{", '{"more":1,'), whole.replace('"payload"', '"Payload"')],
      way,
    ),
  );
}

describe("whatever is wrong together", () => {
  const aged = (): TrustStore => {
    const trust = store();
    trust.raise({ sequence: 5, sha256: SHA256 });
    return trust;
  };

  it("the first in the order is the one that is named, and nothing with a fault passes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray([...FAULTS], { minLength: 0 }), fc.nat(60), async (faults, way) => {
        const step = await stepOf(faultyStatement({ faults, way }), aged());
        expect(step).toBe(FAULTS.find((fault) => faults.includes(fault)) ?? "none");
      }),
      { numRuns: 400 },
    );
  });

  it("nothing passes that was not signed by enough, however it is put together", async () => {
    const pieces = await Promise.all(
      [good(), good({ sequence: 9 }), good({ audience: "staging" })].flatMap((payload) => {
        const text = encoded(payload);
        return [first, second, third, stranger].map(async (key) => ({
          payload: text,
          by: key,
          ...(await signatureOver(text, key)),
        }));
      }),
    );
    const trusted = [first, second, third];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...pieces),
        fc.array(fc.constantFrom(...pieces), { maxLength: 5 }),
        async (about, parts) => {
          const statement = {
            payload: about.payload,
            signatures: parts.map(({ protected: header, signature }) => ({ protected: header, signature })),
          };
          const step = await stepOf(Buffer.from(JSON.stringify(statement)));
          const signers = parts.filter((part) => trusted.includes(part.by) && part.payload === about.payload);
          const isHonest =
            new Set(signers.map(({ by }) => by)).size >= 2 &&
            new Set(signers.map(({ by }) => by)).size === signers.length &&
            parts.every((part) => !trusted.includes(part.by) || part.payload === about.payload);
          if (step === "none") expect(isHonest).toBe(true);
          if (!isHonest) expect(step).toBe("signatures");
        },
      ),
      { numRuns: 500 },
    );
  });
});
