/** The place that a config's `policy.release` names. */
import type { ReleasePlace } from "./policy/place.ts";
import { FilePlace } from "./policy/source-files.ts";

/** @param release - a path, as the config has it. */
export function placeOf(release: string): ReleasePlace {
  return new FilePlace(release, async (folder) => {
    const { buildRelease } = await import("./policy/build/build.ts");
    return (await buildRelease(folder)).bytes;
  });
}
