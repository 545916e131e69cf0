/**
 * Which rules and data differ between two releases, and how: read from their archives, never evaluated.
 *
 * An archive's Rego is what it says that its module was built from. Whoever has to know builds the source and compares
 * digests: here it only shows where the modules differ, and no Rego does.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { isJsonObject, type JsonObject, parseStrictJson } from "../../input/strict-json.ts";
import { readArchive } from "../archive.ts";
import { inspectRelease } from "../inspect.ts";
import { namedLibraries, type Texts } from "../libraries.ts";
import { readRelease } from "../read-release.ts";
import { type Release, ReleaseError, type ReleaseIdentity } from "../release.ts";
import { type DataDiff, diffData } from "./data.ts";
import { type Change, diffFiles, type FileDiff } from "./files.ts";
import type { Loosening } from "./loosening.ts";
import { diffRules, loosenedRules, type MemberDiff, type RuleDiff, type RuleSide } from "./rules.ts";

/** @property rules - the names of those that can reach it, in either release. */
export interface LibraryDiff {
  readonly file: string;
  readonly change: Change;
  readonly rules: readonly string[];
}

/** @property before - how many there were. */
export interface CasesDiff {
  readonly before: number;
  readonly after: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/**
 * @property same - nothing differs, but perhaps the revision and what it names.
 * @property looser - what refuses or flags less than before; not all can be told, see `loosening.ts`.
 * @property about - contract, OPA, entrypoints, built-ins and whether the modules differ.
 * @property files - the Rego that differs.
 * @property others - files of the archive that are none of these.
 */
export interface ReleaseDiff {
  readonly before: ReleaseIdentity;
  readonly after: ReleaseIdentity;
  readonly same: boolean;
  readonly looser: readonly Loosening[];
  readonly about: readonly MemberDiff[];
  readonly rules: readonly RuleDiff[];
  readonly libraries: readonly LibraryDiff[];
  readonly data: DataDiff;
  readonly cases: CasesDiff;
  readonly files: readonly FileDiff[];
  readonly others: readonly FileDiff[];
}

const CASES_FILE = "/cases.json";
const ENTRYPOINTS_FILE = "/countersign/entrypoints.rego";
/** What is compared by what it means, not by its text. */
const KNOWN_FILES = ["/.manifest", "/data.json", "/index.json", "/policy.wasm", CASES_FILE, ENTRYPOINTS_FILE];

const casesSchema = z.array(z.looseObject({ title: z.string() }));

interface Side extends RuleSide {
  readonly release: Release;
  readonly rego: Texts;
  readonly others: Texts;
  readonly cases: ReadonlyMap<string, string>;
  readonly entrypoints: readonly string[];
  readonly builtins: readonly string[];
}

/** @throws {ReleaseError} where one of them can't be read. */
export async function diffReleases(before: Uint8Array, after: Uint8Array): Promise<ReleaseDiff> {
  const [old, next] = [await sideOf(before), await sideOf(after)];
  const files = diffFiles(old.rego, next.rego);
  const changed = new Set(files.map(({ file }) => file));
  const rules = diffRules(old, next, ({ file }) =>
    [file, ...reached(file, old, next)].filter((each) => changed.has(each)),
  );
  const data = diffData(dataOf(old), dataOf(next));
  const cases = diffCases(old, next);
  const others = diffFiles(old.others, next.others);
  const about = aboutBoth(old, next);
  const counts = [files, rules, data.tables, cases.added, cases.removed, cases.changed, others, about];
  return {
    before: old.release.identity,
    after: next.release.identity,
    same: counts.every(({ length }) => length === 0),
    looser: looserReleases(old, next, files, cases),
    about,
    rules,
    libraries: files
      .filter(({ file }) => file.startsWith("lib/"))
      .map(({ file, change }) => ({ file, change, rules: rulesThatReach(file, old, next) })),
    data,
    cases,
    files,
    others,
  };
}

async function sideOf(bytes: Uint8Array): Promise<Side> {
  const [release, inspection] = [await readRelease(bytes), await inspectRelease(bytes)];
  const files = new Map<string, string>();
  for (const [name, content] of await readArchive(bytes)) {
    if (name !== "/policy.wasm") files.set(name, new TextDecoder().decode(content));
  }
  const texts = (wanted: (name: string) => boolean): Texts =>
    new Map([...files].flatMap(([name, text]) => (wanted(name) ? [[name.slice(1), text]] : [])));
  const isRego = (name: string) => name.endsWith(".rego") && name !== ENTRYPOINTS_FILE;
  return {
    release,
    rules: release.index.rules,
    modes: release.hostData.modes ?? {},
    rego: texts(isRego),
    others: texts((name) => !isRego(name) && !KNOWN_FILES.includes(name)),
    cases: casesOf(files.get(CASES_FILE)),
    entrypoints: inspection.entrypoints,
    builtins: inspection.builtins,
  };
}

/** By title, as JSON text. Where a case stands in the source is no difference. */
function casesOf(text: string | undefined): Map<string, string> {
  if (text === undefined) return new Map();
  const cases = casesSchema.safeParse(parseStrictJson(text));
  if (!cases.success) throw new ReleaseError("archive", `${CASES_FILE} is no list of cases`);
  return new Map(cases.data.map(({ place: _place, ...rest }) => [rest.title, JSON.stringify(rest)]));
}

function dataOf({ release }: Side): JsonObject {
  const data = parseStrictJson(Buffer.from(release.data).toString());
  if (!isJsonObject(data)) throw new ReleaseError("data", "/data.json is no object");
  return data;
}

function diffCases(old: Side, next: Side): CasesDiff {
  const [before, after] = [old.cases, next.cases];
  const of = (titles: ReadonlyMap<string, string>, wanted: (title: string, text: string) => boolean) =>
    [...titles].filter(([title, text]) => wanted(title, text)).map(([title]) => title);
  return {
    before: before.size,
    after: after.size,
    added: of(after, (title) => !before.has(title)),
    removed: of(before, (title) => !after.has(title)),
    changed: of(after, (title, text) => before.has(title) && before.get(title) !== text),
  };
}

function aboutBoth(old: Side, next: Side): MemberDiff[] {
  const single = (member: string, before: string, after: string): MemberDiff[] =>
    before === after ? [] : [{ member, before, after }];
  const [before, after] = [old.release.index, next.release.index];
  return [
    ...single("contract", String(before.contract), String(after.contract)),
    ...single("opa", before.opa, after.opa),
    ...single("entrypoints", old.entrypoints.join(", "), next.entrypoints.join(", ")),
    ...single("built-ins", old.builtins.join(", "), next.builtins.join(", ")),
    ...single("module", moduleOf(old), moduleOf(next)),
  ];
}

function moduleOf({ release }: Side): string {
  return createHash("sha256").update(release.wasm).digest("hex");
}

function reached(file: string, ...sides: readonly Side[]): string[] {
  return [...new Set(sides.flatMap(({ rego }) => namedLibraries(file, rego)))];
}

function rulesThatReach(library: string, ...sides: readonly Side[]): string[] {
  const rules = sides.flatMap((side) =>
    side.rules.filter(({ file }) => reached(file, side).includes(library)).map(({ name }) => name),
  );
  return [...new Set(rules)].sort();
}

function looserReleases(old: Side, next: Side, files: readonly FileDiff[], cases: CasesDiff): Loosening[] {
  const found: Loosening[] = [];
  const hasOtherCode =
    files.length > 0 ||
    old.release.index.opa !== next.release.index.opa ||
    old.release.index.entrypoints_sha256 !== next.release.index.entrypoints_sha256;
  if (!hasOtherCode && moduleOf(old) !== moduleOf(next)) {
    const message = "the module differs and no Rego does: it was built from something else than it carries";
    found.push({ what: "module", message });
  }
  const { approve_unverified: was } = old.release.hostData;
  if (next.release.hostData.approve_unverified === true && was !== true) {
    const message = "data.approve_unverified is true: transactions are approved on the request's word alone";
    found.push({ what: "approve_unverified", message });
  }
  found.push(...loosenedRules(old, next));
  for (const title of cases.removed) {
    found.push({ what: "case_removed", message: `is no longer tested: ${title}` });
  }
  return found;
}
