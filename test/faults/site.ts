/** A server of two nodes with few of the demo's rules, as the tests of faults start it, ask it and look at it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Caller, form, readReply, requestToken, type StrictReply } from "../support/caller.ts";
import { FEW_RULES } from "../support/few-rules.ts";
import { Installation, MAIN, type RunningProcess } from "../support/installation.ts";
import { type KeyPair, keyPair } from "../support/key-pairs.ts";
import { type Transfer, transferRequest } from "./transfer.ts";

/** Whether the long form is asked for. */
export const LONG = process.env["COUNTERSIGN_SOAK"] === "long";
const WAIT_MS = 40_000;
const IN_FLIGHT = 48;

export type NodeName = "node-1" | "node-2";

const readySchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

const verificationSchema = z.object({ ok: z.boolean(), found: z.int() });

/** What `/readyz` says: the checks by name. */
export interface Readiness {
  readonly status: number;
  readonly failing: readonly string[];
  readonly details: Readonly<Record<string, string>>;
}

export class Site {
  readonly installation: Installation;
  readonly keys: Readonly<Record<NodeName, KeyPair>>;
  readonly state: string;
  #running: RunningProcess | undefined;
  #caller: Caller | undefined;

  /** @param state - another state directory than the installation's own. */
  constructor(overrides: Record<string, unknown> = {}, state?: string) {
    this.installation = new Installation({
      policy: { release: FEW_RULES.demo, trust: "unsigned" },
      // Faults are what is looked for, not a machine that is busy with other tests.
      limits: { decision: "15s" },
      ...overrides,
    });
    this.keys = { "node-1": this.installation.node, "node-2": keyPair() };
    this.installation.write("node-2.pub", this.keys["node-2"].publicPem);
    this.installation.config["nodes"] = [
      { name: "node-1", callback_public_keys: ["./node.pub"] },
      { name: "node-2", callback_public_keys: ["./node-2.pub"] },
    ];
    this.state = state ?? join(this.installation.folder, "state");
    if (state !== undefined) this.installation.config["state_dir"] = state;
  }

  /** The process that was started last. */
  get running(): RunningProcess {
    if (this.#running === undefined) throw new Error("not started yet");
    return this.#running;
  }

  async start(environment: Record<string, string> = {}, under: readonly string[] = []): Promise<void> {
    this.#caller?.close();
    this.#running = await this.installation.start(environment, under);
    this.#caller = new Caller(this.#running.addresses.nodes, IN_FLIGHT);
  }

  /** Sends a signed token. @throws Error where there is no complete, genuine answer. */
  async send(token: string): Promise<StrictReply> {
    if (this.#caller === undefined) throw new Error("not started yet");
    const { status, body } = await this.#caller.send(form(token));
    if (status !== 200) throw new Error(`HTTP ${status}`);
    return readReply(body, this.installation.server.publicKey);
  }

  /** Asks for a transfer, by default under its own id and from the first node. */
  ask(transfer: Transfer, requestId = transfer.id, node: NodeName = "node-1"): Promise<StrictReply> {
    return this.send(requestToken(transferRequest(transfer, requestId), this.keys[node].privateKey));
  }

  async readiness(): Promise<Readiness> {
    const response = await fetch(`http://${this.running.addresses.admin}/readyz`);
    const { checks } = readySchema.parse(await response.json());
    return {
      status: response.status,
      failing: checks.filter(({ ok }) => !ok).map(({ name }) => name),
      details: Object.fromEntries(checks.map(({ name, detail }) => [name, detail])),
    };
  }

  /** An operator's call. */
  async admin(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    const token = readFileSync(join(this.state, "admin.token"), "utf8").trim();
    const response = await fetch(`http://${this.running.addresses.admin}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** What `ledger verify --deep` says of the file, whether the server runs or not. */
  verify(): { readonly ok: boolean; readonly found: number } {
    const parts = [MAIN, "ledger", "verify", "--config", this.installation.writeConfig(), "--deep", "--json"];
    const { stdout, stderr } = spawnSync(process.execPath, parts, { encoding: "utf8" });
    if (stdout === "") throw new Error(stderr);
    return verificationSchema.parse(JSON.parse(stdout));
  }

  /** Lines of the log that a server which is well doesn't write. */
  exceptions(): readonly unknown[] {
    return this.running.log.filter(({ msg, level }) => msg === "exception" || level === "fatal");
  }

  async remove(): Promise<void> {
    this.#caller?.close();
    await this.installation.remove();
  }
}

/** The code that a refusal begins with; `APPROVE` for an approval. */
export function codeOf({ action, error }: StrictReply): string {
  return action === "APPROVE" ? "APPROVE" : (/^[A-Z0-9_]*/.exec(error)?.[0] ?? "");
}

/** The decision's id, which a refusal ends with. */
export function decisionIdOf({ error }: StrictReply): string | undefined {
  return /\[(d_[0-9A-HJKMNP-TV-Z]{26})\]$/.exec(error)?.[1];
}

let made = 0;

/** A small transfer of a wallet of its own, which nothing but a fault refuses. */
export function freshTransfer(): Transfer {
  made += 1;
  return { id: `fresh-${process.pid}-${made}`, wallet: `wallet-fresh-${made}`, tenThousandths: 1 };
}

/** @throws Error where it takes longer than `limitMs`. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  limitMs = WAIT_MS,
): Promise<void> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > limitMs) throw new Error(`not in time: ${what}`);
    await sleep(50);
  }
}
