import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { builtModule } from "../../test/support/built-module.ts";
import { withoutEnd } from "../../test/support/endless-rego.ts";
import { compileRego, indexedRule, releaseOf, ruleIndex } from "../../test/support/policy.ts";
import { type EngineEvent, type EngineOptions, PolicyEngine } from "./engine.ts";
import { MAX_DATA_BYTES, type Release, sharedBytes } from "./release.ts";

const system = vi.hoisted(() => ({ outOfThreads: false }));
vi.mock("node:worker_threads", async (original) => {
  const real = await original<typeof import("node:worker_threads")>();
  class Scarce extends real.Worker {
    constructor(...members: ConstructorParameters<typeof real.Worker>) {
      if (system.outOfThreads) throw new Error("EAGAIN");
      super(...members);
    }
  }
  return { ...real, Worker: Scarce };
});

const ENTRYPOINT_TEXT = `package countersign

# METADATA
# entrypoint: true
decision := {"fragile": {"require": data.rules.transfer.fragile.require}} if input.group == "transfer"

# METADATA
# entrypoint: true
# scope: document
explain[name] := {"values": {"seen": input.seen}} if some name in input.explain

# METADATA
# entrypoint: true
facts := {"transfer": {"fragile": {"spent": {"kind": "sum"}}}}
`;

/** `input.mode` says how it breaks. */
const FRAGILE = `package rules.transfer.fragile

require["ENDS"] if not endless

require["ONE_VALUE"] if not two_values

require["DIVIDES"] if 10 / input.divisor >= 1

require["FITS"] if not too_large

require["LISTED"] if data.allowlist[input.address]

endless if {
	input.mode == "loop"
	${withoutEnd("input.never")}
}

two_values := 1 if input.mode == "conflict"

two_values := 2 if input.mode == "conflict"

too_large if {
	input.mode == "memory"
	xs := numbers.range(1, 3000)
	count([[a, b] | some a in xs; some b in xs]) == 0
}
`;

const INDEX = ruleIndex([
  indexedRule("transfer/fragile", [
    { code: "ENDS" },
    { code: "ONE_VALUE" },
    { code: "DIVIDES" },
    { code: "FITS" },
    { code: "LISTED" },
  ]),
]);

let wasm: Uint8Array<ArrayBuffer>;
let release: Release;

beforeAll(() => {
  wasm = compileRego({
    "countersign/entry.rego": ENTRYPOINT_TEXT,
    "rules/transfer/fragile/rule.rego": FRAGILE,
  });
  release = releaseOf({ wasm, index: INDEX, data: { allowlist: { a1: true } } });
});

function ask(members: Record<string, unknown> = {}): string {
  return JSON.stringify({ group: "transfer", divisor: 2, address: "a1", ...members });
}

const GOOD = {
  ok: true,
  result: { fragile: { require: { ENDS: true, ONE_VALUE: true, DIVIDES: true, FITS: true, LISTED: true } } },
};

async function start(options: Partial<EngineOptions> = {}, of: Release = release): Promise<PolicyEngine> {
  const engine = await PolicyEngine.start(of, { evaluationMs: 250, ...options });
  onTestFinished(() => engine.close());
  return engine;
}

const decide = (engine: PolicyEngine, members: Record<string, unknown> = {}) =>
  engine.evaluate("countersign/decision", ask(members));

