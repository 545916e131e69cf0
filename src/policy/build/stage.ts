/**
 * A policy source folder, read once and laid out for OPA in a folder of its own.
 *
 * What a team writes is `rules/<group>/<rule>/`, `lib/` and data: `data.json` or `data.yaml`, at the top or in
 * one folder a table. The product's `lib` and the generated `countersign/` are added here. Everything else
 * that could be meant as a rule or as data, and lies where nothing looks for it, is a problem, not ignored.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  decodeUtf8Strict,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
  stringifyJson,
} from "../../input/strict-json.ts";
import { ROOT } from "../../root.ts";
import { messageOf } from "../../thrown.ts";
import { ReleaseError } from "../release.ts";
import type { SelfTest } from "../self-tests.ts";
import { CASES_FOLDER, readCases } from "./cases.ts";
import { compareText, type Problem } from "./problem.ts";
import { parseYamlData } from "./yaml-data.ts";

/** The product's own library, which every source is built with. */
const PRODUCT_LIB = fileURLToPath(new URL("policies/lib", ROOT));

export const ENTRYPOINTS_FILE = "countersign/entrypoints.rego";
export const SCHEMA_FILE = "schemas/input.json";
/** Where the staged folder has the schema: hidden, so that OPA does not take it for data. */
export const STAGED_SCHEMA = ".schema/input.json";

const MAX_FILES = 2000;
const MAX_FILE_BYTES = 24 * 1024 * 1024;
/** Folders whose files are never data or rules. */
const GENERATED = ["countersign", "schemas"];
const CODE_FOLDERS = ["rules", "lib", ...GENERATED, "tests", CASES_FOLDER];

/**
 * @property modules - Rego text by path, without tests and without the entrypoints.
 * @property tests - Rego text of `*_test.rego` by path.
 * @property data - all data files merged.
 * @property dataFiles - the files that each root of the data comes from.
 * @property checkedInEntrypoints - the text of the source's own generated file, if it has one.
 * @property cases - the self-tests that the release will carry.
 * @property readmes - rule folders that have a `README.md`.
 */
