/** Bodies of operators' calls: small JSON objects, read strictly. */
import type { Context } from "hono";
import { z } from "zod";
import { BodyError, readBody } from "../channels/body.ts";
import { Refusal } from "../input/refusal.ts";
import { decodeUtf8Strict, parseStrictJson } from "../input/strict-json.ts";
import type { AdminEnvironment } from "./environment.ts";
import { ProblemError } from "./problem.ts";

const BODY_LIMITS = { limitBytes: 64 * 1024, deadlineMs: 5_000 };
const MAX_REASON = 1_000;

/** Why an operator does it; it goes into the ledger. */
export const reasonSchema = z
  .string("a reason is required")
  .trim()
  .min(1, "a reason is required")
  .refine((reason) => [...reason].length <= MAX_REASON, `at most ${MAX_REASON} characters`);

/** The body of what takes a reason alone. */
export const reasonOnly = z.strictObject({ reason: reasonSchema });

/**
 * Reads the body as the schema has it.
 *
 * @throws ProblemError 400, 408, 413, 415.
 */
export async function bodyOf<Schema extends z.ZodType>(
  context: Context<AdminEnvironment>,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const { incoming } = context.env;
  if (!isJson(incoming.headers["content-type"])) {
    throw new ProblemError(415, "The body must be application/json.");
  }
  const result = schema.safeParse(parse(await read(incoming)));
  if (!result.success) throw new ProblemError(400, describeIssues(result.error.issues));
  return result.data;
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(contentType ?? "");
}

async function read(incoming: AdminEnvironment["Bindings"]["incoming"]): Promise<Buffer> {
  try {
    return await readBody(incoming, BODY_LIMITS);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new ProblemError(error.status, `The body can't be taken: ${error.message}.`);
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return parseStrictJson(decodeUtf8Strict(bytes));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new ProblemError(400, `The body is not the JSON expected here: ${error.message}.`);
  }
}

/** Where and what, from the schema's own words: nothing of what was sent. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map((issue) => {
      if (issue.code === "unrecognized_keys") return "There are members that this path does not take.";
      const where = issue.path.length === 0 ? "The body" : issue.path.map(String).join(".");
      return `${where}: ${issue.message}.`;
    })
    .join(" ");
}
