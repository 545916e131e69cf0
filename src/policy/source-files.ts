/** What lies at a release's place, looked at without reading it. */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ReleaseError } from "./release.ts";
import { statementFile } from "./statement.ts";
import { toError } from "./wasm-instance.ts";

/** What a look without reading sees: when it is the same, so is what it stands for. */
export interface Sight {
  readonly folder: boolean;
  readonly mark: string;
  readonly error?: ReleaseError;
}

/**
 * @param isSigned - whether its statement is looked at as well.
 * @param isUnsigned - whether anything may go live. A folder is an error where not, and is not looked into: whoever may
 *   write here and is not trusted could put a link to the whole disk in the release's place.
 */
export async function look(
  path: string,
  { isSigned, isUnsigned }: { readonly isSigned: boolean; readonly isUnsigned: boolean },
): Promise<Sight> {
  try {
    const found = await stat(path);
    if (found.isDirectory() && !isUnsigned) {
      const error = isSigned
        ? new ReleaseError("statement", `${path} is a folder, which nobody signs: trust is by keys`)
        : new ReleaseError("source", `${path} is a folder: trust is by digest`);
      return { folder: false, mark: markOf(found), error };
    }
    if (found.isDirectory()) return { folder: true, mark: await folderMark(path) };
    const mark = `${markOf(found)} ${isSigned ? await statementMark(path) : ""}`;
    if (!found.isFile())
      return { folder: false, mark, error: new ReleaseError("source", `${path} is no file`) };
    return { folder: false, mark };
  } catch (cause) {
    const error = new ReleaseError("source", `${path} can't be read: ${toError(cause).message}`, cause);
    return { folder: false, mark: error.message, error };
  }
}

function markOf({ ino, mtimeMs, ctimeMs, size }: Stats): string {
  return `${ino} ${mtimeMs} ${ctimeMs} ${size}`;
}

/** What is wrong with it is found when it is read. */
async function statementMark(path: string): Promise<string> {
  return await stat(statementFile(path)).then(markOf, (error: unknown) => toError(error).message);
}

/** Names, times and sizes of all files below a folder; what begins with a dot is no source. */
async function folderMark(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const marks = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return `${entry.name}(${await folderMark(path)})`;
        const { mtimeMs, size } = await stat(path);
        return `${entry.name} ${mtimeMs} ${size}`;
      }),
  );
  return marks.join("\n");
}
