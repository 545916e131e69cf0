/** Files that may hold anything, read within bounds. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { codeOf, messageOf } from "../thrown.ts";
import { ReleaseError, type ReleaseStep } from "./release.ts";

/** How a file is opened to be read: a pipe in its place must not hold the reader. */
export const UNHELD = constants.O_RDONLY | constants.O_NONBLOCK;

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
    const handle = await open(path, UNHELD);
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw new ReleaseError("source", `${path} is no file`);
      if (found.size > limit) throw new ReleaseError(step, `${path} has ${found.size} bytes`);
      return await readUpTo(handle, found.size);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof ReleaseError) throw error;
    if (codeOf(error) === "ENOENT") return undefined;
    throw new ReleaseError("source", `${path} can't be read: ${messageOf(error)}`, error);
  }
}

/** What a file that grows meanwhile has more is not read: `readFile` would ask for its size once more. */
async function readUpTo(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
