/** The tools that a build runs, OPA and Regal: found, started, and stopped where they run on. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../root.ts";
import { ReleaseError } from "../release.ts";

const OWN_TOOLS = fileURLToPath(new URL("tools/bin/", ROOT));
const TIME_LIMIT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** Most calls end before there is anything to collect: Go's collector need not begin early. */
const SELDOM = "400";

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a tool to its end.
 *
 * @throws {ReleaseError} when it does not start, says more than 64 MiB, or takes more than a minute.
 */
export async function runTool(file: string, args: readonly string[], cwd: string): Promise<Answer> {
  const asked = `${basename(file)} ${args[0] ?? ""}`;
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GOGC: SELDOM };
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let size = 0;
    let stopped: string | undefined;
    const stop = (why: string) => {
      stopped ??= why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => stop("took more than a minute"), TIME_LIMIT_MS);
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) stop("printed more than 64 MiB");
      else into.push(chunk);
    };
    child.stdout.on("data", collect(out));
    child.stderr.on("data", collect(err));
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new ReleaseError("source", `${asked} did not start: ${error.message}`, error));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      if (stopped !== undefined) reject(new ReleaseError("source", `${asked} ${stopped}`));
      else resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Where a tool of this name lies: in the checkout first, then on PATH. */
export async function* installed(name: string): AsyncGenerator<string> {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [OWN_TOOLS, ...onPath]) {
    const file = join(folder, name);
    if (await isExecutable(file)) yield file;
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What a tool printed as JSON; undefined where it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
