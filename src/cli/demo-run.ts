/** What `demo` does: an installation in a temporary folder, started, asked, checked and removed. */
import { generateKeyPair, type KeyObject } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { z } from "zod";
import { parseConfig } from "../config.ts";
import { readAnchor } from "../ledger/anchor-file.ts";
import { startServer } from "../main.ts";
import { ROOT } from "../root.ts";
import { LISTED, OWN } from "./demo-pushes.ts";
import { prepareRelease } from "./demo-releases.ts";
import type { Answered, DemoResult } from "./demo-stage.ts";
import { tellStory, verifyChain } from "./demo-story.ts";
import { sendRequest } from "./http-request.ts";
import { signToken, verifyReply } from "./node-client.ts";

const DEMO = fileURLToPath(new URL("bundles/demo", ROOT));
const TOKEN_SECONDS = 120;
const EXPIRED_SECONDS = -600;
const KEY_BITS = 2048;

const casesSchema = z.array(
  z.strictObject({
    title: z.string(),
    /** The request's file in `bundles/demo/requests`, without its ending. */
    request: z.string(),
    /** Who signs it: the node, somebody else, or the node long ago. */
    token: z.enum(["node", "stranger", "expired"]).default("node"),
    action: z.enum(["APPROVE", "REJECT"]),
    code: z.string().optional(),
  }),
);

type DemoCase = z.infer<typeof casesSchema>[number];

interface Keys {
  readonly node: KeyObject;
  readonly stranger: KeyObject;
  readonly serverPublic: KeyObject;
  /** Cobo's, for push messages: 32 bytes in hex, and the compressed point. */
  readonly push: { readonly secret: string; readonly point: string };
}

/** Runs the demo. The server's own log is quiet meanwhile. */
export async function runDemo(): Promise<DemoResult[]> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-demo-"));
  process.env["COUNTERSIGN_LOG_LEVEL"] ??= "fatal";
  try {
    const keys = await writeKeys(folder);
    await writeFeeds(folder);
    const { place, policy } = await prepareRelease(folder);
    const server = await startServer(parseConfig(JSON.stringify(configOf(keys, policy)), folder));
    try {
      const cases = casesSchema.parse(JSON.parse(await readFile(join(DEMO, "cases.json"), "utf8")));
      const results: DemoResult[] = [];
      for (const each of cases) results.push(await askCase(each, server.addresses.nodes, keys));
      const listed = await readFile(requestFile("listed-transfer"), "utf8");
      const story = await tellStory({
        listed,
        stateDir: join(folder, "state"),
        admin: server.addresses.admin,
        push: server.addresses.push ?? "",
        pushKey: keys.push.secret,
        place,
        ask: (request) => ask(request, keys.node, server.addresses.nodes, keys),
      });
      results.push(...story);
      await server.close();
      results.push(
        await verifyChain(join(folder, "state"), await readAnchor(join(folder, "state", "anchor"))),
      );
      return results;
    } finally {
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function configOf({ push }: Keys, policy: unknown): unknown {
  return {
    listen: { nodes: "127.0.0.1:0", push: "127.0.0.1:0", admin: "127.0.0.1:0" },
    state_dir: "./state",
    signing_key: "./server.pem",
    nodes: [{ name: "node-1", callback_public_keys: ["./node.pub"] }],
    policy,
    push: { keys: [push.point], on_unapproved_withdrawal: "freeze" },
    lists: { sanctions: "./sanctions.csv", own_addresses: "./own-addresses.csv" },
    prices: { file: "./prices.json" },
  };
}

/** What the rules ask for besides the request: who is listed, whose addresses are ours, what ETH and MNT cost. */
async function writeFeeds(folder: string): Promise<void> {
  await writeFile(join(folder, "sanctions.csv"), `address,name\n${LISTED},somebody\n`);
  await writeFile(join(folder, "own-addresses.csv"), `address,name\n${OWN},hot wallet\n`);
  const at = Date.now();
  await writeFile(
    join(folder, "prices.json"),
    JSON.stringify({ ETH: { usd: "3000", at }, MNT: { usd: "1", at } }),
  );
}

function requestFile(name: string): string {
  return join(DEMO, "requests", `${name}.json`);
}

async function writeKeys(folder: string): Promise<Keys> {
  const generate = promisify(generateKeyPair);
  const pair = () => generate("rsa", { modulusLength: KEY_BITS });
  const [server, node, stranger] = await Promise.all([pair(), pair(), pair()]);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "server.pem"), server.privateKey.export({ type: "pkcs8", format: "pem" }), {
    mode: 0o600,
  });
  await writeFile(join(folder, "node.pub"), node.publicKey.export({ type: "spki", format: "pem" }));
  const secret = secp256k1.utils.randomSecretKey();
  const point = Buffer.from(secp256k1.getPublicKey(secret)).toString("hex");
  return {
    node: node.privateKey,
    stranger: stranger.privateKey,
    serverPublic: server.publicKey,
    push: { secret: Buffer.from(secret).toString("hex"), point },
  };
}

/** Asks as a node would. @returns the verified reply, and milliseconds until it was there. */
async function ask(
  request: string,
  key: KeyObject,
  address: string,
  keys: Keys,
  lifetimeSeconds = TOKEN_SECONDS,
): Promise<Answered> {
  const token = await signToken(request, key, lifetimeSeconds);
  const started = performance.now();
  const { body } = await sendRequest({
    url: `http://${address}/v2/check`,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ TSS_JWT_MSG: token }).toString(),
    timeoutMs: 10_000,
  });
  return { reply: await verifyReply(body, keys.serverPublic), ms: performance.now() - started };
}

async function askCase(demo: DemoCase, address: string, keys: Keys): Promise<DemoResult> {
  const request = await readFile(requestFile(demo.request), "utf8");
  const key = demo.token === "stranger" ? keys.stranger : keys.node;
  const lifetime = demo.token === "expired" ? EXPIRED_SECONDS : TOKEN_SECONDS;
  const { reply, ms } = await ask(request, key, address, keys, lifetime);
  const ok = isExpected(demo, reply, request);
  return { title: demo.title, action: reply.action ?? "", error: reply.error, ok, ms };
}

function isExpected(demo: DemoCase, reply: Answered["reply"], request: string): boolean {
  const id = z.object({ request_id: z.string() }).parse(JSON.parse(request)).request_id;
  const code = /^[A-Z][A-Z0-9_]*/.exec(reply.error)?.[0];
  const echoed = demo.token === "node" ? id : "";
  return reply.action === demo.action && code === demo.code && reply.request_id === echoed;
}
