/** Files that may hold anything, read within bounds. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { ReleaseError, type ReleaseStep } from "./release.ts";
import { toError } from "./wasm-instance.ts";

/** A pipe in the place of a file must not hold the reader. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * @returns undefined where there is no such file.
 * @throws {ReleaseError} step `source` where it can't be read, `step` where it is larger.
 */
export async function readBounded(
  path: string,
  limit: number,
  step: ReleaseStep,
): Promise<Buffer | undefined> {
  try {
    const handle = await open(path, READ);
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw new ReleaseError("source", `${path} is no file`);
      if (found.size > limit) throw new ReleaseError(step, `${path} has ${found.size} bytes`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof ReleaseError) throw error;
    if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") return undefined;
    throw new ReleaseError("source", `${path} can't be read: ${toError(error).message}`, error);
  }
}
