import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import type { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { HostileArchive } from "../../test/support/hostile-archive.ts";
import { CODE, hostileModule } from "../../test/support/hostile-module.ts";
import { indexedRule, ruleIndex } from "../../test/support/policy.ts";
import {
  digestOf,
  ENDLESS,
  LISTED,
  ORDINARY,
  type SmallReleases,
  smallRelease,
  smallReleases,
} from "../../test/support/small-releases.ts";
import { watchedNiceness } from "../../test/support/threads.ts";
import { activate, activateRelease } from "../policy/activate.ts";
import { writeArchive } from "../policy/archive.ts";
import { entrypointsDigest, generateEntrypoints } from "../policy/build/entrypoints.ts";
import { PolicyEngine } from "../policy/engine.ts";
import type { Evaluator } from "../policy/evaluation.ts";
import { LiveRelease } from "../policy/live.ts";
import type { Load, Prove, StartedEngine } from "../policy/prover.ts";
import { readRelease } from "../policy/read-release.ts";
import { compileReads } from "../policy/reads.ts";
import { LateReleaseError, PassingReleaseError, ReleaseError } from "../policy/release.ts";
import { TwoThreads } from "./proof-aside.ts";
import { proverOf } from "./prove.ts";

const system = vi.hoisted(() => ({ outOfThreads: false, born: [] as Worker[] }));
vi.mock("node:worker_threads", async (original) => {
  const real = await original<typeof import("node:worker_threads")>();
  class Scarce extends real.Worker {
    constructor(...members: ConstructorParameters<typeof real.Worker>) {
      if (system.outOfThreads) throw new Error("EAGAIN");
      super(...members);
      system.born.push(this);
    }
  }
  return { ...real, Worker: Scarce };
});

let releases: SmallReleases;
beforeAll(async () => {
  releases = await smallReleases();
});

function proofOf(archive: Uint8Array, load: Load = () => undefined, readMs?: number): TwoThreads {
  const order = { archive, sha256: digestOf(archive), context: {}, givesWay: true };
  const proof = new TwoThreads(order, load, readMs);
  onTestFinished(() => proof.end());
  return proof;
}

/** From the archive's bytes to a release that may go live, beside a server that answers. */
async function activated(archive: Uint8Array, evaluationMs = 1_000): Promise<LiveRelease> {
  const options = { source: "test", trust: "unsigned", aside: true, evaluationMs } as const;
  const live = await activate(archive, { ...options, prover: proverOf() });
  onTestFinished(() => live.engine.close());
  return live;
}

/** An engine that is asked nothing. */
const distant: Evaluator = {
  closed: false,
  evaluate: () => Promise.reject(new Error("it is asked")),
  close: async () => {},
};

/** What `ENDLESS` does not end on. */
const DESCRIBED = /"description":"invoice/;

/** What a promise is rejected with. */
async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "nothing",
    (error: unknown) => error,
  );
}

