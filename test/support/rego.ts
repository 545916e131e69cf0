/** Live releases from a few lines of Rego, built and activated as any other. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ActivateOptions, activate } from "../../src/policy/activate.ts";
import { buildRelease } from "../../src/policy/build/build.ts";
import type { LiveRelease } from "../../src/policy/live.ts";
import { proveOnce } from "./prove-once.ts";

/** The rule that approves a withdrawal, under the path that it has in a source folder. */
export const PAYS = {
  "rules/transfer/pays/rule.rego": `# METADATA
# title: Ordinary
# description: Approves a withdrawal.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   approves: [PAYS]
package rules.transfer.pays

approve["PAYS"] if {
	input.transaction.type == "Withdrawal"
	input.evidence.status in {"verified", "unsupported"}
}
`,
};

/**
 * The caller closes the release's engine.
 *
 * @param files - by path within the source folder. @param more - what is activated otherwise.
 */
export async function releaseOf(
  files: Readonly<Record<string, string>>,
  more: Partial<ActivateOptions> = {},
): Promise<LiveRelease> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-rego-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    const { bytes } = await buildRelease(folder);
    return await activate(bytes, {
      trust: "unsigned",
      source: folder,
      prover: proveOnce,
      evaluationMs: 2_000,
      ...more,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
