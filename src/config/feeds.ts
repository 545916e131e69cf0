/** The config's `lists` and `prices`. */
import { z } from "zod";
import { LIST_NAME } from "../input/list-name.ts";
import { fetchSchema } from "./release.ts";
import { FILE_ALONE, listTrustSchema } from "./trust.ts";
import { duration } from "./values.ts";

/** A path of a file that nobody signs, or an object. */
function listSchema(path: z.ZodType<string, string>, place: z.ZodType<string, string>) {
  const list = z
    .strictObject({
      source: place.describe(
        "the list's file, or its `https:` URL; its statement lies beside it, as `….statement.json`",
      ),
      trust: listTrustSchema(path).describe(
        "`{keys: [files], threshold: 1, audience: NAME}`: what so many of these keys signed for this audience; never a default, never those of `policy.trust`",
      ),
      fetch: fetchSchema(path).prefault({}).describe("how a URL is fetched"),
      poll: duration("100ms", "24h").prefault("30s").describe("how often it is looked at for a change"),
      max_age: duration("1s", "365d")
        .prefault("24h")
        .describe("how long the list may go without being found at its place; then it is absent"),
      max_lifetime: duration("1m", "3650d")
        .prefault("30d")
        .describe("how long a list's statement may last, from its making to its expiry"),
    })
    .transform(({ trust, ...list }) => (trust === undefined ? list.source : { ...list, trust }));
  return z.preprocess(
    (value) => (typeof value === "string" ? { source: value, trust: FILE_ALONE } : value),
    list,
  );
}

/**
 * Lists by name. Names are looked at first: a record would pass over `__proto__` in silence.
 *
 * @param path - the schema of a path. @param place - of a path or URL.
 */
export function listsSchema(path: z.ZodType<string, string>, place: z.ZodType<string, string>) {
  return z.preprocess(
    (value, context) => {
      const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
      const bad = names.find((list) => !LIST_NAME.test(list));
      if (bad !== undefined && !Array.isArray(value)) {
        context.addIssue(`${JSON.stringify(bad)} is no name of lower-case letters, digits and underscores`);
      }
      return value;
    },
    z.record(z.string(), listSchema(path, place)),
  );
}

/** @param path - the schema of a path. */
export function pricesSchema(path: z.ZodType<string, string>) {
  return z.strictObject({
    file: path.describe("a JSON file of prices by token; watched"),
    max_age: duration("1s", "24h").prefault("30m").describe("an older price is absent"),
  });
}
