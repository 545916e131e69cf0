import { cp, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policySource, removePolicySources, ruleText } from "../../../test/support/policy-source.ts";
import { readArchive, writeArchive } from "../archive.ts";
import { readRelease } from "../read-release.ts";
import { ReleaseError } from "../release.ts";
import { PolicyInstance } from "../wasm-instance.ts";
import { memoryFor } from "../wasm-memory.ts";
import { compilePolicy } from "../wasm-module.ts";
import { analyseSource, type BuiltRelease, buildRelease, loadSourceAsRelease } from "./build.ts";
import { staleGenerated, writeGenerated } from "./generated.ts";
import { BuildError } from "./problem.ts";

const LISTED = ruleText(
  [
    "import data.lib.amount\n",
    'facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": [], "window": data.limits.window}\n',
    'require["X_X"] if {\n\tevery d in input.transaction.destinations {\n\t\tdata.allowlist[input.transaction.chain][d.address]\n\t}\n\tamount.int(input.transaction.total_usd_micros) <= amount.int(data.limits.tx)\n}\n',
    'values := {"chain": input.transaction.chain}\n',
    'message["X_X"] := $"not on the {input.transaction.chain} list"',
  ].join("\n"),
);

const CEREMONY = ruleText('approve["Y_Y"] if input.key.threshold == 2', {
  name: "key/b",
  custom: ["approves: [Y_Y]"],
});

const FILES = {
  "rules/transfer/a/rule.rego": LISTED,
  "rules/transfer/a/rule_test.rego": "package tests.transfer.a\n\ntest_a if true\n",
  "rules/key/b/rule.rego": CEREMONY,
  "data.yaml": 'limits:\n  tx: "5"\n  window: 24h\n',
  "allowlist/data.json": '{"ETH": {"0xaa": {}}, "BSC": {"0xbb": {}}}',
};

let dir: string;
let built: BuiltRelease;

beforeAll(async () => {
  dir = await policySource(FILES);
  built = await buildRelease(dir);
});

afterAll(removePolicySources);

async function problems(files: Readonly<Record<string, string>>): Promise<string> {
  const source = await policySource(files);
  return new BuildError((await analyseSource(source)).problems).message;
}

describe("a release", () => {
  test("is the same bytes from another path, with its data in other files", async () => {
    const { "data.yaml": _yaml, "allowlist/data.json": _json, ...rego } = FILES;
    const other = await policySource({
      ...rego,
      "data.json":
        '{"limits": {"window": "24h", "tx": "5"}, "allowlist": {"BSC": {"0xbb": {}}, "ETH": {"0xaa": {}}}}',
    });
    const again = await buildRelease(other);
    expect(again.sha256).toBe(built.sha256);
    expect(again.revision).toBe(built.revision);
    expect(built.revision).toMatch(/^[0-9a-f]{12}$/);
  });

  test("differs where a rule, the data or the revision does", async () => {
    const named = await buildRelease(dir, { revision: "v1" });
    const data = await buildRelease(
      await policySource({ ...FILES, "data.yaml": 'limits: {tx: "6", window: 24h}' }),
    );
    expect(new Set([built.sha256, named.sha256, data.sha256]).size).toBe(3);
    expect(data.revision).not.toBe(built.revision);
  });

  test("holds module, data, manifest, index and sources, the library's among them, without tests", async () => {
    const library = (await readdir("policies/lib")).filter((file) => !file.endsWith("_test.rego")).sort();
    expect(library).toContain("amount.rego");
    expect([...(await readArchive(built.bytes)).keys()]).toEqual([
      "/.manifest",
      "/countersign/entrypoints.rego",
      "/data.json",
      "/index.json",
      ...library.map((file) => `/lib/${file}`),
      "/policy.wasm",
      "/rules/key/b/rule.rego",
      "/rules/transfer/a/rule.rego",
    ]);
  });

  test("names exactly the product's entrypoints in its manifest", async () => {
    const manifest = (await readArchive(built.bytes)).get("/.manifest");
    expect(JSON.parse(new TextDecoder().decode(manifest))).toMatchObject({
      revision: built.revision,
      rego_version: 1,
      wasm: [
        { entrypoint: "countersign/decision", module: "/policy.wasm" },
        { entrypoint: "countersign/explain", module: "/policy.wasm" },
        { entrypoint: "countersign/facts", module: "/policy.wasm" },
      ],
    });
  });

  test("answers as its rules say, names only what it is asked for, and reads no input for facts", async () => {
    const { wasm, data: shared, identity, index } = await loadSourceAsRelease(dir);
    expect(identity).toEqual({ revision: built.revision, sequence: 0, sha256: built.sha256 });
    expect(index).toEqual(built.index);
    const data = new Uint8Array(shared);
    const policy = await PolicyInstance.create(await compilePolicy(wasm), memoryFor(data));
    policy.setData(data.buffer);
    expect(policy.entrypoints().sort()).toEqual([
      "countersign/decision",
      "countersign/explain",
      "countersign/facts",
    ]);
    const ask = (entrypoint: string, input: unknown) =>
      JSON.parse(policy.evaluate(`countersign/${entrypoint}`, JSON.stringify(input)))[0]?.result;
    const transfer = (address: string) => ({
      group: "transfer",
      transaction: { chain: "ETH", destinations: [{ address }], total_usd_micros: "5" },
    });
    expect(ask("decision", transfer("0xbb"))).toEqual({ a: { require: {} } });
    expect(ask("decision", transfer("0xaa"))).toEqual({ a: { require: { X_X: true } } });
    expect(ask("decision", { group: "key", key: { threshold: 2 } })).toEqual({
      b: { approve: { Y_Y: true } },
    });
    expect(ask("decision", { group: "message" })).toEqual({});
    expect(ask("decision", {})).toBeUndefined();
    expect(ask("explain", { ...transfer("0xbb"), explain: ["transfer/a"] })).toEqual({
      "transfer/a": { values: { chain: "ETH" }, message: { X_X: "not on the ETH list" } },
    });
    expect(ask("explain", { ...transfer("0xbb"), explain: [] })).toEqual({ "transfer/a": {} });
    expect(ask("facts", {})).toEqual({
      transfer: { a: { spent: { kind: "sum", of: "usd_micros", by: [], window: "24h" } } },
    });
  });

  test("warns of what is not enforced", async () => {
    const { warnings } = await buildRelease(
      await policySource({
        "rules/key/b/rule.rego": CEREMONY,
        "data.json": '{"modes": {"key/b": "warn"}, "approve_unverified": true}',
      }),
    );
    expect(warnings.join("\n")).toMatch(/key\/b is not enforced \(warn\)[\s\S]*approve_unverified/);
  });
});

