import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { pointOf, QueryDouble } from "../../../test/support/query-double.ts";
import { isJsonObject, type JsonObject, parseStrictJson } from "../../input/strict-json.ts";
import { pushKeysOf } from "./keys.ts";
import {
  PushQueries,
  type PushQueriesOptions,
  type PushToAsk,
  type QueryPace,
  type QueryResult,
} from "./push-queries.ts";
import { QueryClient } from "./query-client.ts";
import { QueryConnections } from "./query-http.ts";
import { QueryKey } from "./query-key.ts";
import { readTransaction } from "./query-read.ts";
import { answerTime } from "./query-signature.ts";

const COBO = "22".repeat(32);
const SECRET = "33".repeat(32);
const ID = "20201207150724000192033000003701";
/** Nobody waits for a minute; a busy machine is not what is looked for. */
const PACE: QueryPace = {
  firstRestMs: 10,
  longestRestMs: 80,
  deadlineMs: 30_000,
  slowMs: 150,
  giveUpMs: 60_000,
};
/** The ten minutes are over in less than a second. */
const SOON = { pace: { ...PACE, deadlineMs: 600 } };
const POLL = { timeout: 25_000 };

interface Reported {
  readonly id: string;
  readonly result: QueryResult;
}

interface Scene {
  readonly double: QueryDouble;
  readonly queries: PushQueries;
  readonly reported: Reported[];
  readonly failing: string[];
  readonly errors: unknown[];
}

async function scene(options: Partial<PushQueriesOptions> = {}, timeoutMs = 5_000): Promise<Scene> {
  const double = await QueryDouble.start(COBO, pointOf(SECRET));
  const reported: Reported[] = [];
  const [failing, errors]: [string[], unknown[]] = [[], []];
  const queries = new PushQueries({
    client: new QueryClient({
      baseUrl: new URL(double.url),
      key: QueryKey.of(pointOf(SECRET), SECRET, ""),
      connections: new QueryConnections(false),
      verify: answerTime(pushKeysOf([pointOf(COBO)])),
      now: Date.now,
      timeoutMs,
    }),
    read: readTransaction,
    onResult: async (push, result) => void reported.push({ id: push, result }),
    onFailing: (problem) => failing.push(problem),
    onError: (error) => errors.push(error),
    pace: PACE,
    ...options,
  });
  onTestFinished(async () => {
    await queries.close();
    await double.close();
  });
  return { double, queries, reported, failing, errors };
}

const CUSTODIAL = sample("custodial-deposit");
const MPC = sample("mpc-deposit");

function sample(name: string): JsonObject {
  const value = parseStrictJson(readFileSync(`test/fixtures/pushes/${name}.json`, "utf8"));
  if (!isJsonObject(value)) throw new Error("no object");
  return value;
}

/** The seed's sample of a custodial wallet, as it tells of a status. */
function custodial(
  status: "pending" | "confirming" | "success" | "failed",
  id = ID,
  amount = "1",
): JsonObject {
  const spelled = status === "confirming" ? "pending" : status;
  const confirmed_num = status === "pending" ? 0 : 27;
  return { ...CUSTODIAL, id, status: spelled, confirmed_num, amount, abs_amount: `0.00000${amount}` };
}

const mpc = (status: number, id = ID): JsonObject => ({ ...MPC, cobo_id: id, status });

const push = (status: Parameters<typeof custodial>[0], id = ID, push = "p_1"): PushToAsk => ({
  id: push,
  at: Date.now(),
  channel: "push.custodial",
  particulars: readTransaction("push.custodial", custodial(status, id)),
});

const mpcPush = (status: number, id = ID, push = "p_1"): PushToAsk => ({
  id: push,
  at: Date.now(),
  channel: "push.mpc",
  particulars: readTransaction("push.mpc", mpc(status, id)),
});

const answer = (status: Parameters<typeof custodial>[0], amount = "1", id = ID) => ({
  result: custodial(status, id, amount),
});

