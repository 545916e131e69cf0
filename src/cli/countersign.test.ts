import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { COMMAND } from "../../test/support/installation.ts";

const folder = mkdtempSync(join(tmpdir(), "countersign-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Stands in for the system's Node, and says how it was called.
writeFileSync(join(folder, "node"), '#!/bin/sh\nprintf "%s\\n" "$MALLOC_TRIM_THRESHOLD_" "$@"\n');
chmodSync(join(folder, "node"), 0o755);

function calledWith(
  args: readonly string[],
  environment: Record<string, string>,
  command = COMMAND,
): string[] {
  const path = `${folder}:${process.env["PATH"]}`;
  return execFileSync(command, args, { env: { PATH: path, ...environment }, encoding: "utf8" })
    .trimEnd()
    .split("\n");
}

test("glibc is told to give back what nobody uses", () => {
  const [threshold, main, ...args] = calledWith(["serve", "--config", "a b.yaml"], {});
  expect(threshold).toBe("131072");
  expect(main).toBe(join(COMMAND, "../main.js"));
  expect(args).toEqual(["serve", "--config", "a b.yaml"]);
});

test("who has said how much to keep is obeyed", () => {
  expect(calledWith([], { MALLOC_TRIM_THRESHOLD_: "8388608" })[0]).toBe("8388608");
});

test("it finds its own folder through a link, as npm makes one", () => {
  const link = join(folder, "countersign");
  symlinkSync(COMMAND, link);
  expect(calledWith(["check"], {}, link).slice(1)).toEqual([join(COMMAND, "../main.js"), "check"]);
});