export interface Source {
  readonly modules: ReadonlyMap<string, string>;
  readonly tests: ReadonlyMap<string, string>;
  readonly data: JsonObject;
  readonly dataFiles: ReadonlyMap<string, readonly string[]>;
  readonly cases: readonly SelfTest[];
  readonly checkedInEntrypoints: string | undefined;
  readonly checkedInSchema: string | undefined;
  readonly readmes: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/**
 * Reads a source folder.
 *
 * @throws {ReleaseError} step `source` where the folder itself can't be read.
 */
export async function readSource(dir: string): Promise<Source> {
  const problems: Problem[] = [];
  const files = await list(dir, problems).catch((error: unknown) => {
    throw new ReleaseError("source", `cannot read the policy source: ${messageOf(error)}`, error);
  });
  const modules = new Map<string, string>();
  const tests = new Map<string, string>();
  const dataFiles: string[] = [];
  const readmes = new Set<string>();
  const caseFiles = new Map<string, string>();
  const requests = new Map<string, string>();
  let checkedInEntrypoints: string | undefined;
  let checkedInSchema: string | undefined;
  for (const file of files) {
    const [top = ""] = file.split("/");
    if (file === ENTRYPOINTS_FILE) checkedInEntrypoints = await readText(dir, file, problems);
    else if (file === SCHEMA_FILE) checkedInSchema = await readText(dir, file, problems);
    else if (top === "countersign") {
      problems.push({ file, message: "countersign/ is written by `policy build`: move or remove this file" });
    } else if (file.endsWith(".rego")) {
      const text = await readText(dir, file, problems);
      (file.endsWith("_test.rego") ? tests : modules).set(file, text);
    } else if (/\.rego$/i.test(file)) {
      problems.push({ file, message: "is read by nothing: Rego files end in `.rego`, in lower case" });
    } else if (isCases(file)) caseFiles.set(file, await readText(dir, file, problems));
    else if (top === CASES_FOLDER && file.endsWith(".json")) {
      requests.set(file.slice(CASES_FOLDER.length + 1), await readText(dir, file, problems));
    } else if (/^rules\/.*\/readme\.md$/i.test(file)) readmes.add(dirname(file));
    else if (isData(file)) dataFiles.push(file);
    else if (looksLikeData(file, top)) {
      problems.push({
        file,
        message: "is read by nothing: data lies in data.json or data.yaml, at the top or in <table>/",
      });
    }
  }
  problems.push(...emptyRuleFolders(files));
  await addProductLib(modules, problems);
  const { data, origins } = await readData(dir, dataFiles, problems);
  const read = readCases(caseFiles, requests);
  problems.push(...read.problems);
  return {
    modules,
    tests,
    data,
    dataFiles: origins,
    cases: read.cases,
    checkedInEntrypoints,
    checkedInSchema,
    readmes,
    problems,
  };
}

/** A rule that was renamed, or whose file was left behind, is not one that nobody wants. */
function emptyRuleFolders(files: readonly string[]): Problem[] {
  const folders = files.flatMap((file) => /^rules\/[^/]+\/[^/]+(?=\/)/.exec(file) ?? []);
  return [...new Set(folders)]
    .filter((folder) => !files.includes(`${folder}/rule.rego`))
    .map((folder) => ({
      file: `${folder}/rule.rego`,
      message: "is not there: a folder under rules/<group>/ is a rule, remove the folder to remove the rule",
    }));
}

function isData(file: string): boolean {
  const steps = file.split("/");
  const name = steps.at(-1);
  if (name !== "data.json" && name !== "data.yaml") return false;
  return steps.length === 1 || (steps.length === 2 && !CODE_FOLDERS.includes(steps[0] ?? ""));
}

/** Cases lie at the top of their folder; what lies deeper are their requests. */
function isCases(file: string): boolean {
  const [top, name = "", ...deeper] = file.split("/");
  return top === CASES_FOLDER && deeper.length === 0 && /\.(json|yaml)$/.test(name);
}

function looksLikeData(file: string, top: string): boolean {
  if (GENERATED.includes(top) || file === "capabilities.json") return false;
  return /\.(json|ya?ml)$/i.test(file);
}

/** Plain files, relative with `/`, sorted. Names that begin with a dot are no part of the source. */
async function list(dir: string, problems: Problem[]): Promise<string[]> {
  const found: string[] = [];
  const walk = async (under: string): Promise<void> => {
    for (const entry of await readdir(join(dir, under), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const path = under === "" ? entry.name : `${under}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) found.push(path);
      else problems.push({ file: path, message: "is no plain file: copy what it points to" });
      if (found.length > MAX_FILES) throw new ReleaseError("source", `more than ${MAX_FILES} files`);
    }
  };
  await walk("");
  return found.sort();
}

async function readText(dir: string, file: string, problems: Problem[]): Promise<string> {
  const bytes = await readFile(join(dir, file));
  if (bytes.length > MAX_FILE_BYTES) {
    problems.push({ file, message: `is larger than ${MAX_FILE_BYTES} bytes` });
    return "";
  }
  try {
    return decodeUtf8Strict(bytes);
  } catch (error) {
    problems.push({ file, message: messageOf(error) });
    return "";
  }
}

/** A file of the product's library can't be replaced; a copy of it, as in the product's own source, may stay. */
async function addProductLib(modules: Map<string, string>, problems: Problem[]): Promise<void> {
  const names = await readdir(PRODUCT_LIB).catch(() => []);
  for (const name of names) {
    if (!name.endsWith(".rego") || name.endsWith("_test.rego")) continue;
    const file = `lib/${name}`;
    const own = modules.get(file);
    const text = await readFile(join(PRODUCT_LIB, name), "utf8");
    if (own !== undefined && own !== text) {
      problems.push({ file, message: "the product has a library of this name: give yours another name" });
    }
    modules.set(file, text);
  }
}

async function readData(
  dir: string,
  files: readonly string[],
  problems: Problem[],
): Promise<{ data: JsonObject; origins: Map<string, string[]> }> {
  const data: JsonObject = Object.create(null);
  const origins = new Map<string, string[]>();
  for (const file of files) {
    const value = parseData(await readText(dir, file, problems), file, problems);
    if (value === undefined) continue;
    const [table, nested] = file.split("/");
    const root: JsonValue = nested === undefined || table === undefined ? value : { [table]: value };
    if (isJsonObject(root)) {
      for (const key of Object.keys(root)) origins.set(key, [...(origins.get(key) ?? []), file]);
      merge(data, root, file, [], problems);
    } else problems.push({ file, message: "must be an object: its keys are the names of the tables" });
  }
  return { data, origins };
}

function parseData(text: string, file: string, problems: Problem[]): JsonValue | undefined {
  if (file.endsWith(".json")) {
    try {
      return parseStrictJson(text);
    } catch (error) {
      problems.push({ file, message: messageOf(error) });
      return undefined;
    }
  }
  const parsed = parseYamlData(text, file);
  if ("value" in parsed) return parsed.value;
  problems.push(...parsed.problems);
  return undefined;
}

function merge(
  into: JsonObject,
  from: JsonObject,
  file: string,
  path: readonly string[],
  problems: Problem[],
): void {
  for (const [key, value] of Object.entries(from)) {
    const known = into[key];
    if (known === undefined) into[key] = value;
    else if (isJsonObject(known) && isJsonObject(value)) merge(known, value, file, [...path, key], problems);
    else
      problems.push({ file, message: `data.${[...path, key].join(".")} stands in another data file, too` });
  }
}

/** JSON text with sorted keys, numbers as they were spelled: the same however the data lay in files. */
export function canonicalData(value: JsonValue): string {
  return stringifyJson(sorted(value));
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = Object.create(null);
  for (const key of Object.keys(value).sort(compareText)) copy[key] = sorted(value[key] ?? null);
  return copy;
}

/** A temporary folder with these files, removed after `work`. */
export async function inStage<T>(
  files: ReadonlyMap<string, string>,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "countersign-"));
  try {
    for (const [file, text] of files) {
      await mkdir(dirname(join(dir, file)), { recursive: true });
      await writeFile(join(dir, file), text, { mode: 0o600 });
    }
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