describe("mismatch", () => {
  test("another amount, reported at once", async () => {
    const { double, queries, reported } = await scene();
    double.on("transaction", ID, answer("success", "2"));
    queries.ask(push("success"));
    await expect
      .poll(() => reported, POLL)
      .toEqual([
        {
          id: "p_1",
          result: {
            confirmed: false,
            differences: [
              { field: "transaction.destinations[0].amount", pushed: "0.000001", answered: "0.000002" },
            ],
          },
        },
      ]);
    expect(double.seen).toHaveLength(1);
    expect(queries.size).toBe(0);
  });

  test("an answer about another transaction", async () => {
    const { double, queries, reported } = await scene();
    double.on("transaction", ID, answer("success", "1", "other"));
    queries.ask(push("success"));
    await expect
      .poll(() => reported, POLL)
      .toMatchObject([
        { result: { confirmed: false, differences: [{ field: "transaction.cobo_id", answered: "other" }] } },
      ]);
  });

  test("a success that Cobo does not know, once it had its time", async () => {
    const { double, queries, reported } = await scene(SOON);
    queries.ask(push("success"));
    await expect
      .poll(() => reported, POLL)
      .toEqual([
        {
          id: "p_1",
          result: { confirmed: false, differences: [{ field: "transaction.cobo_id", pushed: ID }] },
        },
      ]);
    expect(double.seen.length).toBeGreaterThan(3);
    expect(new Set(double.seen.map(({ path }) => path))).toEqual(new Set(["/v1/custody/transaction/"]));
  });

  test("a success that stays pending with Cobo", async () => {
    const { double, queries, reported } = await scene(SOON);
    double.on("transaction", ID, answer("pending"));
    queries.ask(push("success"));
    await expect
      .poll(() => reported, POLL)
      .toEqual([
        {
          id: "p_1",
          result: {
            confirmed: false,
            differences: [{ field: "deposit.status", pushed: "success", answered: "pending" }],
          },
        },
      ]);
  });

  test("an MPC transaction that Cobo does not know, whatever its status", async () => {
    const { queries, reported } = await scene(SOON);
    queries.ask(mpcPush(501));
    await expect.poll(() => reported, POLL).toMatchObject([{ result: { confirmed: false } }]);
  });
});

