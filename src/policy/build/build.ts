/**
 * From a policy source folder to a release archive (design 3.5, 3.10).
 *
 * The order is: read and stage, parse, index and follow, check against schema and built-ins, compare with
 * what OPA says the rules depend on, examine, compile. The first three report everything they find at once. The same
 * sources give the same bytes, wherever they lie.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { documentJsonSchema } from "../../input/document.ts";
import { readArchive, writeArchive } from "../archive.ts";
import { dataProblems, parseHostData } from "../data-types.ts";
import { readRelease } from "../read-release.ts";
import { MAX_DATA_BYTES, type Release, ReleaseError } from "../release.ts";
import { ENTRYPOINTS, type RuleIndex } from "../rule-index.ts";
import { CASES_FILE, selfTestsText } from "../self-tests.ts";
import { type Analysis, analyse } from "./analyse.ts";
import type { Builtins } from "./builtins.ts";
import { coverageProblems } from "./coverage.ts";
import { generateEntrypoints } from "./entrypoints.ts";
import * as opa from "./opa.ts";
import { parseModules } from "./parse.ts";
import { BuildError, compareText, type Problem, sortProblems } from "./problem.ts";
import { canonicalData, ENTRYPOINTS_FILE, inStage, readSource, type Source, STAGED_SCHEMA } from "./stage.ts";
import { testFileOf } from "./test-file.ts";

/**
 * @property revision - names the release for people; by default a digest over its sources.
 * @property examine - looks at the staged source before it is compiled; what it finds stops the build.
 */
export interface BuildOptions {
  readonly revision?: string;
  readonly examine?: (dir: string, source: Source) => Promise<readonly Problem[]>;
}

export interface BuiltRelease {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly revision: string;
  /** Of the bytes, in hex. */
  readonly sha256: string;
  readonly index: RuleIndex;
  readonly warnings: readonly string[];
}

/**
 * Builds a release.
 *
 * @param sourceDir - the policy source folder.
 * @throws {BuildError} with every problem found, each with file and line.
 * @throws {ReleaseError} where OPA is missing or fails.
 */
export async function buildRelease(sourceDir: string, options: BuildOptions = {}): Promise<BuiltRelease> {
  const source = await readSource(sourceDir);
  return inStage(stagedFiles(source), async (dir) => {
    const { index, problems, lint, reads } = await analyseStaged(dir, source);
    if (problems.length + lint.length > 0) throw new BuildError(sortProblems([...problems, ...lint]));
    const missed = await coverageProblems(dir, source.modules, reads);
    if (missed.length > 0) throw new BuildError(sortProblems(missed));
    const found = (await options.examine?.(dir, source)) ?? [];
    if (found.length > 0) throw new BuildError(sortProblems(found));
    const revision = options.revision ?? digest(source).slice(0, 12);
    const bytes = await archiveOf({ dir, source, index }, revision);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { bytes, revision, sha256, index, warnings: warningsOf(source, index) };
  });
}

/** The archive of what is staged and was found to be right. */
export async function archiveOf(
  { dir, source, index }: { readonly dir: string; readonly source: Source; readonly index: RuleIndex },
  revision: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const wasm = await compile(dir);
  return await writeArchive(archiveFiles(source, index, wasm, canonicalData(source.data), revision));
}

/** Builds a source folder and reads the result back as the host will: for development, and for tests. */
export async function loadSourceAsRelease(sourceDir: string): Promise<Release> {
  const { bytes } = await buildRelease(sourceDir);
  return readRelease(bytes);
}

/**
 * What the build says of a source before it compiles: the index, and all problems, in order; those of the lint on their own.
 *
 * @throws {ReleaseError} where OPA is missing or the folder can't be read.
 */
export async function analyseSource(
  sourceDir: string,
): Promise<Pick<StagedAnalysis, "index" | "problems" | "lint">> {
  const source = await readSource(sourceDir);
  return inStage(stagedFiles(source), async (dir) => {
    const { index, problems, lint } = await analyseStaged(dir, source);
    return { index, problems: sortProblems(problems), lint: sortProblems(lint) };
  });
}

/**
 * Reads and analyses a source, and hands over the staged folder, entrypoints included, while it exists.
 *
 * @throws {BuildError} with every problem found, each with file and line.
 * @throws {ReleaseError} where OPA is missing or the folder can't be read.
 */
export async function withStaged<T>(
  sourceDir: string,
  work: (staged: { dir: string; source: Source; index: RuleIndex }) => Promise<T>,
): Promise<T> {
  const source = await readSource(sourceDir);
  return inStage(stagedFiles(source), async (dir) => {
    const { index, problems, lint } = await analyseStaged(dir, source);
    if (problems.length + lint.length > 0) throw new BuildError(sortProblems([...problems, ...lint]));
    return work({ dir, source, index });
  });
}

/** The document's JSON Schema as the file that `opa check -s` takes. */
export function schemaText(): string {
  return `${JSON.stringify(documentJsonSchema(), null, 2)}\n`;
}

/** @property lint - what the lint finds in the rules that could be followed. */
interface StagedAnalysis extends Analysis {
  readonly lint: readonly Problem[];
}

/** Rego, data and schema as OPA is to see them. */
function stagedFiles(source: Source): Map<string, string> {
  return new Map([
    ...source.modules,
    ...source.tests,
    ["data.json", canonicalData(source.data)],
    [STAGED_SCHEMA, schemaText()],
  ]);
}