describe("a release is refused", () => {
  it("that takes too long to read", async () => {
    const uses = Array.from({ length: 100_000 }, () => ({ path: "table.*", uses: ["number" as const] }));
    const rules = [indexedRule("transfer/slow", [{ code: "SLOW" }], { data_uses: uses })];
    const entrypoints = generateEntrypoints(ruleIndex(rules));
    const index = ruleIndex(rules, { entrypoints_sha256: entrypointsDigest(entrypoints) });
    const archive = await writeArchive(
      new Map([
        ["/index.json", Buffer.from(JSON.stringify(index))],
        ["/countersign/entrypoints.rego", Buffer.from(entrypoints)],
        ["/data.json", Buffer.from(JSON.stringify({ table: new Array(200_000).fill(1) }))],
      ]),
    );
    const refusal = await refusalOf(proofOf(archive, () => undefined, 20).release);
    expect(refusal).toMatchObject({
      step: "archive",
      message: "it could not be read: that takes longer than 20 ms",
    });
    // The machine may have been busy: it may be tried again.
    expect(refusal).toBeInstanceOf(LateReleaseError);
  });

  it("that is no archive, for good", async () => {
    const refusal = await refusalOf(activated(Buffer.from("not an archive")));
    expect(refusal).toMatchObject({ name: "ReleaseError", step: "archive" });
    expect(refusal).not.toBeInstanceOf(LateReleaseError);
    expect(refusal).not.toBeInstanceOf(PassingReleaseError);
  });

  it("with words that a log can bear, whatever is wrong with its data", async () => {
    const first = await HostileArchive.from(releases.first);
    const table = { ["x".repeat(1_000_000)]: new Array(150).fill(null) };
    const refusal = await refusalOf(activated(await first.with({ "/data.json": JSON.stringify({ table }) })));
    expect(refusal).toMatchObject({ step: "data", message: expect.stringMatching(/\nand \d+ more$/) });
    expect(String(refusal).length).toBeLessThan(11_000);
  });

  describe("by what is wrong with it first, though its engine starts before all was checked", () => {
    const nulls = JSON.stringify({ allowlist: { known: null } });

    it("and ends that engine, whatever it does", async () => {
      const first = await HostileArchive.from(releases.first);
      const wasm = hostileModule({ functions: [{ code: CODE.endless }], start: true });
      const archive = await first.with({ "/policy.wasm": wasm, "/data.json": nulls });
      const before = system.born.length;
      const refusal = await refusalOf(activated(archive));
      expect(refusal).toMatchObject({
        name: "ReleaseError",
        step: "data",
        message: expect.stringContaining("is null"),
      });
      // The one that read it, the one that was to prove it, and the one that was to run it.
      const born = system.born.slice(before);
      expect(born.length).toBeGreaterThan(0);
      expect(born.filter(({ threadId }) => threadId >= 0)).toEqual([]);
    });

    it.each<[string, Record<string, string | Uint8Array>]>([
      ["a module that is none", { "/policy.wasm": hostileModule({}) }],
      ["a module that may not be compiled", { "/policy.wasm": hostileModule({ own: [65_536] }) }],
      ["no name", { "/.manifest": "{}" }],
      ["cases that are none", { "/cases.json": "{}" }],
    ])("and says nothing of its engine: data with null, and %s", async (_name, files) => {
      const first = await HostileArchive.from(releases.first);
      const onEvent = vi.fn();
      const options = {
        source: "test",
        trust: "unsigned",
        aside: true,
        evaluationMs: 1_000,
        onEvent,
      } as const;
      const archive = await first.with({ ...files, "/data.json": nulls });
      const refusal = await refusalOf(activate(archive, { ...options, prover: proverOf() }));
      expect(refusal).toMatchObject({ step: "data", message: expect.stringContaining("is null") });
      expect(onEvent).not.toHaveBeenCalled();
    });

    it("though the guard refuses it while they are checked", async () => {
      const generous = await HostileArchive.from(releases.generous);
      const refusal = await refusalOf(activated(await generous.with({ "/data.json": nulls })));
      expect(refusal).toMatchObject({ step: "data", message: expect.stringContaining("is null") });
    });

    it("and hands nobody a module that may not be compiled", async () => {
      const first = await HostileArchive.from(releases.first);
      const unpacked = vi.fn(() => undefined);
      const archive = await first.with({ "/policy.wasm": hostileModule({ own: [65_536] }) });
      const refusal = await refusalOf(proofOf(archive, unpacked).release);
      expect(refusal).toMatchObject({
        step: "archive",
        message: expect.stringContaining("memory of its own"),
      });
      expect(unpacked).not.toHaveBeenCalled();
    });

    it("and hands nobody data that are not JSON and would take a gigabyte of an engine's memory", async () => {
      const first = await HostileArchive.from(releases.first);
      const unpacked = vi.fn(() => undefined);
      const archive = await first.with({ "/data.json": `{"table":[${"1,".repeat(5_000_000)}` });
      const refusal = await refusalOf(proofOf(archive, unpacked).release);
      expect(refusal).toMatchObject({ step: "data", message: expect.stringContaining("not JSON") });
      expect(unpacked).not.toHaveBeenCalled();
    });
  });

  it("that approves strangers, for good", async () => {
    const refusal = await refusalOf(activated(releases.generous));
    expect(refusal).toMatchObject({ step: "guard", message: expect.stringMatching(/^the policy approves /) });
    expect(refusal).not.toBeInstanceOf(LateReleaseError);
    expect(refusal).not.toBeInstanceOf(PassingReleaseError);
  });

  it("that does not end in time, though not for good", async () => {
    const endless = await smallRelease("endless", {
      "transfer/ordinary": ENDLESS,
    });
    const refusal = await refusalOf(activated(endless, 100));
    expect(refusal).toMatchObject({ step: "guard", message: expect.stringContaining("POLICY_TIMEOUT") });
    expect(refusal).toBeInstanceOf(LateReleaseError);
  });

  it("whose proof ended before it could be asked", async () => {
    const live = await activated(releases.first);
    const proof = proofOf(releases.first);
    await proof.release;
    await proof.end();
    const refusal = await refusalOf(proof.prove(live));
    expect(refusal).toMatchObject({ message: "it could not be proven: its thread ended" });
    expect(refusal).toBeInstanceOf(LateReleaseError);
  });

  it("whose proof can't be made ready by a fault of ours, though not for good", async () => {
    const live = await activated(releases.first);
    const order = { archive: releases.first, sha256: digestOf(releases.first), givesWay: true };
    const proof = new TwoThreads({ ...order, context: JSON.parse("null") }, () => undefined);
    onTestFinished(() => proof.end());
    await proof.release;
    const refusal = await refusalOf(proof.prove(live));
    expect(refusal).toMatchObject({ step: "guard" });
    expect(refusal).toBeInstanceOf(PassingReleaseError);
  });

  it("that was proven in another engine than the one that is to decide", async () => {
    const [first, other] = [await activated(releases.first), await activated(releases.first)];
    const proof = proofOf(releases.first);
    await proof.release;
    await proof.prove(first);
    const refusal = await refusalOf(proof.prove(other));
    expect(refusal).toMatchObject({ step: "guard", message: "it was proven in another engine" });
    expect(refusal).toBeInstanceOf(PassingReleaseError);
  });

  it("whose proof ends while it is at it", async () => {
    const live = await activated(releases.first);
    const proof = proofOf(releases.first);
    await proof.release;
    const refused = refusalOf(proof.prove(live));
    await proof.end();
    const refusal = await refused;
    expect(refusal).toMatchObject({ message: "it could not be proven: its thread ended" });
    expect(refusal).toBeInstanceOf(LateReleaseError);
  });

  it("that nobody waits for any more, though not for good", async () => {
    const closing = new AbortController();
    const options = { source: "test", trust: "unsigned", aside: true, evaluationMs: 1_000 } as const;
    const { signal } = closing;
    const offered = () => refusalOf(activate(releases.first, { ...options, prover: proverOf(), signal }));
    const refused = offered();
    closing.abort();
    const refusal = await refused;
    expect(refusal).toMatchObject({ message: "it could not be read: its thread ended" });
    expect(refusal).toBeInstanceOf(LateReleaseError);
    expect(await offered()).toBeInstanceOf(LateReleaseError);
  });

  it("that nobody waits for any more, at once, whatever its engine was asked", async () => {
    const endless = await smallRelease("endless", {
      "transfer/ordinary": ENDLESS,
    });
    const closing = new AbortController();
    const options = { source: "test", trust: "unsigned", aside: true, evaluationMs: 60_000 } as const;
    const { signal } = closing;
    const refused = refusalOf(activate(endless, { ...options, prover: proverOf(), signal }));
    const asked = vi.spyOn(PolicyEngine.prototype, "evaluate");
    onTestFinished(() => asked.mockRestore());
    await expect.poll(() => asked.mock.calls.some(([_, input]) => DESCRIBED.test(input))).toBe(true);
    closing.abort();
    expect(await refused).toBeInstanceOf(LateReleaseError);
  });

  it("and no timer waits for it: its engine was there when all was over", async () => {
    const { engine } = await activated(releases.first);
    if (!(engine instanceof PolicyEngine)) throw new Error("a server's engine");
    let ready: (engine: StartedEngine) => void = () => {};
    const late = proofOf(releases.first, () => new Promise((resolve) => (ready = resolve)));
    await late.release;
    await late.end();
    const timer = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => timer.mockRestore());
    ready(engine);
    await new Promise((resolve) => setImmediate(resolve));
    expect(timer).not.toHaveBeenCalled();
  });

  it("that nobody waits for any more when it was proven", async () => {
    const closing = new AbortController();
    const options = { source: "test", trust: "unsigned", aside: true, evaluationMs: 1_000 } as const;
    const prepareFacts = async () => closing.abort();
    const { signal } = closing;
    const refusal = activate(releases.first, { ...options, prover: proverOf(), signal, prepareFacts });
    await expect(refusal).rejects.toBeInstanceOf(LateReleaseError);
  });

  it("for which the system has no thread, for as long as it has none", async () => {
    system.outOfThreads = true;
    onTestFinished(() => {
      system.outOfThreads = false;
    });
    const refusal = await refusalOf(activated(releases.first));
    expect(refusal).toMatchObject({ step: "archive", message: "it could not be read: EAGAIN" });
    expect(refusal).toBeInstanceOf(PassingReleaseError);
    system.outOfThreads = false;
    expect((await activated(releases.first)).identity.revision).toBe("first");
  });

  it("whose engine lost its threads, and the system has no others, though not for good", async () => {
    onTestFinished(() => {
      system.outOfThreads = false;
    });
    const release = await readRelease(releases.first);
    const prove: Prove = async (candidate, cases) => {
      system.outOfThreads = true;
      await Promise.all(system.born.map((worker) => worker.terminate()));
      await proverOf().prepare(candidate.hostData)(candidate, cases);
    };
    const options = { source: "test", evaluationMs: 1_000, prover: { prepare: () => prove } };
    const refusal = await refusalOf(activateRelease(release, options));
    expect(refusal).toMatchObject({
      step: "guard",
      message: expect.stringMatching(/no policy worker is ready$/),
    });
    expect(refusal).toBeInstanceOf(PassingReleaseError);
  });

  it("and what was started to serve it has ended", async () => {
    const threads = () => readdirSync("/proc/self/task").length;
    const offer = () => refusalOf(activated(releases.generous));
    expect(await offer()).toBeInstanceOf(ReleaseError);
    const before = threads();
    for (let time = 0; time < 3; time += 1) expect(await offer()).toBeInstanceOf(ReleaseError);
    await expect.poll(threads).toBeLessThanOrEqual(before);
  });
});