describe("unanswered", () => {
  test("once, then asked about now and then, and confirmed at last", async () => {
    const { double, queries, reported, failing } = await scene(SOON);
    double.misbehaviour = "unsigned";
    double.on("transaction", ID, answer("success"));
    queries.ask(push("success"));
    await expect
      .poll(() => reported, POLL)
      .toEqual([{ id: "p_1", result: { unanswered: "HTTP 200 without a good signature" } }]);
    expect(failing).toEqual(["HTTP 200 without a good signature"]);
    double.misbehaviour = undefined;
    await expect.poll(() => reported.slice(1), POLL).toEqual([{ id: "p_1", result: { confirmed: true } }]);
    expect(queries.size).toBe(0);
  });

  test("and found to be unknown when there are answers again", async () => {
    const { double, queries, reported } = await scene(SOON);
    double.misbehaviour = "unsigned";
    queries.ask(push("success"));
    await expect.poll(() => reported, POLL).toHaveLength(1);
    double.misbehaviour = undefined;
    await expect.poll(() => reported.slice(1), POLL).toMatchObject([{ result: { confirmed: false } }]);
  });

  test("a custodial transaction under way that Cobo keeps to itself", async () => {
    const { double, queries, reported } = await scene(SOON);
    queries.ask(push("confirming"));
    await expect
      .poll(() => reported, POLL)
      .toEqual([{ id: "p_1", result: { unanswered: "Cobo does not know the transaction yet" } }]);
    expect(double.seen.slice(0, 2).map(({ path }) => path)).toEqual([
      "/v1/custody/pending_transaction/",
      "/v1/custody/transaction/",
    ]);
  });

  test("an answer that is no transaction stops nobody else", async () => {
    const { double, queries, reported, failing } = await scene(SOON);
    double.on("transaction", ID, { result: { id: ID } });
    double.on("transaction", "7", answer("success", "1", "7"));
    double.on("mpc", "8", { result: { transactions: {} } });
    double.on("mpc", "9", { result: [] });
    queries.ask(push("success"));
    queries.ask(mpcPush(900, "8", "p_8"));
    queries.ask(mpcPush(900, "9", "p_9"));
    queries.ask(push("success", "7", "p_7"));
    await expect.poll(() => reported, POLL).toHaveLength(4);
    expect(reported[0]).toEqual({ id: "p_7", result: { confirmed: true } });
    const others = reported
      .slice(1)
      .map(({ id, result }) => [id, "unanswered" in result && result.unanswered]);
    expect(others.sort()).toEqual([
      ["p_1", expect.stringMatching(/^a signed answer that is no transaction: /)],
      ["p_8", "a signed answer whose transactions are no list"],
      ["p_9", "a signed answer whose result is no object"],
    ]);
    expect(failing).toEqual([]);
  });

  test("an id that is none of Cobo's is not asked about at all", async () => {
    const { double, queries, reported } = await scene();
    queries.ask(push("success", "../../etc?id=1&x=*"));
    await expect
      .poll(() => reported, POLL)
      .toEqual([{ id: "p_1", result: { unanswered: "its id is none of Cobo's" } }]);
    expect(double.seen).toEqual([]);
  });

  test("more than there is room for", async () => {
    const { double, queries, reported } = await scene();
    double.misbehaviour = "silent";
    const { particulars, ...one } = push("success");
    for (let at = 0; at <= 50_000; at += 1) {
      const fields = { ...particulars.fields, "transaction.cobo_id": String(at) };
      queries.ask({ ...one, id: `p_${at}`, particulars: { ...particulars, fields } });
    }
    await expect
      .poll(() => reported, POLL)
      .toEqual([{ id: "p_50000", result: { unanswered: "too many pushes wait to be asked about" } }]);
    expect(queries.size).toBe(50_000);
  });

  test("our own mistake", async () => {
    const { double, queries, reported, errors } = await scene({
      ...SOON,
      read: () => {
        throw new TypeError("a mistake");
      },
    });
    double.on("transaction", ID, answer("success"));
    queries.ask(push("success"));
    await expect
      .poll(() => reported, POLL)
      .toEqual([{ id: "p_1", result: { unanswered: "the answer could not be compared" } }]);
    expect(errors[0]).toBeInstanceOf(TypeError);
  });

  test("one that was reported before a start is not reported again", async () => {
    const { double, queries, reported } = await scene(SOON);
    double.misbehaviour = "unsigned";
    double.on("transaction", ID, answer("success"));
    queries.ask({ ...push("success"), unanswered: true });
    await new Promise((resolve) => setTimeout(resolve, 2 * SOON.pace.deadlineMs));
    expect(reported).toEqual([]);
    double.misbehaviour = undefined;
    await expect.poll(() => reported, POLL).toEqual([{ id: "p_1", result: { confirmed: true } }]);
  });

  test("until it is let go", async () => {
    const { double, queries, reported } = await scene({ pace: { ...SOON.pace, giveUpMs: 1_500 } });
    double.misbehaviour = "unsigned";
    queries.ask(push("success"));
    await expect.poll(() => queries.size, POLL).toBe(0);
    expect(reported).toHaveLength(1);
  });
});

describe("when no answers come", () => {
  test("one asks at a time and ever less often; all others wait for it", async () => {
    const { double, queries, reported, failing } = await scene();
    for (let at = 0; at < 40; at += 1) {
      double.on(
        "transaction",
        String(at),
        { status: 429, signed: false },
        answer("success", "1", String(at)),
      );
      queries.ask(push("success", String(at), `p_${at}`));
    }
    await expect.poll(() => reported, POLL).toHaveLength(40);
    expect(new Set(reported.map(({ id }) => id)).size).toBe(40);
    expect(failing).toEqual(["HTTP 429 without a good signature"]);
    // Each of them was told 429 once: no other was asked about in vain.
    expect(double.seen).toHaveLength(80);
  });

  test("a refused key is told at once", async () => {
    const { double, queries, failing } = await scene();
    double.on("transaction", ID, { error: 12006 });
    queries.ask(push("success"));
    await expect
      .poll(() => failing, POLL)
      .toEqual(["error 12006: Cobo refuses our address: it is not whitelisted"]);
  });
});

