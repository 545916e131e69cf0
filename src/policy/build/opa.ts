/**
 * The one place that asks OPA for anything. Today it runs the `opa` binary, one process a question; nothing
 * outside this file knows that, so that OPA compiled to WebAssembly can take its place.
 */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ROOT } from "../../root.ts";
import { ReleaseError } from "../release.ts";
import type { Problem } from "./problem.ts";
import { type Answer, installed, parsedJson, runTool } from "./tool.ts";

/** The only version that this product builds with: another one may compile the same Rego to other bytes. */
export const OPA_VERSION = "1.22.2";

/** The built-ins that mean the same natively and in WebAssembly; all others fail at build. */
export const CAPABILITIES_FILE = fileURLToPath(new URL("policies/capabilities.json", ROOT));

/** OPA's own limit is 10; a source is told all that is wrong with it. */
const MAX_ERRORS = "1000";
const PARALLEL_PARSERS = 2;
/** The version that a binary says it is; undefined where it says none. */
async function versionOf(binary: string): Promise<string | undefined> {
  const { stdout } = await runTool(binary, ["version"], ".");
  return /^Version: (\S+)$/m.exec(stdout)?.[1];
}

async function findBinary(): Promise<string> {
  const found: string[] = [];
  for await (const file of installed("opa")) {
    const version = await versionOf(file);
    if (version === OPA_VERSION) return file;
    found.push(`${file} is ${version ?? "no OPA"}`);
  }
  const others = found.length === 0 ? "" : ` (${found.join(", ")})`;
  throw new ReleaseError("source", `OPA ${OPA_VERSION} is needed${others}: run \`make tools\``);
}

let binary: Promise<string> | undefined;

/** The binary, looked for once; a failure is not remembered, so that `make tools` helps a running server. */
async function found(): Promise<string> {
  binary ??= findBinary().catch((error: unknown) => {
    binary = undefined;
    throw error;
  });
  return binary;
}

async function opa(args: readonly string[], cwd: string): Promise<Answer> {
  return runTool(await found(), args, cwd);
}

/** @throws {ReleaseError} where there is no binary of the right version. */
export async function demandOpa(): Promise<void> {
  await found();
}

const errorsSchema = z.object({
  errors: z.array(
    z.object({
      message: z.string(),
      location: z.object({ file: z.string(), row: z.number() }).nullish(),
    }),
  ),
});

/** OPA's errors as problems, whether it wrote them as JSON or as text. */
function problemsOf(answer: Answer): Problem[] {
  const text = answer.stderr.trim() === "" ? answer.stdout : answer.stderr;
  const json = parsedJson(answer.stdout) ?? parsedJson(answer.stderr);
  const parsed = errorsSchema.safeParse(json);
  if (parsed.success) {
    return parsed.data.errors.map(({ message, location }) =>
      location === null || location === undefined || location.file === ""
        ? { file: "policies", message }
        : { file: relative(location.file), line: location.row, message },
    );
  }
  const lines = text
    .split("\n")
    .map((line) => /^(?:\d+ errors? occurred: )?(\S+\.(?:rego|json|yaml)):(\d+): (.*)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, file = "", row, message = ""]) => ({ file: relative(file), line: Number(row), message }));
  return lines.length > 0 ? lines : [{ file: "policies", message: `opa: ${text.trim().slice(0, 2000)}` }];
}

