import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { proveOnce } from "../../test/support/prove-once.ts";
import {
  DAY_MS,
  type PublisherKey,
  publisherKey,
  rfc3339,
  type Says,
  says,
  statementOf,
} from "../../test/support/publisher.ts";
import {
  digestOf,
  LISTED,
  ORDINARY,
  policyFolder,
  smallReleases,
} from "../../test/support/small-releases.ts";
import { Activation, type ReleaseTrust } from "./activation.ts";
import { buildRelease } from "./build/build.ts";
import { type LiveEvent, LivePolicy } from "./live.ts";
import { LateReleaseError } from "./release.ts";
import { PolicySource, type PolicySourceOptions } from "./source.ts";
import { FilePlace } from "./source-files.ts";
import { MAX_STATEMENT_BYTES, statementFile } from "./statement.ts";
import { TrustStore } from "./trust-store.ts";

const root = mkdtempSync(join(tmpdir(), "countersign-source-"));
afterAll(() => rmSync(root, { recursive: true }));

function mkdir(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}

let first: Uint8Array;
let second: Uint8Array;
/** A release that is well formed and that the guard refuses. */
let generous: Uint8Array;

beforeAll(async () => {
  ({ first, second, generous } = await smallReleases());
});

let file: string;
let count = 0;
beforeEach(() => {
  count += 1;
  file = join(mkdir(join(root, `case-${count}`)), "release.tar.gz");
});

type Options = Partial<PolicySourceOptions> & {
  readonly trust?: ReleaseTrust;
  readonly path?: string;
  readonly buildFolder?: (folder: string) => Promise<Uint8Array>;
};

function source({ trust = "unsigned", path = file, buildFolder, ...options }: Options = {}) {
  const events: LiveEvent[] = [];
  const live = new LivePolicy((event) => events.push(event));
  const taker = new Activation({
    live,
    trust,
    prover: proveOnce,
    now: Date.now,
    source: file,
    evaluationMs: 250,
  });
  const place = new FilePlace(path, buildFolder);
  const from = new PolicySource({ place, pollMs: 50, live, taker, ...options });
  onTestFinished(async () => {
    await from.close();
    await live.close();
  });
  return { from, live, events };
}

async function eventually(condition: () => boolean): Promise<void> {
  const until = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > until) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** As a careful publisher does it: never a half-written file. */
function publish(bytes: Uint8Array): void {
  writeFileSync(`${file}.new`, bytes);
  renameSync(`${file}.new`, file);
}

describe("a release file", () => {
  it("that is missing at the start leaves nothing live, and is taken when it comes", async () => {
    const { from, live, events } = source();
    expect(await from.start()).toMatchObject({ live: undefined, changed: false, error: expect.any(String) });
    expect(live.current).toBeUndefined();
    expect(live.lastError?.step).toBe("source");
    publish(first);
    await eventually(() => live.current?.identity.revision === "first");
    expect(live.lastError).toBeUndefined();
    expect(events.map((event) => event.type)).toEqual(["refused", "activated"]);
  });

  it("that can't be read as an archive is refused, by its step", async () => {
    writeFileSync(file, "no archive");
    const { from, live } = source();
    expect(await from.start()).toMatchObject({ live: undefined, changed: false });
    expect(live.lastError?.step).toBe("archive");
  });

  it("of one digest is never a folder, and none is looked into", async () => {
    symlinkSync("/", file);
    const { from, live } = source({ trust: { sha256: "0".repeat(64) } });
    const began = performance.now();
    await from.start();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(live.lastError).toMatchObject({ step: "source", message: expect.stringContaining("is a folder") });
  });

  it("of another digest than the trusted one is refused", async () => {
    publish(first);
    const { from, live } = source({ trust: { sha256: "0".repeat(64) } });
    await from.start();
    expect(live.lastError?.step).toBe("digest");
    expect(live.current).toBeUndefined();
  });

  it.each([
    ["corrupt", () => first.slice(0, first.length - 100), "archive"],
    ["empty", () => new Uint8Array(), "archive"],
    ["approving what nobody listed", () => generous, "guard"],
  ])("never replaces a live one where it is %s", async (_name, broken, step) => {
    publish(first);
    const { from, live, events } = source();
    await from.start();
    const before = live.current;
    publish(broken());
    await eventually(() => live.lastError !== undefined);
    expect(live.lastError?.step).toBe(step);
    expect(live.current).toBe(before);
    expect(live.current?.isServing()).toBe(true);
    expect(await live.current?.engine.evaluate("countersign/decision", '{"group":"transfer"}')).toMatchObject(
      { ok: true },
    );
    // It is not tried again before it changes, unless somebody asks.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(events.filter((event) => event.type === "refused")).toHaveLength(1);
    expect(await from.checkNow()).toMatchObject({
      live: "first",
      changed: false,
      error: expect.stringContaining(step),
    });
    publish(first);
    await eventually(() => live.lastError === undefined);
    expect(live.current).toBe(before);
  });

  it("that is half written is read again before it is refused", async () => {
    publish(first);
    const { from, live, events } = source();
    await from.start();
    writeFileSync(file, second);
    truncateSync(file, 1000);
    setTimeout(() => writeFileSync(file, second), 60);
    const result = await from.checkNow();
    expect(result).toEqual({ live: "second", changed: true });
    expect(live.lastError).toBeUndefined();
    expect(events.map((event) => event.type)).toEqual(["activated", "activated"]);
  });

  it("that changes goes live; decisions that began in the old one end in it", async () => {
    publish(first);
    const { from, live } = source();
    expect(await from.start()).toEqual({ live: "first", changed: true });
    expect(await from.checkNow()).toEqual({ live: "first", changed: false });
    const old = live.current;
    publish(second);
    await eventually(() => live.current?.identity.revision === "second");
    expect(live.current?.source).toBe(file);
    expect(await old?.engine.evaluate("countersign/decision", '{"group":"transfer"}')).toMatchObject({
      ok: true,
    });
    await live.close();
    expect(old?.isServing()).toBe(false);
    expect(live.current).toBeUndefined();
  });

  it("is checked once for many that ask at the same time, after what they saw", async () => {
    publish(first);
    const { from, events } = source({ pollMs: 60_000 });
    await from.start();
    const running = from.checkNow();
    publish(second);
    const asked = await Promise.all([from.checkNow(), from.checkNow(), from.checkNow()]);
    await running;
    expect(asked.every(({ live }) => live === "second")).toBe(true);
    expect(events.filter((event) => event.type === "activated")).toHaveLength(2);
  });
});