describe("confirmed", () => {
  test.each([
    ["success", "transaction", "success"],
    ["failed", "transaction", "failed"],
    ["confirming", "pending", "confirming"],
    ["confirming", "transaction", "success"],
  ] as const)("%s, found as %s that is %s", async (pushed, kind, answered) => {
    const { double, queries, reported } = await scene();
    double.on(kind, ID, answer(answered));
    queries.ask(push(pushed));
    await expect.poll(() => reported, POLL).toEqual([{ id: "p_1", result: { confirmed: true } }]);
  });

  test("an MPC transaction among others", async () => {
    const { double, queries, reported } = await scene();
    const transactions = [mpc(901, "1"), mpc(900)];
    double.on("mpc", ID, { result: { total: 2, transactions } });
    queries.ask(mpcPush(900));
    await expect.poll(() => reported, POLL).toEqual([{ id: "p_1", result: { confirmed: true } }]);
    expect(double.seen).toMatchObject([{ search: `?cobo_ids=${ID}` }]);
  });

  test("once Cobo knows it, and knows it as final", async () => {
    const { double, queries, reported } = await scene();
    double.on(
      "transaction",
      ID,
      { error: 12004 },
      { result: {} },
      { result: null },
      answer("pending"),
      answer("success"),
    );
    queries.ask(push("success"));
    await expect.poll(() => reported, POLL).toEqual([{ id: "p_1", result: { confirmed: true } }]);
    expect(double.seen).toHaveLength(5);
  });

  test("a burst, few at a time, each once", async () => {
    const { double, queries, reported } = await scene();
    double.delayMs = 5;
    for (let at = 0; at < 60; at += 1) {
      double.on("transaction", String(at), answer("success", "1", String(at)));
      queries.ask(push("success", String(at), `p_${at}`));
    }
    expect(queries.size).toBe(60);
    await expect.poll(() => reported, POLL).toHaveLength(60);
    expect(new Set(reported.map(({ id }) => id)).size).toBe(60);
    expect(double.seen).toHaveLength(60);
    expect(double.atOnce).toBeLessThanOrEqual(4);
    expect(queries.size).toBe(0);
  });

  test("the newest push of a transaction, whichever of its pushes is being asked about", async () => {
    const { double, queries, reported } = await scene();
    double.delayMs = 50;
    double.on("pending", ID, answer("confirming"));
    double.on("transaction", ID, answer("success"));
    queries.ask(push("confirming", ID, "p_1"));
    await expect.poll(() => double.seen.length).toBe(1);
    queries.ask(push("confirming", ID, "p_2"));
    queries.ask(push("success", ID, "p_3"));
    expect(queries.size).toBe(1);
    await expect.poll(() => reported, POLL).toEqual([{ id: "p_3", result: { confirmed: true } }]);
  });

  test("one block more of what was confirmed is not asked about, the success is", async () => {
    const { double, queries, reported } = await scene();
    double.on("pending", ID, answer("confirming"));
    double.on("transaction", ID, answer("success"));
    queries.ask(push("confirming", ID, "p_1"));
    await expect.poll(() => reported, POLL).toHaveLength(1);
    queries.ask(push("confirming", ID, "p_2"));
    expect(queries.size).toBe(0);
    queries.ask(push("success", ID, "p_3"));
    await expect.poll(() => reported.map(({ id }) => id), POLL).toEqual(["p_1", "p_3"]);
  });

  test("what is not under way yet ends the question about what was before, and is none itself", async () => {
    const { double, queries, reported } = await scene();
    double.misbehaviour = "unsigned";
    queries.ask(push("success"));
    queries.ask(push("pending"));
    expect(queries.size).toBe(0);
    queries.ask(push("pending"));
    queries.ask(mpcPush(502));
    queries.ask({ ...push("success"), particulars: { status: "success", fields: {} } });
    expect(queries.size).toBe(0);
    expect(reported).toEqual([]);
  });
});

