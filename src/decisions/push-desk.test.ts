import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { beside, opened, stateDirectory } from "../../test/support/ledger.ts";
import { PUSH_RULES, pushDesk } from "../../test/support/push-desk.ts";
import { depositPush, eth, PUSHED_AT, unreadPush, withdrawalPush } from "../../test/support/pushes.ts";
import { releaseOf } from "../../test/support/rego.ts";
import type { PushStatus } from "../input/document.ts";
import { LedgerError } from "../ledger/ledger.ts";
import { verifyLedger } from "../ledger/verify.ts";
import { LiveRelease } from "../policy/live.ts";
import { Ticket } from "./tickets.ts";

let live: LiveRelease;
beforeAll(async () => {
  live = await releaseOf(PUSH_RULES);
});
afterAll(async () => {
  await live.engine.close();
});

describe("a push is not answered", () => {
  it("where the ledger can't be read, or written", async () => {
    const { ledger, take } = await pushDesk(live);
    await ledger.close();
    await expect(take(depositPush())).rejects.toBeInstanceOf(LedgerError);
    await expect(take(unreadPush({ id: "1" }))).rejects.toBeInstanceOf(LedgerError);
  });

  it("where the disk takes too long; sent again it is there", async () => {
    const { directory, take, count, tickets } = await pushDesk(live, { decisionMs: 300 });
    const push = depositPush();
    const other = beside(directory);
    other.exec("BEGIN IMMEDIATE");
    await expect(take(push)).rejects.toMatchObject({ code: "OVERLOADED" });
    await expect(take({ ...push, startedAt: performance.now() })).rejects.toMatchObject({
      code: "OVERLOADED",
    });
    await expect(take(unreadPush())).rejects.toMatchObject({ code: "OVERLOADED" });
    other.exec("ROLLBACK");
    const again = await take({ ...push, startedAt: performance.now() + 5_000 });
    expect(again).toMatchObject({ repeated: true, outcome: "clear" });
    await vi.waitFor(() => expect(count("push")).toBe(2));
    expect(tickets.isAnyOpen()).toBe(false);
  });
});

