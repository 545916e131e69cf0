/** Whom an installation believes about releases and lists: `policy.trust` and `lists.*.trust`, with their keys read. */
import { readFile } from "node:fs/promises";
import type { Config } from "./config.ts";
import type { ReleaseTrust } from "./policy/activation.ts";
import type { ListTrust } from "./policy/list-trust.ts";
import type { VerifyingKey } from "./policy/release-keys.ts";
import type { TrustOptions } from "./policy/trust-store.ts";

type PolicyConfig = Pick<Config["policy"], "trust" | "max_lifetime">;

/**
 * @throws ReleaseKeyError for a file that holds no key to trust, the system's error where one can't be read, or Error
 *   where two files hold one key: it would sign twice.
 */
export async function loadTrust({ trust, max_lifetime }: PolicyConfig): Promise<ReleaseTrust> {
  if (trust === "unsigned" || "sha256" in trust) return trust;
  const { TrustStore } = await import("./policy/trust-store.ts");
  return new TrustStore(await optionsOf(trust, max_lifetime, "policy.trust.keys"));
}

/** A list of the config that is signed. */
export type SignedListConfig = Exclude<NonNullable<Config["lists"]>[string], string>;

/**
 * The keys of a list's own; those of `policy.trust` are never among them unless they are named here as well.
 *
 * @param name - of the list.
 * @throws as {@link loadTrust}.
 */
export async function loadListTrust(
  name: string,
  { trust, max_lifetime }: Pick<SignedListConfig, "trust" | "max_lifetime">,
): Promise<ListTrust> {
  const { ListTrust } = await import("./policy/list-trust.ts");
  return new ListTrust(name, await optionsOf(trust, max_lifetime, `lists.${name}.trust.keys`));
}

/** @param path - of the keys in the config. */
async function optionsOf(
  { keys: files, threshold, audience }: SignedListConfig["trust"],
  maxLifetimeMs: number,
  path: string,
): Promise<TrustOptions> {
  const { verifyingKey } = await import("./policy/release-keys.ts");
  const keys = await Promise.all(
    files.map(async (file) => ({ file, ...(await verifyingKey(await readFile(file, "utf8"), file)) })),
  );
  const [one, other] = sharedKey(keys) ?? [];
  if (one !== undefined) throw new Error(`${path}: ${one} and ${other} hold the same key`);
  return { keys, threshold, audience, maxLifetimeMs };
}

/** Two files with one key. */
function sharedKey(
  keys: readonly (VerifyingKey & { readonly file: string })[],
): [string, string] | undefined {
  for (const [at, { kid, file }] of keys.entries()) {
    const other = keys.slice(0, at).find((each) => each.kid === kid);
    if (other !== undefined) return [other.file, file];
  }
  return undefined;
}

/** How the config calls it. */
export function trustOf({ trust }: PolicyConfig): "unsigned" | "sha256" | "keys" {
  if (trust === "unsigned") return trust;
  return "sha256" in trust ? "sha256" : "keys";
}
