/** Two versions of a text, line by line, no longer than a person reads. */
import { structuredPatch } from "diff";

/** Above this the two have hardly a line in common, and to compare them would take long. */
const MAX_EDITS = 2000;
const MAX_LINES = 400;
const CONTEXT = 2;

export type Change = "added" | "removed" | "changed";

/**
 * @property lines - as `diff -u` has them, headers of the hunks included; of a changed file alone. Absent where the two
 *   have too little in common, or are longer than is shown.
 */
export interface FileDiff {
  readonly file: string;
  readonly change: Change;
  readonly lines?: readonly string[];
}

/** The files that differ, by name. */
export function diffFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): FileDiff[] {
  const files = [...new Set([...before.keys(), ...after.keys()])].sort();
  return files.flatMap((file): FileDiff[] => {
    const [old, next] = [before.get(file), after.get(file)];
    if (old === next) return [];
    if (old === undefined) return [{ file, change: "added" }];
    if (next === undefined) return [{ file, change: "removed" }];
    const lines = diffLines(file, old, next);
    return [{ file, change: "changed", ...(lines === undefined ? {} : { lines }) }];
  });
}

function diffLines(file: string, before: string, after: string): string[] | undefined {
  const options = { context: CONTEXT, maxEditLength: MAX_EDITS };
  const patch = structuredPatch(file, file, before, after, undefined, undefined, options);
  const lines = patch?.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: each }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...each,
  ]);
  return lines !== undefined && lines.length <= MAX_LINES ? lines : undefined;
}
