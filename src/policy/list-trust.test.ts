import { beforeAll, describe, expect, it } from "vitest";
import {
  DAY_MS,
  type PublisherKey,
  publisherKey,
  rfc3339,
  type Says,
  says,
  saysOfList,
  statementOf,
} from "../../test/support/publisher.ts";
import { ListError } from "./list-error.ts";
import { ListTrust } from "./list-trust.ts";
import { ReleaseError } from "./release.ts";
import { signList, signRelease } from "./sign-release.ts";
import { readEnvelope, readListPayload, writeEnvelope } from "./statement.ts";
import { TrustStore } from "./trust-store.ts";

const NOW = Date.UTC(2025, 5, 1, 12, 0, 0);
const SHA256 = "ab".repeat(32);

let one: PublisherKey;
let two: PublisherKey;
let stranger: PublisherKey;
beforeAll(async () => {
  [one, two, stranger] = await Promise.all([publisherKey(), publisherKey("p256"), publisherKey()]);
});

/** The very keys, threshold and audience that releases are trusted by here: only what is signed tells them apart. */
function options() {
  const keys = [one.verifying, two.verifying];
  return { keys, threshold: 2, audience: "production", maxLifetimeMs: 30 * DAY_MS };
}
const trust = () => new ListTrust("sanctions", options());
const good = (members: Says = {}): Says =>
  saysOfList("sanctions", SHA256, { expires_at: rfc3339(NOW + DAY_MS), ...members }, NOW);

async function refusal(payload: Says, keys: readonly PublisherKey[] = [one, two], store = trust()) {
  try {
    await store.admit(await statementOf(payload, ...keys), NOW);
    return ["none", ""];
  } catch (thrown) {
    const error = ListError.of(thrown);
    return error instanceof ListError ? [error.step, error.message] : ["", String(error)];
  }
}

describe("refused", () => {
  it.each<[string, () => Says, string, RegExp]>([
    [
      "a release's statement",
      () => says(SHA256, {}, NOW),
      "payload",
      /release\/1", not countersign\.list\/1/,
    ],
    [
      "a list's members under a release's type",
      () => good({ type: "countersign.release/1" }),
      "payload",
      /its type/,
    ],
    [
      "a release's members under a list's type",
      () => says(SHA256, { type: "countersign.list/1" }, NOW),
      "payload",
      /list/,
    ],
    ["of both", () => good({ revision: "r" }), "payload", /unknown \["revision"\]/],
    ["no type", () => good({ type: undefined }), "payload", /type is null/],
    ["a type that begins like it", () => good({ type: "countersign.list/10" }), "payload", /its type/],
    ["another place besides", () => good({ data: { limits: {} } }), "payload", /unknown \["data"\]/],
    [
      "__proto__",
      () => JSON.parse(JSON.stringify(good()).replace("{", '{"__proto__":{},')),
      "payload",
      /unknown/,
    ],
    ["two names", () => good({ list: ["sanctions", "own"] }), "payload", /list/],
    ["a name that is a path", () => good({ list: "../limits" }), "payload", /list/],
    ["no name", () => good({ list: undefined }), "payload", /list/],
    [
      "another list",
      () => good({ list: "own_addresses" }),
      "list",
      /about the list own_addresses, this is sanctions/,
    ],
    ["limits", () => good({ list: "limits" }), "list", /about the list limits/],
    ["another audience", () => good({ audience: "staging" }), "audience", /the list is for staging/],
    ["another audience and list", () => good({ audience: "staging", list: "x" }), "audience", /staging/],
    ["another list, expired", () => good({ list: "x", expires_at: rfc3339(NOW - 1) }), "list", /list x/],
    ["expired", () => good({ expires_at: rfc3339(NOW) }), "time", /expired/],
    ["lasting too long", () => good({ expires_at: rfc3339(NOW + 31 * DAY_MS) }), "time", /at most 30/],
  ])("%s", async (_name, payload, step, why) => {
    expect(await refusal(payload())).toEqual([step, expect.stringMatching(why)]);
  });

  it("with too few of its own keys, whoever else signs", async () => {
    expect(await refusal(good(), [one, stranger])).toEqual([
      "signatures",
      expect.stringMatching(/^1 of 2 .*; 1 by nobody/),
    ]);
  });

  it("ahead of the clock: that passes", async () => {
    const ahead = good({ created_at: rfc3339(NOW + 120_000) });
    const thrown = await trust()
      .admit(await statementOf(ahead, one, two), NOW)
      .catch((error: unknown) => ListError.of(error));
    expect(thrown).toMatchObject({ step: "time", isPassing: true });
  });

  it("older than what was in force, and an equal sequence with another digest", async () => {
    const store = trust();
    store.raise({ sequence: 5, sha256: SHA256 });
    expect(await refusal(good({ sequence: 4 }), [one, two], store)).toEqual([
      "sequence",
      expect.stringMatching(/the list has sequence 4, 5 was live/),
    ]);
    expect(await refusal(good({ sequence: 5, sha256: "cd".repeat(32) }), [one, two], store)).toEqual([
      "sequence",
      expect.stringMatching(/was live with the digest/),
    ]);
    expect(await refusal(good({ sequence: 5 }), [one, two], store)).toEqual(["none", ""]);
  });

  it("by the store of releases, whatever keys signed it", async () => {
    const releases = new TrustStore(options());
    const refused = releases.admit(await statementOf(good(), one, two), NOW);
    await expect(refused).rejects.toMatchObject({
      step: "payload",
      message: expect.stringMatching(/its type is "countersign.list\/1", not countersign.release\/1/),
    });
  });
});

