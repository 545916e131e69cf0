/** Files and folders that a command line names: one that cannot be read is wrong usage. */
import { readFile, stat } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { codeOf } from "../thrown.ts";
import { UsageError } from "./output.ts";

/**
 * The bytes of a file.
 *
 * @throws UsageError where it cannot be read.
 */
export async function readGiven(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The bytes of a file, or of standard input for `-`. It is read as a stream: it may be a socket. */
export function readGivenOrInput(file: string): Promise<Buffer> {
  return file === "-" ? buffer(process.stdin) : readGiven(file);
}

/** The system's error for a file as wrong usage. */
export function unreadable(file: string, error: unknown): UsageError {
  return new UsageError(`${file}: cannot be read (${codeOf(error) ?? "error"})`, { cause: error });
}

/** @throws UsageError where it is no folder. */
export async function demandFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${path}: there is no such folder`);
  if (!found.isDirectory()) throw new UsageError(`${path}: not a folder`);
}
