/** What the schema refuses, in the words of the config file: by the path of the key, as it is written there. */
import type { z } from "zod";
import type { ConfigProblem } from "./error.ts";

/** @param root - what the file holds. */
export function problemsOf(issue: z.core.$ZodIssue, root: unknown): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key], root), message: "unknown key" }));
  }
  const message =
    issue.code === "invalid_type" && issue.input === undefined && !hasKey(root, issue.path)
      ? "required"
      : issue.message;
  return [{ path: pathText(issue.path, root), message }];
}

/** A listener may be written as a string: then the path ends there, not at the `address` it stands for. */
function pathText(path: readonly PropertyKey[], root: unknown): string {
  let value = root;
  let text = "";
  for (const key of path) {
    if (typeof value === "string") break;
    text += typeof key === "number" ? `[${key}]` : `${text === "" ? "" : "."}${String(key)}`;
    value = member(value, key);
  }
  return text;
}

function hasKey(root: unknown, path: readonly PropertyKey[]): boolean {
  let value = root;
  for (const key of path) value = member(value, key);
  return value !== undefined;
}

/** A member of what may be no object. */
export function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
