/** From a release archive to a {@link Release}: everything that can be checked without running it. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { isJsonObject, type JsonObject, parseStrictJson } from "../input/strict-json.ts";
import { READ_ONCE } from "../read-once.ts";
import { messageOf } from "../thrown.ts";
import { readArchive } from "./archive.ts";
import { entrypointsDigest, generateEntrypoints } from "./build/entrypoints.ts";
import { dataProblems, parseData, parseHostData } from "./data-types.ts";
import {
  hostDataSchema,
  MAX_DATA_BYTES,
  type Provable,
  type Release,
  ReleaseError,
  type ReleaseStep,
  type Runnable,
  sharedBytes,
} from "./release.ts";
import { CONTRACT_VERSION, type RuleIndex, ruleIndexSchema } from "./rule-index.ts";
import { CASES_FILE, parseSelfTests } from "./self-tests.ts";
import { memoryFor } from "./wasm-memory.ts";
import { assertModule } from "./wasm-module.ts";

const manifestSchema = z.object({ revision: z.string().min(1).max(128) });
const contractSchema = z.object({ contract: z.unknown() });

/**
 * Pages of 64 KiB of memory that an engine may take before its data are checked: 512 MiB. The largest tables of addresses
 * or tokens that a release may have need half of it.
 */
const MAX_EARLY_PAGES = 8192;

/** Of each table that the host reads: a release of the widest custody has some hundred tokens. */
const MAX_AHEAD_ENTRIES = 10_000;
const HOST_TABLES = Object.keys(hostDataSchema.shape);

/** One refused release names so many of its problems, and of each so many characters: keys may be megabytes long. */
const MAX_NAMED = 20;
const MAX_PROBLEM = 500;

/**
 * What is told of an archive before all of it was checked.
 *
 * @property unpacked - what an engine is made of: it may be started, and asked nothing on which anything hangs. It is not
 *   called where no engine could be, nor where one needs so much memory that data which are then refused are not worth it.
 * @property parsed - what its decisions are made with, all but what the engine says. Its data are of the types that the
 *   host reads; nobody knows yet whether they are what its rules were built to read. Where the host's tables are large it is
 *   told when that is known.
 */
export interface ToldAhead {
  readonly unpacked?: (runnable: Runnable) => void;
  readonly parsed?: (provable: Provable) => void;
}

/**
 * Reads an archive.
 *
 * That the entrypoints' text is the one this host would write for the index keeps an author's own entrypoints
 * out of an honest build. What the module itself does can't be read from outside: it is the digest or the
 * signatures over the archive that vouch for it.
 *
 * @param sha256 - the archive's digest in hex, where the caller has it already.
 * @throws {ReleaseError} step `archive`, `index`, `entrypoints`, `data` or `self_test`.
 */
export async function readRelease(
  bytes: Uint8Array,
  sha256?: string,
  { unpacked = () => {}, parsed = () => {} }: ToldAhead = {},
): Promise<Release> {
  const files = await readArchive(bytes);
  const index = parseIndex(text(files, "/index.json", "index"));
  checkEntrypoints(index, files);
  const dataText = text(files, "/data.json", "data");
  const dataBytes = files.get("/data.json") ?? new Uint8Array();
  const pages = pagesFor(dataBytes);
  const module = moduleOf(files);
  const shared = sharedBytes(dataBytes);
  const mayStart = shared.length <= MAX_DATA_BYTES && pages <= MAX_EARLY_PAGES;
  if (!(module instanceof ReleaseError) && mayStart) {
    unpacked({ index, data: shared, wasm: module });
  }
  const data = parseData(dataText);
  const rest = () => ({
    identity: {
      revision: revisionOf(files),
      sequence: 0,
      sha256: sha256 ?? createHash("sha256").update(bytes).digest("hex"),
    },
    index,
    cases: files.has(CASES_FILE) ? parseSelfTests(text(files, CASES_FILE, "self_test")) : [],
    wasm: runnableOf(module),
    hostData: parseHostData(data),
  });
  const isTold = isSmallForHost(data);
  const ahead = isTold ? orNothing(rest) : undefined;
  if (ahead !== undefined) parsed(withoutModule(ahead));
  const problems = dataProblems(index, data, dataBytes);
  if (problems.length > 0) throw new ReleaseError("data", named(problems));
  const release = ahead ?? rest();
  if (!isTold) parsed(withoutModule(release));
  return { ...release, data: shared };
}

