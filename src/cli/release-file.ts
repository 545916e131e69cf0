/** A release that a command line names. */
import { stat } from "node:fs/promises";
import { readGiven, unreadable } from "./given-file.ts";

/**
 * The archive's bytes.
 *
 * @param path - a release file, or a folder of Rego, which is built first.
 * @throws UsageError where it cannot be read.
 */
export async function releaseBytes(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) return await readGiven(path);
  const { buildRelease } = await import("../policy/build/build.ts");
  return (await buildRelease(path)).bytes;
}
