/**
 * Good requests, approved and refused by a rule, for long: every answer right, memory flat. Each has an id of its
 * own; every so many of them are asked again, as a node does that got no answer, and get the very same one.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Caller, demoRequest, form, readReply, requestToken } from "../support/caller.ts";
import { Installation, type RunningProcess } from "../support/installation.ts";
import { allowedRise, CONNECTIONS, LONG, load, memoryTrend, printFigures } from "./load.ts";

const COUNT = LONG ? 100_000 : 3_000;
/** A server that decides, writes and signs for the first time has grown up after some 1,500 requests. */
const WARM_UP = LONG ? 1 / 8 : 1 / 2;
const REPEATED_EVERY = 10;

let installation: Installation;
let running: RunningProcess;
let caller: Caller;

beforeAll(async () => {
  // What is looked for is no machine that is busy with other tests.
  installation = new Installation({ limits: { decision: "15s", evaluation: "10s" } });
  running = await installation.start();
  caller = new Caller(running.addresses.nodes, CONNECTIONS);
});

afterAll(async () => {
  caller.close();
  await installation.remove();
});

const KINDS = [
  ["listed-transfer", "APPROVE"],
  ["key-generation-listed", "APPROVE"],
  ["unlisted-transfer", "REJECT"],
  ["transfer-over-cap", "REJECT"],
] as const;

/** How many stored answers the server says that it gave again. */
async function repeats(): Promise<number> {
  const text = await (await fetch(`http://${running.addresses.admin}/metrics`)).text();
  const counts = [...text.matchAll(/^countersign_answers_repeated_total\{.*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

test(
  `${COUNT} decisions`,
  async () => {
    const requests = KINDS.map(([name, action]) => ({ request: JSON.parse(demoRequest(name)), action }));
    const figures = await load(COUNT, running, async (index) => {
      const { request, action } = requests[index % requests.length] ?? {};
      const id = `soak-${index}`;
      const text = JSON.stringify({ ...request, request_id: id });
      const body = form(requestToken(text, installation.node.privateKey));
      const { status, body: answer } = await caller.send(body);
      const reply = readReply(answer, installation.server.publicKey);
      expect({ ...reply, http: status, error: "" }).toEqual({
        http: 200,
        status: 0,
        request_id: id,
        action,
        error: "",
      });
      if (index % REPEATED_EVERY !== 0) return;
      const again = readReply((await caller.send(body)).body, installation.server.publicKey);
      // A REJECT names its decision: it is the stored one.
      expect(again).toEqual(reply);
    });
    expect(await repeats()).toBe(COUNT / REPEATED_EVERY);
    printFigures("decisions", figures);
    const { first, last } = memoryTrend(figures, WARM_UP);
    expect(last - first).toBeLessThan(allowedRise(first));
  },
  LONG ? 1_800_000 : 120_000,
);
