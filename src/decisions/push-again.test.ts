import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stateDirectory } from "../../test/support/ledger.ts";
import { type Desk, PUSH_RULES, pushDesk } from "../../test/support/push-desk.ts";
import { depositPush, unreadPush, withdrawalPush } from "../../test/support/pushes.ts";
import { PAYS, releaseOf } from "../../test/support/rego.ts";
import { LedgerError } from "../ledger/ledger.ts";
import { parseRow } from "../ledger/rows.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Bench } from "./desk.ts";
import { PushAgain } from "./push-again.ts";
import { PushBacklog } from "./push-backlog.ts";

let live: LiveRelease;
/** Looks at what Cobo said when it was asked, and at the message itself. */
let asking: LiveRelease;
const rule = (name: string, requires: string, body: string) => `# METADATA
# title: ${name}
# description: For the tests.
# custom:
#   severity: high
#   requires: {${requires}: deny}
package rules.deposit.${name}

${body}
`;
beforeAll(async () => {
  live = await releaseOf(PUSH_RULES);
  asking = await releaseOf({
    ...PAYS,
    "rules/deposit/confirmed/rule.rego": rule(
      "confirmed",
      "UNCONFIRMED",
      'require["UNCONFIRMED"] if input.deposit.confirmed_by_query == true',
    ),
    "rules/deposit/raw/rule.rego": rule("raw", "RAW", 'require["RAW"] if input.raw.salt == "pepper"'),
  });
});
afterAll(async () => {
  await live.engine.close();
  await asking.engine.close();
});

/** A desk without a release, whose ledger keeps what the rules of `live` ask for. */
async function waiting(): Promise<Desk> {
  const desk = await pushDesk(undefined);
  await desk.ledger.keepShapes(live.queries.map(({ shape }) => shape));
  return desk;
}

const benchOf = (release: LiveRelease | undefined): Bench => ({ live: release, refusedStep: undefined });

function judgements({ ledger }: Desk) {
  return ledger.entriesOf(["judgement"]).map(({ row }) => {
    const parsed = parseRow(row);
    return parsed.type === "judgement" ? parsed : undefined;
  });
}

describe("a push that waits", () => {
  it("still waits where it can't be judged, and nothing is written", async () => {
    const desk = await waiting();
    const push = depositPush({ transaction: { description: "fail" } });
    const { id } = await desk.take(push);
    for (const release of [undefined, live]) {
      await expect(desk.again.judge(id, benchOf(release), { why: "release" })).rejects.toMatchObject({
        code: "POLICY_ERROR",
        values: { code: release === undefined ? "POLICY_ABSENT" : "POLICY_ERROR" },
      });
    }
    expect(judgements(desk)).toEqual([]);
    expect(desk.flags(push)).toMatchObject([{ code: "UNDECIDED" }]);
    expect(desk.flags(push)[0]?.resolved).toBeUndefined();
  });

  it("is judged with the facts of now, and waits no more", async () => {
    const desk = await waiting();
    const push = depositPush({ id: "1", from: ["0xbad"], status: "pending", updatedAt: 1, hash: "0xaa" });
    const { id } = await desk.take(push);
    await desk.take(depositPush({ id: "1", from: ["0xbad"], updatedAt: 2, hash: "0xaa" }));
    await desk.take(depositPush({ id: "2" }));
    desk.flagged.length = 0;
    const judged = await desk.again.judge(id, benchOf(live), { why: "release" });
    expect(judged).toMatchObject({ outcome: "flagged", flags: [{ code: "SENDER_DENIED" }] });
    expect(desk.flagged).toEqual(judged.flags);
    expect(judgements(desk)).toMatchObject([
      {
        ...{ id: judged.id, push: id, why: "release", outcome: "flagged", release: live.identity },
        facts: { often: { before: { "0xto": "1" } } },
        transaction: { names: ["cobo:1"] },
        resolves: [desk.flags(push)[0]?.id],
      },
    ]);
    const codes = desk.flags(push).map(({ code, resolved }) => [code, resolved !== undefined]);
    // Its transaction's second message waits by itself.
    expect(codes).toEqual([
      ["UNDECIDED", true],
      ["UNDECIDED", false],
      ["SENDER_DENIED", false],
    ]);
    expect(desk.movements(push)).toHaveLength(1);
  });

  it("is clear where there is nothing else, a withdrawal too", async () => {
    const desk = await waiting();
    const push = withdrawalPush();
    const { id } = await desk.take(push);
    expect(await desk.again.judge(id, benchOf(live), { why: "release" })).toMatchObject({
      outcome: "noted",
      flags: [],
    });
    expect(desk.ledger.openFlags("UNDECIDED", 9)).toEqual([]);
  });
});

describe("is not judged again", () => {
  it("what is no push that somebody could read", async () => {
    const desk = await waiting();
    const { id } = await desk.take(unreadPush());
    for (const each of [id, "p_none", ""]) {
      await expect(desk.again.judge(each, benchOf(live), { why: "release" })).rejects.toMatchObject({
        code: "INTERNAL",
      });
    }
  });

  it("where the ledger can't be used", async () => {
    const desk = await waiting();
    const { id } = await desk.take(depositPush());
    await desk.ledger.close();
    await expect(desk.again.judge(id, benchOf(live), { why: "release" })).rejects.toBeInstanceOf(LedgerError);
  });
});