async function analyseStaged(dir: string, source: Source): Promise<StagedAnalysis> {
  const problems: Problem[] = [...source.problems];
  await opa.demandOpa();
  const { modules, problems: unread, isRego } = await parseModules(dir, source.modules);
  problems.push(...unread);
  const tests = [...source.tests].map(([file, text]) => testFileOf(file, text));
  const analysis = analyse({
    modules,
    tests,
    data: source.data,
    opaVersion: opa.OPA_VERSION,
    builtins: await builtins(),
  });
  problems.push(...analysis.problems, ...dataFaults(source, analysis.index));
  // OPA's own check runs over all rules at once, so it may well repeat what is known to be wrong.
  if (isRego) {
    await writeEntrypoints(dir, analysis.index);
    const files = [...source.modules.keys(), ...source.tests.keys(), ENTRYPOINTS_FILE];
    problems.push(...(await opa.check(dir, STAGED_SCHEMA, files)));
  }
  return { ...analysis, problems, lint: await analysis.linter.findings() };
}

async function writeEntrypoints(dir: string, index: RuleIndex): Promise<void> {
  await mkdir(join(dir, "countersign"), { recursive: true });
  await writeFile(join(dir, ENTRYPOINTS_FILE), generateEntrypoints(index));
}

function dataFaults(source: Source, index: RuleIndex): Problem[] {
  const at = (message: string): Problem => ({ file: dataFileOf(source, message), message });
  const faults = dataProblems(index, source.data).map(at);
  try {
    parseHostData(source.data);
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    faults.push(...error.message.split("\n").map(at));
  }
  if (Buffer.byteLength(canonicalData(source.data)) > MAX_DATA_BYTES) {
    faults.push(at(`the data is larger than ${MAX_DATA_BYTES} bytes`));
  }
  return faults;
}

/** The file that the data at fault comes from: by the root that the message names, or else all of them. */
function dataFileOf({ dataFiles }: Source, message: string): string {
  const roots = [...dataFiles.keys()].filter((root) => message.startsWith(`data.${root}`));
  const [root] = roots.sort((a, b) => b.length - a.length);
  const files =
    root === undefined ? [...new Set([...dataFiles.values()].flat())] : (dataFiles.get(root) ?? []);
  return files.length === 0 ? "data.json" : files.join(", ");
}

const capabilitiesSchema = z.object({
  builtins: z.array(
    z.object({
      name: z.string(),
      decl: z.object({ args: z.array(z.object({ type: z.string() })).nullish() }),
    }),
  ),
});

/** From the file that OPA is given, too. */
async function builtins(): Promise<Builtins> {
  const text = await readFile(opa.CAPABILITIES_FILE, "utf8");
  const capabilities = capabilitiesSchema.parse(JSON.parse(text));
  return new Map(
    capabilities.builtins.map(({ name, decl }) => [name, (decl.args ?? []).map(({ type }) => type)]),
  );
}

async function compile(dir: string): Promise<Uint8Array<ArrayBuffer>> {
  const output = join(dirname(dir), `${basename(dir)}.bundle`);
  try {
    const problems = await opa.buildWasm(dir, ENTRYPOINTS, output);
    if (problems.length > 0) throw new BuildError(sortProblems(problems));
    const wasm = (await readArchive(await readFile(output))).get("/policy.wasm");
    if (wasm === undefined) throw new ReleaseError("source", "opa build wrote no policy.wasm");
    return wasm;
  } finally {
    await rm(output, { force: true });
  }
}

/** Over all that goes into the release: paths and texts, and the cases where there are any. */
function digest(source: Source): string {
  const hash = createHash("sha256");
  for (const [file, text] of [...source.modules].sort(([a], [b]) => compareText(a, b))) {
    hash.update(`${file}\0${Buffer.byteLength(text)}\0${text}`);
  }
  hash.update(canonicalData(source.data));
  if (source.cases.length > 0) hash.update(selfTestsText(source.cases));
  return hash.digest("hex");
}

function archiveFiles(
  source: Source,
  index: RuleIndex,
  wasm: Uint8Array,
  dataText: string,
  revision: string,
): Map<string, Uint8Array> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const manifest = {
    revision,
    roots: [""],
    rego_version: 1,
    wasm: ENTRYPOINTS.map((entrypoint) => ({ entrypoint, module: "/policy.wasm" })),
    metadata: { countersign: { contract: index.contract, opa: index.opa, index: "/index.json" } },
  };
  return new Map<string, Uint8Array>([
    ...[...source.modules].map(([file, text]) => [`/${file}`, bytes(text)] as const),
    [`/${ENTRYPOINTS_FILE}`, bytes(generateEntrypoints(index))],
    ...(source.cases.length === 0 ? [] : [[CASES_FILE, bytes(selfTestsText(source.cases))] as const]),
    ["/.manifest", bytes(`${JSON.stringify(manifest)}\n`)],
    ["/data.json", bytes(dataText)],
    ["/index.json", bytes(`${JSON.stringify(index)}\n`)],
    ["/policy.wasm", wasm],
  ]);
}

function warningsOf(source: Source, index: RuleIndex): string[] {
  const warnings: string[] = [];
  if (index.rules.length === 0) warnings.push("the source has no rules: everything will be refused");
  const { modes } = source.data;
  for (const [name, mode] of Object.entries(typeof modes === "object" && modes !== null ? modes : {})) {
    if (mode !== "enforce") warnings.push(`data.modes: ${name} is not enforced (${String(mode)})`);
  }
  if (source.data["approve_unverified"] === true) {
    warnings.push("data.approve_unverified is true: transactions are approved on the request's word alone");
  }
  return warnings;
}
