/** The doors of the push listener, before any message is looked at. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { COBO, custodialDeposit } from "../support/push-double.ts";
import { PushSite } from "./site.ts";

const PER_SECOND = 40;
const AT_ONCE = 120;

const site = new PushSite({
  listen: {
    nodes: "127.0.0.1:0",
    admin: "127.0.0.1:0",
    push: { address: "127.0.0.1:0", allow: ["127.0.0.0/8"], rate: `${PER_SECOND}/s` },
  },
  push: { keys: [COBO.point] },
  limits: { in_flight: 1 },
});
beforeAll(() => site.startWithRules());
afterAll(() => site.remove());

test("more than in_flight at once get 503, more than the rate 429, and none of these is kept", async () => {
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, at) => site.cobo.send(custodialDeposit({ id: `at-once-${at}` }))),
  );
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  expect(count(503)).toBeGreaterThan(0);
  expect(count(429)).toBeGreaterThan(0);
  expect(count(200)).toBeGreaterThan(0);
  expect(count(200) + count(429) + count(503)).toBe(AT_ONCE);
  expect(answers.filter(({ status, body }) => (status === 200) !== (body === "ok"))).toEqual([]);
  expect(site.entries().filter(({ type }) => type === "push")).toHaveLength(count(200));
});
