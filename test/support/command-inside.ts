/**
 * For the tests: a command line in this process, for what is about the command and not about a process of its own:
 * that starts in a tenth of a second, and compiles everything anew.
 */
import { format } from "node:util";
import { vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import type { Run } from "./command.ts";

let isRunning = false;

/** One at a time: what the process says while it runs is what it said. */
export async function runInside(...options: string[]): Promise<Run> {
  if (isRunning) throw new Error("another command runs in this process");
  isRunning = true;
  const said = { out: "", errors: "" };
  const writes = (into: keyof typeof said) => (chunk: string | Uint8Array) => {
    said[into] += Buffer.from(chunk).toString();
    return true;
  };
  const prints =
    (into: keyof typeof said) =>
    (...parts: unknown[]) => {
      said[into] += `${format(...parts)}\n`;
    };
  const before = process.exitCode;
  const spies = [
    vi.spyOn(console, "log").mockImplementation(prints("out")),
    vi.spyOn(console, "error").mockImplementation(prints("errors")),
    vi.spyOn(process.stdout, "write").mockImplementation(writes("out")),
    vi.spyOn(process.stderr, "write").mockImplementation(writes("errors")),
  ];
  try {
    process.exitCode = 0;
    await runProgram(options);
    return { code: Number(process.exitCode), ...said };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
    isRunning = false;
  }
}