async function eventually(condition: () => boolean): Promise<void> {
  const until = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > until) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("a release that can't run", () => {
  const refusal = (of: Release, options: Partial<EngineOptions> = {}) =>
    expect(PolicyEngine.start(of, { evaluationMs: 250, ...options })).rejects;

  it("is refused where the module is corrupt", async () => {
    await refusal({ ...release, wasm: wasm.slice(0, wasm.length / 2) }).toMatchObject({ step: "archive" });
  });

  it("is refused where the module is not one of OPA's", async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    await refusal({ ...release, wasm: empty }).toMatchObject({ step: "archive" });
  });

  it("is refused where it needs a built-in that nobody provides, by its name", async () => {
    const text = `${ENTRYPOINT_TEXT}\nnow := time.now_ns()\n\nlater if now > 1\n\nanother := sprintf("%d", [now])`;
    const needy = compileRego(
      { "countersign/entry.rego": text, "rules/transfer/fragile/rule.rego": FRAGILE },
      [
        "countersign/decision",
        "countersign/explain",
        "countersign/facts",
        "countersign/later",
        "countersign/another",
      ],
    );
    await refusal({ ...release, wasm: needy }).toMatchObject({
      step: "builtins",
      message: expect.stringContaining("sprintf, time.now_ns"),
    });
  });

  it("is refused where it lacks an entrypoint, by its name", async () => {
    const short = compileRego(
      {
        "countersign/entry.rego": ENTRYPOINT_TEXT.replaceAll(/^#.*\n/gm, ""),
        "rules/transfer/fragile/rule.rego": FRAGILE,
      },
      ["countersign/decision", "countersign/facts"],
    );
    await refusal({ ...release, wasm: short }).toMatchObject({
      step: "entrypoints",
      message: expect.stringContaining("countersign/explain"),
    });
  });

  it("is refused where its data is no JSON", async () => {
    await refusal({ ...release, data: sharedBytes(Buffer.from("{")) }).toMatchObject({ step: "data" });
  });

  it("is refused where a rule runs without end whatever the document", async () => {
    const text = FRAGILE.replace('input.mode == "loop"', "true");
    const endless = compileRego({
      "countersign/entry.rego": ENTRYPOINT_TEXT,
      "rules/transfer/fragile/rule.rego": text,
    });
    await refusal({ ...release, wasm: endless }, { startMs: 1500 }).toMatchObject({ step: "warm_up" });
  });
});

describe("answers", () => {
  it("has none for an input that is no object", async () => {
    const engine = await start();
    for (const input of ["", "null", "[]", '"text"']) {
      expect(await engine.evaluate("countersign/decision", input)).toMatchObject({
        ok: false,
        code: "POLICY_ERROR",
      });
    }
  });

  it("are undefined where the entrypoint is", async () => {
    const engine = await start();
    expect(await decide(engine, { group: "deposit" })).toEqual({ ok: true, result: undefined });
  });

  it("are what Rego says, also of text beyond ASCII and of input larger than the memory at hand", async () => {
    const engine = await start({ evaluationMs: 5000 });
    expect(await decide(engine)).toEqual(GOOD);
    const seen = `${"ü€😀".repeat(3)}\u2028`;
    const explained = await engine.evaluate(
      "countersign/explain",
      ask({ seen, explain: ["transfer/fragile"] }),
    );
    expect(explained).toEqual({ ok: true, result: { "transfer/fragile": { values: { seen } } } });
    expect(await decide(engine, { pad: "€".repeat(2_000_000) })).toEqual(GOOD);
  });

  it("leave a division by zero undefined, which fulfils nothing", async () => {
    const engine = await start();
    const answer = await decide(engine, { divisor: 0 });
    expect(answer).toMatchObject({ ok: true, result: { fragile: { require: { ENDS: true } } } });
    expect(JSON.stringify(answer)).not.toContain("DIVIDES");
  });

  it("knows the facts from the start", async () => {
    expect((await start()).facts).toEqual({ transfer: { fragile: { spent: { kind: "sum" } } } });
  });

  it("come to each of many that ask at once, each its own", async () => {
    const engine = await start();
    const asked = Array.from({ length: 200 }, (_, at) => ({ address: at % 3 === 0 ? "a1" : `b${at}` }));
    const answers = await Promise.all(asked.map((members) => decide(engine, members)));
    answers.forEach((answer, at) => {
      expect(JSON.stringify(answer).includes("LISTED")).toBe(at % 3 === 0);
    });
  });
});

