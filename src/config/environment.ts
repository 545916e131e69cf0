/**
 * Scalars of the config from the environment: `COUNTERSIGN_LISTEN__NODES` is `listen.nodes`, two underscores
 * for a dot. What decides whom to trust never comes from there: trust, keys, tokens and scope.
 */
import type { ConfigProblem } from "./error.ts";
import type { KeyDescription } from "./reference.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "COUNTERSIGN_";
/** Variables of the program that are no keys of the config. */
const OTHERS: ReadonlySet<string> = new Set(["LOG_LEVEL"]);

/**
 * Lays the environment's scalars over the parsed file.
 *
 * @returns the value with them (the argument is left as it is), and what is wrong with them.
 */
export function applyEnvironment(
  raw: unknown,
  environment: Environment,
  keys: readonly KeyDescription[],
): { value: unknown; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  let value = raw;
  for (const [variable, path] of configVariables(environment, keys)) {
    const text = environment[variable] ?? "";
    const refuse = (message: string): void => {
      problems.push({ path: variable, message });
    };
    const key = keys.find((candidate) => candidate.path === path.join("."));
    const unbuilt = keys.find(
      ({ built, path: known }) => !built && `${path.join(".")}.`.startsWith(`${known}.`),
    );
    const isListener = path[0] === "listen" && path.length === 2;
    if (path.some(isTrusted)) refuse("trust, keys, tokens and scope are never taken from the environment");
    else if (unbuilt !== undefined) refuse(`${unbuilt.path} is not built yet`);
    else if (key === undefined) refuse("names no key of the config");
    else if (isListener) value = withMember(value, addressPath(value, path), text);
    else if (key.scalar === undefined) refuse("only scalars are taken from the environment");
    else {
      const scalar = fromText(text, key.scalar);
      if (scalar === undefined) refuse(`not a value of the type ${key.type}`);
      else value = withMember(value, path, scalar);
    }
  }
  return { value, problems };
}

/**
 * The variables that begin like ours and name nothing: misspelt, perhaps, or set by a container platform for a
 * service of our name. They are ignored, and `check` says so.
 */
export function unknownVariables(environment: Environment, keys: readonly KeyDescription[]): string[] {
  const known = new Set(configVariables(environment, keys).map(([variable]) => variable));
  return Object.keys(environment).filter(
    (variable) =>
      variable.startsWith(PREFIX) && !known.has(variable) && !OTHERS.has(variable.slice(PREFIX.length)),
  );
}

/** What is surely meant for the config: two underscores in it, or the name of a top-level key, or trust. */
function configVariables(
  environment: Environment,
  keys: readonly KeyDescription[],
): [variable: string, path: readonly string[]][] {
  return Object.keys(environment)
    .filter((variable) => variable.startsWith(PREFIX))
    .map((variable): [string, readonly string[]] => [
      variable,
      variable.slice(PREFIX.length).toLowerCase().split("__"),
    ])
    .filter(([, path]) => path.length > 1 || path[0] === "trust" || keys.some((key) => key.path === path[0]));
}

function isTrusted(segment: string): boolean {
  return (
    [
      ...["trust", "scope", "key", "keys", "ca", "client_ca", "allow"],
      ...["secret", "secret_file", "bearer_file", "sha256"],
    ].includes(segment) || /_(key|keys|token|tokens|secret|secret_file)$/.test(segment)
  );
}

/** A listener's address keeps its TLS, networks and rate where the file gives them. */
function addressPath(root: unknown, path: readonly string[]): readonly string[] {
  const [section, listener] = path;
  const present = member(member(root, section ?? ""), listener ?? "");
  return typeof present === "object" && present !== null ? [...path, "address"] : path;
}

function withMember(value: unknown, path: readonly string[], leaf: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return leaf;
  const base = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  return { ...base, [key]: withMember(member(value, key), rest, leaf) };
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}

function fromText(text: string, scalar: "string" | "boolean" | "integer"): unknown {
  if (scalar === "string") return text;
  if (scalar === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  return /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : undefined;
}
