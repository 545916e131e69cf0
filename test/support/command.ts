/** For the tests: the built command line, run as people do. */
import { execFile } from "node:child_process";
import { type Installation, MAIN, type RunningProcess } from "./installation.ts";

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

export function run(...options: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...options], { timeout: 20_000 }, (error, out, errors) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, out, errors });
    });
  });
}

/** The config of a running server with the ports that it got. */
export function boundConfig(installation: Installation, { addresses }: RunningProcess): string {
  const listen = installation.config["listen"] as Record<string, unknown>;
  const admin = listen["admin"];
  const bound = typeof admin === "object" ? { ...admin, address: addresses.admin } : addresses.admin;
  return installation.write(
    "bound.json",
    JSON.stringify({ ...installation.config, listen: { nodes: addresses.nodes, admin: bound } }),
  );
}