describe("a policy that throws", () => {
  it("fails this request with the place of the fault, and serves the others in line and the next", async () => {
    const events: EngineEvent[] = [];
    const engine = await start({ onEvent: (event) => events.push(event) });
    const line = await Promise.all([
      decide(engine),
      decide(engine, { mode: "conflict" }),
      decide(engine),
      decide(engine, { mode: "conflict" }),
      decide(engine),
    ]);
    const conflict = {
      ok: false,
      code: "POLICY_ERROR",
      message: expect.stringMatching(/rules\/transfer\/fragile\/rule\.rego:\d+:\d+: .*conflict/),
    };
    expect(line).toEqual([GOOD, conflict, GOOD, conflict, GOOD]);
    expect(await decide(engine)).toEqual(GOOD);
    expect(events.filter((event) => event.type === "instance_dropped")).toHaveLength(2);
  });

  it("is not poisoned by 2,000 conflicts in a row", async () => {
    const engine = await start();
    for (let count = 0; count < 2000; count += 1) {
      expect(await decide(engine, { mode: "conflict" })).toMatchObject({ ok: false, code: "POLICY_ERROR" });
    }
    expect(await decide(engine)).toEqual(GOOD);
  });

  it("fails where its memory ends, and serves the next", async () => {
    const engine = await start({ evaluationMs: 10_000 });
    expect(await decide(engine, { mode: "memory" })).toMatchObject({
      ok: false,
      code: "POLICY_ERROR",
    });
    expect(await decide(engine)).toEqual(GOOD);
  });
});

describe("whoever is in line with others that throw", () => {
  it("is answered, however many they are", async () => {
    const engine = await start({ evaluationMs: 5_000 });
    const throwing = Array.from({ length: 12 }, () => decide(engine, { mode: "conflict" }));
    expect(await decide(engine)).toEqual(GOOD);
    for (const each of await Promise.all(throwing)) expect(each).toMatchObject({ code: "POLICY_ERROR" });
  });

  it("or loop", async () => {
    const engine = await start({ evaluationMs: 100 });
    const looping = Array.from({ length: 6 }, () => decide(engine, { mode: "loop" }));
    expect(await decide(engine)).toEqual(GOOD);
    for (const each of await Promise.all(looping)) expect(each).toMatchObject({ code: "POLICY_TIMEOUT" });
  });
});

describe("a policy that loops", () => {
  it("fails this request in time, and the spare serves all others in line and the next", async () => {
    const events: EngineEvent[] = [];
    const engine = await start({ onEvent: (event) => events.push(event) });
    const began = performance.now();
    const looping = decide(engine, { mode: "loop" });
    const others = Array.from({ length: 40 }, () => decide(engine));
    expect(await looping).toMatchObject({ ok: false, code: "POLICY_TIMEOUT" });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(await Promise.all(others)).toEqual(others.map(() => GOOD));
    expect(await decide(engine)).toEqual(GOOD);
    expect(events.filter((event) => event.type === "timeout")).toHaveLength(1);
  });

  it("counts each one's time from when it runs, not from when it was asked", async () => {
    const engine = await start();
    const line = [
      decide(engine),
      decide(engine, { mode: "loop" }),
      decide(engine),
      decide(engine, { mode: "loop" }),
      decide(engine, { mode: "loop" }),
      decide(engine),
    ];
    const answers = await Promise.all(line);
    expect(answers.map((answer) => (answer.ok ? "ok" : answer.code))).toEqual([
      "ok",
      "POLICY_TIMEOUT",
      "ok",
      "POLICY_TIMEOUT",
      "POLICY_TIMEOUT",
      "ok",
    ]);
  });

  it("gets a new spare each time", async () => {
    let spares = 0;
    const engine = await start({
      onEvent: (event) => {
        if (event.type === "spare_ready") spares += 1;
      },
    });
    for (let count = 1; count <= 3; count += 1) {
      const before = spares;
      expect(await decide(engine, { mode: "loop" })).toMatchObject({ code: "POLICY_TIMEOUT" });
      await eventually(() => spares > before);
    }
    expect(await decide(engine)).toEqual(GOOD);
  });
});

