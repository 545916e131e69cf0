/** The places that a config's `policy.release` and `lists` name. */
import { isUrl } from "./config/release.ts";
import type { Config } from "./config.ts";
import { FileListPlace, type ListPlace } from "./feeds/list-place.ts";
import { UrlListPlace } from "./feeds/list-url.ts";
import { shownUrl } from "./policy/download.ts";
import type { ReleasePlace } from "./policy/place.ts";
import { FilePlace } from "./policy/source-files.ts";
import { UrlPlace } from "./policy/source-url.ts";
import type { SignedListConfig } from "./release-trust.ts";

/**
 * @param release - a path or a URL, as the config has it.
 * @param fetch - how a URL is fetched.
 */
export function placeOf(release: string, fetch: Config["policy"]["fetch"]): ReleasePlace {
  if (isUrl(release)) {
    const { bearer_file: bearerFile, ca: caFile, timeout: timeoutMs } = fetch;
    return new UrlPlace(new URL(release), { bearerFile, caFile, timeoutMs });
  }
  return new FilePlace(release, async (folder) => {
    const { buildRelease } = await import("./policy/build/build.ts");
    return (await buildRelease(folder)).bytes;
  });
}

/** Where a list lies that is signed. */
export function listPlaceOf({ source, fetch }: Pick<SignedListConfig, "source" | "fetch">): ListPlace {
  if (!isUrl(source)) return new FileListPlace(source);
  const { bearer_file: bearerFile, ca: caFile, timeout: timeoutMs } = fetch;
  return new UrlListPlace(new URL(source), { bearerFile, caFile, timeoutMs });
}

/** A place for people: no secret of a URL is in it. */
export function shownPlace(release: string): string {
  return isUrl(release) ? shownUrl(new URL(release)) : release;
}