describe("a deposit", () => {
  it("is flagged for each requirement that is not met", async () => {
    const { take, stored, flags, flagged, ledger, alarms } = await pushDesk(live);
    const push = depositPush({ id: "1", from: ["0xbad"] });
    const taken = await take(push);
    expect(taken).toMatchObject({ outcome: "flagged", repeated: false });
    expect(taken.id).toMatch(/^p_/);
    expect(flags(push)).toMatchObject([
      {
        rule: "deposit/sender",
        code: "SENDER_DENIED",
        severity: "high",
        message: "a denied address sent it",
        values: { sources: ["0xbad"] },
        names: ["cobo:1"],
        chain: "ETH",
        ...{ token: "ETH", units: eth(1).units, decimals: 18, usd_micros: "3000000000" },
        marks: [
          { kind: "address", value: "0xto", role: "paid_into" },
          { kind: "address", value: "0xbad", role: "sender" },
        ],
      },
    ]);
    expect(flagged).toEqual(taken.flags);
    expect(alarms).toEqual([]);
    expect(stored(push)).toMatchObject({
      ...{ outcome: "flagged", channel: "push.mpc", kind: "deposit", status: "success" },
      ...{ readable: true, late: false, source: "cobo", message_sha256: push.identity },
      release: live.identity,
      facts: { often: { before: { "0xto": "0" } } },
      reasons: [{ code: "SENDER_DENIED" }],
    });
    expect(ledger.read((snapshot) => snapshot.marked("address", "0xto")).open).toHaveLength(1);
  });

  it("is marked by its outpoint where its chain has such", async () => {
    const { take, flags } = await pushDesk(live);
    const transaction = { chain: "BTC", token: "BTC" };
    const push = depositPush({ from: ["0xbad"], hash: "ab", transaction });
    await take(push);
    expect(flags(push)[0]?.marks).toContainEqual({ kind: "outpoint", value: "ab:0", role: "paid_into" });
  });

  it("is clear, or noted where what is not met only alerts", async () => {
    const { take, stored, flags } = await pushDesk(live);
    for (const outcome of ["clear", "clear", "noted", "noted"]) {
      const push = depositPush();
      expect(await take(push)).toMatchObject({ outcome, flags: [] });
      expect(stored(push).alerts.map(({ code }) => code)).toEqual(outcome === "noted" ? ["OFTEN"] : []);
      expect(stored(push).reasons).toEqual([]);
      expect(flags(push)).toEqual([]);
    }
  });

  it("is in the facts of all that come after it, also of those that come with it", async () => {
    const { take, stored } = await pushDesk(live);
    const pushes = Array.from({ length: 6 }, () => depositPush());
    await Promise.all(pushes.map(take));
    expect(pushes.map((push) => stored(push).facts)).toEqual(
      pushes.map((_, at) => ({ often: { before: { "0xto": String(at) } } })),
    );
  });

  it("is counted by a request that came after it, and waits for none that came before", async () => {
    const { take, tickets, stored } = await pushDesk(live);
    const movement = {
      sources: [],
      outpoints: [],
      kind: "deposit",
      direction: "in",
      destination: "0xto",
    } as const;
    const before = tickets.take({ signing: "11".repeat(32), rows: [movement] }, PUSHED_AT, undefined);
    const push = depositPush();
    const taking = take(push);
    const after = new Ticket({ signing: "22".repeat(32), rows: [] }, PUSHED_AT);
    expect(tickets.before(after).map(({ state }) => state)).toEqual(["open", "open"]);
    await taking;
    expect(before.state).toBe("open");
    expect(stored(push).facts).toEqual({ often: { before: { "0xto": "1" } } });
    expect(tickets.before(after)).toEqual([before]);
  });

  it("moves on with its messages, and is one movement and one flag, though it comes fourteen times", async () => {
    const desk = await pushDesk(live);
    const { take, movements, flags, count, flagged, directory, ledger, stored } = desk;
    const states: string[] = [];
    const life: PushStatus[] = ["pending", "confirming", "success", "reorganized", "pending", "success"];
    for (const [at, status] of life.entries()) {
      const push = depositPush({ id: "1", hash: "0xaa", status, updatedAt: at, from: ["0xbad"] });
      await take(push);
      states.push(movements(push)[0]?.state ?? "none");
      expect(stored(push)).toMatchObject({ status, late: false });
    }
    const last = depositPush({ id: "1", hash: "0xaa", status: "success", updatedAt: 9, from: ["0xbad"] });
    for (let time = 0; time < 14; time += 1) {
      expect(await take({ ...last, startedAt: performance.now() })).toMatchObject({ repeated: time > 0 });
    }
    expect(states).toEqual(["reserved", "broadcast", "settled", "broadcast", "reserved", "settled"]);
    expect(movements(last)).toMatchObject([
      { direction: "in", destination: "0xto", sources: ["0xbad"], units: eth(1).units, kind: "deposit" },
    ]);
    expect(count("push")).toBe(life.length + 1);
    expect(flags(last).map(({ code }) => code)).toEqual(["SENDER_DENIED", "REORGANIZED"]);
    expect(flagged).toHaveLength(2);
    expect(desk.alarms).toEqual(["REORGANIZED"]);
    await ledger.close();
    const file = join(directory, "ledger.db");
    const options = { key: undefined, anchor: undefined, deep: true, threads: 1 };
    expect(await verifyLedger(file, options)).toMatchObject({ problems: [], movements: 1 });
  });

  it("is one, though both generations tell of it at once", async () => {
    const { take, movements, count, flags } = await pushDesk(live);
    const pushes = ["pending", "confirming", "success"].flatMap((status, at) =>
      (["push.custodial", "push.mpc"] as const).flatMap((channel) => {
        const push = depositPush({
          ...{ id: "1", hash: "0xaa", status: status as PushStatus, channel, updatedAt: at },
          from: ["0xbad"],
        });
        return [push, push];
      }),
    );
    await Promise.all(pushes.reverse().map(take));
    const [any = depositPush()] = pushes;
    expect(count("push")).toBe(6);
    expect(movements(any)).toMatchObject([{ state: "settled" }]);
    expect(flags(any).map(({ code }) => code)).toEqual(["SENDER_DENIED"]);
  });

  it("is flagged again for what a resolved flag did not say, and not for what it said", async () => {
    const desk = await pushDesk(live);
    const { take, pushes, flags, operations, ledger } = desk;
    const told = (updatedAt: number, from: string[]) =>
      depositPush({ id: "1", hash: "0xaa", status: "confirming", updatedAt, from });
    const first = told(1, ["0xbad"]);
    await take(first);
    const [flag] = flags(first);
    await operations.resolveFlag(flag?.id ?? "", { by: "op", reason: "a friend" });
    await take(told(2, ["0xbad"]));
    expect(flags(first)).toHaveLength(1);
    // Of somebody more: who resolved it did not look at that one.
    await take(told(3, ["0xbad", "0xworse"]));
    await take(told(4, ["0xbad", "0xworse"]));
    expect(flags(first).map(({ code, resolved }) => [code, resolved === undefined])).toEqual([
      ["SENDER_DENIED", false],
      ["SENDER_DENIED", true],
    ]);
    expect(ledger.read((snapshot) => snapshot.marked("address", "0xworse")).open).toHaveLength(1);
    // In other words: the rule found something else.
    const file = "rules/deposit/sender/rule.rego";
    const words = (PUSH_RULES as Record<string, string>)[file] ?? "";
    const other = await releaseOf({
      ...PUSH_RULES,
      [file]: words.replace("a denied address sent", "sanctioned:"),
    });
    await pushes.take(told(5, ["0xbad", "0xworse"]), { live: other, refusedStep: undefined });
    await other.engine.close();
    expect(flags(first).map(({ message }) => message)).toEqual([
      "a denied address sent it",
      "a denied address sent it",
      "sanctioned: it",
    ]);
    expect(ledger.read((snapshot) => snapshot.marked("address", "0xto")).open).toHaveLength(2);
    await ledger.close();
    const options = { key: undefined, anchor: undefined, deep: true, threads: 1 };
    expect(await verifyLedger(join(desk.directory, "ledger.db"), options)).toMatchObject({ problems: [] });
  });

  it("that failed is released, and one that failed at once never counted", async () => {
    const { take, movements, stored } = await pushDesk(live);
    const pending = depositPush({ id: "1", status: "pending", hash: "0xaa", updatedAt: 1 });
    await take(pending);
    await take(depositPush({ id: "1", status: "failed", hash: "0xaa", updatedAt: 2 }));
    expect(movements(pending)).toMatchObject([{ state: "released" }]);
    const failed = depositPush({ status: "failed" });
    await take(failed);
    expect(movements(failed)).toMatchObject([{ state: "released" }]);
    const next = depositPush();
    await take(next);
    expect(stored(next).facts).toEqual({ often: { before: { "0xto": "0" } } });
  });

  it("is judged late where nobody before named the sender", async () => {
    const { take, stored, flags, movements } = await pushDesk(live);
    const success = depositPush({ id: "1", hash: "0xaa", status: "success", updatedAt: 2, from: ["0xa"] });
    expect(await take(success)).toMatchObject({ flags: [] });
    const late = depositPush({
      id: "1",
      hash: "0xaa",
      status: "confirming",
      updatedAt: 1,
      from: ["0xa", "0xbad"],
    });
    expect(await take(late)).toMatchObject({ outcome: "flagged", flags: [{ code: "SENDER_DENIED" }] });
    expect(stored(late)).toMatchObject({ late: true, release: live.identity, story: { status: "success" } });
    expect(movements(late)).toMatchObject([{ state: "settled" }]);
    expect(flags(late)).toHaveLength(1);
  });

  it("is told of late without a move, a rule or a flag", async () => {
    const { take, stored, movements, flags } = await pushDesk(live);
    await take(depositPush({ id: "1", hash: "0xaa", status: "success", updatedAt: 2 }));
    const late = depositPush({ id: "1", hash: "0xaa", status: "pending", updatedAt: 1, from: ["0xfrom"] });
    expect(await take(late)).toMatchObject({ outcome: "clear", flags: [] });
    expect(stored(late)).toMatchObject({ late: true, story: { status: "success", at: 2 } });
    expect(stored(late)).not.toHaveProperty("release");
    expect(movements(late)).toMatchObject([{ state: "settled" }]);
    expect(flags(late)).toEqual([]);
  });

  it("is flagged for a move that no transaction makes, until a late message explains it", async () => {
    const { take, flags, alarms, movements } = await pushDesk(live);
    const say = (status: PushStatus, updatedAt: number) =>
      take(depositPush({ id: "1", hash: "0xaa", status, updatedAt }));
    await say("success", 1);
    expect(await say("confirming", 3)).toMatchObject({
      outcome: "flagged",
      flags: [
        {
          code: "ILLEGAL_TRANSITION",
          severity: "high",
          message: "success became confirming: no transaction does that",
          values: { before: "success", now: "confirming" },
        },
      ],
    });
    const any = depositPush({ id: "1" });
    expect(movements(any)).toMatchObject([{ state: "broadcast" }]);
    expect(await say("reorganized", 2)).toMatchObject({ flags: [] });
    expect(flags(any)).toMatchObject([{ code: "ILLEGAL_TRANSITION", resolved: 3 }]);
    expect(alarms).toEqual([]);
  });

  it("raises an alarm where what cannot change did", async () => {
    const { take, alarms, flags, movements } = await pushDesk(live);
    await take(depositPush({ id: "1", hash: "0xaa" }));
    const to = [{ address: "0xto", amount: eth(2) }];
    const other = depositPush({ id: "1", hash: "0xaa", to });
    expect(await take(other)).toMatchObject({ outcome: "flagged", flags: [{ severity: "critical" }] });
    expect(alarms).toEqual(["ILLEGAL_TRANSITION"]);
    expect(flags(other)).toMatchObject([{ values: { member: "amount", before: "1", now: "2" } }]);
    // It is one deposit all the same.
    expect(movements(other)).toMatchObject([{ units: eth(1).units }]);
    await take(depositPush({ id: "1", hash: "0xaa", salt: "again" }));
    expect(flags(other)).toHaveLength(2);
  });
});