describe("a release file and its statement", () => {
  let key: PublisherKey;
  beforeAll(async () => {
    key = await publisherKey();
  });

  const statement = (): string => statementFile(file);
  const trust = (): TrustStore =>
    new TrustStore({
      keys: [key.verifying],
      threshold: 1,
      audience: "production",
      maxLifetimeMs: 90 * DAY_MS,
    });
  const about = (archive: Uint8Array, members: Says) => statementOf(says(digestOf(archive), members), key);
  const signedSource = (options: Options = {}) => source({ trust: trust(), ...options });

  async function publishBoth(archive: Uint8Array, members: Says): Promise<void> {
    publish(archive);
    writeFileSync(`${statement()}.new`, await about(archive, members));
    renameSync(`${statement()}.new`, statement());
  }

  const FIRST = { revision: "first", sequence: 1 };
  const SECOND = { revision: "second", sequence: 2 };

  it.each<[string, () => void, string]>([
    ["missing", () => {}, "statement"],
    ["too large", () => writeFileSync(statement(), Buffer.alloc(MAX_STATEMENT_BYTES + 1, 0x20)), "statement"],
    ["a folder", () => void mkdir(statement()), "source"],
    ["a pipe", () => void execFileSync("mkfifo", [statement()]), "source"],
    ["half written", () => writeFileSync(statement(), '{"payload":"'), "statement"],
  ])("is refused where it is %s, and looked at again when it changes", async (_name, put, step) => {
    publish(first);
    put();
    const { from, live } = signedSource();
    await from.start();
    expect(live.lastError?.step).toBe(step);
    expect(live.current).toBeUndefined();
    rmSync(statement(), { recursive: true, force: true });
    await publishBoth(first, FIRST);
    await eventually(() => live.current?.identity.revision === "first");
  });

  it("is not needed, and not looked at, where releases are not signed", async () => {
    publish(first);
    writeFileSync(statement(), "{}");
    const { from, live } = source();
    expect(await from.start()).toMatchObject({ live: "first", changed: true });
    expect(live.current?.identity.sequence).toBe(0);
  });

  it("is tried again where proving it took too long: the machine may have been busy", async () => {
    vi.spyOn(Activation.prototype, "offer").mockRejectedValueOnce(new LateReleaseError("warm_up", "busy"));
    onTestFinished(() => void vi.restoreAllMocks());
    await publishBoth(first, FIRST);
    const { from, live, events } = signedSource({ pollMs: 60_000 });
    expect((await from.start()).error).toBe("warm_up: busy");
    await eventually(() => live.current?.identity.revision === "first");
    expect(events.map(({ type }) => type)).toEqual(["refused", "activated"]);
  });

  it("is refused for a folder, which is not looked into: it may be the whole disk", async () => {
    await publishBoth(first, FIRST);
    const { from, live } = signedSource({ pollMs: 20 });
    await from.start();
    rmSync(file);
    symlinkSync("/", file);
    const began = performance.now();
    expect(await from.checkNow()).toMatchObject({
      live: "first",
      error: expect.stringMatching(/^statement: /),
    });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(live.current?.isServing()).toBe(true);
  });

  it("is refused for a folder of Rego: nobody signed what is built of it", async () => {
    const path = policyFolder(root, "unsigned", { "transfer/listed": LISTED });
    const { from, live } = signedSource({
      path,
      buildFolder: async (folder) => (await buildRelease(folder)).bytes,
    });
    await from.start();
    expect(live.lastError?.step).toBe("statement");
  });

  it("of another archive is refused; one that comes a moment after its archive is not", async () => {
    await publishBoth(first, FIRST);
    const { from, events } = signedSource({ pollMs: 60_000 });
    expect(await from.start()).toMatchObject({ live: "first" });
    publish(second);
    expect(await from.checkNow()).toMatchObject({
      live: "first",
      changed: false,
      error: expect.stringMatching(/^digest: /),
    });
    const refused = events.length;
    publish(first);
    expect(await from.checkNow()).toEqual({ live: "first", changed: false });
    publish(second);
    const coming = await about(second, SECOND);
    setTimeout(() => writeFileSync(statement(), coming), 60);
    // Or it was seen by itself just before.
    expect(await from.checkNow()).toMatchObject({ live: "second" });
    expect(events.slice(refused).map(({ type }) => type)).toEqual(["activated"]);
  });

  it("that changes alone is looked at", async () => {
    await publishBoth(first, FIRST);
    const { from, live } = signedSource();
    await from.start();
    await publishBoth(first, { ...FIRST, sequence: 5 });
    await eventually(() => live.current?.identity.sequence === 5);
  });

  it("that is of a moment ahead is tried again by itself, and said once", async () => {
    await publishBoth(first, { ...FIRST, created_at: rfc3339(Date.now() + 63_000) });
    const { from, live, events } = signedSource({ pollMs: 60_000 });
    await from.start();
    expect(live.lastError?.step).toBe("time");
    await eventually(() => live.current?.identity.revision === "first");
    expect(events.map(({ type }) => type)).toEqual(["refused", "activated"]);
  });

  it("is confirmed at each look, as long as nothing else lies there", async () => {
    await publishBoth(first, FIRST);
    const { from, live } = signedSource();
    await from.start();
    const confirmed = () => live.current?.age.confirmedAt ?? Number.NaN;
    let before = confirmed();
    await eventually(() => confirmed() > before);
    await publishBoth(second, { ...SECOND, audience: "staging" });
    await eventually(() => live.lastError?.step === "audience");
    before = confirmed();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(confirmed()).toBe(before);
    rmSync(file);
    await eventually(() => live.lastError?.step === "source");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(confirmed()).toBe(before);
    await publishBoth(first, FIRST);
    await eventually(() => confirmed() > before);
  });
});

