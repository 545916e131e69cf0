/** The config's `trust`: who is believed about releases, and about each list. */
import { z } from "zod";
import { sha256Text } from "../sha256.ts";
import type { ConfigProblem } from "./error.ts";
import { label } from "./values.ts";

/** So many of these keys, for this audience. */
function keysSchema(path: z.ZodType<string, string>) {
  return z.strictObject({
    keys: z.array(path).min(1),
    threshold: z.int().min(1).prefault(1),
    audience: label,
  });
}

type TrustedKeys = z.output<ReturnType<typeof keysSchema>>;

const pinned = z.strictObject({ sha256: sha256Text });

/** What is said of releases: any file, one file, or whoever holds keys. @param path - the schema of a path. */
export function trustSchema(path: z.ZodType<string, string>) {
  const signed = keysSchema(path);
  type Trust = "unsigned" | z.output<typeof pinned> | TrustedKeys;
  return z.unknown().transform((value, context): Trust => {
    if (value === "unsigned") return value;
    const isSigned = typeof value === "object" && value !== null && Object.hasOwn(value, "keys");
    const result = isSigned ? signed.safeParse(value) : pinned.safeParse(value);
    if (result.success) return result.data;
    context.addIssue(
      isSigned
        ? firstIssue(result.error)
        : "must be said: unsigned, {sha256: 64 lower-case hex digits}, or {keys: [files], threshold, audience}",
    );
    return z.NEVER;
  });
}

/** Stands for the trust of a list that is written as its file alone: nothing in a config can be it. */
export const FILE_ALONE = Symbol("a file alone");

/**
 * Keys of a list's own: they are never those of another one, nor of releases, unless they are named there too.
 *
 * @param path - the schema of a path.
 * @returns undefined for {@link FILE_ALONE}.
 */
export function listTrustSchema(path: z.ZodType<string, string>) {
  const signed = keysSchema(path);
  return z.unknown().transform((value, context): TrustedKeys | undefined => {
    if (value === FILE_ALONE) return undefined;
    const result = signed.safeParse(value);
    if (result.success) return result.data;
    const isSaid = typeof value === "object" && value !== null;
    context.addIssue(
      isSaid
        ? firstIssue(result.error)
        : "must be said: {keys: [files], threshold, audience}; a list that nobody signs is written as its file alone",
    );
    return z.NEVER;
  });
}

/** What more signatures are asked for than there are keys. @param path - of the trust in the config. */
export function thresholdProblems(
  path: string,
  { keys, threshold }: Readonly<{ keys: readonly string[]; threshold: number }>,
): ConfigProblem[] {
  if (threshold <= keys.length) return [];
  return [{ path, message: `threshold: ${threshold} of ${keys.length} keys can never sign` }];
}

/** A transform has one line for what is wrong inside. */
function firstIssue({ issues: [issue] }: z.ZodError): string {
  return issue === undefined ? "" : [...issue.path, issue.message].join(": ");
}
