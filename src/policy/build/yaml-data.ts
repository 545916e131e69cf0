/**
 * Data files written as YAML, read as strictly as JSON.
 *
 * YAML's own reading of plain scalars would change what a policy compares: an unquoted address `0x…` is a
 * number in it, `1e5` another spelling of one. So a plain scalar must mean the same in JSON, numbers keep
 * their spelling, and keys must be strings.
 */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
} from "yaml";
import { JsonNumber, type JsonObject, type JsonValue } from "../../input/strict-json.ts";
import type { Problem } from "./problem.ts";

const JSON_NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;

/** @returns the value, or what is wrong with the file. */
export function parseYamlData(
  text: string,
  file: string,
): { value: JsonValue } | { problems: readonly Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: true,
    lineCounter: lines,
    keepSourceTokens: true,
  });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    file,
    line: Math.max(1, lines.linePos(error.pos[0]).line),
    message: error.message.split("\n")[0] ?? "not YAML",
  }));
  if (problems.length > 0) return { problems };
  const refuse = (node: unknown, message: string): null => {
    const range = hasRange(node) ? node.range : undefined;
    problems.push({ file, line: range == null ? 1 : Math.max(1, lines.linePos(range[0]).line), message });
    return null;
  };
  const convert = (node: unknown): JsonValue => {
    if (isAlias(node) || (isNode(node) && node.anchor !== undefined)) {
      return refuse(node, "anchors and aliases are not allowed: write the value out");
    }
    if (isNode(node) && node.tag !== undefined) return refuse(node, "tags are not allowed");
    if (isScalar(node)) return scalar(node);
    if (isSeq(node)) return node.items.map(convert);
    if (!isMap(node)) return refuse(node, "no value here");
    const object: JsonObject = Object.create(null);
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = isScalar(pair.key) ? pair.key.value : undefined;
      if (typeof key !== "string") {
        refuse(pair.key, "a key is not a string here: put it in quotes");
        continue;
      }
      if (key === "<<") refuse(pair.key, "merge keys are not allowed: write the values out");
      object[key] = convert(pair.value);
    }
    return object;
  };
  const scalar = (node: Scalar): JsonValue => {
    const { value } = node;
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    const source = node.source ?? "";
    if (typeof value !== "number" || !JSON_NUMBER.test(source)) {
      return refuse(node, `${source} is a number in YAML: put it in quotes, or write it in plain decimals`);
    }
    const plain = Number(source);
    return Number.isSafeInteger(plain) && String(plain) === source ? plain : new JsonNumber(source);
  };
  const value = document.contents === null ? Object.create(null) : convert(document.contents);
  return problems.length > 0 ? { problems } : { value };
}

function isNode(value: unknown): value is Node & { anchor?: string; tag?: string } {
  return isScalar(value) || isSeq(value) || isMap(value) || isAlias(value);
}

function hasRange(value: unknown): value is { range?: readonly [number, number, number] | null } {
  return typeof value === "object" && value !== null && "range" in value;
}