describe("a release is proven", () => {
  it("in the engine that will decide, with all that is asked of it", async () => {
    const unpacked = vi.fn(() => undefined);
    const read = proofOf(releases.first, unpacked);
    const release = await read.release;
    const { wasm, data, index } = release;
    expect(unpacked.mock.calls).toEqual([[{ wasm, data, index }]]);
    expect(release.identity).toEqual({ revision: "first", sequence: 0, sha256: digestOf(releases.first) });
    expect(JSON.parse(Buffer.from(release.data).toString())).toEqual({ allowlist: { known: true } });
    const live = await activated(releases.first);
    const asked: string[] = [];
    const evaluate = live.engine.evaluate.bind(live.engine);
    live.engine.evaluate = (entrypoint, input) => {
      asked.push(input);
      return evaluate(entrypoint, input);
    };
    await read.prove(live);
    const kinds = new Set(asked.map((input) => JSON.parse(input).kind));
    expect(kinds).toContain("transaction_signing");
    expect(kinds).toContain("withdrawal_confirmation");
    expect(asked.length).toBeGreaterThan(100);
  });

  it("ahead of being asked for, where its engine was started ahead", async () => {
    const { engine } = await activated(releases.first);
    let asked = 0;
    const evaluate = engine.evaluate.bind(engine);
    engine.evaluate = (entrypoint, input) => {
      asked += 1;
      return evaluate(entrypoint, input);
    };
    if (!(engine instanceof PolicyEngine)) throw new Error("a server's engine");
    const proof = proofOf(releases.first, async () => engine);
    await expect.poll(() => asked).toBeGreaterThan(100);
    const release = await proof.release;
    const parts = { reads: compileReads(release.index), queries: [], source: "test", activatedAt: 0 };
    await proof.prove(new LiveRelease({ release, engine, ...parts }));
  });

  it("only when it is asked for, where that engine could not be started", async () => {
    const live = await activated(releases.first);
    const proof = proofOf(releases.first, () => Promise.reject(new Error("no engine")));
    await proof.release;
    await proof.prove(live);
  });

  it("only when it is asked for, where what that engine says of history can't be read", async () => {
    const live = await activated(releases.first);
    const facts = { transfer: { listed: { odd: 1 } } };
    const proof = proofOf(releases.first, async () => ({ ...distant, facts }));
    await proof.release;
    await proof.prove(live);
  });

  it("though the tables that the host reads are large: then after all was checked", async () => {
    const first = await HostileArchive.from(releases.first);
    const token = (at: number) => [`T${at}`, { chain: "ETH", decimals: 18 }];
    const tokens = Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => token(at)));
    const data = { ...JSON.parse(first.text("/data.json")), tokens };
    const archive = await first.with({ "/data.json": JSON.stringify(data) });
    expect((await activated(archive)).identity.revision).toBe("first");
  });

  it.each([3_000, 10_000])("though its rules have words for people nested %i deep", async (depth) => {
    const nested = ["[", "]"].map((sign) => `["${sign}" | some _ in numbers.range(1, ${depth})]`).join(", ");
    const deep = `${LISTED}\nvalues["deep"] := json.unmarshal(concat("", array.concat(${nested})))\n`;
    const archive = await smallRelease("deep", { "transfer/listed": deep, "transfer/ordinary": ORDINARY });
    expect((await activated(archive)).identity.revision).toBe("deep");
  });

  it.runIf(process.platform === "linux" && getPriority() < 10)(
    "by threads that give way to all others",
    async () => {
      const niceness = watchedNiceness();
      await proofOf(releases.first).release;
      // Both are there until it is ended.
      await expect.poll(() => [...niceness.values()].filter((nice) => nice === 10)).toHaveLength(2);
      expect(niceness.get(String(process.pid))).toBe(getPriority());
    },
  );
});
