/** Queries of the admin listener's lists. */
import { z } from "zod";
import { describeIssues } from "./body.ts";
import { ProblemError } from "./problem.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;
/** Longer than any id or name. */
const MAX_TEXT = 512;

/** An id or a name, exactly as it stands. */
export const exactText = z.string().min(1, "empty").max(MAX_TEXT, `at most ${MAX_TEXT} characters`);

/** How much of a list, and from where on: what every list takes. */
export const page = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, `a number from 1 to ${MAX_LIMIT}`)
    .transform(Number)
    .refine((limit) => limit <= MAX_LIMIT, `at most ${MAX_LIMIT}`)
    .default(DEFAULT_LIMIT),
  cursor: exactText.optional(),
};

/**
 * The query of a URL as the schema has it.
 *
 * @throws ProblemError 400 for an unknown parameter, one that is there twice, and one that is not as expected.
 */
export function queryOf<Schema extends z.ZodType>(url: string, schema: Schema): z.infer<Schema> {
  const { searchParams } = new URL(url);
  const names = [...searchParams.keys()];
  if (new Set(names).size < names.length) {
    throw new ProblemError(400, "A parameter of the query is there twice.");
  }
  const result = schema.safeParse(Object.fromEntries(searchParams));
  if (!result.success) throw new ProblemError(400, describeIssues(result.error.issues));
  return result.data;
}
