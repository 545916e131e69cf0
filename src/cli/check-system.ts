/** `check`: what the machine must give: a writable state folder, free ports, a clock that runs. */
import { once } from "node:events";
import { access, constants, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { adminTokenFile, readAdminToken } from "../admin/tokens.ts";
import { addressText } from "../config/values.ts";
import type { Config, ListenConfig } from "../config.ts";
import { codeOf, messageOf } from "../thrown.ts";
import type { Finding } from "./finding.ts";

/** A file that was changed later than now by more than this speaks against the clock. */
const CLOCK_TOLERANCE_MS = 60_000;

export async function checkSystem(config: Config, configFile: string): Promise<Finding[]> {
  const findings = [...(await checkStateDir(config.state_dir)), ...(await checkClock(configFile))];
  let running: boolean | undefined;
  // All at once, as the server does: one that takes every interface leaves no other its port.
  const bound: Server[] = [];
  for (const listener of ["nodes", "push", "admin"] as const) {
    const listen = config.listen[listener];
    if (listen === undefined) continue;
    const problem = await bindProblem(listen, bound);
    if (problem === undefined) continue;
    const where = addressText(listen.address.host, listen.address.port);
    if (problem === "EADDRINUSE") running ??= await isRunning(config);
    findings.push({
      severity: running === true && problem === "EADDRINUSE" ? "warning" : "error",
      path: `listen.${listener}`,
      message: `${where}: ${running === true ? "in use by this installation's running server" : `cannot listen (${problem})`}`,
    });
  }
  for (const server of bound) server.close();
  return findings;
}

async function checkStateDir(directory: string): Promise<Finding[]> {
  const path = "state_dir";
  try {
    const found = await stat(directory);
    if (!found.isDirectory()) return [{ severity: "error", path, message: `${directory}: not a folder` }];
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return await checkParent(directory);
    return [{ severity: "error", path, message: `${directory}: not writable (${codeOf(error) ?? "error"})` }];
  }
  try {
    await readAdminToken(directory);
  } catch (error) {
    // It is made at the first start.
    if (codeOf(error) === "ENOENT") return [];
    const code = codeOf(error);
    const message = code === undefined ? messageOf(error) : `unreadable (${code})`;
    return [{ severity: "error", path, message: `${adminTokenFile(directory)}: ${message}` }];
  }
  return [];
}

/** It will be made, so the nearest folder that is there must be writable. */
async function checkParent(directory: string): Promise<Finding[]> {
  const parent = dirname(directory);
  try {
    await access(parent, constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    if (codeOf(error) === "ENOENT" && parent !== directory) return await checkParent(parent);
    return [
      {
        severity: "error",
        path: "state_dir",
        message: `${parent}: not writable (${codeOf(error) ?? "error"})`,
      },
    ];
  }
}

async function checkClock(configFile: string): Promise<Finding[]> {
  const ahead = (await stat(configFile)).mtimeMs - Date.now();
  if (ahead < CLOCK_TOLERANCE_MS) return [];
  const message = `the clock is behind: the config file was changed ${Math.round(ahead / 1_000)} s later than now`;
  return [{ severity: "warning", path: "", message }];
}

/** The system's code, where the address cannot be bound. */
async function bindProblem({ address }: ListenConfig, bound: Server[]): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host: address.host, port: address.port });
    await once(server, "listening");
    bound.push(server);
    return undefined;
  } catch (error) {
    return codeOf(error) ?? "error";
  }
}

async function isRunning(config: Config): Promise<boolean> {
  try {
    const { askAdmin } = await import("./admin-client.ts");
    return (await askAdmin(config, "/v1/status")).status === 200;
  } catch {
    return false;
  }
}