describe("a source", () => {
  test("that is not there is refused", async () => {
    await expect(buildRelease(join(dir, "nowhere"))).rejects.toThrow(ReleaseError);
  });

  test("with symbolic links is refused", async () => {
    const source = await policySource(FILES);
    await symlink("/etc/hostname", join(source, "rules/transfer/a/data.json"));
    await expect(buildRelease(source)).rejects.toThrow(/rules\/transfer\/a\/data\.json: is no plain file/);
  });

  test("reports everything at once, sorted by place", async () => {
    const text = await problems({
      "rules/transfer/a/rule.rego": LISTED.replace("input.transaction.chain]", "input.transacton.chain]"),
      "rules/key/b/rule.rego": CEREMONY.replace("approves: [Y_Y]", "approves: [Z_Z]"),
      "data.json": '{"rules": {}}',
    });
    expect(text.split("\n").map((line) => line.split(": ")[0])).toEqual(
      expect.arrayContaining([
        "data.json",
        "rules/key/b/rule.rego:1",
        "rules/key/b/rule.rego:8",
        "rules/transfer/a/rule.rego:14",
      ]),
    );
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      "data beside a rule",
      { "rules/transfer/a/data.json": "{}" },
      /rules\/transfer\/a\/data\.json: is read by nothing/,
    ],
    ["data of another name", { "allowlist/list.json": "{}" }, /allowlist\/list\.json: is read by nothing/],
    ["data with the other ending", { "data.yml": "a: 1" }, /data\.yml: is read by nothing/],
    ["data twice", { "limits/data.json": '{"tx": "6"}' }, /data\.limits\.tx stands in another data file/],
    ["null in a YAML file", { "data.yaml": "limits:\n  tx: ~\n" }, /^data\.yaml: data\.limits\.tx is null/m],
    ["null in a table", { "other/data.json": '{"x": null}' }, /^other\/data\.json: data\.other\.x is null/m],
    [
      "a file that looks like an option",
      { "--help.rego": "package x\n" },
      /^--help\.rego:1: no rule or library lies here[^\n]*$/,
    ],
    ["a key twice in JSON", { "x/data.json": '{"a": 1, "a": 2}' }, /x\/data\.json:/],
    ["a key twice in YAML", { "x/data.yaml": "a: 1\na: 2\n" }, /x\/data\.yaml:2:/],
    [
      "an unquoted address as a key",
      { "x/data.yaml": "0xaabb: {}\n" },
      /x\/data\.yaml:1: a key is not a string/,
    ],
    ["an unquoted address", { "x/data.yaml": "a: 0xaabb\n" }, /x\/data\.yaml:1: 0xaabb is a number in YAML/],
    ["an exponent", { "x/data.yaml": "a: 1e3\n" }, /1e3 is a number in YAML/],
    ["an anchor", { "x/data.yaml": "a: &x {b: 1}\nc: *x\n" }, /anchors/],
    ["null in YAML", { "x/data.yaml": "a:\n" }, /data\.x\.a is null/],
    ["a root that is no object", { "data.json": "[]" }, /data\.json: must be an object/],
  ])("with %s is refused", async (_, files, problem) => {
    expect(await problems({ ...FILES, ...files })).toMatch(problem);
  });

  test("keeps the spelling of its numbers", async () => {
    const { data } = await loadSourceAsRelease(
      await policySource({
        "rules/key/b/rule.rego": CEREMONY,
        "x/data.yaml": "big: 123456789012345678901234567890\nhalf: 1.50\n",
      }),
    );
    expect(Buffer.from(data).toString()).toBe('{"x":{"big":123456789012345678901234567890,"half":1.50}}');
  });

  test("of the product carries the entrypoints and the schema that the code writes", async () => {
    expect(await staleGenerated("policies")).toEqual([]);
  });

  test("knows whether its generated files are stale, and writes them", async () => {
    const source = await policySource(FILES);
    const all = ["countersign/entrypoints.rego", "schemas/input.json"];
    expect(await staleGenerated(source)).toEqual(all);
    await writeGenerated(source);
    expect(await staleGenerated(source)).toEqual([]);
    expect((await buildRelease(source)).sha256).toBe(built.sha256);
    const { "rules/key/b/rule.rego": _, ...fewer } = FILES;
    const other = await policySource(fewer);
    await cp(join(source, "countersign"), join(other, "countersign"), { recursive: true });
    await cp(join(source, "schemas"), join(other, "schemas"), { recursive: true });
    expect(await staleGenerated(other)).toEqual(all.slice(0, 1));
  });
});

