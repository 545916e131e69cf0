/** Policy source folders for tests, each in a temporary folder of its own. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const made: string[] = [];

/** Writes the files and returns their folder. */
export async function policySource(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "policy-source-"));
  made.push(dir);
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  return dir;
}

/** Removes every folder that was made; for `afterAll`. */
export async function removePolicySources(): Promise<void> {
  for (const dir of made.splice(0)) await rm(dir, { recursive: true, force: true });
}

export interface RuleOptions {
  readonly name?: string;
  /** Lines of `custom`, besides the severity. */
  readonly custom?: readonly string[];
}

/** The text of a rule with its METADATA; the code is `X_X` unless `custom` says otherwise. */
export function ruleText(body: string, options: RuleOptions = {}): string {
  const { name = "transfer/a", custom = ["requires: {X_X: deny}"] } = options;
  const lines = ["# METADATA", "# title: A rule", "# custom:", "#   severity: high"];
  lines.push(...custom.map((line) => `#   ${line}`), `package rules.${name.replace("/", ".")}`, "", body, "");
  return lines.join("\n");
}
