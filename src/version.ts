import { readFileSync } from "node:fs";
import { ROOT } from "./root.ts";

/** The version of the package. Read without a schema library: it is needed for `--help` already. */
export const VERSION = readVersion(new URL("package.json", ROOT));

function readVersion(file: URL): string {
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
  const version: unknown =
    typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : undefined;
  if (typeof version !== "string") throw new Error("package.json has no version");
  return version;
}
