/**
 * The config file (design 3.2): YAML 1.2, so JSON too. One schema knows every key; an unknown one is refused
 * with its path, and so is one whose feature is not built yet. What comes out has durations in milliseconds,
 * sizes in bytes, rates per second and absolute paths, and is frozen.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Environment } from "./config/environment.ts";
import { ConfigError } from "./config/error.ts";
import { parseConfig } from "./config/parse.ts";
import type { Config } from "./config/schema.ts";
import { codeOf } from "./thrown.ts";

export type { Config, ListenConfig, NodeConfig } from "./config/schema.ts";
export { parseConfig };

/** A config file this large is a mistake. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Reads and checks a config file.
 *
 * @param file - its path; relative paths in it are relative to its folder.
 * @param environment - where `COUNTERSIGN_…` scalars come from.
 * @throws ConfigError with every problem found.
 */
export async function loadConfig(file: string, environment: Environment = process.env): Promise<Config> {
  return parseConfig(await readConfig(file), dirname(resolve(file)), environment);
}

/** The text of a config file. @throws ConfigError */
export async function readConfig(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new ConfigError([{ path: "", message: `${file}: cannot be read (${codeOf(error) ?? "error"})` }]);
  }
  if (bytes.length > MAX_CONFIG_BYTES) throw new ConfigError([{ path: "", message: `${file}: over 1 MiB` }]);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([{ path: "", message: `${file}: not UTF-8` }]);
  }
}
