/** The files of a source folder that are generated, so that plain `opa check` and `opa test` work on it. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { schemaText, withStaged } from "./build.ts";
import { generateEntrypoints } from "./entrypoints.ts";
import { ENTRYPOINTS_FILE, SCHEMA_FILE } from "./stage.ts";

/**
 * The generated files that the folder lacks or has in another text.
 *
 * @returns their paths within the folder; empty where all are as they would be written now.
 * @throws {BuildError} where the source does not build.
 */
export async function staleGenerated(sourceDir: string): Promise<string[]> {
  return withStaged(sourceDir, async ({ source, index }) => {
    const stale: string[] = [];
    if (source.checkedInEntrypoints !== generateEntrypoints(index)) stale.push(ENTRYPOINTS_FILE);
    if (source.checkedInSchema !== schemaText()) stale.push(SCHEMA_FILE);
    return stale;
  });
}

/** Writes the entrypoints and the document's schema into the folder. @throws {BuildError} */
export async function writeGenerated(sourceDir: string): Promise<void> {
  const entrypoints = await withStaged(sourceDir, async ({ index }) => generateEntrypoints(index));
  const files = [
    [ENTRYPOINTS_FILE, entrypoints],
    [SCHEMA_FILE, schemaText()],
  ] as const;
  for (const [file, text] of files) {
    await mkdir(dirname(join(sourceDir, file)), { recursive: true });
    await writeFile(join(sourceDir, file), text);
  }
}
