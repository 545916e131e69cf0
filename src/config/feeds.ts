/** The config's `lists` and `prices`. */
import { z } from "zod";
import { duration } from "./values.ts";

/** What a rule may write as `input.lists.NAME`. */
const LIST_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Paths of lists by name. Names are looked at first: a record would pass over `__proto__` in silence.
 *
 * @param path - the schema of a path.
 */
export function listsSchema(path: z.ZodType<string, string>) {
  return z.preprocess(
    (value, context) => {
      const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
      const bad = names.find((list) => !LIST_NAME.test(list));
      if (bad !== undefined && !Array.isArray(value)) {
        context.addIssue(`${JSON.stringify(bad)} is no name of lower-case letters, digits and underscores`);
      }
      return value;
    },
    z.record(z.string(), path),
  );
}

/** @param path - the schema of a path. */
export function pricesSchema(path: z.ZodType<string, string>) {
  return z.strictObject({
    file: path.describe("a JSON file of prices by token; watched"),
    max_age: duration("1s", "24h").prefault("30m").describe("an older price is absent"),
  });
}
