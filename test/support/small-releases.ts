/** For the tests: the smallest releases that go live, and one that the guard refuses, built as a team builds its own. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildRelease } from "../../src/policy/build/build.ts";
import { withoutEnd } from "./endless-rego.ts";

export const LISTED = `# METADATA
# title: On the list
# description: Every destination is on the list.
# custom:
#   severity: critical
#   requires: {LISTED: deny}
package rules.transfer.listed

require["LISTED"] if {
	every d in input.transaction.destinations {
		data.allowlist[d.address]
	}
}
`;

export const ORDINARY = `# METADATA
# title: Ordinary
# description: Ordinary transfers are approved.
# custom:
#   severity: low
#   kinds: [transaction_signing]
#   approves: [ORDINARY]
package rules.transfer.ordinary

approve["ORDINARY"] if input.kind == "transaction_signing"
`;

/** It does not end on what is described. */
export const ENDLESS = ORDINARY.replace(
  'input.kind == "transaction_signing"',
  `{
	input.transaction.description
	${withoutEnd("input.now.ms")}
}`,
);

/** Makes a source folder below `root`. */
export function policyFolder(root: string, name: string, rules: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "data.yaml"), "allowlist: {known: true}\n");
  for (const [rule, text] of Object.entries(rules)) {
    mkdirSync(join(folder, "rules", rule), { recursive: true });
    writeFileSync(join(folder, "rules", rule, "rule.rego"), text);
  }
  return folder;
}

export interface SmallReleases {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  /** Well formed, and refused by the guard. */
  readonly generous: Uint8Array;
}

/** One of these rules; its revision is its name. */
export async function smallRelease(
  revision: string,
  rules: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const root = mkdtempSync(join(tmpdir(), "countersign-small-"));
  try {
    return (await buildRelease(policyFolder(root, revision, rules), { revision })).bytes;
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Their revisions are their names. */
export async function smallReleases(): Promise<SmallReleases> {
  const root = mkdtempSync(join(tmpdir(), "countersign-small-"));
  try {
    const safe = policyFolder(root, "safe", { "transfer/listed": LISTED, "transfer/ordinary": ORDINARY });
    const unsafe = policyFolder(root, "unsafe", { "transfer/ordinary": ORDINARY });
    return {
      first: (await buildRelease(safe, { revision: "first" })).bytes,
      second: (await buildRelease(safe, { revision: "second" })).bytes,
      generous: (await buildRelease(unsafe, { revision: "generous" })).bytes,
    };
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** In hex. */
export function digestOf(archive: Uint8Array): string {
  return createHash("sha256").update(archive).digest("hex");
}
