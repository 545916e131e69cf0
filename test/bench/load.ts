/**
 * The load generator: a process of its own, so that its cost is not the server's.
 *
 * Tokens are signed before the clock starts. Closed loop: so many in flight, the next leaves when one returns.
 * Open loop: one leaves every so often whether the server keeps up or not, and latency counts from the moment
 * it should have left.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { headersOf, signPush } from "../../src/cli/push-client.ts";
import { ofItsOwn } from "../support/demo-payment.ts";
import { ownAddress } from "./own-addresses.ts";

/** @property push - the key that signs push messages, in hex: given, these are sent instead of callbacks. */
interface Order {
  readonly url: string;
  readonly nodeKey: string;
  readonly serverKey: string;
  readonly push?: string;
  readonly warmUp: number;
  readonly count: number;
  readonly inFlight: number;
  /** Requests a second for the open loop; absent for the closed one. */
  readonly rate?: number;
  readonly expect: string;
}

export interface LoadResult {
  readonly count: number;
  readonly wrong: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** A token as a node signs it: each of another transaction, with a hash, ids and a request id of its own. */
function signToken(key: KeyObject, id: string): string {
  const claims = {
    package_data: Buffer.from(ofItsOwn(id)).toString("base64"),
    exp: Math.floor(Date.now() / 1000) + 600,
    iss: "bench",
  };
  const head = Buffer.from(JSON.stringify({ alg: "RS256", typ: "JWT" })).toString("base64url");
  const body = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  const signature = sign("sha256", Buffer.from(body), key);
  return `${body}.${signature.toString("base64url")}`;
}

function post(url: string, agent: Agent, { headers, body }: Prepared): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", agent, headers: { "content-length": body.length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(Buffer.concat(chunks).toString()));
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A deposit, each of another transaction and address, as Cobo signs it. */
function preparePush(key: string, id: string): Prepared {
  const now = Date.now();
  const seed = createHash("sha256").update(id).digest("hex");
  const address = ownAddress(Number.parseInt(seed.slice(0, 8), 16));
  const message = {
    ...{ id, coin: "ETH", display_code: "ETH", description: "Ethereum", decimal: 18, address, memo: "" },
    ...{ source_address: `0x${seed.slice(24)}`, side: "deposit", amount: "1000000000000000000" },
    ...{ abs_amount: "1", txid: `0x${seed}`, vout_n: 0, request_id: null, status: "success" },
    ...{ abs_cobo_fee: "0", created_time: now, last_time: now, request_created_time: now },
    ...{ confirmed_num: 64, confirming_threshold: 64, type: "external" },
    tx_detail: { txid: `0x${seed}`, blocknum: 21_000_000, blockhash: `0x${seed}`, hexstr: "" },
    source_address_detail: `0x${seed.slice(24)}`,
  };
  const body = Buffer.from(JSON.stringify(message));
  return { id, body, headers: headersOf(signPush(body, key, now)) };
}

function prepareCallback(key: KeyObject, id: string): Prepared {
  const body = Buffer.from(`TSS_JWT_MSG=${signToken(key, id)}`);
  return { id, body, headers: { "content-type": "application/x-www-form-urlencoded" } };
}

function isExpected(reply: string, serverKey: KeyObject, id: string, action: string): boolean {
  const [head, body, signature] = reply.split(".");
  if (head === undefined || body === undefined || signature === undefined) return false;
  const genuine = verify(
    "sha256",
    Buffer.from(`${head}.${body}`),
    serverKey,
    Buffer.from(signature, "base64url"),
  );
  const claims = JSON.parse(Buffer.from(body, "base64url").toString());
  const answer = JSON.parse(Buffer.from(claims.package_data, "base64").toString());
  return genuine && answer.request_id === id && answer.action === action;
}

async function run(order: Order): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: order.inFlight * 4 });
  const total = order.warmUp + order.count;
  const nodeKey = createPrivateKey(readFileSync(order.nodeKey));
  const serverKey = createPublicKey(readFileSync(order.serverKey));
  // Outside the heap: collecting a hundred megabytes of texts would hold this process, and look like latency.
  const bodies: Prepared[] = [];
  for (let index = 0; index < total; index += 1) {
    const id = `bench-${process.pid}-${index}`;
    bodies.push(order.push === undefined ? prepareCallback(nodeKey, id) : preparePush(order.push, id));
  }
  await closedLoop(order.url, agent, bodies.slice(0, order.warmUp), order.inFlight);
  process.send?.({ phase: "start" });

  const measured = bodies.slice(order.warmUp);
  const started = performance.now();
  const answers =
    order.rate === undefined
      ? await closedLoop(order.url, agent, measured, order.inFlight)
      : await openLoop(order.url, agent, measured, order.rate);
  const seconds = (performance.now() - started) / 1000;
  process.send?.({ phase: "end" });
  agent.destroy();

  const right = ({ id, reply }: Answer) =>
    order.push === undefined ? isExpected(reply, serverKey, id, order.expect) : reply === order.expect;
  const wrong = answers.filter((answer) => !right(answer)).length;
  const latencies = answers.map(({ ms }) => ms).sort((one, other) => one - other);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return {
    count: order.count,
    wrong,
    seconds,
    perSecond: order.count / seconds,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  };
}

interface Prepared {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Answer {
  readonly id: string;
  readonly reply: string;
  readonly ms: number;
}

async function closedLoop(
  url: string,
  agent: Agent,
  bodies: readonly Prepared[],
  inFlight: number,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const lane = async () => {
    for (let mine = bodies[next++]; mine !== undefined; mine = bodies[next++]) {
      const started = performance.now();
      const reply = await post(url, agent, mine);
      answers.push({ id: mine.id, reply, ms: performance.now() - started });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return answers;
}

async function openLoop(
  url: string,
  agent: Agent,
  bodies: readonly Prepared[],
  rate: number,
): Promise<Answer[]> {
  const started = performance.now();
  const pending: Promise<Answer>[] = [];
  for (const [index, prepared] of bodies.entries()) {
    const due = started + (index * 1000) / rate;
    // To spin all the time would take from the server a core that no client of its takes.
    for (let left = due - performance.now(); left > 0; left = due - performance.now()) {
      await (left > 1 ? sleep(Math.floor(left)) : turn());
    }
    pending.push(
      post(url, agent, prepared).then((reply) => ({ id: prepared.id, reply, ms: performance.now() - due })),
    );
  }
  return Promise.all(pending);
}

process.on("message", (order: Order) => {
  run(order).then(
    (result) => {
      process.send?.({ result });
      process.disconnect();
    },
    (error: unknown) => {
      process.send?.({ error: String(error) });
      process.disconnect();
    },
  );
});
