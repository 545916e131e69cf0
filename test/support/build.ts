import { execFileSync } from "node:child_process";

/**
 * Compiles the sources once before the tests: the policy worker and the command line run from `dist/`,
 * as they do for a user, never from a stale or half-transformed copy.
 */
export function setup(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
}
