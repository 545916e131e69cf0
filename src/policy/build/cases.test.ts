import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { LISTED } from "../../../test/support/small-releases.ts";
import { readArchive } from "../archive.ts";
import { readRelease } from "../read-release.ts";
import { buildRelease } from "./build.ts";
import { readCases } from "./cases.ts";

const of = (files: Record<string, string>, requests: Record<string, string> = {}) =>
  readCases(new Map(Object.entries(files)), new Map(Object.entries(requests)));

/** What is found wrong with one file. */
const problemsOf = (text: string, name = "cases/a.yaml") =>
  of({ [name]: text }).problems.map(({ line, message }) => `${line ?? "-"}: ${message}`);

const REQUEST = "{request_id: r, request_type: 2, request_detail: {a: 1}, extra_info: {b: {c: [x, {d: y}]}}}";
const written = (members: string, requests = `requests: {one: ${REQUEST}}\n`) =>
  `${requests}cases:\n  first:\n${members.replaceAll(/^/gm, "    ")}\n`;
const GOOD = 'request: one\nnow: "2025-01-01T00:00:00Z"\nexpect: {outcome: denied}';

describe("what is wrong with a case is told by its file and line", () => {
  it.each<[string, string, string | RegExp]>([
    ["not YAML", "cases: [", /^1: /],
    ["a number in quotes' place", "cases: {a: {now: 0x10}}", /0x10 is a number in YAML/],
    [
      "another member beside them",
      "case: {}",
      "-: has `requests` and `cases`, each by name, and nothing else",
    ],
    ["a list of cases", "cases: []", "-: has `requests` and `cases`, each by name, and nothing else"],
    ["nothing in it", written(""), /^3: the case "first": /],
    ["no request", written('now: "1"\nexpect: {outcome: denied}'), /"first": request: /],
    [
      "a request that there is not",
      written(GOOD.replace("one", "two")),
      '3: the case "first": request: there is no request and no file below cases/ of this name',
    ],
    [
      "no clock",
      written(GOOD.replace("2025-01-01", "2025-02-30")),
      '3: the case "first": now: neither RFC 3339 nor milliseconds',
    ],
    ["a channel of no reader", written(`${GOOD}\nchannel: waas2.webhook`), /"first": channel: /],
    [
      "an outcome of another channel",
      written(`${GOOD}\nchannel: push.mpc`),
      /expect\.outcome: denied comes of no push\.mpc/,
    ],
    [
      "a change of what is not there",
      written(`${GOOD}\nchange: {extra_info.e.f: 1}`),
      '3: the case "first": change: there is no e that has members',
    ],
    [
      "a change beyond a list",
      written(`${GOOD}\nchange: {extra_info.b.c.7: 1}`),
      '3: the case "first": change: the list has no element 7',
    ],
    [
      "a change of a text that is no JSON",
      written(`${GOOD}\nchange: {a: 1}`, "requests: {one: no}\n"),
      /"first": request: /,
    ],
    ["a request twice", `requests: {one: a, one: b}`, /unique/],
  ])("%s", (_name, text, message) => {
    expect(problemsOf(text).join("\n")).toMatch(message);
  });

  it("a case, and a request, that another file has as well", () => {
    const text = written(GOOD);
    expect(of({ "cases/a.yaml": text, "cases/b.yaml": text }).problems).toEqual([
      { file: "cases/b.yaml", message: 'the request "one" is there twice' },
      { file: "cases/b.yaml", line: 3, message: 'the case "first" is there twice' },
    ]);
  });

  it("more of them than a release may carry", () => {
    const lines = Array.from(
      { length: 1001 },
      (_, at) => `  case ${at}: {request: one, now: 1, expect: {outcome: held}}`,
    );
    expect(problemsOf(`requests: {one: a}\ncases:\n${lines.join("\n")}\n`)).toEqual([
      "-: there are 1001 cases, at most 1000 are carried",
    ]);
  });
});