it("ends as it would in order, whatever the order in which a legal life is pushed", async () => {
  const { take, movements, flags } = await pushDesk(live);
  const life: readonly PushStatus[] = ["pending", "confirming", "success", "reorganized", "confirming"];
  const ends = { success: "settled", failed: "released" } as const;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("success", "failed"),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 0, 2, 4, 5], { minLength: 10 }),
      async (end, order) => {
        runs += 1;
        const told = [...life, end].map((status, updatedAt) =>
          depositPush({ id: `run-${runs}`, hash: "0xaa", status: status as PushStatus, updatedAt }),
        );
        await Promise.all(order.flatMap((at) => told[at] ?? []).map(take));
        const [any = depositPush()] = told;
        expect(movements(any).map(({ state }) => state)).toEqual([ends[end]]);
        const open = flags(any).filter(({ resolved }) => resolved === undefined);
        expect(open.map(({ code }) => code)).not.toContain("ILLEGAL_TRANSITION");
      },
    ),
    { numRuns: 25 },
  );
});

it("raises one flag of a token and a day where a rule says so", async () => {
  const once = new LiveRelease({
    release: {
      identity: live.identity,
      index: {
        ...live.index,
        rules: live.index.rules.map((rule) =>
          rule.name === "deposit/sender" ? { ...rule, flag_once: "token_day" as const } : rule,
        ),
      },
      hostData: live.hostData,
      cases: [],
    },
    reads: live.reads,
    engine: live.engine,
    queries: live.queries,
    source: live.source,
    activatedAt: live.activatedAt,
  });
  const desk = await pushDesk(live);
  const spam = async (token: string, at = PUSHED_AT, deposit = {}) => {
    const to = [{ address: "0xto", amount: eth(1, token) }];
    const push = depositPush({ at, from: ["0xbad"], to, transaction: { token }, deposit });
    const { outcome, flags } = await desk.pushes.take(push, { live: once, refusedStep: undefined });
    expect(outcome).toBe("flagged");
    return flags.length;
  };
  const tomorrow = PUSHED_AT + 86_400_000;
  const nft = { nft: { contract: "0xnft" } };
  expect([
    await spam("SCAM"),
    await spam("SCAM"),
    await spam("OTHER"),
    await spam("SCAM", PUSHED_AT, nft),
    await spam("OTHER", PUSHED_AT, nft),
    await spam("SCAM", tomorrow),
    await spam("SCAM", tomorrow),
  ]).toEqual([1, 0, 1, 1, 0, 1, 0]);
  expect(desk.flagged).toHaveLength(4);
});