function relative(file: string): string {
  return file.replace(/^\.?\//, "");
}

/**
 * `opa check --strict` against the document's schema and the built-ins of the runtime.
 *
 * @param dir - the staged folder; files are named relative to it.
 * @returns everything that is wrong; empty where nothing is.
 */
export async function check(dir: string, schemaFile: string, files: readonly string[]): Promise<Problem[]> {
  const answer = await opa(
    [
      ...["check", "--strict", "--format", "json", "--max-errors", MAX_ERRORS],
      ...["--capabilities", CAPABILITIES_FILE, "--schema", schemaFile],
      ...files.map((file) => `./${file}`),
    ],
    dir,
  );
  return answer.code === 0 ? [] : problemsOf(answer);
}

/** Which of the patterns the regular expressions of the runtime, RE2, can't read. */
export async function brokenPatterns(patterns: readonly string[]): Promise<string[]> {
  const calls = patterns.map((pattern) => `regex.is_valid(${JSON.stringify(pattern)})`);
  const answer = await opa(["eval", "--format", "raw", `[${calls.join(", ")}]`], ".");
  const parsed = z.array(z.boolean()).length(patterns.length).safeParse(parsedJson(answer.stdout));
  if (!parsed.success)
    throw new ReleaseError("source", `opa eval: ${problemsOf(answer)[0]?.message ?? "no answer"}`);
  return patterns.filter((_, at) => parsed.data[at] !== true);
}

export type Parsed = { readonly ast: unknown } | { readonly problems: readonly Problem[] };

/** Parses a file to its syntax tree, with locations and annotations. */
export async function parse(dir: string, file: string): Promise<Parsed> {
  const answer = await opa(
    ["parse", "--format", "json", "--json-include", "locations,-comments", `./${file}`],
    dir,
  );
  const ast = answer.code === 0 ? parsedJson(answer.stdout) : undefined;
  return ast === undefined ? { problems: problemsOf(answer) } : { ast };
}

const depsSchema = z.object({
  base: z
    .array(z.array(z.object({ type: z.string(), value: z.unknown() })))
    .nullish()
    .transform((paths) => paths ?? []),
});

export type Dependencies = readonly (readonly string[])[];

/**
 * What OPA itself says a query depends on: paths from `input` or `data`, each ending before the first step
 * that is not constant. Numbers are written as `*`. Rules and functions of the given files are none of them; those of
 * other files are, or are an error.
 *
 * @throws {ReleaseError} where OPA can't tell.
 */
export async function deps(dir: string, files: readonly string[], query: string): Promise<Dependencies> {
  const data = files.flatMap((file) => ["--data", file]);
  const answer = await opa(["deps", "--format", "json", ...data, query], dir);
  const parsed = depsSchema.safeParse(parsedJson(answer.stdout));
  if (answer.code !== 0 || !parsed.success) {
    const [problem] = problemsOf(answer);
    throw new ReleaseError("source", `opa deps ${query}: ${problem?.message ?? "no answer"}`);
  }
  return parsed.data.base.map((path) =>
    path.map(({ type, value }) => (type === "number" ? "*" : String(value))),
  );
}

/** Runs `work` for each item, at most two at a time, and keeps their order. */
export async function eachOf<In, Out>(
  items: readonly In[],
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results = new Map<number, Out>();
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) results.set(index, await work(item));
  };
  await Promise.all(Array.from({ length: PARALLEL_PARSERS }, worker));
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}

/**
 * Compiles the staged folder to a bundle. Never with `-O`: that freezes the data of build time.
 *
 * @param output - file of the bundle.
 * @returns problems; empty where the bundle was written.
 */
export async function buildWasm(
  dir: string,
  entrypoints: readonly string[],
  output: string,
): Promise<Problem[]> {
  const answer = await opa(
    [
      ...["build", "--target", "wasm", "--ignore", ".*,*_test.rego", "--capabilities", CAPABILITIES_FILE],
      ...[...entrypoints].sort().flatMap((entrypoint) => ["--entrypoint", entrypoint]),
      ...["--output", output, "."],
    ],
    dir,
  );
  return answer.code === 0 ? [] : problemsOf(answer);
}

const testResultSchema = z.object({
  location: z.object({ file: z.string(), row: z.number() }),
  package: z.string(),
  name: z.string(),
  fail: z.boolean().optional(),
  skip: z.boolean().optional(),
  error: z.unknown().optional(),
});

const coverageSchema = z.object({
  coverage: z.number(),
  files: z.record(z.string(), z.object({ coverage: z.number().optional() })),
});

export interface TestResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly outcome: "pass" | "fail" | "skip" | "error";
}

/** @property coverage - percent of lines by file, where it was asked for and every test passed. */
export interface TestRun {
  readonly tests: readonly TestResult[];
  readonly problems: readonly Problem[];
  readonly coverage?: Readonly<Record<string, number>>;
}

/** Runs the Rego tests of the staged folder, natively, against the document's schema. */
export async function test(dir: string, schemaFile: string, withCoverage: boolean): Promise<TestRun> {
  const args = ["test", "--format", "json", "--ignore", ".*", "--schema", schemaFile];
  args.push("--capabilities", CAPABILITIES_FILE);
  const answer = await opa([...args, "."], dir);
  const text = answer.stdout.trim();
  const parsed = z.array(testResultSchema).safeParse(text === "" ? [] : parsedJson(text));
  if (!parsed.success || (answer.code !== 0 && parsed.data.length === 0)) {
    return { tests: [], problems: problemsOf(answer) };
  }
  const tests = parsed.data.map((result): TestResult => {
    const failed = result.error !== undefined ? "error" : result.fail === true ? "fail" : "pass";
    return {
      file: relative(result.location.file),
      line: result.location.row,
      name: `${result.package.replace(/^data\./, "")}.${result.name}`,
      outcome: result.skip === true ? "skip" : failed,
    };
  });
  if (!withCoverage || tests.some(({ outcome }) => outcome !== "pass")) return { tests, problems: [] };
  const covered = await opa([...args, "--coverage", "."], dir);
  const coverage = coverageSchema.safeParse(parsedJson(covered.stdout));
  if (!coverage.success) return { tests, problems: problemsOf(covered) };
  const files = Object.entries(coverage.data.files).map(
    ([file, each]) => [relative(file), each.coverage ?? 0] as const,
  );
  return { tests, problems: [], coverage: Object.fromEntries(files) };
}
