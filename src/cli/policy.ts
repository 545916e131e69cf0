/** `policy build | test | lint | inspect | diff | sign | verify | promote`: releases, from source folder to signed file. */
import type { Command } from "commander";
import { registerPolicyBuild } from "./policy-build.ts";
import { registerPolicyDiff } from "./policy-diff.ts";
import { registerPolicyInspect } from "./policy-inspect.ts";
import { registerPolicyLint } from "./policy-lint.ts";
import { registerPolicyPromote } from "./policy-promote.ts";
import { registerPolicySign } from "./policy-sign.ts";
import { registerPolicyTest } from "./policy-test.ts";
import { registerPolicyVerify } from "./policy-verify.ts";

/** Adds `policy` with its subcommands to the program. */
export function registerPolicyCommands(program: Command): void {
  const policy = program
    .command("policy")
    .description("releases: from Rego and data to the file that is served");
  registerPolicyBuild(policy);
  registerPolicyTest(policy);
  registerPolicyInspect(policy);
  registerPolicyLint(policy);
  registerPolicyDiff(policy);
  registerPolicySign(policy);
  registerPolicyVerify(policy);
  registerPolicyPromote(policy);
}
