/** A server under load, from a process of its own on the other core. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningProcess } from "../support/installation.ts";
import type { LoadResult } from "./load.ts";

const CLOCK_TICKS = Number(execFileSync("getconf", ["CLK_TCK"]).toString());
export const CAN_PIN = existsSync("/usr/bin/taskset");

function pin(pid: number | undefined, core: number): void {
  if (pid !== undefined && CAN_PIN) {
    execFileSync("taskset", ["-acp", String(core), String(pid)], { stdio: "ignore" });
  }
}

/** User plus system time of a process, all its threads, in milliseconds. */
function cpuOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS;
}

/** Of a process, in MiB. */
export function residentMegabytes(pid: number | undefined): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

export interface Measured extends LoadResult {
  readonly cpuMs: number;
}

/**
 * Has the load generator ask a server.
 *
 * @param began - called when the measured requests begin, after the warm-up.
 */
export function load(
  server: RunningProcess,
  order: Record<string, unknown>,
  began: () => void = () => {},
): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(join(import.meta.dirname, "load.js"));
    pin(child.pid, 1);
    let before = 0;
    let after = 0;
    child.on("message", (message: { phase?: string; result?: LoadResult; error?: string }) => {
      if (message.phase === "start") {
        before = cpuOf(server.child.pid);
        began();
      }
      if (message.phase === "end") after = cpuOf(server.child.pid);
      if (message.error !== undefined) reject(new Error(message.error));
      if (message.result !== undefined) {
        resolve({ ...message.result, cpuMs: (after - before) / message.result.count });
      }
    });
    child.send(order);
  });
}
