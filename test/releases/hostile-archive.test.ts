/**
 * Whoever has enough keys, and signs what is no release: an archive, a module or data made to hurt, a module that lies
 * about itself, cases that never end. The old release decides on, the alarm says why, and what is the archive's fault is
 * not tried again. The server stays as large as it is, and answers meanwhile.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { codeOf, freshTransfer, LONG, until } from "../faults/site.ts";
import { withoutEnd } from "../support/endless-rego.ts";
import { bombOf, emptyFiles, HostileArchive, tarOf, zipped } from "../support/hostile-archive.ts";
import { CODE, hostileModule } from "../support/hostile-module.ts";
import { compileRego } from "../support/policy.ts";
import { digestOf, smallReleases } from "../support/small-releases.ts";
import { SignedSite } from "./signed-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** What the server may take for a moment while it reads the largest: far below what the attacks ask for. */
const MAX_GROWTH_MB = 1_000;
/** What is still there when all are over. */
const MAX_LEFT_MB = 500;

let site: SignedSite;
/** The demo's, and a small one of two rules that approves nobody. */
let demo: HostileArchive;
let small: HostileArchive;
let sequence = 50;
let atFirst = 0;

beforeAll(async () => {
  site = await SignedSite.prepare();
  demo = await HostileArchive.from(site.demo.bytes);
  small = await HostileArchive.from((await smallReleases()).first);
  await site.publish(site.demo, { sequence });
  await site.start();
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  await until("ready", async () => (await site.readiness()).failing.length === 0);
  atFirst = residentMb("VmRSS");
});
afterAll(() => site.remove());

/** What the system says of the server, in megabytes; 0 where it doesn't say. */
function residentMb(which: "VmRSS" | "VmHWM"): number {
  if (process.platform !== "linux") return 0;
  const status = readFileSync(`/proc/${site.running.child.pid}/status`, "utf8");
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
}

interface Expected {
  readonly step: string;
  readonly why: RegExp;
  /** Whether it took too long, and may be good another time. */
  readonly passing?: boolean;
  readonly revision?: string;
}

async function attack(bytes: Uint8Array, { step, why, passing, revision }: Expected): Promise<void> {
  sequence += 1;
  const sha256 = digestOf(bytes);
  const before = (await site.failures())[step] ?? 0;
  site.put(
    bytes,
    await site.signed(
      { bytes: Buffer.from(bytes), sha256, revision: revision ?? site.demo.revision },
      { sequence },
    ),
  );
  const [{ live, changed, error }, reply] = await Promise.all([site.reload(), site.ask(freshTransfer())]);
  expect(live).toMatchObject({ sequence: 50, sha256: site.demo.sha256 });
  expect(changed).toBe(false);
  // Where the watcher saw it first, it is in quarantine already.
  expect(error).toMatch(new RegExp(`^(${step}|quarantine): `));
  expect(error).toMatch(why);
  expect(codeOf(reply)).toBe("APPROVE");
  expect((await site.failures())[step]).toBeGreaterThan(before);
  const { alarms, quarantined, release } = await site.status();
  expect(alarms.slice(0, 2)).toContainEqual(
    expect.objectContaining({ code: "RELEASE_REFUSED", message: expect.stringMatching(why) }),
  );
  expect(release).toMatchObject({ sequence: 50 });
  const kept = quarantined.filter((each) => each.sha256 === sha256);
  expect(kept).toEqual(passing === true ? [] : [expect.objectContaining({ step, sequence })]);
  expect((await site.readiness()).failing).toEqual([]);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
}

