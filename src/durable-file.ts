/** Files that are there whole or not at all. */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Puts a file in its place; it is on the disk when this resolves. Whatever happens, the one before is there until the
 * new one is whole; what an end of the process leaves behind has a name that ends in `.part`.
 *
 * @param mode - of a new file.
 * @throws the system's error.
 */
export async function writeDurably(file: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  const folder = dirname(file);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(part, "w", mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
  await flushFolder(folder);
}

/** A new file's name is on the disk only when its folder is. @throws the system's error. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