describe("a push that nobody can read", () => {
  it("is kept as it is, and flagged", async () => {
    const { take, ledger, flagged } = await pushDesk(live);
    const push = unreadPush();
    expect(await take(push)).toMatchObject({ outcome: "flagged", repeated: false });
    expect(await take(push)).toMatchObject({ outcome: "flagged", repeated: true });
    expect(flagged).toMatchObject([
      { code: "UNREADABLE_PUSH", severity: "high", values: { problem: "its amount is no number" } },
    ]);
    expect(ledger.openFlags("UNREADABLE_PUSH", 9)).toMatchObject([{ entry: 1, names: [] }]);
    expect(ledger.entry(1)?.body).toEqual({ token: push.envelope });
  });

  it("leaves the story of its transaction as it was, and marks whom it names", async () => {
    const { take, stored, ledger } = await pushDesk(live);
    await take(depositPush({ id: "1", hash: "0xaa", status: "success", updatedAt: 2 }));
    const marks = [{ kind: "address", value: "0xwho", role: "paid_into" }] as const;
    const unread = unreadPush({ id: "1", marks });
    await take(unread);
    expect(stored(unread)).toMatchObject({ readable: false, story: { status: "success" } });
    expect(ledger.read((snapshot) => snapshot.marked("address", "0xwho"))).toMatchObject({
      open: [{ code: "UNREADABLE_PUSH", names: ["cobo:1"] }],
    });
    const late = depositPush({ id: "1", hash: "0xaa", status: "pending", updatedAt: 1 });
    await take(late);
    expect(stored(late)).toMatchObject({ late: true });
  });
});

