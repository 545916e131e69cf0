/** Small policies for tests, compiled by the pinned `opa` as a release's module is. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Release, sharedBytes } from "../../src/policy/release.ts";
import {
  ENTRYPOINTS,
  type IndexedCheck,
  type IndexedRule,
  type RuleIndex,
} from "../../src/policy/rule-index.ts";

const OPA = fileURLToPath(new URL("../../tools/bin/opa", import.meta.url));

/**
 * Compiles Rego sources by path, entrypoints included, to a module.
 *
 * @param entrypoints - other ones than a release has, to see it refused.
 */
export function compileRego(
  sources: Readonly<Record<string, string>>,
  entrypoints: readonly string[] = ENTRYPOINTS,
): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-policy-"));
  try {
    for (const [path, text] of Object.entries(sources)) {
      const file = join(folder, "src", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const archive = join(folder, "bundle.tar.gz");
    const named = entrypoints.flatMap((entrypoint) => ["-e", entrypoint]);
    execFileSync(OPA, ["build", "-t", "wasm", "-o", archive, ...named, "."], { cwd: join(folder, "src") });
    return new Uint8Array(execFileSync("tar", ["-xzOf", archive, "/policy.wasm"], { maxBuffer: 1 << 26 }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A rule of an index, with defaults for what a test does not care about.
 *
 * @param checks - `require` with `deny` where nothing else is said, reading nothing.
 */
export function indexedRule(
  name: string,
  checks: readonly (Partial<IndexedCheck> & { code: string })[],
  rest: Partial<IndexedRule> = {},
): IndexedRule {
  return {
    name,
    group: "transfer",
    file: `rules/${name}/rule.rego`,
    title: `The rule ${name}`,
    description: "",
    severity: "high",
    kinds: ["transaction_signing"],
    mandatory: false,
    optional: [],
    data: [],
    data_uses: [],
    has_values: false,
    messages: [],
    has_facts: false,
    ...rest,
    checks: checks.map((check) => ({
      part: "require" as const,
      line: 1,
      reads: [],
      ...((check.part ?? "require") === "require" ? { consequence: "deny" as const } : {}),
      ...check,
    })),
  };
}

export function ruleIndex(rules: readonly IndexedRule[], rest: Partial<RuleIndex> = {}): RuleIndex {
  return {
    contract: 1,
    opa: "1.22.2",
    entrypoints_sha256: "0".repeat(64),
    reads_raw: false,
    rules: [...rules],
    ...rest,
  };
}

/** A release in memory, as if its archive had been read. */
export function releaseOf(parts: {
  wasm: Uint8Array<ArrayBuffer>;
  index: RuleIndex;
  data?: unknown;
  hostData?: Release["hostData"];
  revision?: string;
}): Release {
  return {
    identity: { revision: parts.revision ?? "test", sequence: 0, sha256: "0".repeat(64) },
    index: parts.index,
    wasm: parts.wasm,
    data: sharedBytes(Buffer.from(JSON.stringify(parts.data ?? {}))),
    hostData: parts.hostData ?? {},
    cases: [],
  };
}
