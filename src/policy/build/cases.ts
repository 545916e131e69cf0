/**
 * The self-tests of a source folder, `cases/*.yaml` and `cases/*.json`, as the release will carry them.
 *
 * A file names requests and cases, so that `opa test` may load several of them side by side, and so that cases share
 * requests. A request is written out with its `request_detail` and `extra_info` as objects, which become the text that a
 * node sends; or it is the text itself, or a file below `cases/` that has it.
 */
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { parseInstant } from "../../input/instant.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
  stringifyJson,
} from "../../input/strict-json.ts";
import { messageOf } from "../../thrown.ts";
import {
  CASE_CHANNELS,
  caseMembers,
  checkSelfTest,
  isTold,
  limitsExceeded,
  quoted,
  type SelfTest,
  selfTestsText,
} from "../self-tests.ts";
import type { Problem } from "./problem.ts";
import { parseYamlData } from "./yaml-data.ts";

/** The folder of a source that has them. */
export const CASES_FOLDER = "cases";

const anything = z.custom<JsonValue>((value) => value !== undefined);

const writtenSchema = z.strictObject({
  ...caseMembers,
  channel: z.enum(CASE_CHANNELS).default("tss.v2"),
  request: anything,
  change: z.record(z.string(), anything).optional(),
  now: z.union([z.string(), z.int()]),
});
type Written = z.infer<typeof writtenSchema>;

const fileSchema = z.strictObject({
  requests: z.record(z.string(), anything).optional(),
  cases: z.record(z.string(), anything).optional(),
});

/** What a node and Cobo send as JSON within a string. */
const HELD = ["request_detail", "extra_info"] as const;

/** Says what is wrong with a case, to whoever wrote it. */
class Wrong extends Error {}

/** @property cases - in the order of the files' names, and in theirs. */
export interface SourceCases {
  readonly cases: readonly SelfTest[];
  readonly problems: readonly Problem[];
}

/**
 * @param files - the texts of the files in `cases/`, by path in the source folder.
 * @param requests - the texts of the files below it, by path in `cases/`.
 */