describe("an archive", () => {
  const own = (name: string, header = {}) => ({ header: { name, ...header } });

  test.each<[string, () => Promise<Uint8Array>, RegExp]>([
    ["with a way out", () => demo.and(own("../../etc/cron.d/x")), /no name of a file inside/],
    ["with an absolute way out", () => demo.and(own("//etc/passwd")), /no name of a file inside/],
    [
      "with a symbolic link",
      () => demo.and(own("/x", { type: "symlink", linkname: "/etc/shadow" })),
      /no plain file/,
    ],
    [
      "with a hard link",
      () => demo.and(own("/x", { type: "link", linkname: "/data.json" })),
      /no plain file/,
    ],
    [
      "with a device",
      () => demo.and(own("/x", { type: "block-device", devmajor: 8, devminor: 0 })),
      /no plain file/,
    ],
    ["with a pipe", () => demo.and(own("/x", { type: "fifo" })), /no plain file/],
    ["with a name twice", () => demo.and(own("/policy.wasm")), /there twice/],
    ["with a name twice, once without its slash", () => demo.and(own("policy.wasm")), /there twice/],
    ["with a name twice, once in capitals", () => demo.and(own("/Policy.wasm")), /there twice/],
    ["with a name twice, once in another spelling", () => demo.and(own("/\uff50olicy.wasm")), /there twice/],
    ["of 100,000 entries", async () => zipped(await emptyFiles(100_000)), /more than 2000 files/],
    ["that is a bomb", () => bombOf(1_000), /more than 67108864 bytes unpacked/],
    [
      "with data of 500 MB",
      async () => bombOf(500, (await tarOf([own("/data.json", { size: 500 * 2 ** 20 })])).subarray(0, 512)),
      /more than 67108864 bytes unpacked/,
    ],
    [
      "of two gzip members",
      async () => Buffer.concat([site.demo.bytes, await bombOf(1)]),
      /more than one gzip member/,
    ],
    [
      "with another one behind its end",
      async () => zipped(Buffer.concat([await tarOf(demo.entries()), await tarOf(small.entries())])),
      /lies after the archive's end|there twice/,
    ],
    ["that is cut off", async () => site.demo.bytes.subarray(0, -1_000), /not a gzip file, or damaged/],
    [
      "whose tar is cut off",
      async () => zipped((await tarOf(demo.entries())).subarray(0, 100_000)),
      /damaged/,
    ],
    ["that is none", async () => Buffer.from("<html>404</html>"), /not a gzip file/],
    ["without a module", () => demo.with({ "/policy.wasm": undefined }), /has no \/policy\.wasm/],
    [
      "of another revision than its statement's",
      () => demo.with({ "/.manifest": '{"revision":"x"}' }),
      /its revision is x/,
    ],
    [
      "whose manifest says two",
      () => demo.with({ "/.manifest": '{"revision":"a","revision":"b"}' }),
      /\.manifest .*twice/,
    ],
  ])("%s", async (_name, make, why) => {
    await attack(await make(), { step: "archive", why });
  });
});

describe("data and index", () => {
  const deep = (text: string): string => `{"allowlist":${"[".repeat(100_000)}${text}${"]".repeat(100_000)}}`;

  test.each<[string, () => Promise<Uint8Array>, string, RegExp]>([
    [
      "data that is too large",
      () => demo.with({ "/data.json": Buffer.alloc(25 * 2 ** 20, 0x20) }),
      "data",
      /larger than 25165824/,
    ],
    ["data that is too deep", () => demo.with({ "/data.json": deep("1") }), "data", /deep/],
    [
      "data of many values",
      () =>
        demo.with({
          "/data.json": `${demo.text("/data.json").slice(0, -1)},"x":[${"{},".repeat(7_000_000)}{}]}`,
        }),
      "data",
      /more memory than a policy may have/,
    ],
    [
      "data with a key twice",
      () => demo.with({ "/data.json": `{"allowlist":{},${demo.text("/data.json").slice(1)}` }),
      "data",
      /twice/,
    ],
    [
      "data that is no UTF-8",
      () => demo.with({ "/data.json": Buffer.from([0x7b, 0xff, 0x7d]) }),
      "data",
      /UTF-8/,
    ],
    ["an index that is too deep", () => demo.with({ "/index.json": deep("1") }), "index", /deep/],
    [
      "an index with a key twice",
      () => demo.with({ "/index.json": `{"contract":1,${demo.text("/index.json").slice(1)}` }),
      "index",
      /twice/,
    ],
    [
      "an index of another contract",
      () => demo.with({ "/index.json": demo.text("/index.json").replace('"contract":1', '"contract":2') }),
      "index",
      /contract version 2/,
    ],
    [
      "entrypoints of its own",
      () => demo.with({ "/countersign/entrypoints.rego": `${demo.text("/countersign/entrypoints.rego")}\n` }),
      "entrypoints",
      /not those that this version writes/,
    ],
  ])("%s", async (_name, make, step, why) => {
    await attack(await make(), { step, why });
  });
});

