/** Before all tests: the code is compiled, and the releases that they serve are built. */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { ROOT, withoutDailyLimits } from "./demo-data.ts";
import { buildFewRules } from "./few-rules.ts";
import { keepKeyPairs } from "./key-pairs.ts";

const SOURCE = join(ROOT, "build/test-policies");

/**
 * The policy worker and the command line run from `dist/`, never from a stale or half-transformed copy.
 */
export async function setup(): Promise<void> {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
  buildTestRelease();
  await buildFewRules();
  keepKeyPairs();
}

/** The demo release without an end to what may be paid in a day, built as a user would do it. */
export function buildTestRelease(): void {
  rmSync(SOURCE, { recursive: true, force: true });
  cpSync(join(ROOT, "policies"), SOURCE, { recursive: true });
  const open = withoutDailyLimits(parse(readFileSync(join(ROOT, "bundles/demo/data.yaml"), "utf8")));
  writeFileSync(
    join(SOURCE, "data.yaml"),
    stringify(open, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" }),
  );
  execFileSync(
    process.execPath,
    [
      ...["dist/cli/main.js", "policy", "build", SOURCE, "-o", join(ROOT, "build/test-release.tar.gz")],
      // The tests of the rules are run by themselves.
      ...["--no-tests", "--no-regal"],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
}
