import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { CODE, hostileModule } from "../../test/support/hostile-module.ts";
import { ENDLESS, smallRelease, smallReleases } from "../../test/support/small-releases.ts";
import { EarlyEngine } from "./early-engine.ts";
import type { EngineEvent } from "./engine.ts";
import { readRelease } from "./read-release.ts";
import { LateReleaseError, type Runnable, sharedBytes } from "./release.ts";

const system = vi.hoisted(() => ({ born: [] as Worker[] }));
vi.mock("node:worker_threads", async (original) => {
  const real = await original<typeof import("node:worker_threads")>();
  class Counted extends real.Worker {
    constructor(...members: ConstructorParameters<typeof real.Worker>) {
      super(...members);
      system.born.push(this);
    }
  }
  return { ...real, Worker: Counted };
});

let good: Runnable;
/** Its module never comes to an end when it is started. */
let endless: Runnable;
beforeAll(async () => {
  good = await readRelease((await smallReleases()).first);
  const wasm = hostileModule({ functions: [{ code: CODE.endless }], start: true });
  endless = { ...good, wasm: new Uint8Array(wasm) };
});

interface Early {
  readonly engine: EarlyEngine;
  readonly events: readonly EngineEvent[];
  /** How many were started for it, and of these how many run. */
  readonly born: () => number;
  readonly threads: () => number;
}

function early(runnable: Runnable): Early {
  const [events, before]: [EngineEvent[], number] = [[], system.born.length];
  const options = { evaluationMs: 1_000, onEvent: (event: EngineEvent) => void events.push(event) };
  const engine = new EarlyEngine(options);
  engine.load(runnable);
  onTestFinished(() => engine.drop());
  const born = () => system.born.length - before;
  // An id is -1 once a thread has ended.
  const threads = () => system.born.slice(before).filter(({ threadId }) => threadId >= 0).length;
  return { engine, events, born, threads };
}

const bad = (): Runnable => ({ ...good, data: sharedBytes(Buffer.from("{")) });

describe("an engine that nobody takes", () => {
  it("ends with its thread, though its module runs without end", async () => {
    const { engine, events, threads } = early(endless);
    await expect.poll(threads).toBe(1);
    await engine.drop();
    expect(threads()).toBe(0);
    expect(events).toEqual([]);
  });

  it("ends with its thread, whatever it was asked ahead, at once", async () => {
    const release = await readRelease(await smallRelease("looping", { "transfer/ordinary": ENDLESS }));
    const engine = new EarlyEngine({ evaluationMs: 60_000 });
    const started = await engine.load(release);
    const asking = '{"group": "transfer", "now": {"ms": 0}, "transaction": {"description": "one"}}';
    const asked = Array.from({ length: 3 }, () => started?.evaluate("countersign/decision", asking));
    // It runs the first of them.
    await sleep(100);
    await engine.drop();
    for (const each of await Promise.all(asked)) expect(each).toMatchObject({ code: "POLICY_ERROR" });
    expect(system.born.filter(({ threadId }) => threadId >= 0)).toEqual([]);
  });

  it("ends with its thread when it was ready", async () => {
    const { engine, threads } = early(good);
    const said = vi.fn();
    await expect.poll(threads).toBe(1);
    system.born.at(-1)?.on("message", said);
    await expect.poll(() => said.mock.calls).toContainEqual([{ type: "ready" }]);
    await engine.drop();
    expect(threads()).toBe(0);
  });

  it("gets no thread where it is dropped before its module is compiled", async () => {
    const { engine, born } = early(good);
    await engine.drop();
    expect(born()).toBe(0);
  });

  it("is not loaded any more", async () => {
    const { engine, born } = early(good);
    await engine.drop();
    engine.load(good);
    await engine.drop();
    expect(born()).toBe(0);
  });

  it("says nothing of what went wrong with it", async () => {
    const { engine, events, threads } = early(bad());
    await expect.poll(threads).toBe(1);
    await expect.poll(threads).toBe(0);
    await engine.drop();
    expect(events).toEqual([]);
  });
});

describe("an engine that is taken", () => {
  it("is ended all the same where nobody waits for its taker any more", async () => {
    const { engine, threads } = early(good);
    const taken = await engine.take(good);
    void engine.abandon();
    await expect.poll(threads).toBe(0);
    expect(taken.closed).toBe(true);
  });

  it("is not started to the end where nobody waits for its taker any more", async () => {
    const { engine, threads } = early(endless);
    const taken = engine.take(endless);
    await expect.poll(threads).toBe(1);
    void engine.abandon();
    await expect(taken).rejects.toBeInstanceOf(LateReleaseError);
    expect(threads()).toBe(0);
  });

  it("says what went wrong with it, and when it did, only then", async () => {
    const { engine, events, threads } = early(bad());
    await expect.poll(threads).toBe(1);
    await expect.poll(threads).toBe(0);
    expect(events).toEqual([]);
    await expect(engine.take(bad())).rejects.toMatchObject({ name: "ReleaseError", step: "data" });
    expect(events).toEqual([expect.objectContaining({ type: "worker_lost" })]);
  });

  it("says what goes wrong with it afterwards", async () => {
    const { engine, events } = early(bad());
    await expect(engine.take(bad())).rejects.toMatchObject({ step: "data" });
    expect(events).toEqual([expect.objectContaining({ type: "worker_lost" })]);
  });

  it("answers, and is its taker's to end", async () => {
    const { engine, threads } = early(good);
    const taken = await engine.take(good);
    await engine.drop();
    const asked = await taken.evaluate("countersign/decision", '{"group": "transfer"}');
    expect(asked).toMatchObject({ ok: true, result: { listed: {}, ordinary: {} } });
    await taken.close();
    expect(threads()).toBe(0);
  });
});