describe("with what Cobo said", () => {
  it("is judged by the message itself, and what is known besides", async () => {
    const desk = await pushDesk(asking);
    const push = depositPush({ salt: "pepper" });
    const { id, flags } = await desk.take(push);
    expect(flags.map(({ code }) => code)).toEqual(["UNCONFIRMED"]);
    const again = await desk.again.judge(id, benchOf(asking), {
      why: "query",
      changes: { confirmed_by_query: true },
    });
    expect(again).toMatchObject({ outcome: "clear", flags: [] });
    // What was flagged stays so until somebody says otherwise.
    expect(desk.flags(push)).toMatchObject([{ code: "UNCONFIRMED" }]);
    expect(desk.flags(push)[0]?.resolved).toBeUndefined();
    expect(desk.ledger.entry(2)?.body.document).toContain('"confirmed_by_query":true');
  });

  it("is flagged for what the host found, with an alarm where that is critical", async () => {
    const desk = await pushDesk(asking);
    const push = depositPush({ salt: "pepper" });
    const { id } = await desk.take(push);
    const finding = { code: "QUERY_MISMATCH", severity: "critical", message: "another amount" } as const;
    const ask = () =>
      desk.again.judge(id, benchOf(asking), {
        why: "query",
        changes: { confirmed_by_query: false },
        findings: [finding],
      });
    // That it is not known was flagged before; that it is not so is something else.
    const flags = [{ code: "QUERY_MISMATCH" }, { code: "UNCONFIRMED" }];
    expect(await ask()).toMatchObject({ outcome: "flagged", flags });
    expect(desk.alarms).toEqual(["QUERY_MISMATCH"]);
    expect(await ask()).toMatchObject({ outcome: "flagged", flags: [] });
    expect(desk.alarms).toHaveLength(1);
  });
});

it("renews prices and lists", async () => {
  const desk = await pushDesk(undefined);
  const { ledger, tickets, pushes } = desk;
  const version = { sequence: 4, sha256: "ab".repeat(32) };
  const again = new PushAgain({
    ...{ ledger, tickets, turns: pushes.turns, decisionMs: 5_000, clock: () => ledger.newestAt() + 1 },
    enrich: (document) => ({
      document: { ...document, lists: { sanctions: {} } },
      lists: { sanctions: version },
    }),
    onAlarm: () => {},
    onFlag: () => {},
  });
  const { id } = await desk.take(depositPush());
  await again.judge(id, benchOf(asking), { why: "release" });
  const document = JSON.parse(ledger.entry(2)?.body.document ?? "{}");
  expect(document).toMatchObject({ lists: { sanctions: {} }, now: { ms: ledger.newestAt() } });
  // The entry says which content of the list it was.
  expect(JSON.parse(ledger.entry(2)?.row ?? "{}").lists).toEqual({ sanctions: version });
});

describe("the backlog", () => {
  function backlogOf(desk: Desk, bench: () => Bench, everyMs?: number) {
    const errors: unknown[] = [];
    const backlog = new PushBacklog({
      ledger: desk.ledger,
      again: desk.again,
      bench,
      onError: (error) => errors.push(error),
      ...(everyMs === undefined ? {} : { everyMs }),
    });
    return { backlog, errors };
  }

  it("leaves what can't be judged, and judges the rest, the oldest first", async () => {
    const desk = await waiting();
    const { backlog, errors } = backlogOf(desk, () => benchOf(live));
    const failing = await desk.take(depositPush({ transaction: { description: "fail" } }));
    const ids: string[] = [];
    for (let at = 0; at < 3; at += 1) ids.push((await desk.take(depositPush())).id);
    await backlog.run();
    expect(judgements(desk).map((row) => row?.push)).toEqual(ids);
    expect(desk.ledger.openFlags("UNDECIDED", 9)).toMatchObject([{ key: `UNDECIDED ${failing.id}` }]);
    await Promise.all([backlog.run(), backlog.run()]);
    expect(judgements(desk)).toHaveLength(3);
    expect(errors).toEqual([]);
    await backlog.close();
  });

  it("waits for a release, and for the ledger", async () => {
    const desk = await waiting();
    let bench = benchOf(undefined);
    const { backlog, errors } = backlogOf(desk, () => bench, 20);
    await desk.take(depositPush());
    await backlog.run();
    expect(judgements(desk)).toEqual([]);
    bench = benchOf(live);
    await vi.waitFor(() => expect(desk.ledger.openFlags("UNDECIDED", 9)).toEqual([]), 5_000);
    expect(judgements(desk)).toHaveLength(1);
    await desk.ledger.close();
    await backlog.run();
    expect(errors).toEqual([]);
    await backlog.close();
  });

  it("finds after a start what the last process left", async () => {
    const directory = stateDirectory();
    const first = await pushDesk(undefined, {}, directory);
    await first.take(depositPush());
    await first.ledger.close();
    const next = await pushDesk(live, {}, directory);
    const { backlog } = backlogOf(next, () => benchOf(live));
    await backlog.run();
    expect(judgements(next)).toMatchObject([{ why: "release", outcome: "clear" }]);
    await backlog.close();
  });
});
