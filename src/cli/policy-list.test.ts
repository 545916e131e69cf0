/** `policy sign --list`, `policy verify --list`, and what `check` says of lists that are signed. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runInside } from "../../test/support/command-inside.ts";
import { FEW_RULES } from "../../test/support/few-rules.ts";
import { opened } from "../../test/support/ledger.ts";
import { type PublisherKey, publisherKey } from "../../test/support/publisher.ts";
import { LedgerLists } from "../decisions/list-history.ts";

const root = mkdtempSync(join(tmpdir(), "countersign-lists-"));
afterAll(() => rmSync(root, { recursive: true }));

let one: PublisherKey;
let two: PublisherKey;
beforeAll(async () => {
  [one, two] = await Promise.all([publisherKey(), publisherKey("p256")]);
});

let folder: string;
let list: string;
let statement: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
  list = join(folder, "sanctions.csv");
  statement = `${list}.statement.json`;
  writeFileSync(list, "address\nT1\nT2\n");
  for (const [name, key] of Object.entries({ one, two })) {
    writeFileSync(join(folder, `${name}.pem`), key.privatePem);
    writeFileSync(join(folder, `${name}.pub`), key.publicPem);
  }
  cpSync(FEW_RULES.demo, join(folder, "release.tar.gz"));
  configure();
});

const TRUST = { keys: ["./one.pub", "./two.pub"], threshold: 2, audience: "production" };

function configure(lists: unknown = { sanctions: { source: "./sanctions.csv", trust: TRUST } }): void {
  config = join(folder, "config.json");
  writeFileSync(
    config,
    JSON.stringify({
      signing_key: "server.pem",
      nodes: [{ name: "node-1", callback_public_keys: ["node.pub"] }],
      policy: { release: "release.tar.gz", trust: { keys: ["./one.pub"], audience: "production" } },
      lists,
    }),
  );
}

function sign(key: "one" | "two", changes: Record<string, string> = {}) {
  const given = { list: "sanctions", sequence: "3", audience: "production", expires: "7d", ...changes };
  const options = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
  return runInside("policy", "sign", list, "--key", join(folder, `${key}.pem`), ...options, "--json");
}

async function verify(name = "sanctions") {
  const { code, out, errors } = await runInside(
    ...["policy", "verify", list, "--list", name, "--config", config, "--json"],
  );
  const found: { ok: boolean; steps?: { step: string; outcome: string; detail?: string }[] } =
    out === "" ? { ok: false } : JSON.parse(out);
  const refused = found.steps?.find(({ outcome }) => outcome === "refused");
  return { code, errors, refused, ...found };
}

describe("signing", () => {
  test("what is no list, or under a name that no rule can write, is not signed", async () => {
    expect((await sign("one", { list: "Sanctions" })).code).toBe(2);
    writeFileSync(list, "address\nT1,extra\n");
    const { code, out } = await sign("one");
    expect([code, JSON.parse(out).error]).toEqual([1, expect.stringMatching(/line 2: it has more/)]);
    cpSync(join(folder, "release.tar.gz"), list);
    expect((await sign("one")).code).toBe(1);
    expect(existsSync(statement)).toBe(false);
  });

  test("adds no signature to another list's statement, nor to a release's", async () => {
    expect((await sign("one")).code).toBe(0);
    const begun = readFileSync(statement);
    for (const changes of [
      { list: "own" },
      { sequence: "4" },
      { audience: "staging" },
      { expires: "8d" },
      {},
    ]) {
      expect((await sign(Object.keys(changes).length === 0 ? "one" : "two", changes)).code).toBe(1);
    }
    expect(readFileSync(statement)).toEqual(begun);
    const second = await sign("two");
    expect(JSON.parse(second.out)).toMatchObject({
      ...{ ok: true, list: "sanctions", entries: 2, sequence: 3, audience: "production" },
      signed_by: [one.kid, two.kid],
    });
  });
});

describe("verifying", () => {
  test("is wrong usage for a list that the config does not have, or has unsigned, and for no file", async () => {
    expect((await verify("nobody")).code).toBe(2);
    await sign("one");
    rmSync(list);
    await sign("two");
    configure({ sanctions: "./sanctions.csv" });
    expect((await verify()).code).toBe(2);
  });

  test("names the step that refuses; nothing is touched", async () => {
    const nothing = await verify();
    expect([nothing.code, nothing.refused?.step]).toEqual([1, "statement"]);
    await sign("one");
    expect((await verify()).refused).toMatchObject({
      ...{ step: "signatures", detail: expect.stringMatching(/^1 of 2/) },
    });
    await sign("two");
    const good = await verify();
    expect([good.code, good.ok]).toEqual([0, true]);
    expect(good.steps).toContainEqual({ step: "content", outcome: "ok", detail: "2 entries" });
    expect(good.steps).toContainEqual({ step: "unread", outcome: "ok" });
    writeFileSync(list, "address\nT1\n");
    expect((await verify()).refused?.step).toBe("digest");
    configure({ own: { source: "./sanctions.csv", trust: TRUST } });
    expect((await verify("own")).refused?.step).toBe("list");
    expect(readdirSync(folder)).not.toContain("state");
  });

  test("knows what was in force, and which lists the release reads", async () => {
    mkdirSync(join(folder, "state"));
    const { ledger } = await opened(join(folder, "state"));
    const history = new LedgerLists(ledger, Date.now);
    const says = { list: "sanctions", audience: "production", sequence: 4, sha256: "ab".repeat(32) };
    const times = { created_at: Date.now(), expires_at: Date.now() + 60_000 };
    await history.record({ ...says, ...times, payload: "", signedBy: [] }, 1);
    await ledger.close();
    await sign("one");
    await sign("two");
    expect((await verify()).refused?.step).toBe("sequence");
    configure({ nobody: { source: "./sanctions.csv", trust: TRUST } });
    rmSync(statement);
    await sign("one", { list: "nobody" });
    await sign("two", { list: "nobody" });
    expect((await verify("nobody")).refused?.step).toBe("unread");
    rmSync(join(folder, "release.tar.gz"));
    const unknown = await verify("nobody");
    expect(unknown.steps).toContainEqual({ step: "unread", outcome: "not looked at" });
    expect(unknown.code).toBe(0);
  });
});

describe("check", () => {
  const findings = async (): Promise<string[]> => {
    const { out } = await runInside("check", "--config", config, "--json");
    const all: { severity: string; path: string; message: string }[] = JSON.parse(out).findings;
    return all
      .filter(({ path }) => path.startsWith("lists"))
      .map(({ severity, path, message }) => `${severity} ${path} ${message}`);
  };

  test("finds what would refuse a list, keys that can't be read, and lists that nobody signs or reads", async () => {
    const nobody = { source: "./sanctions.csv", trust: { ...TRUST, keys: ["./one.pub", "./gone.pub"] } };
    configure({
      sanctions: { source: "./sanctions.csv", trust: TRUST },
      nobody,
      own: "./sanctions.csv",
    });
    await sign("one");
    expect(await findings()).toEqual([
      expect.stringMatching(/^error lists\.sanctions .*: signatures: 1 of 2/),
      expect.stringMatching(/^error lists\.nobody\.trust .*ENOENT/),
      expect.stringMatching(/^warning lists\.own unsigned: whoever can write .*sanctions\.csv says who/),
    ]);
    configure({
      nobody: { ...nobody, trust: TRUST },
      sanctions: { source: "./sanctions.csv", trust: TRUST },
    });
    await sign("two");
    expect(await findings()).toEqual([
      expect.stringMatching(/^error lists\.nobody .*: list: the statement is about the list sanctions/),
    ]);
    configure();
    expect(await findings()).toEqual([]);
  });
});
