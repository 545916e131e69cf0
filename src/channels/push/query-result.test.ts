import { afterAll, beforeAll, expect, test } from "vitest";
import { PUSH_RULES, pushDesk } from "../../../test/support/push-desk.ts";
import { depositPush } from "../../../test/support/pushes.ts";
import { releaseOf } from "../../../test/support/rego.ts";
import { canonicalJson } from "../../input/canonical-json.ts";
import type { LiveRelease } from "../../policy/live.ts";
import type { QueryResult } from "./push-queries.ts";
import { judgementOf } from "./query-result.ts";
import { unaskedPushes } from "./unasked-pushes.ts";

let live: LiveRelease;
beforeAll(async () => {
  live = await releaseOf(PUSH_RULES);
});
afterAll(() => live.engine.close());

const AMOUNT = { field: "transaction.destinations[0].amount", pushed: "1", answered: "2" };
const UNANSWERED: QueryResult = { unanswered: "HTTP 502 without a good signature" };
const MISMATCH: QueryResult = { confirmed: false, differences: [AMOUNT] };
const CONFIRMED: QueryResult = { confirmed: true };

async function asked() {
  const desk = await pushDesk(live);
  const confirming = depositPush({ id: "1", hash: "0xaa", status: "confirming", updatedAt: 1 });
  const success = depositPush({ id: "1", hash: "0xaa", status: "success", updatedAt: 2 });
  return {
    ...desk,
    confirming,
    success,
    judge: (id: string, result: QueryResult) => desk.again.judge(id, desk.bench, judgementOf(id, result)),
    open: () => desk.flags(success).flatMap((flag) => (flag.resolved === undefined ? [flag.code] : [])),
    /** Ids of what is asked about after a start, and whether it was reported. */
    unasked: async () => {
      const found: [string, boolean | undefined][] = [];
      for await (const { id, unanswered } of unaskedPushes(desk.ledger, 0)) found.push([id, unanswered]);
      return found;
    },
  };
}

test("a mismatch is critical, for each push by itself, and stays when Cobo changes its mind", async () => {
  const { take, confirming, success, judge, open, flags, alarms, ledger, unasked } = await asked();
  const { id: first } = await take(confirming);
  expect(await judge(first, MISMATCH)).toMatchObject({
    outcome: "flagged",
    flags: [
      {
        code: "QUERY_MISMATCH",
        severity: "critical",
        message:
          "Cobo, asked about it, says otherwise: transaction.destinations[0].amount was pushed as 1, and is 2",
        values: { differences: [AMOUNT] },
      },
    ],
  });
  expect(alarms).toEqual(["QUERY_MISMATCH"]);
  const [flag] = flags(success);
  const act = { type: "act", id: "a_1", at: ledger.newestAt() } as const;
  const row = canonicalJson({ ...act, act: "resolve_flag", flag: flag?.id, by: "alice", reason: "a test" });
  await ledger.append({ ...act, row, resolves: [flag?.id ?? ""] }).durable;
  const { id: second } = await take(success);
  expect((await judge(second, MISMATCH)).flags).toHaveLength(1);
  await judge(second, CONFIRMED);
  expect(open()).toEqual(["QUERY_MISMATCH"]);
  expect(await unasked()).toEqual([]);
});

test("no answer is flagged until there is one, to whichever push of the transaction", async () => {
  const { take, confirming, success, judge, open, unasked } = await asked();
  const { id: first } = await take(confirming);
  expect(await judge(first, UNANSWERED)).toMatchObject({
    outcome: "flagged",
    flags: [{ code: "QUERY_UNANSWERED", severity: "medium" }],
  });
  expect(await unasked()).toEqual([[first, true]]);
  const { id: second } = await take(success);
  expect(await unasked()).toEqual([[second, false]]);
  await judge(second, UNANSWERED);
  expect(open()).toEqual(["QUERY_UNANSWERED", "QUERY_UNANSWERED"]);
  expect(await unasked()).toEqual([[second, true]]);
  expect(await judge(second, CONFIRMED)).toMatchObject({ outcome: "clear", flags: [] });
  expect(open()).toEqual([]);
  expect(await unasked()).toEqual([]);
});

test("a mismatch answers what had no answer", async () => {
  const { take, success, judge, open } = await asked();
  const { id } = await take(success);
  await judge(id, UNANSWERED);
  await judge(id, MISMATCH);
  expect(open()).toEqual(["QUERY_MISMATCH"]);
});

test("the document says what Cobo said, and nothing where it said nothing", async () => {
  const { take, success, judge, ledger } = await asked();
  const { id } = await take(success);
  const said = [];
  for (const result of [UNANSWERED, MISMATCH, CONFIRMED]) {
    const { id: judgement } = await judge(id, result);
    const document = ledger.entry(ledger.seqOf(judgement) ?? 0)?.body.document ?? "{}";
    said.push(JSON.parse(document).deposit.confirmed_by_query);
  }
  expect(said).toEqual([undefined, false, true]);
});

test("many differences are in the values, and the first three in the words", () => {
  const differences = ["a", "b", "c", "d", "e"].map((field) => ({ field, pushed: "1" }));
  const { findings: [finding] = [] } = judgementOf("p_1", { confirmed: false, differences });
  expect(finding).toMatchObject({
    message:
      "Cobo, asked about it, says otherwise: a was pushed as 1, and is absent; b was pushed as 1, and is absent; c was pushed as 1, and is absent; 2 more",
    values: { differences },
  });
  const unknown = judgementOf("p_1", {
    confirmed: false,
    differences: [{ field: "transaction.cobo_id", pushed: "7" }],
  });
  expect(unknown.findings?.[0]?.message).toBe("Cobo, asked about it, says otherwise: it does not know 7");
});
