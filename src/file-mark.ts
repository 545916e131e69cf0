/** What a look at a file sees without reading it: while it is the same, so is the file. */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { messageOf } from "./thrown.ts";

export function markOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** Where it can't be looked at, the mark is why. */
export async function markAt(path: string): Promise<string> {
  return await stat(path).then(markOf, messageOf);
}
