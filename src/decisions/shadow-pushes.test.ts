import { afterAll, beforeAll, expect, it } from "vitest";
import { PUSH_RULES, pushDesk } from "../../test/support/push-desk.ts";
import { depositPush, PUSHED_AT, unreadPush } from "../../test/support/pushes.ts";
import { releaseOf } from "../../test/support/rego.ts";
import type { LiveRelease } from "../policy/live.ts";
import { Shadow, type ShadowEvent } from "./shadow.ts";

let live: LiveRelease;
let candidate: LiveRelease;
beforeAll(async () => {
  const others = { ...PUSH_RULES, "data.yaml": 'denied: {"0xworse": {}}\n' };
  [live, candidate] = await Promise.all([releaseOf(PUSH_RULES), releaseOf(others, { workers: 1 })]);
}, 60_000);
afterAll(() => Promise.all([live.engine.close(), candidate.engine.close()]));

it("judges pushes as well: what it would flag, and would not, and what nobody judged", async () => {
  const events: ShadowEvent[] = [];
  let shadow: Shadow | undefined;
  const desk = await pushDesk(live, {
    shadow: {
      see: (...question) => shadow?.see(...question),
      taken: (...said) => shadow?.taken(...said),
    },
  });
  shadow = new Shadow(
    desk.ledger,
    () => PUSHED_AT,
    (event) => events.push(event),
  );
  shadow.begin(candidate, live);
  await expect.poll(() => shadow?.sitting?.facts.isPrepared).toBe(true);
  const bad = await desk.take(depositPush({ id: "1", from: ["0xbad"] }));
  const worse = await desk.take(depositPush({ id: "2", from: ["0xworse"] }));
  // The third to one address in a day is noted by both, in the moment in which it came.
  const third = await desk.take(depositPush({ id: "3" }));
  await desk.take(depositPush({ id: "4", transaction: { description: "fail" } }));
  await desk.take(unreadPush({ id: "5" }));
  expect([bad.outcome, worse.outcome, third.outcome]).toEqual(["flagged", "clear", "noted"]);
  await expect.poll(() => events.length).toBe(4);
  expect(shadow.sitting?.tally.pushes).toMatchObject({
    same: 1,
    no_longer_flagged: {
      count: 1,
      by_rule: [
        {
          ...{ rule: "deposit/sender", code: "SENDER_DENIED" },
          examples: [
            { id: bad.id, live: { outcome: "flagged" }, candidate: { outcome: "clear", reasons: [] } },
          ],
        },
      ],
    },
    newly_flagged: {
      count: 1,
      by_rule: [
        {
          code: "SENDER_DENIED",
          examples: [
            {
              id: worse.id,
              live: { outcome: "clear", reasons: [] },
              candidate: { outcome: "flagged", reasons: [{ message: "a denied address sent it" }] },
            },
          ],
        },
      ],
    },
    other_reasons: { count: 0 },
  });
  expect(shadow.sitting?.tally.skipped).toMatchObject({ failed_then: 1 });
  // Nothing but the live release's findings is written.
  expect(desk.count("push")).toBe(5);
  expect(desk.count("judgement")).toBe(0);
});