describe("a folder of Rego", () => {
  const buildFolder = async (folder: string) => (await buildRelease(folder)).bytes;

  it("is refused where nothing builds it", async () => {
    const { from, live } = source({ path: policyFolder(root, "plain", { "transfer/listed": LISTED }) });
    await from.start();
    expect(live.lastError?.step).toBe("source");
  });

  it("that no longer builds keeps what is live, and goes live again when mended", async () => {
    const path = policyFolder(root, "edited", { "transfer/listed": LISTED, "transfer/ordinary": ORDINARY });
    const { from, live } = source({ path, buildFolder });
    await from.start();
    const before = live.current;
    expect(before).toBeDefined();
    const rule = join(path, "rules/transfer/listed/rule.rego");
    writeFileSync(rule, LISTED.replace("every d", "each d"));
    await eventually(() => live.lastError !== undefined);
    expect(live.lastError?.message).toContain("rule.rego");
    expect(live.current).toBe(before);
    writeFileSync(rule, LISTED.replaceAll("LISTED", "ON_LIST"));
    await eventually(() => live.current !== before);
    expect(live.lastError).toBeUndefined();
    expect(live.current?.index.rules.flatMap((each) => each.checks.map((check) => check.code))).toContain(
      "ON_LIST",
    );
  });
});

describe("close", () => {
  it("looks no more", async () => {
    const { from, live } = source();
    await from.start();
    await from.close();
    publish(first);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(live.current).toBeUndefined();
  });
});
