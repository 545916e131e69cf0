import { beforeAll, describe, expect, it } from "vitest";
import {
  DAY_MS,
  encoded,
  type PublisherKey,
  publisherKey,
  says,
  statementOf,
} from "../../test/support/publisher.ts";
import { ReleaseError } from "./release.ts";
import { type Signing, signRelease } from "./sign-release.ts";
import { readEnvelope, writeEnvelope } from "./statement.ts";
import { TrustStore } from "./trust-store.ts";

const NOW = Date.UTC(2025, 5, 1, 12, 0, 0);
const SHA256 = "ab".repeat(32);
let first: PublisherKey;
let second: PublisherKey;
beforeAll(async () => {
  [first, second] = await Promise.all([publisherKey(), publisherKey("p256")]);
});

function meaning(members: Partial<Signing> = {}): Signing {
  return {
    audience: "production",
    sequence: 7,
    revision: "r-7",
    sha256: SHA256,
    lifetimeMs: 30 * DAY_MS,
    key: first.signing,
    ...members,
  };
}

async function begun(members: Partial<Signing> = {}): Promise<Buffer> {
  return Buffer.from(writeEnvelope((await signRelease(meaning(members), undefined, NOW)).envelope));
}

async function refusal(
  signing: Signing,
  existing: Uint8Array,
  nowMs = NOW + 60_000,
): Promise<[string, string]> {
  const error = await signRelease(signing, existing, nowMs).catch((thrown: unknown) => thrown);
  return error instanceof ReleaseError ? [error.step, error.message] : ["none", String(error)];
}

describe("a second signature is refused", () => {
  it.each<[string, Partial<Signing>, string]>([
    ["another archive", { sha256: "cd".repeat(32) }, "sha256 is abab"],
    ["another revision", { revision: "r-8" }, "revision is r-7, not r-8"],
    ["another audience", { audience: "staging" }, "audience is production, not staging"],
    ["another sequence", { sequence: 8 }, "sequence is 7, not 8"],
    ["another lifetime", { lifetimeMs: 31 * DAY_MS }, "it lasts 2592000 s, not 2678400 s"],
  ])("for %s", async (_name, members, why) => {
    const [step, message] = await refusal(meaning({ key: second.signing, ...members }), await begun());
    expect(step).toBe("payload");
    expect(message).toContain(why);
  });

  it("under a statement that is over", async () => {
    const there = await begun();
    const signing = meaning({ key: second.signing });
    expect((await refusal(signing, there, NOW + 30 * DAY_MS))[0]).toBe("time");
    expect((await refusal(signing, there, NOW + 30 * DAY_MS - 1))[0]).toBe("none");
  });

  it("under a statement that begins later: it would last longer than this signer means", async () => {
    const signing = meaning({ key: second.signing });
    const there = await begun();
    expect(await refusal(signing, there, NOW - 10 * DAY_MS)).toEqual([
      "time",
      expect.stringContaining("ahead"),
    ]);
    expect((await refusal(signing, there, NOW - 60_001))[0]).toBe("time");
    expect((await refusal(signing, there, NOW - 60_000))[0]).toBe("none");
  });

  it("by the same key", async () => {
    const [step, message] = await refusal(meaning(), await begun());
    expect({ step, message }).toEqual({
      step: "signatures",
      message: `${first.kid} has signed this statement already`,
    });
  });

  it("under what is no statement, or has no signature of ours", async () => {
    const signing = meaning({ key: second.signing });
    expect((await refusal(signing, Buffer.from("{}")))[0]).toBe("statement");
    const foreign = { protected: encoded({ alg: "none" }), signature: "" };
    const there = readEnvelope(await begun());
    const mixed = Buffer.from(JSON.stringify({ ...there, signatures: [...there.signatures, foreign] }));
    expect((await refusal(signing, mixed))[0]).toBe("signatures");
    expect((await refusal(signing, await statementOf(says(SHA256, { more: 1 }), first)))[0]).toBe("payload");
  });
});

describe("what was signed", () => {
  const store = (threshold: number): TrustStore =>
    new TrustStore({
      keys: [first.verifying, second.verifying],
      threshold,
      audience: "production",
      maxLifetimeMs: 30 * DAY_MS,
    });

  it("by one, and then by another over the very same payload, is believed", async () => {
    const one = await begun();
    expect(await store(1).admit(one, NOW)).toMatchObject({
      ...{ audience: "production", sequence: 7, revision: "r-7", sha256: SHA256, signedBy: [first.kid] },
      ...{ created_at: NOW, expires_at: NOW + 30 * DAY_MS },
    });
    await expect(store(2).admit(one, NOW)).rejects.toMatchObject({ step: "signatures" });
    const signed = await signRelease(meaning({ key: second.signing }), one, NOW + DAY_MS);
    const two = Buffer.from(writeEnvelope(signed.envelope));
    expect(readEnvelope(two).payload).toBe(readEnvelope(one).payload);
    expect(signed.kids).toEqual([first.kid, second.kid]);
    expect((await store(2).admit(two, NOW)).signedBy).toEqual([first.kid, second.kid]);
  });
});
