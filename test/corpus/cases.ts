/** The documents in which a requirement must refuse: the stated ones, and each member that it reads, broken. */
import { z } from "zod";

export const members = z.record(z.string(), z.unknown());
export type Members = z.infer<typeof members>;

/**
 * - `refuse`: changes to the good document, by path, each of which has to be refused.
 * - `breaks`: the members that are broken one at a time: left out, of another type, empty.
 * - `tolerates`: by member what does not break it: values as JSON, or `*` for all.
 * - `pass`: changes that make the good document one that the requirement passes.
 */
export const casesShape = {
  refuse: z.array(members),
  breaks: z.array(z.string()),
  tolerates: z.record(z.string(), z.array(z.string())).optional(),
  pass: members.optional(),
};

export type Cases = z.infer<z.ZodObject<typeof casesShape>>;

/** What a member is broken with, besides being left out: what is of its own type counts only if empty. */
const BROKEN: readonly unknown[] = [null, false, 12345, "zzz", [], "", {}];

/**
 * The cases in which the requirement must refuse, and does not.
 *
 * @param cases - with paths as the documents have them.
 * @param good - makes the good document anew.
 * @param holds - whether the requirement holds for a document.
 */
export function openCases(
  cases: Cases,
  good: () => Members,
  holds: (document: Members) => boolean,
): string[] {
  const open: string[] = [];
  const refuses = (what: string, document: Members) => {
    if (holds(document)) open.push(what);
  };
  for (const changes of cases.refuse) {
    refuses(JSON.stringify(changes), changed(good(), changes));
  }
  for (const path of cases.breaks) {
    const tolerated = cases.tolerates?.[path] ?? [];
    if (tolerated.includes("*")) continue;
    const without = good();
    const found = at(without, path);
    const original = found === undefined ? undefined : Reflect.get(found.holder, found.key);
    unset(without, path);
    refuses(`${path} absent`, without);
    for (const value of BROKEN) {
      const spelled = JSON.stringify(value);
      const isRetyped = kindOf(value) !== kindOf(original);
      const isEmptied = value === "" || spelled === "[]" || spelled === "{}";
      if (tolerated.includes(spelled) || spelled === JSON.stringify(original)) continue;
      if (!isRetyped && !isEmptied) continue;
      refuses(`${path} = ${spelled}`, changed(good(), { [path]: value }));
    }
  }
  return open;
}

/** The same document with each of these paths set. */
export function changed(document: Members, changes: Members): Members {
  for (const [path, value] of Object.entries(changes)) set(document, path, value);
  return document;
}

export function set(document: Members, path: string, value: unknown): void {
  const place = at(document, path);
  if (place !== undefined) Reflect.set(place.holder, place.key, structuredClone(value));
}

export function unset(document: Members, path: string): void {
  const place = at(document, path);
  if (place !== undefined) Reflect.deleteProperty(place.holder, place.key);
}

function at(document: unknown, path: string): { holder: Members | unknown[]; key: string } | undefined {
  const steps = path.split(".");
  const key = steps.pop() ?? "";
  let holder: unknown = document;
  for (const step of steps) holder = (holder as Members | undefined)?.[step];
  return typeof holder === "object" && holder !== null ? { holder: holder as Members, key } : undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