/** Whether the tables that the host reads are so small that nothing is lost where they are read for nothing. */
function isSmallForHost(data: JsonObject): boolean {
  const tables = HOST_TABLES.map((name) => data[name]).filter(isJsonObject);
  return tables.every((table) => Object.keys(table).length <= MAX_AHEAD_ENTRIES);
}

/** What is wrong with it is said in its turn. */
function orNothing<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}

function withoutModule({ wasm: _, ...provable }: Omit<Release, "data">): Provable {
  return provable;
}

function revisionOf(files: ReadonlyMap<string, Uint8Array>): string {
  const json = text(files, "/.manifest", "archive");
  const manifest = manifestSchema.safeParse(parseJson(json, "/.manifest", "archive"));
  if (!manifest.success) throw new ReleaseError("archive", "/.manifest has no revision");
  return manifest.data.revision;
}

function runnableOf(module: Uint8Array<ArrayBuffer> | ReleaseError): Uint8Array<ArrayBuffer> {
  if (module instanceof ReleaseError) throw module;
  return module;
}

/** It goes to the log, into `/v1/status` and on the disk. */
function named(problems: readonly string[]): string {
  const shown = problems.slice(0, MAX_NAMED).map((problem) => problem.slice(0, MAX_PROBLEM));
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

function text(files: ReadonlyMap<string, Uint8Array>, name: string, step: ReleaseStep): string {
  const content = files.get(name);
  if (content === undefined) throw new ReleaseError(step, `has no ${name}`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw new ReleaseError(step, `${name} is not UTF-8`, error);
  }
}

function parseJson(json: string, name: string, step: ReleaseStep): unknown {
  try {
    return parseStrictJson(json);
  } catch (error) {
    const why = error instanceof Error ? `: ${error.message}` : "";
    throw new ReleaseError(step, `${name} is not JSON${why}`, error);
  }
}

function parseIndex(json: string): RuleIndex {
  const value = parseJson(json, "/index.json", "index");
  const contract = contractSchema.safeParse(value);
  if (contract.success && contract.data.contract !== CONTRACT_VERSION) {
    throw new ReleaseError(
      "index",
      `is for contract version ${JSON.stringify(contract.data.contract)}, this host has ${CONTRACT_VERSION}: build it again`,
    );
  }
  const index = ruleIndexSchema.safeParse(value, READ_ONCE);
  if (index.success) return index.data;
  const [issue] = index.error.issues;
  throw new ReleaseError(
    "index",
    `/index.json: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not an index"}`,
  );
}

/** The memory that an engine needs for them. What none could hold is not parsed here either. */
function pagesFor(data: Uint8Array): number {
  try {
    return memoryFor(data).initial;
  } catch (error) {
    throw new ReleaseError("data", messageOf(error), error);
  }
}

/** The module that may be compiled, or why there is none: that is said when the data before it are good. */
function moduleOf(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Uint8Array<ArrayBuffer> | ReleaseError {
  const wasm = files.get("/policy.wasm");
  if (wasm === undefined) return new ReleaseError("archive", "has no /policy.wasm");
  try {
    assertModule(wasm);
    return wasm;
  } catch (error) {
    return new ReleaseError("archive", messageOf(error), error);
  }
}

function checkEntrypoints(index: RuleIndex, files: ReadonlyMap<string, Uint8Array>): void {
  const expected = generateEntrypoints(index);
  const carried = text(files, "/countersign/entrypoints.rego", "entrypoints");
  if (index.entrypoints_sha256 !== entrypointsDigest(expected) || carried !== expected) {
    throw new ReleaseError(
      "entrypoints",
      "the entrypoints are not those that this version writes for the index: build the release again",
    );
  }
}
