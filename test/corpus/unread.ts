/**
 * Looks for reads that the follower missed: whether an answer changes with a member that no read of its check
 * names. Then a document without it passes, or is refused, for something that the host never looked for.
 */
import { checkKey } from "../../src/policy/reads.ts";
import { type Members, unset } from "./cases.ts";
import type { Asked, Judge } from "./source.ts";

/**
 * The members of the document, as paths, that the check's answer hangs on although none of its reads covers them.
 *
 * Left out are elements of arrays, and keys of tables, whose number is a member's value and not its absence.
 *
 * @param document - one that the schema takes; its group is the check's.
 */
export function unreadMembers(judge: Judge, asked: Asked, document: Members): string[] {
  const rule = `${String(document["group"])}/${asked.name}`;
  const check = judge.index.rules
    .find(({ name }) => name === rule)
    ?.checks.find((each) => checkKey({ name: rule }, each) === checkKey({ name: rule }, asked));
  if (check === undefined) throw new TypeError(`the index has no ${asked.part} ${asked.code} of ${rule}`);
  const reads = check.reads.map((read) => read.split("."));
  const before = judge.says(asked, document);
  return pathsOf(document, []).flatMap((path) => {
    if (reads.some((read) => covers(read, path))) return [];
    const without = structuredClone(document);
    unset(without, path.join("."));
    const after = judge.says(asked, without);
    return after === undefined || after === before ? [] : [path.join(".")];
  });
}

/** The members of objects, with those of elements, at any depth. */
function pathsOf(value: unknown, at: readonly string[]): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const path = [...at, key];
    const isMember = !Array.isArray(value) && !isTable(at);
    return [...(isMember ? [path] : []), ...pathsOf(member, path)];
  });
}

/** Totals by token, the entries of a list by address, and a fact by value. */
function isTable(at: readonly string[]): boolean {
  const [first] = at;
  return (
    at.join(".") === "transaction.totals" ||
    (first === "lists" && at.length === 2) ||
    (first === "facts" && at.length === 3)
  );
}

/** Whether the read is not there when the member is not, or takes in the whole of what the member is part of. */
function covers(read: readonly string[], path: readonly string[]): boolean {
  const length = Math.min(read.length, path.length);
  for (let at = 0; at < length; at += 1) {
    if (read[at] !== "*" && read[at] !== path[at]) return false;
  }
  // A read that ends above looks at the number of elements, or at nothing but what is no object.
  return path.length <= read.length || read[0] === "raw";
}
