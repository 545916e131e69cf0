/** The config's `policy`: where releases lie, who is believed about them, and what they are held against. */
import { z } from "zod";
import { fetchSchema, releaseSchema } from "./release.ts";
import { trustSchema } from "./trust.ts";
import { duration } from "./values.ts";

/** @param directory - where the config file lies. @param path - the schema of a path. */
export function policySchema(directory: string, path: z.ZodType<string, string>) {
  return z.strictObject({
    release: releaseSchema(directory)
      .prefault("./bundles/default.tar.gz")
      .describe(
        "a release file, its URL (http or https), or a folder of Rego (development: built on every save)",
      ),
    fetch: fetchSchema(path).prefault({}).describe("how a URL is fetched"),
    trust: trustSchema(path).describe(
      "`unsigned` (any release that lies there), `{sha256: …}` (that very file), or `{keys: [files], threshold: 1, audience: NAME}` (what so many of these keys signed for this audience); never a default",
    ),
    poll: duration("100ms", "24h")
      .prefault("30s")
      .describe("how often the release is looked at for a change"),
    max_age: duration("1s", "365d")
      .prefault("24h")
      .describe("how long the live release may go without being found at its place; then all is refused"),
    max_lifetime: duration("1m", "3650d")
      .prefault("90d")
      .describe("how long a release's statement may last, from its making to its expiry"),
    candidate: releaseSchema(directory)
      .optional()
      .describe(
        "where a release lies that judges in the shadow and may be promoted, of the same kinds as `policy.release`; absent: none does",
      ),
    gate: z
      .strictObject({
        replay: duration("1m", "3650d").describe("decisions of so long ago and later are judged"),
        max_newly_approved: z
          .int()
          .min(0)
          .prefault(0)
          .describe("so many of them may be approved that were refused"),
        limit: duration("1s", "24h")
          .prefault("10m")
          .describe("how long that may take; what takes longer does not go live"),
      })
      .optional()
      .describe("what a release is held against before it goes live: past decisions; absent: nothing"),
  });
}
