import { createHash } from "node:crypto";
import type { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { withoutEnd } from "../../test/support/endless-rego.ts";
import { compileRego, indexedRule, releaseOf, ruleIndex } from "../../test/support/policy.ts";
import { transferDocument } from "../../test/support/transfer-document.ts";
import { documentSchema, type InputDocument, serialize } from "../input/document.ts";
import { proverOf } from "../proof/prove.ts";
import { type ActivateOptions, activate, activateRelease } from "./activate.ts";
import { combine } from "./combine.ts";
import type { LiveRelease } from "./live.ts";
import type { Release } from "./release.ts";

const OPTIONS: Omit<ActivateOptions, "trust"> = {
  source: "test",
  prover: proverOf(),
  evaluationMs: 250,
  startMs: 5000,
};

/** Every part of a rule in one line each; the entrypoints are written from them. */
function sources(
  rules: Readonly<Record<string, { parts: readonly string[]; text: string }>>,
): Record<string, string> {
  const members = Object.entries(rules).map(([name, { parts }]) => {
    const read = parts.map((part) => `"${part}": data.rules.transfer.${name}.${part}`);
    return `"${name}": {${read.join(", ")}}`;
  });
  const files = Object.entries(rules).map(([name, { text }]) => [
    `rules/transfer/${name}/rule.rego`,
    `package rules.transfer.${name}\n\n${text}\n`,
  ]);
  const entry = [
    "package countersign",
    `decision := {${members.join(", ")}} if input.group == "transfer"`,
    'explain["none"] := {} if "none" in input.explain',
    "facts := {}",
  ];
  return { "countersign/entry.rego": entry.join("\n\n"), ...Object.fromEntries(files) };
}

const LISTED = {
  parts: ["require"],
  text: 'require["LISTED"] if { every d in input.transaction.destinations { data.allowlist[d.address] } }',
};
const ORDINARY = { parts: ["approve"], text: 'approve["ORDINARY"] if input.kind == "transaction_signing"' };
const LISTED_INDEX = indexedRule("transfer/listed", [
  { code: "LISTED", reads: ["transaction.destinations.*.address"] },
]);
const ORDINARY_INDEX = indexedRule("transfer/ordinary", [
  { code: "ORDINARY", part: "approve", reads: ["kind"] },
]);

const ALLOWED = "0x00000000000000000000000000000000000000aa";

let good: Release;

beforeAll(() => {
  good = releaseOf({
    wasm: compileRego(sources({ listed: LISTED, ordinary: ORDINARY })),
    index: ruleIndex([LISTED_INDEX, ORDINARY_INDEX]),
    data: { allowlist: { [ALLOWED]: true } },
  });
});

async function activated(release: Release): Promise<LiveRelease> {
  const live = await activateRelease(release, OPTIONS);
  onTestFinished(() => live.engine.close());
  return live;
}

async function judge(live: LiveRelease, input: InputDocument) {
  const answer = await live.engine.evaluate("countersign/decision", serialize(input, live.index.reads_raw));
  if (!answer.ok) return answer;
  const { group, kind } = input.document;
  const absent = live.reads.absentReads(group, input);
  return combine({
    index: live.index,
    group,
    kind,
    absent,
    result: answer.result,
    modes: live.hostData.modes ?? {},
  });
}

function transferTo(...destinations: object[]): InputDocument {
  const { document } = transferDocument(Date.now());
  const changed = { ...document, transaction: { ...document.transaction, destinations } };
  return { document: documentSchema.parse(changed), raw: "{}" };
}

describe("a release is refused, by the step that refused it", () => {
  const refusal = (release: Release) => expect(activateRelease(release, OPTIONS)).rejects;

  it("digest: it is not the archive that is trusted", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const sha256 = createHash("sha256").update("another").digest("hex");
    await expect(activate(bytes, { ...OPTIONS, trust: { sha256 } })).rejects.toMatchObject({
      step: "digest",
    });
  });

  it("archive: the trusted bytes are no archive", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await expect(activate(bytes, { ...OPTIONS, trust: { sha256 } })).rejects.toMatchObject({
      step: "archive",
    });
    await expect(activate(bytes, { ...OPTIONS, trust: "unsigned" })).rejects.toMatchObject({
      step: "archive",
    });
  });

  it("archive: the module is corrupt", async () => {
    await refusal({ ...good, wasm: good.wasm.slice(0, 100) }).toMatchObject({ step: "archive" });
  });

  it("index: it has a rule that the module does not know", async () => {
    const index = ruleIndex([...good.index.rules, indexedRule("transfer/ghost", [{ code: "GHOST" }])]);
    await refusal({ ...good, index }).toMatchObject({
      step: "index",
      message: expect.stringContaining("transfer/ghost"),
    });
  });

  it("index: the module has a rule that it does not know", async () => {
    await refusal({ ...good, index: ruleIndex([ORDINARY_INDEX]) }).toMatchObject({
      step: "index",
      message: expect.stringContaining("transfer/listed"),
    });
  });

  it("index: a rule of the index has been left out of the module's rules", async () => {
    const all = sources({ listed: LISTED, ordinary: ORDINARY });
    const { "rules/transfer/listed/rule.rego": _left, ...rest } = all;
    await refusal({ ...good, wasm: compileRego(rest) }).toMatchObject({ step: "index" });
  });

  it("index: a requirement is the string true", async () => {
    const text = 'require["LISTED"] := "true"';
    const wasm = compileRego(sources({ listed: { parts: ["require"], text }, ordinary: ORDINARY }));
    await refusal({ ...good, wasm }).toMatchObject({
      step: "index",
      message: expect.stringContaining("transfer/listed"),
    });
  });

  it.each([
    ["a set of codes", 'require contains "LISTED" if input.group'],
    ["an object below a code", 'require["LISTED"]["sub"] if input.group'],
    ["an object of more codes", 'require := {"LISTED": false, "OTHER": true}'],
    ["null for a code", 'require["LISTED"] := null if input.group'],
    ["a number for a code", 'require["LISTED"] := 1 if input.group'],
  ])("index: a rule of the module is %s", async (_name, text) => {
    const wasm = compileRego(sources({ listed: { parts: ["require"], text }, ordinary: ORDINARY }));
    await refusal({ ...good, wasm }).toMatchObject({
      step: "index",
      message: expect.stringContaining("transfer/listed"),
    });
  });

  it.each([
    ["a name twice", [LISTED_INDEX, LISTED_INDEX]],
    ["a code twice", [{ ...LISTED_INDEX, checks: [...LISTED_INDEX.checks, ...LISTED_INDEX.checks] }]],
    ["another group's name", [{ ...LISTED_INDEX, group: "key" as const }]],
    ["another group's kind", [{ ...LISTED_INDEX, kinds: ["deposit" as const] }]],
    [
      "an approval with a consequence",
      [indexedRule("transfer/listed", [{ code: "LISTED", part: "approve", consequence: "alert" }])],
    ],
  ])("index: it has %s", async (_name, rules) => {
    await refusal({ ...good, index: ruleIndex([...rules, ORDINARY_INDEX]) }).toMatchObject({ step: "index" });
  });

  it("warm_up: a rule runs without end whatever the document", async () => {
    const text = `require["LISTED"] if {
	${withoutEnd("input.never")}
}`;
    const wasm = compileRego(sources({ listed: { parts: ["require"], text }, ordinary: ORDINARY }));
    await expect(activateRelease({ ...good, wasm }, { ...OPTIONS, startMs: 1000 })).rejects.toMatchObject({
      step: "warm_up",
    });
  });
});