describe("a module", () => {
  const held = (parts: Parameters<typeof hostileModule>[0]) =>
    demo.with({ "/policy.wasm": hostileModule(parts) });
  const runs = (code: Uint8Array) => ({ functions: [{ code }], start: true });
  /** So often in one function's body. */
  const times = (count: number, ...code: readonly number[]): Buffer =>
    Buffer.concat(Array(count).fill(Buffer.from(code)));

  test.each<[string, () => Promise<Uint8Array>, string, RegExp]>([
    [
      "that is none",
      () => demo.with({ "/policy.wasm": Buffer.from("no module") }),
      "archive",
      /no module of OPA's/,
    ],
    ["that traps when it starts", () => held(runs(CODE.trap)), "archive", /unreachable/],
    ["that wants more memory than there is", () => held({ memory: [30_000] }), "archive", /memory import/],
    ["that would end what memory there is", () => held({ memory: [1, 10] }), "archive", /memory import/],
    ["with a memory of its own", () => held({ own: [65_536] }), "archive", /memory of its own/],
    [
      "that grows until it gets no more",
      () => held(runs(Buffer.concat([times(40_000, 0x41, 0x40, 0x40, 0x00, 0x1a), CODE.trap]))),
      "archive",
      /unreachable/,
    ],
    [
      "with tables that no process can hold",
      () => held({ tables: Array(3).fill([10_000_000]) }),
      "archive",
      /table/,
    ],
    [
      "that takes all memory to be checked",
      () => held({ types: [[0, 1000]], functions: [{ code: times(100_000, 0x10, 0x00) }] }),
      "archive",
      /several results/,
    ],
    [
      "that takes minutes to be checked",
      () => held({ functions: Array(500_000).fill({ code: new Uint8Array(), locals: 50_000 }) }),
      "archive",
      /local variables/,
    ],
    [
      "that imports what there is not",
      () => held({ imports: [["env", "system"]] }),
      "archive",
      /"env\.system"/,
    ],
    ["that has nothing of a policy", () => held({}), "archive", /.*/],
  ])("%s", async (_name, make, step, why) => {
    await attack(await make(), { step, why });
  });

  /** The text of two rules with the codes of the small release's index, and of its entrypoints. */
  const rules = (listed: string, ordinary: string): Record<string, string> => ({
    "countersign/entrypoints.rego": small.text("/countersign/entrypoints.rego"),
    "rules/transfer/listed/rule.rego": `package rules.transfer.listed\n\n${listed}\n`,
    "rules/transfer/ordinary/rule.rego": `package rules.transfer.ordinary\n\n${ordinary}\n`,
  });
  const lying = async (files: Record<string, string>, entrypoints?: readonly string[]) =>
    await small.with({ "/policy.wasm": compileRego(files, entrypoints) });
  const ordinary = 'approve["ORDINARY"] if input.kind == "transaction_signing"';

  test("that approves, under an index that does not", async () => {
    const bytes = await lying(rules('require["LISTED"] if true', 'approve["ORDINARY"] if true'));
    await attack(bytes, {
      step: "guard",
      why: /approves a transfer to an unknown destination/,
      revision: "first",
    });
  });

  test("that has a code which the index has not", async () => {
    const listed = 'require["LISTED"] if true\n\nrequire["OTHER"] := false';
    await attack(await lying(rules(listed, ordinary)), {
      step: "index",
      why: /transfer\/listed/,
      revision: "first",
    });
  });

  test("that lacks a code which the index has", async () => {
    const bytes = await lying(rules('require["OTHER"] if true', ordinary));
    await attack(bytes, { step: "index", why: /transfer\/listed/, revision: "first" });
  });

  test("that has other entrypoints", async () => {
    const named = rules('require["LISTED"] if false', ordinary);
    // OPA takes what is annotated for an entrypoint, whatever it is told.
    const entrypoints = "countersign/entrypoints.rego";
    const files = { ...named, [entrypoints]: (named[entrypoints] ?? "").replaceAll(/^# .*\n/gm, "") };
    const bytes = await lying(files, ["countersign/decision", "countersign/explain"]);
    await attack(bytes, { step: "entrypoints", why: /lacks countersign\/facts/, revision: "first" });
  });

  test("that needs what its host has not", async () => {
    const listed =
      'require["LISTED"] if http.send({"method": "get", "url": "http://127.0.0.1/"}).status_code == 200';
    const bytes = await lying(rules(listed, ordinary));
    await attack(bytes, { step: "builtins", why: /http\.send/, revision: "first" });
  });

  describe.runIf(LONG)("in the long form", () => {
    test("that never starts: it may be the machine's fault", async () => {
      await attack(await held(runs(CODE.endless)), {
        step: "warm_up",
        why: /not ready within/,
        passing: true,
      });
    });
  });
});

describe("cases", () => {
  const one = (title: string, members = {}) => ({
    title,
    place: "cases/a.yaml:1",
    channel: "tss.v2",
    request: readFileSync("bundles/demo/requests/listed-transfer.json", "utf8"),
    now: 1_756_953_990_112,
    expect: { outcome: "approved" },
    ...members,
  });
  const carrying = (cases: readonly unknown[]) => demo.with({ "/cases.json": JSON.stringify(cases) });

  test("that fail", async () => {
    const why =
      /1 of 1 failed: case "an approval" \(cases\/a\.yaml:1\): expected approved, found denied with DAILY_LIMIT/;
    await attack(await carrying([one("an approval")]), { step: "self_test", why });
  });

  test("a million of them", async () => {
    const bytes = await carrying(Array(1_000_000).fill(0));
    await attack(bytes, { step: "self_test", why: /there are 1000000 cases, at most 1000/ });
  });

  test("more of them than are read", async () => {
    const many = Array.from({ length: 900 }, (_, at) => one(String(at)));
    await attack(await carrying(many), { step: "self_test", why: /at most 4194304 are carried/ });
  });

  test("with a request of 30 MB", async () => {
    const bytes = await carrying([one("large", { request: "x".repeat(30_000_000) })]);
    await attack(bytes, { step: "self_test", why: /at most 4194304 are carried/ });
  });

  test("that never end: it may be the machine's fault", async () => {
    const endless = `require["LISTED"] if {
	input.transaction.nonce
	${withoutEnd("input.never")}
}`;
    const wasm = compileRego({
      "countersign/entrypoints.rego": small.text("/countersign/entrypoints.rego"),
      "rules/transfer/listed/rule.rego": `package rules.transfer.listed\n\n${endless}\n`,
      "rules/transfer/ordinary/rule.rego":
        'package rules.transfer.ordinary\n\napprove["ORDINARY"] if input.kind == "transaction_signing"\n',
    });
    const cases = Array.from({ length: 300 }, (_, at) => one(String(at)));
    const bytes = await small.with({ "/policy.wasm": wasm, "/cases.json": JSON.stringify(cases) });
    await attack(bytes, { step: "self_test", why: /POLICY_TIMEOUT/, passing: true, revision: "first" });
  });
});

test("what nobody signed is not even read", async () => {
  site.put(await bombOf(100), Buffer.from("{}"));
  expect((await site.reload()).error).toMatch(/^statement: /);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
});

test("the server has not grown, and a good release still goes live", async () => {
  const highest = residentMb("VmHWM");
  await site.publish(site.other, { sequence: sequence + 1 });
  expect(await site.reload()).toMatchObject({ live: { sequence: sequence + 1, sha256: site.other.sha256 } });
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  await until("small again", () => residentMb("VmRSS") < atFirst + MAX_LEFT_MB);
  process.stdout.write(
    `releases: ${atFirst.toFixed(0)} MB at first, ${highest.toFixed(0)} at most, ${residentMb("VmRSS").toFixed(0)} in the end\n`,
  );
  expect(highest - atFirst).toBeLessThan(MAX_GROWTH_MB);
  expect(site.exceptions()).toEqual([]);
});
