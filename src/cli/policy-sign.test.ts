import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { runInside } from "../../test/support/command-inside.ts";
import { FEW_RULES } from "../../test/support/few-rules.ts";
import { DAY_MS, type PublisherKey, publisherKey } from "../../test/support/publisher.ts";
import { readEnvelope } from "../policy/statement.ts";
import { TrustStore } from "../policy/trust-store.ts";

const root = mkdtempSync(join(tmpdir(), "countersign-sign-"));
afterAll(() => rmSync(root, { recursive: true }));

let folder: string;
let release: string;
let statement: string;
let first: PublisherKey;
let second: PublisherKey;

beforeEach(async () => {
  folder = mkdtempSync(join(root, "case-"));
  release = join(folder, "release.tar.gz");
  statement = `${release}.statement.json`;
  cpSync(FEW_RULES.open, release);
  [first, second] = await Promise.all([publisherKey("ed25519"), publisherKey("rsa")]);
  writeFileSync(join(folder, "first.pem"), first.privatePem);
  writeFileSync(join(folder, "first.pub"), first.publicPem);
  const jwk = second.signing.key.export({ format: "jwk" });
  writeFileSync(join(folder, "second.jwk"), JSON.stringify(jwk));
});

function sign(changes: Record<string, string> = {}, ...more: string[]) {
  const options = {
    key: join(folder, "first.pem"),
    sequence: "3",
    audience: "production",
    expires: "30d",
    ...changes,
  };
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return runInside("policy", "sign", release, ...given, ...more);
}

describe("is wrong usage, and writes nothing", () => {
  test.each<[string, () => Record<string, string>, RegExp]>([
    [
      "a public key",
      () => ({ key: join(folder, "first.pub") }),
      /^--key .*first\.pub: a private key is expected/,
    ],
    ["no key", () => ({ key: join(folder, "none.pem") }), /ENOENT/],
    ["a sequence below 0", () => ({ sequence: "-1" }), /--sequence/],
    ["a sequence that no double has", () => ({ sequence: "9007199254740992" }), /--sequence/],
    ["an audience of two words", () => ({ audience: "a b" }), /--audience/],
    ["no duration", () => ({ expires: "soon" }), /--expires/],
    ["a lifetime of nothing", () => ({ expires: "0d" }), /--expires/],
  ])("%s", async (_name, changes, message) => {
    const { code, errors } = await sign(changes());
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringMatching(message) });
    expect(existsSync(statement)).toBe(false);
  });

  test("an option that is left out", async () => {
    expect((await runInside("policy", "sign", release, "--key", join(folder, "first.pem"))).code).toBe(2);
  });
});

test("what is no release is not signed", async () => {
  writeFileSync(release, "no archive");
  expect((await sign()).code).toBe(1);
  expect(existsSync(statement)).toBe(false);
});

test("a release is signed by one, and by a second one who means the same", async () => {
  const text = await sign();
  expect(text).toMatchObject({ code: 0, out: expect.stringContaining(`signed by ${first.kid}, now`) });
  const begun = readFileSync(statement);
  const other = { key: join(folder, "second.jwk") };
  // What the second one does not mean, or the first one again, changes nothing.
  for (const refused of [
    { ...other, sequence: "4" },
    { ...other, audience: "staging" },
    { ...other, expires: "31d" },
    {},
  ]) {
    expect((await sign(refused)).code).toBe(1);
    expect(readFileSync(statement)).toEqual(begun);
  }
  const json = await sign(other, "--json");
  expect(json.code).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject({
    ok: true,
    statement,
    sequence: 3,
    audience: "production",
    signed_by: [first.kid, second.kid],
  });
  const both = readFileSync(statement);
  expect(readEnvelope(both).payload).toBe(readEnvelope(begun).payload);
  const trust = new TrustStore({
    keys: [first.verifying, second.verifying],
    threshold: 2,
    audience: "production",
    maxLifetimeMs: 30 * DAY_MS,
  });
  expect(await trust.admit(both, Date.now())).toMatchObject({
    sequence: 3,
    signedBy: [first.kid, second.kid],
  });
});

test("another archive in its place is not signed under the old statement", async () => {
  await sign();
  const begun = readFileSync(statement);
  cpSync("bundles/default.tar.gz", release);
  const { code, errors } = await sign({ key: join(folder, "second.jwk") });
  expect({ code, errors }).toEqual({ code: 1, errors: expect.stringMatching(/sha256 is .*remove it/) });
  expect(readFileSync(statement)).toEqual(begun);
});