describe("a live release", () => {
  it("refuses an unlisted destination, in each element", async () => {
    const live = await activated(good);
    expect(await judge(live, transferTo({ address: "0x01" }))).toMatchObject({ outcome: "denied" });
    expect(await judge(live, transferTo({ address: ALLOWED }, { address: "0x01" }))).toMatchObject({
      outcome: "denied",
      reasons: [{ rule: "transfer/listed", code: "LISTED" }],
    });
  });

  it("refuses where one element lacks what a requirement reads, by its path", async () => {
    const live = await activated(good);
    expect(await judge(live, transferTo({ address: ALLOWED }, { memo: "no address" }))).toMatchObject({
      outcome: "denied",
      reasons: [{ code: "LISTED", absent: ["transaction.destinations.*.address"] }],
    });
  });

  it("refuses where the document lacks what an approval reads, though Rego approves", async () => {
    const text = 'approve["ORDINARY"] if not input.evidence.status == "mismatch"';
    const live = await activated(
      releaseOf({
        wasm: compileRego(sources({ listed: LISTED, ordinary: { parts: ["approve"], text } })),
        index: ruleIndex([
          LISTED_INDEX,
          indexedRule("transfer/ordinary", [
            { code: "ORDINARY", part: "approve", reads: ["evidence.status"] },
          ]),
        ]),
        data: { allowlist: { [ALLOWED]: true } },
      }),
    );
    const { document, raw } = transferTo({ address: ALLOWED });
    const { evidence: _evidence, ...without } = document;
    expect(await judge(live, { document: without, raw })).toMatchObject({
      outcome: "unapproved",
      reasons: [{ code: "NO_RULE_APPROVES", absent: ["evidence.status"] }],
    });
    expect(await judge(live, { document, raw })).toMatchObject({ outcome: "approved" });
  });

  it("fails a decision whose rule becomes another shape by its input, by the rule's name", async () => {
    const text = `${LISTED.text}\n\nrequire["LISTED"] := "true" if input.wallet.name == "odd"`;
    const live = await activated({
      ...good,
      wasm: compileRego(sources({ listed: { parts: ["require"], text }, ordinary: ORDINARY })),
    });
    const { document, raw } = transferTo({ address: "0x01" });
    const odd = { document: { ...document, wallet: { id: "w", name: "odd" } }, raw };
    expect(await judge(live, odd)).toMatchObject({
      outcome: "failed",
      reasons: [{ code: "POLICY_SHAPE", rule: "transfer/listed" }],
    });
  });

  it("fails a decision in which a rule conflicts, and serves the next", async () => {
    const text = `${LISTED.text}\n\nrequire["LISTED"] := false if input.wallet.name == "odd"`;
    const live = await activated({
      ...good,
      wasm: compileRego(sources({ listed: { parts: ["require"], text }, ordinary: ORDINARY })),
    });
    const { document, raw } = transferTo({ address: ALLOWED });
    const odd = { document: { ...document, wallet: { id: "w", name: "odd" } }, raw };
    expect(await judge(live, odd)).toMatchObject({ ok: false, code: "POLICY_ERROR" });
    expect(await judge(live, { document, raw })).toMatchObject({ outcome: "approved" });
  });

  it("approves what fulfils all, and serves until its engine is closed", async () => {
    const live = await activated(good);
    expect(await judge(live, transferTo({ address: ALLOWED }))).toMatchObject({ outcome: "approved" });
    expect(live.isServing()).toBe(true);
    expect(live.queries).toEqual([]);
    await live.engine.close();
    expect(live.isServing()).toBe(false);
  });

  it("gets its spare a moment after it is proven", async () => {
    const order: string[] = [];
    const prove = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      order.push("proven");
    };
    const onEvent = ({ type }: { readonly type: string }) => void order.push(type);
    const live = await activateRelease(good, { ...OPTIONS, prover: { prepare: () => prove }, onEvent });
    onTestFinished(() => live.engine.close());
    expect(order).toEqual(["proven"]);
    await expect.poll(() => order, { timeout: 10_000 }).toEqual(["proven", "spare_ready"]);
  });

  it("gets no spare where it is replaced before that", async () => {
    const born: Worker[] = [];
    const note = (worker: Worker) => born.push(worker);
    process.on("worker", note);
    onTestFinished(() => void process.off("worker", note));
    const live = await activateRelease(good, OPTIONS);
    const started = born.length;
    await live.engine.close();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(born).toHaveLength(started);
  });
});
