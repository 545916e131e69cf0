import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type BodyBudget, BodyError, readBody } from "./body.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A request whose body is sent as the test says; resolves with the server's side of it. */
async function incoming(head: string): Promise<{ message: IncomingMessage; send: (text: string) => void }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  closers.push(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
  const [message] = (await once(server, "request")) as [IncomingMessage];
  return { message, send: (text) => (text === "" ? socket.destroy() : socket.write(text)) };
}

const LIMITS = { limitBytes: 10, deadlineMs: 2_000 };

async function statusOf(reading: Promise<Buffer>): Promise<number | string> {
  try {
    return (await reading).toString();
  } catch (error) {
    if (error instanceof BodyError) return error.status;
    throw error;
  }
}

test("a length over the limit is refused unread", async () => {
  const { message } = await incoming("Content-Length: 11");
  expect(await statusOf(readBody(message, LIMITS))).toBe(413);
});

test("more than the limit is refused where no length was announced", async () => {
  const { message, send } = await incoming("Transfer-Encoding: chunked");
  const reading = readBody(message, LIMITS);
  send("8\r\n12345678\r\n8\r\n12345678\r\n");
  expect(await statusOf(reading)).toBe(413);
});

test("a body that is not there in time is refused, and gives its room back", async () => {
  const budget: BodyBudget = { bytes: 100, used: 0 };
  const { message, send } = await incoming("Content-Length: 10");
  const reading = readBody(message, { ...LIMITS, deadlineMs: 100, budget });
  send("half ");
  expect(await statusOf(reading)).toBe(408);
  expect(budget.used).toBe(0);
});

test("a peer that leaves is refused, and gives its room back", async () => {
  const budget: BodyBudget = { bytes: 100, used: 0 };
  const { message, send } = await incoming("Content-Length: 10");
  const reading = readBody(message, { ...LIMITS, budget });
  send("half ");
  send("");
  expect(await statusOf(reading)).toBe(400);
  expect(budget.used).toBe(0);
});

test("what is over the budget of all is refused, and the next is read when there is room again", async () => {
  const budget: BodyBudget = { bytes: 12, used: 0 };
  const [one, two] = [await incoming("Content-Length: 10"), await incoming("Content-Length: 10")];
  const first = readBody(one.message, { ...LIMITS, budget });
  one.send("12345678");
  while (budget.used < 8) await new Promise((resolve) => setImmediate(resolve));
  const second = readBody(two.message, { ...LIMITS, budget });
  two.send("12345678");
  expect(await statusOf(second)).toBe(503);
  one.send("90");
  expect(await statusOf(first)).toBe("1234567890");
  expect(budget.used).toBe(0);
  const three = await incoming("Content-Length: 3");
  const third = readBody(three.message, { ...LIMITS, budget });
  three.send("abc");
  expect(await statusOf(third)).toBe("abc");
});