describe("a worker that ends by itself", () => {
  const born: Worker[] = [];
  const note = (worker: Worker) => born.push(worker);
  beforeAll(() => void process.on("worker", note));
  afterAll(() => void process.off("worker", note));

  it("fails what it ran; the spare serves the others", async () => {
    born.length = 0;
    const engine = await start({ evaluationMs: 5000 });
    const killed = decide(engine, { mode: "loop" });
    const others = [decide(engine), decide(engine)];
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Which of the two serves is not told; the loop ends only with the one that runs it.
    await Promise.all(born.map((worker) => worker.terminate()));
    expect(await killed).toMatchObject({ ok: false, code: "POLICY_ERROR" });
    expect(await Promise.all(others)).toEqual([GOOD, GOOD]);
    expect(await decide(engine)).toEqual(GOOD);
  });

  it("is replaced though nobody asked anything", async () => {
    born.length = 0;
    const lost: EngineEvent[] = [];
    const engine = await start({ onEvent: (event) => event.type === "worker_lost" && lost.push(event) });
    await Promise.all(born.map((worker) => worker.terminate()));
    await eventually(() => lost.length === 2);
    await eventually(() => born.length >= 4);
    expect(await decide(engine)).toEqual(GOOD);
  });

  it("is replaced once the system has threads again; until then what waits is answered", async () => {
    born.length = 0;
    const lost: EngineEvent[] = [];
    const engine = await start({ onEvent: (event) => event.type === "worker_lost" && lost.push(event) });
    await eventually(() => born.length === 2);
    system.outOfThreads = true;
    onTestFinished(() => {
      system.outOfThreads = false;
    });
    await Promise.all(born.map((worker) => worker.terminate()));
    await eventually(() => lost.length >= 4);
    expect(lost).toContainEqual({
      type: "worker_lost",
      message: "a policy worker could not be started: EAGAIN",
      retryMs: 100,
    });
    expect(await decide(engine)).toMatchObject({ ok: false, code: "POLICY_ERROR" });
    await expect(PolicyEngine.start(release, { evaluationMs: 250 })).rejects.toMatchObject({
      step: "warm_up",
      message: "a policy worker could not be started: EAGAIN",
    });
    system.outOfThreads = false;
    await eventually(() => born.length >= 4);
    await vi.waitFor(async () => expect(await decide(engine)).toEqual(GOOD), 5_000);
  });
});

it("lets the process end, though nobody closed it, after the last answer", async () => {
  const module = await builtModule("policy/engine.ts");
  const file = join(mkdtempSync(join(tmpdir(), "countersign-engine-")), "policy.wasm");
  writeFileSync(file, wasm);
  onTestFinished(() => rmSync(dirname(file), { recursive: true }));
  const script = `
    import { readFileSync } from "node:fs";
    import { PolicyEngine } from ${JSON.stringify(module)};
    const release = { wasm: readFileSync(process.argv[1]), data: new Uint8Array(Buffer.from("{}")), index: { rules: [] } };
    const engine = await PolicyEngine.start(release, { evaluationMs: 250 });
    const answers = [engine.evaluate("countersign/decision", '{"group":"transfer","mode":"loop"}')];
    answers.push(engine.evaluate("countersign/decision", '{"group":"transfer"}'));
    console.log((await Promise.all(answers)).map((answer) => answer.code ?? "ok").join(" "));`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script, file], {
    timeout: 10_000,
    encoding: "utf8",
  });
  expect(said).toBe("POLICY_TIMEOUT ok\n");
});

