/** For the tests: the built command line, run as people do. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLES, type Installation, MAIN, type RunningProcess } from "./installation.ts";

const TRANSFER = join(BUNDLES, "demo/requests/listed-transfer.json");

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

/** Runs shell lines with `set -e`; the command line is the built one. */
export function shell(script: string, cwd: string): Promise<{ code: number; out: string }> {
  const command = `${process.execPath} ${MAIN}`;
  const text = `set -e\n${script.replaceAll(/^(npx )?countersign /gm, `${command} `)}`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", text], { cwd }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: stdout + stderr }),
    );
  });
}

/** What the node gets to see of the answer to the demo's ordinary transfer, asked under an id. */
export async function askTransfer(
  installation: Installation,
  { addresses }: RunningProcess,
  id: string,
): Promise<string> {
  const request = { ...JSON.parse(readFileSync(TRANSFER, "utf8")), request_id: id };
  const { out } = await run(
    ...["node-double", "--url", `http://${addresses.nodes}/v2/check`],
    ...["--key", installation.write("node.pem", installation.node.privatePem)],
    ...["--server-key", installation.write("server.pub", installation.server.publicPem)],
    ...["--request", installation.write("request.json", JSON.stringify(request))],
  );
  return out;
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
