/** A release that a command line names. */
import { stat } from "node:fs/promises";
import { isUrl } from "../config/release.ts";
import { readGiven, unreadable } from "./given-file.ts";
import { UsageError } from "./output.ts";

/**
 * The archive's bytes.
 *
 * @param path - a release file, or a folder of Rego, which is built first.
 * @throws UsageError where it cannot be read.
 */
export async function releaseBytes(path: string): Promise<Uint8Array> {
  if (isUrl(path)) throw new UsageError(`${path}: a file or a folder is read here; download it first`);
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) return await readGiven(path);
  const { buildRelease } = await import("../policy/build/build.ts");
  return (await buildRelease(path)).bytes;
}
