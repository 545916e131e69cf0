import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { buildRelease } from "./build/build.ts";
import { type LiveEvent, LivePolicy } from "./live.ts";
import { PolicySource, type PolicySourceOptions } from "./source.ts";

const LISTED = `# METADATA
# title: On the list
# description: Every destination is on the list.
# custom:
#   severity: critical
#   requires: {LISTED: deny}
package rules.transfer.listed

require["LISTED"] if {
	every d in input.transaction.destinations {
		data.allowlist[d.address]
	}
}
`;
const ORDINARY = `# METADATA
# title: Ordinary
# description: Ordinary transfers are approved.
# custom:
#   severity: low
#   kinds: [transaction_signing]
#   approves: [ORDINARY]
package rules.transfer.ordinary

approve["ORDINARY"] if input.kind == "transaction_signing"
`;

const root = mkdtempSync(join(tmpdir(), "countersign-source-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A policy folder of its own. */
function policyFolder(name: string, rules: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  writeFileSync(join(mkdir(folder), "data.yaml"), "allowlist: {known: true}\n");
  for (const [rule, text] of Object.entries(rules))
    writeFileSync(join(mkdir(join(folder, "rules", rule)), "rule.rego"), text);
  return folder;
}

function mkdir(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}

let first: Uint8Array;
let second: Uint8Array;
/** A release that is well formed and that the guard refuses. */
let generous: Uint8Array;

beforeAll(async () => {
  const safe = policyFolder("safe", { "transfer/listed": LISTED, "transfer/ordinary": ORDINARY });
  first = (await buildRelease(safe, { revision: "first" })).bytes;
  second = (await buildRelease(safe, { revision: "second" })).bytes;
  const unsafe = policyFolder("unsafe", { "transfer/ordinary": ORDINARY });
  generous = (await buildRelease(unsafe, { revision: "generous" })).bytes;
});

let file: string;
let count = 0;
beforeEach(() => {
  count += 1;
  file = join(mkdir(join(root, `case-${count}`)), "release.tar.gz");
});

function source(options: Partial<PolicySourceOptions> = {}) {
  const events: LiveEvent[] = [];
  const live = new LivePolicy((event) => events.push(event));
  const from = new PolicySource({
    path: file,
    trust: "unsigned",
    pollMs: 50,
    evaluationMs: 250,
    live,
    ...options,
  });
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

describe("a folder of Rego", () => {
  const buildFolder = async (folder: string) => (await buildRelease(folder)).bytes;

  it("is refused where nothing builds it", async () => {
    const { from, live } = source({ path: policyFolder("plain", { "transfer/listed": LISTED }) });
    await from.start();
    expect(live.lastError?.step).toBe("source");
  });

  it("that no longer builds keeps what is live, and goes live again when mended", async () => {
    const path = policyFolder("edited", { "transfer/listed": LISTED, "transfer/ordinary": ORDINARY });
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
