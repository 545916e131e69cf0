import { execFileSync } from "node:child_process";
import { constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createLog } from "./log.ts";
import { logOutput } from "./log-output.ts";

const MAX_WAITING = 100_000;
/** What a pipe itself holds on Linux and macOS, and more. */
const PIPE = 131_072;

/** A pipe whose reader stands still until `read` is called. */
function pipe(): { readonly writer: number; readonly read: () => string } {
  const folder = mkdtempSync(join(tmpdir(), "countersign-log-"));
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  // Open for both: opening one end alone waits for the other.
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const writer = openSync(path, "w");
  const bytes = Buffer.alloc(1_048_576);
  const read = () => {
    let text = "";
    try {
      for (;;) text += bytes.toString("utf8", 0, readSync(reader, bytes));
    } catch {
      // EAGAIN: there is no more at the moment.
      return text;
    }
  };
  // Both stay open: an output looks for what is left to write until the process ends.
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { writer, read };
}

test("what nobody reads is dropped when much waits, and counted for whoever reads then", async () => {
  const { writer, read } = pipe();
  const log = createLog({ destination: logOutput(writer, MAX_WAITING) });
  const count = 5_000;
  for (let each = 0; each < count; each += 1) {
    log.stopping(`${each}`.padEnd(100));
    // Writes begin between the lines: what stands in the pipe has left the memory.
    if (each % 100 === 0) await sleep(1);
  }
  let text = "";
  const lines = () => {
    text += read();
    return text.trimEnd().split("\n");
  };
  await expect.poll(() => lines().at(-1)).toContain("log lines lost");
  const said = JSON.parse(lines().at(-1) ?? "");
  expect(said).toMatchObject({ level: "error", msg: "log lines lost" });
  expect(said.lines).toBeGreaterThan(0);
  expect(lines()).toHaveLength(count - said.lines + 1);
  expect(text.length).toBeLessThan(MAX_WAITING + 2 * PIPE);
});

test("what is read is all there, and nothing is said to be lost", async () => {
  const { writer, read } = pipe();
  const log = createLog({ destination: logOutput(writer, MAX_WAITING) });
  for (let each = 0; each < 300; each += 1) log.stopping(`${each}`);
  log.flush();
  let text = "";
  await expect
    .poll(() => {
      text += read();
      return text.trimEnd().split("\n").length;
    })
    .toBe(300);
  expect(text).not.toContain("lost");
});
