/** A release that a command line names by its URL. */
import type { ConfigProblem } from "../config/error.ts";
import { fetchProblems, isUrl, releaseSchema } from "../config/release.ts";
import type { Config } from "../config.ts";
import type { Activation, Candidate } from "../policy/activation.ts";
import { placeOf } from "../release-place.ts";
import { UsageError } from "./output.ts";

/**
 * Fetches archive and statement as the installation would; its token goes to its own host alone.
 *
 * @throws UsageError where the config would not take such a URL.
 * @throws {ReleaseError} step `download`, or `statement` where that is not there.
 */
export async function fetchPair(release: string, config: Config, activation: Activation): Promise<Candidate> {
  const { fetch, trust, release: own } = config.policy;
  const parsed = releaseSchema(process.cwd()).safeParse(release);
  const isOwn = parsed.success && isUrl(own) && new URL(own).origin === new URL(parsed.data).origin;
  const used = isOwn ? fetch : { ...fetch, bearer_file: undefined };
  const problems: readonly Omit<ConfigProblem, "path">[] = parsed.success
    ? fetchProblems({ release: parsed.data, trust, fetch: used })
    : parsed.error.issues;
  const [problem] = problems;
  if (problem !== undefined || !parsed.success) throw new UsageError(problem?.message ?? "no URL");
  const place = placeOf(parsed.data, used);
  try {
    return await (await place.look(activation, {})).read();
  } finally {
    place.close();
  }
}
