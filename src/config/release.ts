/** The config's `policy.release`: a file, a folder or a URL; and `policy.fetch`: how a URL is fetched. */
import { resolve } from "node:path";
import { z } from "zod";
import type { ConfigProblem } from "./error.ts";
import { duration, isLoopback } from "./values.ts";

/** Whether a release comes from a URL: {@link releaseSchema} lets no other scheme pass. */
export function isUrl(release: string): boolean {
  return /^https?:\/\//i.test(release);
}

/** A path, made absolute, or a URL, as `URL` writes it. @param fetch - where the config says how it is fetched. */
export function releaseSchema(directory: string, fetch = "policy.fetch") {
  return z
    .string()
    .min(1)
    .transform((text, context) => {
      if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return resolve(directory, text);
      const refuse = (message: string) => {
        context.addIssue(message);
        return z.NEVER;
      };
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined || !isUrl(url.href)) return refuse("a path, or a URL of http or https");
      if (url.username !== "" || url.password !== "") {
        return refuse(`a name or a password in a URL is seen by many: give a token by ${fetch}.bearer_file`);
      }
      if (url.hash !== "") return refuse("a URL without a fragment: no host is told of it");
      return url.href;
    });
}

/** @param path - the schema of a path. */
export function fetchSchema(path: z.ZodType<string, string>) {
  return z.strictObject({
    bearer_file: path
      .optional()
      .describe("a file with the token that goes with each request, as `Authorization: Bearer`, mode 0600"),
    ca: path
      .optional()
      .describe("certificate authorities, PEM, which are trusted in the place of the system's"),
    timeout: duration("1s", "10m")
      .prefault("30s")
      .describe("how long the statement and the file may take, together"),
  });
}

/** What the line must not carry in the clear. */
export function fetchProblems(policy: {
  readonly release: string;
  readonly candidate?: string | undefined;
  readonly trust: unknown;
  readonly fetch: { readonly bearer_file?: string | undefined };
}): ConfigProblem[] {
  const { release, candidate, trust, fetch } = policy;
  const open = Object.entries({ "policy.release": release, "policy.candidate": candidate }).flatMap(
    ([path, place]) => (place !== undefined && isOpenLine(place) ? [path] : []),
  );
  if (open.length === 0) return [];
  const problems: ConfigProblem[] = [];
  if (trust === "unsigned") {
    const message = "http to another machine, and trust is unsigned: whoever is on the line makes the policy";
    problems.push(...open.map((path) => ({ path, message })));
  }
  if (fetch.bearer_file !== undefined) {
    problems.push({
      path: "policy.fetch.bearer_file",
      message: "http to another machine: the token would travel in the clear",
    });
  }
  return problems;
}

function isOpenLine(place: string): boolean {
  if (!isUrl(place)) return false;
  const { protocol, hostname } = new URL(place);
  return protocol !== "https:" && !isLoopback(hostname);
}