describe("a push that can't be judged waits", () => {
  it("where no release is live", async () => {
    const { take, stored, flags, movements } = await pushDesk(undefined);
    const push = depositPush({ id: "1" });
    expect(await take(push)).toMatchObject({ outcome: "pending" });
    expect(stored(push)).toMatchObject({ outcome: "pending", reasons: [{ code: "POLICY_ABSENT" }] });
    expect(flags(push)).toMatchObject([
      {
        code: "UNDECIDED",
        severity: "high",
        values: { code: "POLICY_ABSENT" },
        marks: [
          { value: "0xto", role: "paid_into" },
          { value: "0xfrom", role: "sender" },
        ],
      },
    ]);
    expect(movements(push)).toMatchObject([{ state: "settled" }]);
  });

  it("where a rule fails, the document is not what it must be, or history can't be asked", async () => {
    const { take, stored } = await pushDesk(live);
    const failing = depositPush({ transaction: { description: "fail" } });
    expect(await take(failing)).toMatchObject({ outcome: "pending", flags: [{ code: "UNDECIDED" }] });
    expect(stored(failing).reasons).toMatchObject([{ code: "POLICY_ERROR" }]);
    const broken = depositPush({ deposit: { failed_reason: "" } });
    expect(await take(broken)).toMatchObject({ outcome: "pending" });
    expect(stored(broken).reasons).toMatchObject([{ code: "INTERNAL" }]);

    const { ledger } = await opened(stateDirectory());
    await ledger.close();
    const unkept = await pushDesk(undefined);
    const push = depositPush();
    expect(await unkept.pushes.take(push, { live, refusedStep: undefined })).toMatchObject({
      outcome: "pending",
    });
    expect(unkept.stored(push).reasons).toMatchObject([{ code: "LEDGER_UNAVAILABLE" }]);
  });

  it("and is flagged all the same for what the host finds", async () => {
    const { take, flags } = await pushDesk(undefined);
    await take(depositPush({ id: "1", hash: "0xaa", status: "failed", updatedAt: 1 }));
    const push = depositPush({ id: "1", hash: "0xaa", status: "success", updatedAt: 2 });
    expect(await take(push)).toMatchObject({ outcome: "pending" });
    expect(flags(push).map(({ code }) => code)).toEqual(["UNDECIDED", "ILLEGAL_TRANSITION", "UNDECIDED"]);
  });
});

it("judges a withdrawal by rules of its own", async () => {
  const { take, stored, movements } = await pushDesk(live);
  const push = withdrawalPush();
  expect(await take(push)).toMatchObject({ outcome: "noted", flags: [] });
  expect(stored(push)).toMatchObject({ kind: "withdrawal", alerts: [{ code: "FEE_UNKNOWN" }] });
  expect(movements(push)).toEqual([]);
});
