/** How a command ends: its exit code, its errors for people and for scripts. */
import { ConfigError } from "../config/error.ts";
import { messageOf } from "../thrown.ts";

/** 0 done, 1 the thing asked for failed, 2 wrong usage or config (design 3.1). */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Wrong usage: the message says what to change. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Runs a command and sets the exit code. A wrong config or usage ends in 2, any other error in 1; with `json`
 * errors are one object on standard output as well.
 */
export async function runCommand(json: boolean, run: () => Promise<ExitCode>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    const usage = error instanceof ConfigError || error instanceof UsageError;
    process.exitCode = usage ? EXIT.usage : EXIT.failed;
    const message = messageOf(error);
    if (json) {
      const problems = error instanceof ConfigError ? { problems: error.problems } : {};
      printJson({ ok: false, error: message, ...problems });
    } else console.error(message);
  }
}

/** Text that may come from elsewhere, on one line: none of it may steer a terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}

/** One object, on standard output. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
