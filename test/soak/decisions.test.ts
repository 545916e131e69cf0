/** Good requests, approved and refused by a rule, for long: every answer right, memory flat. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Caller, demoRequest, form, readReply, requestToken } from "../support/caller.ts";
import { Installation, type RunningProcess } from "../support/installation.ts";
import { allowedRise, CONNECTIONS, LONG, load, memoryTrend, printFigures } from "./load.ts";

const COUNT = LONG ? 100_000 : 2_000;
/** Signed beforehand, each with an id of its own, and sent again and again. */
const TOKENS = 400;

let installation: Installation;
let running: RunningProcess;
let caller: Caller;

beforeAll(async () => {
  installation = new Installation();
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

test(
  `${COUNT} decisions`,
  async () => {
    const orders = Array.from({ length: TOKENS }, (_, index) => {
      const [name, action] = KINDS[index % KINDS.length] ?? KINDS[0];
      const id = `soak-${index}`;
      const request = JSON.stringify({ ...JSON.parse(demoRequest(name)), request_id: id });
      return { id, action, body: form(requestToken(request, installation.node.privateKey)) };
    });
    const figures = await load(COUNT, running, async (index) => {
      const order = orders[index % orders.length];
      if (order === undefined) throw new Error("nothing to send");
      const { status, body } = await caller.send(order.body);
      const reply = readReply(body, installation.server.publicKey);
      expect({ ...reply, http: status, error: "" }).toEqual({
        http: 200,
        status: 0,
        request_id: order.id,
        action: order.action,
        error: "",
      });
    });
    printFigures("decisions", figures);
    const { first, last } = memoryTrend(figures);
    expect(last - first).toBeLessThan(allowedRise(first));
  },
  LONG ? 1_800_000 : 120_000,
);