it.runIf(process.platform === "linux")("blames no release for memory that the machine has not", async () => {
  const module = await builtModule("policy/engine.ts");
  const file = join(mkdtempSync(join(tmpdir(), "countersign-engine-")), "policy.wasm");
  writeFileSync(file, wasm);
  onTestFinished(() => rmSync(dirname(file), { recursive: true }));
  const script = `
    import { readFileSync } from "node:fs";
    import { PolicyEngine } from ${JSON.stringify(module)};
    const release = { wasm: readFileSync(process.argv[1]), data: new Uint8Array(Buffer.from("{}")), index: { rules: [] } };
    const error = await PolicyEngine.start(release, { evaluationMs: 250 }).catch((error) => error);
    console.log(error.constructor.name, error.step, error.message);`;
  // V8 reserves more addresses than these for each memory of a policy.
  const limited = 'ulimit -v 8388608 && exec "$0" --input-type=module -e "$1" "$2"';
  const said = execFileSync("/bin/sh", ["-c", limited, process.execPath, script, file], {
    timeout: 20_000,
    encoding: "utf8",
  });
  expect(said).toBe("PassingReleaseError archive WebAssembly.Memory(): could not allocate memory\n");
});

describe("close", () => {
  it("answers what is in line, then nothing", async () => {
    const engine = await start();
    const line = [decide(engine), decide(engine, { mode: "loop" }), decide(engine)];
    await engine.close();
    expect((await Promise.all(line)).map((answer) => answer.ok)).toEqual([true, false, true]);
    expect(await decide(engine)).toMatchObject({ ok: false, code: "POLICY_ERROR" });
    expect(engine.closed).toBe(true);
  });
});

describe("abandon", () => {
  it("ends what runs at once, and answers what is in line with a failure", async () => {
    const events: EngineEvent[] = [];
    const engine = await start({ evaluationMs: 20_000, onEvent: (event) => void events.push(event) });
    const looping = decide(engine, { mode: "loop" });
    const others = Array.from({ length: 20 }, () => decide(engine));
    await new Promise((resolve) => setTimeout(resolve, 50));
    events.length = 0;
    await engine.abandon();
    for (const each of await Promise.all([looping, ...others, decide(engine)])) {
      expect(each).toMatchObject({ ok: false, code: "POLICY_ERROR" });
    }
    expect(events).toEqual([]);
  });
});

describe("size", () => {
  it("serves data just below the limit", async () => {
    const entries = (MAX_DATA_BYTES - 100) / 51;
    const rows = Array.from({ length: entries }, (_, at) => `"0x${at.toString(16).padStart(40, "0")}":true`);
    const dataText = `{"allowlist":{"a1":true,${rows.join(",")}}}`;
    expect(dataText.length).toBeGreaterThan(0.95 * MAX_DATA_BYTES);
    const engine = await start({}, { ...release, data: sharedBytes(Buffer.from(dataText)) });
    expect(await decide(engine)).toEqual(GOOD);
    expect(JSON.stringify(await decide(engine, { address: "b1" }))).not.toContain("LISTED");
  });

  it("serves data of many small values, and refuses what takes more than 2 GiB when parsed", async () => {
    const dense = (values: number) => `{"allowlist":{"a1":true},"dense":[${"1,".repeat(values)}1]}`;
    const engine = await start({}, { ...release, data: sharedBytes(Buffer.from(dense(1_000_000))) });
    expect(await decide(engine)).toEqual(GOOD);
    const refused = PolicyEngine.start(
      { ...release, data: sharedBytes(Buffer.from(dense(11_900_000))) },
      { evaluationMs: 250 },
    );
    await expect(refused).rejects.toMatchObject({ step: "data" });
  });

  it("keeps its memory over 20,000 evaluations", async () => {
    const engine = await start();
    const many = async (count: number) => {
      for (let done = 0; done < count; done += 100) {
        await Promise.all(Array.from({ length: 100 }, () => decide(engine, { pad: "x".repeat(4000) })));
      }
    };
    await many(5000);
    const before = process.memoryUsage().rss;
    await many(20_000);
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(64);
  });
});