describe("after a start", () => {
  test("what was left open is asked about, but for what was pushed again meanwhile", async () => {
    const { double, queries, reported } = await scene();
    for (const id of ["1", "2", "3"]) double.on("transaction", id, answer("success", "1", id));
    let goOn = (): void => {};
    const pushedMeanwhile = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    queries.restore(async function* () {
      yield push("success", "1", "p_1");
      await pushedMeanwhile;
      yield push("failed", "2", "p_2");
      yield push("success", "3", "p_3");
    });
    queries.ask(push("success", "2", "p_9"));
    await expect.poll(() => reported.map(({ id }) => id).sort(), POLL).toEqual(["p_1", "p_9"]);
    goOn();
    await expect.poll(() => reported.map(({ id }) => id).sort(), POLL).toEqual(["p_1", "p_3", "p_9"]);
    expect(reported.every(({ result }) => "confirmed" in result && result.confirmed)).toBe(true);
  });

  test("a ledger that cannot be read yet is read again", async () => {
    const { double, queries, reported, errors } = await scene();
    double.on("transaction", ID, answer("success"));
    let failures = 2;
    queries.restore(async function* () {
      failures -= 1;
      if (failures >= 0) throw new Error("LEDGER_UNAVAILABLE");
      yield push("success");
    });
    await expect.poll(() => reported, POLL).toEqual([{ id: "p_1", result: { confirmed: true } }]);
    expect(errors).toHaveLength(2);
  });

  test("what is older than a day is let go", async () => {
    const { queries, reported } = await scene();
    queries.restore(async function* () {
      yield { ...push("success"), at: Date.now() - PACE.giveUpMs };
    });
    await expect.poll(() => queries.size, POLL).toBe(0);
    expect(reported).toEqual([]);
  });
});

test("those that wait while others are answered are not reported", async () => {
  const { double, queries, reported } = await scene({ pace: { ...PACE, deadlineMs: 3_000 } });
  double.delayMs = 400;
  for (let at = 0; at < 40; at += 1) {
    double.on("transaction", String(at), answer("success", "1", String(at)));
    queries.ask(push("success", String(at), `p_${at}`));
  }
  await expect.poll(() => reported, POLL).toHaveLength(40);
  expect(reported.filter(({ result }) => "unanswered" in result)).toEqual([]);
});

test("a result that cannot be written down is asked for again", async () => {
  const written: Reported[] = [];
  let failures = 2;
  const { double, queries, errors } = await scene({
    onResult: async (id, result) => {
      failures -= 1;
      if (failures >= 0) throw new Error("LEDGER_FULL");
      written.push({ id, result });
    },
  });
  double.on("transaction", ID, answer("success"));
  queries.ask(push("success"));
  await expect.poll(() => written, POLL).toEqual([{ id: "p_1", result: { confirmed: true } }]);
  expect(errors).toHaveLength(2);
});

test("the end waits for what is being written, and asks no more", async () => {
  let write = (): void => {};
  const writing = new Promise<void>((resolve) => {
    write = resolve;
  });
  const { double, queries, failing } = await scene({ onResult: () => writing });
  double.on("transaction", ID, answer("success"));
  queries.ask(push("success"));
  await expect.poll(() => double.seen.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  double.misbehaviour = "silent";
  queries.ask(push("success", "2", "p_2"));
  await expect.poll(() => double.seen.length).toBe(2);
  let ended = false;
  const end = queries.close().then(() => {
    ended = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(ended).toBe(false);
  write();
  await end;
  queries.ask(push("success", "3", "p_3"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(double.seen).toHaveLength(2);
  expect(failing).toEqual([]);
});