export function readCases(
  files: ReadonlyMap<string, string>,
  requests: ReadonlyMap<string, string>,
): SourceCases {
  const problems: Problem[] = [];
  const named = new Map<string, JsonValue>();
  const found: { title: string; file: string; line: number | undefined; value: JsonValue }[] = [];
  const titles = new Set<string>();
  for (const [file, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const read = readFile(file, text, problems);
    if (read === undefined) continue;
    for (const [name, value] of Object.entries(read.requests ?? {})) {
      if (named.has(name)) problems.push({ file, message: `the request ${quoted(name)} is there twice` });
      named.set(name, value);
    }
    const lines = linesOf(text);
    for (const [title, value] of Object.entries(read.cases ?? {})) {
      const line = lines.get(title);
      if (titles.has(title)) problems.push(at(file, line, `the case ${quoted(title)} is there twice`));
      else found.push({ title, file, line, value });
      titles.add(title);
    }
  }
  const cases: SelfTest[] = [];
  for (const { title, file, line, value } of found) {
    try {
      cases.push(completed(title, line === undefined ? file : `${file}:${line}`, value, { named, requests }));
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      problems.push(at(file, line, `the case ${quoted(title)}: ${error.message}`));
    }
  }
  const tooMuch = limitsExceeded(cases, Buffer.byteLength(selfTestsText(cases)));
  if (tooMuch !== undefined) problems.push({ file: `${CASES_FOLDER}/`, message: tooMuch });
  return { cases, problems };
}

function at(file: string, line: number | undefined, message: string): Problem {
  return line === undefined ? { file, message } : { file, line, message };
}

function readFile(file: string, text: string, problems: Problem[]): z.infer<typeof fileSchema> | undefined {
  const parsed = file.endsWith(".json") ? parseJson(file, text) : parseYamlData(text, file);
  if ("problems" in parsed) {
    problems.push(...parsed.problems);
    return undefined;
  }
  const checked = fileSchema.safeParse(parsed.value);
  if (checked.success) return checked.data;
  problems.push({ file, message: "has `requests` and `cases`, each by name, and nothing else" });
  return undefined;
}

function parseJson(
  file: string,
  text: string,
): { readonly value: JsonValue } | { readonly problems: readonly Problem[] } {
  try {
    return { value: parseStrictJson(text) };
  } catch (error) {
    return { problems: [{ file, message: messageOf(error) }] };
  }
}

/** Where each case begins. JSON is YAML, too. */
function linesOf(text: string): ReadonlyMap<string, number> {
  const counter = new LineCounter();
  const cases: unknown = parseDocument(text, { lineCounter: counter }).get("cases");
  const lines = new Map<string, number>();
  for (const { key } of pairsSchema.safeParse(cases).data?.items ?? []) {
    lines.set(key.value, counter.linePos(key.range[0]).line);
  }
  return lines;
}

const pairsSchema = z.object({
  items: z.array(
    z.object({ key: z.object({ value: z.string(), range: z.tuple([z.number()], z.number()) }) }),
  ),
});

/** Where a case's request may be found by a name. */
interface Requests {
  readonly named: ReadonlyMap<string, JsonValue>;
  readonly requests: ReadonlyMap<string, string>;
}

function completed(title: string, place: string, value: JsonValue, from: Requests): SelfTest {
  const parsed = writtenSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Wrong(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "no case"}`);
  }
  const { request, change, now, channel, ...others } = parsed.data;
  const ms = parseInstant(String(now));
  if (ms === undefined) throw new Wrong("now: neither RFC 3339 nor milliseconds");
  const text = requestText({ request, change, channel }, from);
  const checked = checkSelfTest({ title, place, channel, request: text, now: ms, ...others });
  if ("problem" in checked) throw new Wrong(checked.problem);
  return checked;
}

function requestText(
  { request, change, channel }: Pick<Written, "request" | "change" | "channel">,
  { named, requests }: Requests,
): string {
  const file = typeof request === "string" ? requests.get(request) : undefined;
  const given = typeof request === "string" ? (file ?? named.get(request)) : request;
  if (given === undefined || given === null) {
    throw new Wrong(`request: there is no request and no file below ${CASES_FOLDER}/ of this name`);
  }
  const isCallback = !isTold(channel) && channel !== "confirm.waas1";
  if (typeof given === "string" && change === undefined) return given;
  const object = typeof given === "string" ? jsonOf(given, "request") : given;
  if (!isJsonObject(object)) throw new Wrong("request: no object");
  const copy: JsonObject = { ...object };
  if (isCallback && change !== undefined) {
    for (const member of HELD) {
      const held = copy[member];
      if (typeof held === "string") copy[member] = jsonOf(held, `request.${member}`);
    }
  }
  const changed = Object.entries(change ?? {}).reduce(put, copy);
  if (isCallback) {
    for (const member of HELD) {
      const held = changed[member];
      if (held !== undefined && isJsonObject(held)) changed[member] = stringifyJson(held);
    }
  }
  return stringifyJson(changed);
}

function jsonOf(text: string, where: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw new Wrong(`${where}: ${messageOf(error)}`);
  }
}

/** A copy with another value at a path such as `extra_info.transaction.token_id`; `null` removes what is there. */
function put<T extends JsonObject | JsonValue[]>(into: T, [path, value]: [string, JsonValue]): T;
function put(into: JsonObject | JsonValue[], [path, value]: [string, JsonValue]): JsonObject | JsonValue[] {
  const dot = path.indexOf(".");
  const key = dot < 0 ? path : path.slice(0, dot);
  const before = Array.isArray(into) ? into[Number(key)] : into[key];
  const nested = before !== undefined && (Array.isArray(before) || isJsonObject(before)) ? before : undefined;
  if (dot >= 0 && nested === undefined) throw new Wrong(`change: there is no ${key} that has members`);
  const after = nested === undefined || dot < 0 ? value : put(nested, [path.slice(dot + 1), value]);
  if (Array.isArray(into)) {
    if (before === undefined) throw new Wrong(`change: the list has no element ${key}`);
    const copy = [...into];
    copy.splice(Number(key), 1, ...(after === null ? [] : [after]));
    return copy;
  }
  const { [key]: _before, ...others } = into;
  return after === null ? others : { ...others, [key]: after };
}
