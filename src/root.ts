/** Where the package lies, whether this runs from its sources or from what they were built to. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** The folder of `package.json`, with its slash. */
export const ROOT = new URL("./", pathToFileURL(createRequire(import.meta.url).resolve("#manifest")));
