/** From the text of a config to a config that was checked. */
import { parseDocument } from "yaml";
import { READ_ONCE } from "../read-once.ts";
import { contradictions } from "./contradictions.ts";
import { applyEnvironment, type Environment } from "./environment.ts";
import { ConfigError, type ConfigProblem } from "./error.ts";
import { problemsOf } from "./problems.ts";
import { describeKeys } from "./reference.ts";
import { type Config, configSchema } from "./schema.ts";

/**
 * The config of a text.
 *
 * @param directory - relative paths in it are relative to that.
 * @param environment - where `COUNTERSIGN_…` scalars come from.
 * @throws ConfigError with every problem found.
 */
export function parseConfig(source: string, directory: string, environment: Environment = {}): Config {
  return checkConfig(parseYaml(source), directory, environment);
}

/** The config of what a text holds: see {@link parseConfig}. */
export function checkConfig(raw: unknown, directory: string, environment: Environment): Config {
  const schema = configSchema(directory);
  const { value, problems } = applyEnvironment(raw, environment, describeKeys(schema));
  const result = schema.safeParse(value, READ_ONCE);
  if (!result.success) problems.push(...result.error.issues.flatMap((issue) => problemsOf(issue, value)));
  else problems.push(...contradictions(result.data));
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return deepFreeze(result.data);
}

/** YAML 1.2 core, one document, without aliases, tags of one's own, merge keys or a key twice. @throws ConfigError */
export function parseYaml(source: string): unknown {
  const document = parseDocument(source, { version: "1.2", schema: "core", merge: false, uniqueKeys: true });
  const problems: ConfigProblem[] = [...document.errors, ...document.warnings].map(({ linePos, code }) => ({
    path: "",
    message: `line ${linePos?.[0].line ?? "?"}: not the YAML expected here (${code})`,
  }));
  // A directive would turn the file into YAML 1.1, where `no` is false and 0777 is octal.
  const version = document.directives?.yaml.version;
  if (version !== undefined && version !== "1.2")
    problems.push({ path: "", message: "YAML 1.2 is expected" });
  if (problems.length > 0) throw new ConfigError(problems);
  try {
    // An empty file is told what it lacks.
    return document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch {
    throw new ConfigError([{ path: "", message: "aliases (*name) are not taken" }]);
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
