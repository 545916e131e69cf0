/** A module of ours, built by itself, for tests that run it in a process of its own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/**
 * @param source - its path within `src`.
 * @returns the built file's path: within the project, so that its threads are found.
 */
export async function builtModule(source: string): Promise<string> {
  const folder = join(process.cwd(), "build/modules");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${source.replaceAll("/", "-").replace(/\.ts$/, "")}-${process.pid}.js`);
  const bundle = await rolldown({
    input: join("src", source),
    platform: "node",
    external: [/^libsql/, /^#/],
    logLevel: "silent",
  });
  await bundle.write({ file, codeSplitting: false });
  await bundle.close();
  return file;
}