describe("reading a release", () => {
  async function changed(change: (files: Map<string, Uint8Array>) => void): Promise<ReleaseError> {
    const files: Map<string, Uint8Array> = await readArchive(built.bytes);
    change(files);
    const error = await readRelease(await writeArchive(files)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ReleaseError)) throw new Error(`not refused: ${String(error)}`);
    return error;
  }
  const bytes = (text: string) => new TextEncoder().encode(text);
  const indexWith = (members: Record<string, unknown>) =>
    bytes(JSON.stringify({ ...built.index, ...members }));

  test.each<[string, string, (files: Map<string, Uint8Array>) => void]>([
    ["without a module", "archive", (files) => files.delete("/policy.wasm")],
    ["without a manifest", "archive", (files) => files.delete("/.manifest")],
    ["with an empty revision", "archive", (files) => files.set("/.manifest", bytes('{"revision": ""}'))],
    ["without an index", "index", (files) => files.delete("/index.json")],
    ["of another contract", "index", (files) => files.set("/index.json", indexWith({ contract: 2 }))],
    ["with more in the index", "index", (files) => files.set("/index.json", indexWith({ more: 1 }))],
    [
      "with a rule less in the index",
      "entrypoints",
      (files) => files.set("/index.json", indexWith({ rules: [] })),
    ],
    [
      "with entrypoints of another digest",
      "entrypoints",
      (files) => files.set("/index.json", indexWith({ entrypoints_sha256: "0".repeat(64) })),
    ],
    [
      "with entrypoints of an author",
      "entrypoints",
      (files) => files.set("/countersign/entrypoints.rego", bytes("package countersign\n")),
    ],
    ["without entrypoints", "entrypoints", (files) => files.delete("/countersign/entrypoints.rego")],
    ["without data", "data", (files) => files.delete("/data.json")],
    [
      "with data that is no UTF-8",
      "data",
      (files) => files.set("/data.json", new Uint8Array([0x22, 0xff, 0x22])),
    ],
    ["with data of a rule", "data", (files) => files.set("/data.json", bytes('{"rules": {}}'))],
    ["with an emptied table", "data", (files) => files.set("/data.json", bytes('{"allowlist": {}}'))],
  ])("%s is refused", async (_, step, change) => {
    expect((await changed(change)).step).toBe(step);
  });
});
