/**
 * The command line (design 3.1). A command's options are registered by its file; what it does is imported when
 * it runs, so that `--help` is quick.
 */
import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { registerCheck } from "./check.ts";
import { registerDemo } from "./demo.ts";
import { registerEval } from "./eval.ts";
import { registerExplain } from "./explain.ts";
import { registerFlags } from "./flags.ts";
import { registerFreeze } from "./freeze.ts";
import { registerKeys } from "./keys.ts";
import { registerLedgerCommands } from "./ledger.ts";
import { registerNodeDouble } from "./node-double.ts";
import { EXIT } from "./output.ts";
import { registerPolicyCommands } from "./policy.ts";
import { registerPrices } from "./prices.ts";
import { registerRelease } from "./release.ts";
import { registerReplay } from "./replay.ts";
import { registerServe } from "./serve.ts";
import { registerStatus } from "./status.ts";

/** Commander itself ends a wrong usage with 1: here it throws, for all commands, and ends with 2. */
function throwOnUsage(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwOnUsage);
}
/**
 * Runs a command: what it says is printed, and the process has its exit code.
 *
 * @param args - as they were typed, without the program's own name.
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await countersign().parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

function countersign(): Command {
  const program = new Command("countersign")
    .description("A callback server for MPC co-signers: Rego policies decide what may be signed.")
    .version(VERSION)
    .showHelpAfterError("(countersign --help lists the commands)");

  registerServe(program);
  registerDemo(program);
  registerKeys(program);
  registerCheck(program);
  registerStatus(program);
  registerFreeze(program);
  registerRelease(program);
  registerFlags(program);
  registerPrices(program);
  registerNodeDouble(program);
  registerPolicyCommands(program);
  registerEval(program);
  registerExplain(program);
  registerReplay(program);
  registerLedgerCommands(program);
  throwOnUsage(program);
  return program;
}