describe("a request becomes the text that a node sends", () => {
  const textOf = (members: string, requests?: string, files: Record<string, string> = {}) => {
    const { cases, problems } = of({ "cases/a.yaml": written(members, requests) }, files);
    expect(problems).toEqual([]);
    return cases[0]?.request;
  };

  it("its two members as text, numbers as they are spelled", () => {
    const text = textOf(
      GOOD,
      `requests: {one: {request_type: 2, request_detail: {n: 10000000000000000000001}, extra_info: "{}"}}\n`,
    );
    expect(text).toBe(
      '{"request_type":2,"request_detail":"{\\"n\\":10000000000000000000001}","extra_info":"{}"}',
    );
  });

  it("with what is changed, also where it is written as text", () => {
    const change = `${GOOD}\nchange: {extra_info.b.c.1.d: z, extra_info.b.c.0: null, request_id: null, request_detail.a: "2"}`;
    const expected = {
      request_type: 2,
      request_detail: JSON.stringify({ a: "2" }),
      extra_info: JSON.stringify({ b: { c: [{ d: "z" }] } }),
    };
    const object = textOf(change) ?? "";
    expect(JSON.parse(object)).toEqual(expected);
    const request = JSON.stringify({
      request_id: "r",
      request_type: 2,
      request_detail: '{"a":1}',
      extra_info: '{"b":{"c":["x",{"d":"y"}]}}',
    });
    const fromText = textOf(change.replace("one", "deep/one.json"), "", { "deep/one.json": request }) ?? "";
    expect(JSON.parse(fromText)).toEqual(expected);
  });

  it("a file's own text, to the last byte", () => {
    const text = ' {"request_id" : "r"}\n';
    expect(textOf(GOOD.replace("one", "deep/one.json"), "", { "deep/one.json": text })).toBe(text);
  });

  it("a push's body as it stands", () => {
    const push =
      "request: {request_detail: {a: 1}}\nchannel: push.custodial\nnow: 1\nexpect: {outcome: clear}";
    expect(textOf(push, "")).toBe('{"request_detail":{"a":1}}');
  });
});

it("a release carries its cases, in one order, and is another one with others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-cases-"));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  try {
    write("data.yaml", "allowlist: {known: true}\n");
    write("rules/transfer/listed/rule.rego", LISTED);
    const without = await buildRelease(folder);
    expect((await readArchive(without.bytes)).has("/cases.json")).toBe(false);
    expect((await readRelease(without.bytes)).cases).toEqual([]);

    write("cases/b.yaml", written(GOOD, "").replace("first", "third"));
    write("cases/a.json", JSON.stringify({ requests: { one: { request_id: "r" } }, cases: {} }));
    write("cases/requests/deep.json", "{}");
    write(
      "cases/a.yaml",
      written(`${GOOD}\n`, "").concat(
        `  second: {request: requests/deep.json, now: 5, expect: {outcome: unusable}}\n`,
      ),
    );
    write("cases/README.md", "For people.\n");
    const built = await buildRelease(folder);
    const { cases } = await readRelease(built.bytes);
    expect(cases.map(({ title, place, request, now }) => ({ title, place, request, now }))).toEqual([
      { title: "first", place: "cases/a.yaml:2", request: '{"request_id":"r"}', now: 1_735_689_600_000 },
      { title: "second", place: "cases/a.yaml:7", request: "{}", now: 5 },
      { title: "third", place: "cases/b.yaml:2", request: '{"request_id":"r"}', now: 1_735_689_600_000 },
    ]);
    expect(built.revision).not.toBe(without.revision);
    expect((await buildRelease(folder)).sha256).toBe(built.sha256);

    write("cases/c.yml", "cases: {}\n");
    await expect(buildRelease(folder)).rejects.toThrow("cases/c.yml: is read by nothing");
    rmSync(join(folder, "cases/c.yml"));
    write("cases/b.yaml", written(GOOD.replace("one", "none"), "").replace("first", "third"));
    await expect(buildRelease(folder)).rejects.toThrow(
      'cases/b.yaml:2: the case "third": request: there is no',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
