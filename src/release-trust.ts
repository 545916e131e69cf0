/** Whom an installation believes about releases: `policy.trust`, with its keys read. */
import { readFile } from "node:fs/promises";
import type { Config } from "./config.ts";
import type { ReleaseTrust } from "./policy/activation.ts";
import type { VerifyingKey } from "./policy/release-keys.ts";

type PolicyConfig = Pick<Config["policy"], "trust" | "max_lifetime">;

/**
 * @throws ReleaseKeyError for a file that holds no key to trust, the system's error where one can't be read, or Error
 *   where two files hold one key: it would sign twice.
 */
export async function loadTrust({ trust, max_lifetime }: PolicyConfig): Promise<ReleaseTrust> {
  if (trust === "unsigned" || "sha256" in trust) return trust;
  const [{ verifyingKey }, { TrustStore }] = await Promise.all([
    import("./policy/release-keys.ts"),
    import("./policy/trust-store.ts"),
  ]);
  const keys = await Promise.all(
    trust.keys.map(async (file) => ({ file, ...(await verifyingKey(await readFile(file, "utf8"), file)) })),
  );
  const [one, other] = sharedKey(keys) ?? [];
  if (one !== undefined) throw new Error(`policy.trust.keys: ${one} and ${other} hold the same key`);
  const { threshold, audience } = trust;
  return new TrustStore({ keys, threshold, audience, maxLifetimeMs: max_lifetime });
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
