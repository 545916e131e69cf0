/** What `check` looks at where the config is refused. */
import { ConfigError } from "./error.ts";
import { checkConfig, parseYaml } from "./parse.ts";
import { member } from "./problems.ts";
import type { Config } from "./schema.ts";

const SALVAGE_ROUNDS = 4;

/**
 * As much of a config as can be had without what `parseConfig` refused, so that `check` can look at the
 * rest as well. What is refused is left out, or, where it is required, has a {@link standIn}. Nothing may ever
 * be served from it, and what is found at a refused path means nothing.
 *
 * @returns undefined where nothing can be had.
 */
export function salvageConfig(source: string, directory: string, refused: ConfigError): Config | undefined {
  let raw: unknown;
  try {
    raw = parseYaml(source);
  } catch {
    return undefined;
  }
  // What is left out may be required: that is the next round's problem.
  let problems = refused.problems;
  for (let round = 0; round < SALVAGE_ROUNDS; round += 1) {
    // The last first: an element that goes must not move the others.
    for (const { path } of problems.toReversed()) mend(raw, path.match(/[^.[\]]+/g) ?? [], standIn(path));
    try {
      return checkConfig(raw, directory, {});
    } catch (error) {
      if (!(error instanceof ConfigError)) return undefined;
      problems = error.problems;
    }
  }
  return undefined;
}

/** What takes the place of a required value that is refused; undefined where it can be left out. */
function standIn(path: string): unknown {
  const [, index = "0"] = /^[a-z_]+\[(\d+)\]/.exec(path) ?? [];
  const node = { name: `nodes-${index}`, callback_public_keys: ["refused"] };
  switch (path.replace(/\[\d+\]/g, "[]").replace(/^(listen|lists)\.[a-z0-9_]+\./, "$1.*.")) {
    case "nodes":
      return [node];
    case "nodes[]":
      return node;
    case "nodes[].name":
      return node.name;
    case "nodes[].callback_public_keys":
      return node.callback_public_keys;
    case "nodes[].callback_public_keys[]":
    case "signing_key":
    case "prices.file":
    case "lists.*.source":
    case "push.query.secret_file":
    case "listen.*.tls.cert":
    case "listen.*.tls.key":
      return "refused";
    case "listen.*.address":
      return "127.0.0.1:0";
    case "policy":
      return { trust: "unsigned" };
    case "policy.trust":
      return "unsigned";
    case "lists.*.trust":
      return { keys: ["refused"], audience: "refused" };
    case "push.query.api":
      return "waas1";
    case "push.query.base_url":
      return "https://refused.invalid";
    case "push.query.key":
      return `02${"0".repeat(64)}`;
    case "admin_tokens[].name":
      return `admin_tokens-${index}`;
    case "admin_tokens[].sha256":
      return "0".repeat(64);
    case "admin_tokens[].role":
      return "read";
    case "scope.organizations":
    case "scope.vaults":
    case "scope.wallets":
      return [];
    default:
      return undefined;
  }
}

/** Puts a value at a path, or, for `undefined`, takes away what is there. */
function mend(value: unknown, path: readonly string[], replacement: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null) return;
  if (rest.length > 0) mend(member(value, key), rest, replacement);
  else if (replacement !== undefined) Reflect.set(value, key, replacement);
  else if (Array.isArray(value)) value.splice(Number(key), 1);
  else Reflect.deleteProperty(value, key);
}
