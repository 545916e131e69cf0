/** Before all tests: the code is compiled, and the release that they serve is built, as a user would do both. */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { keepKeyPairs } from "./key-pairs.ts";

const ROOT = process.cwd();
const SOURCE = join(ROOT, "build/test-policies");

const ENOUGH = "1000000000000000000000000000";

const limitsSchema = z.looseObject({
  limits: z.looseObject({ token: z.looseObject({ units: z.record(z.string(), z.string()) }) }),
});

/**
 * The policy worker and the command line run from `dist/`, never from a stale or half-transformed copy.
 */
export function setup(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
  buildTestRelease();
  keepKeyPairs();
}

/**
 * The demo release without an end to what may be paid in a day: tests send its sample transfer a thousand times.
 * What one transaction may do is limited as in the demo.
 */
export function buildTestRelease(): void {
  rmSync(SOURCE, { recursive: true, force: true });
  cpSync(join(ROOT, "policies"), SOURCE, { recursive: true });
  const { limits, ...data } = limitsSchema.parse(
    parse(readFileSync(join(ROOT, "bundles/demo/data.yaml"), "utf8")),
  );
  const units = Object.fromEntries(Object.keys(limits.token.units).map((token) => [token, ENOUGH]));
  const open = {
    ...data,
    limits: {
      ...limits,
      daily: { window: "24h", hold: ENOUGH, deny: ENOUGH },
      token: { window: "24h", units },
      payments: { window: "1h", count: ENOUGH },
    },
  };
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