it("admits what enough of its keys signed about this very list", async () => {
  const admitted = await trust().admit(await statementOf(good(), two, one), NOW);
  expect(admitted).toMatchObject({
    list: "sanctions",
    sequence: 1,
    sha256: SHA256,
    signedBy: [two.kid, one.kid],
  });
  expect(() => trust().assertDigest(admitted, "cd".repeat(32))).toThrow(/the file's digest is cdcd/);
  trust().assertDigest(admitted, SHA256);
});

describe("signing", () => {
  const meaning = {
    list: "sanctions",
    audience: "production",
    sequence: 3,
    sha256: SHA256,
    lifetimeMs: DAY_MS,
  };
  const begun = async (key = one) =>
    Buffer.from(writeEnvelope((await signList({ ...meaning, key: key.signing }, undefined, NOW)).envelope));

  it("adds nothing under a statement about another list, or about a release", async () => {
    const other = signList({ ...meaning, list: "own", key: two.signing }, await begun(), NOW);
    await expect(other).rejects.toThrow("list is sanctions, not own");
    const { list: _list, ...common } = meaning;
    const release = signRelease({ ...common, revision: "r", key: two.signing }, await begun(), NOW);
    await expect(release).rejects.toMatchObject({ step: "payload" });
    const signed = await signRelease({ ...common, revision: "r", key: one.signing }, undefined, NOW);
    const list = signList({ ...meaning, key: two.signing }, Buffer.from(writeEnvelope(signed.envelope)), NOW);
    await expect(list).rejects.toBeInstanceOf(ReleaseError);
  });

  it("adds a signature to the same payload, which is then trusted", async () => {
    const first = await begun();
    const { envelope, kids } = await signList({ ...meaning, key: two.signing }, first, NOW + 1_000);
    expect(kids).toEqual([one.kid, two.kid]);
    expect(envelope.payload).toBe(readEnvelope(first).payload);
    expect(readListPayload(envelope)).toMatchObject({
      list: "sanctions",
      created_at: NOW,
      expires_at: NOW + DAY_MS,
    });
    const admitted = await trust().admit(Buffer.from(writeEnvelope(envelope)), NOW + 2_000);
    expect(admitted.sequence).toBe(3);
  });
});
