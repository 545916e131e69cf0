/** Cobo pushes to the real process: what is not Cobo's, what is, what nobody can read, and what is confirmed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headersOf, signPush } from "../../src/cli/push-client.ts";
import { codeOf, until } from "../faults/site.ts";
import { addressOf, type Transfer } from "../faults/transfer.ts";
import { SEEDS, vector } from "../fixtures/pushes/pushes.ts";
import {
  bodyOf,
  COBO,
  custodialConfirmation,
  custodialDeposit,
  custodialWithdrawal,
  mpcDeposit,
  PushDouble,
} from "../support/push-double.ts";
import { confirmationOf, LISTED, PushSite, withdrawalOf } from "./site.ts";

const BODY_LIMIT = 16 * 1024;

const site = new PushSite({ limits: { body: `${BODY_LIMIT}B` } });
beforeAll(() => site.startWithRules());
afterAll(() => site.remove());

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${site.url}${path}`, { method: "POST", body, headers });
}

/** Signed and sent as Cobo does, once. */
function send(path: string, body: string): Promise<Response> {
  return post(path, body, signedFor(body));
}

async function answerOf(response: Response): Promise<readonly unknown[]> {
  return [response.status, await response.text()];
}

/** Signed as Cobo does, with another body. */
function signedFor(body: string, timestampMs = Date.now()): Record<string, string> {
  return headersOf(signPush(Buffer.from(body), COBO.privateKey, timestampMs));
}

describe("what Cobo did not sign", () => {
  test("is turned away where nothing is to be had", async () => {
    expect(await answerOf(await post("/v2/check", "{}"))).toEqual([404, ""]);
    const wrong = await fetch(`${site.url}/confirm/withdrawal`);
    expect([wrong.status, wrong.headers.get("allow"), await wrong.text()]).toEqual([405, "POST", ""]);
    expect(await answerOf(await post("/push", "x".repeat(BODY_LIMIT + 1)))).toEqual([413, ""]);
  });

  test("leaves nothing behind but a counter", async () => {
    const before = site.newest;
    const body = bodyOf(custodialDeposit());
    const good = signedFor(body);
    const once = vector("P5");
    const wrong: [string, string, Record<string, string>][] = [
      ["/push", body, {}],
      ["/push", `${body} `, good],
      ["/push/mpc", body, signedFor("{}")],
      ["/push/custodial", body, { ...good, BIZ_TIMESTAMP: "1" }],
      ["/push", body, { ...good, "Biz-Timestamp": "now" }],
      ["/push", body, { ...good, "Biz-Resp-Signature": "00" }],
      ["/push", once.body, { "biz-timestamp": once.timestamp, "biz-resp-signature": once.signature }],
      ["/confirm/withdrawal", bodyOf(custodialConfirmation()), good],
    ];
    for (const [path, text, headers] of wrong) {
      expect(await answerOf(await post(path, text, headers)), path).toEqual([401, ""]);
    }
    const stranger = new PushDouble({ url: site.url, privateKey: "11".repeat(32) });
    expect(await stranger.send(custodialDeposit())).toMatchObject({ status: 401, body: "" });
    expect(site.since(before)).toEqual([]);
    expect(await site.metric("pushes_refused_total")).toEqual({
      'code="HEADER_MISSING"': 1,
      'code="HEADERS_DISAGREE"': 1,
      'code="TIMESTAMP_MALFORMED"': 1,
      'code="SIGNATURE_MALFORMED"': 1,
      'code="SIGNATURE"': 5,
    });
    await until("each is in the log once", () => site.logged("push refused").length === 5);
  });
});

describe("what Cobo signed", () => {
  test.each([
    ["custodial", "20201207150724000192033000003701"],
    ["mpc", "20240117111135000139405000001665"],
  ] as const)("the %s sample of its page is kept and answered with ok", async (shape, id) => {
    const before = site.newest;
    const response = await send("/push", SEEDS[shape]);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(await answerOf(response)).toEqual([200, "ok"]);
    const [entry, ...others] = site.since(before);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ type: "push", kind: "deposit", outcome: "clear", status: "success" });
    expect(entry?.body).toBe(SEEDS[shape]);
    const { body } = await site.admin(`/v1/transactions/cobo:${id}`);
    expect(JSON.stringify(body)).toContain(id);
    expect(entry?.["transaction"]).toMatchObject({ names: [`cobo:${id}`] });
    expect(entry?.["movements"]).toMatchObject([{ direction: "in" }]);
  });

  test("again changes nothing, whatever its time says, and is answered alike", async () => {
    const before = site.newest;
    const old = Date.now() - 3 * 86_400_000;
    const { cobo } = site;
    for (const timestampMs of [undefined, old]) {
      const sent = timestampMs === undefined ? {} : { timestampMs };
      expect(await cobo.send(SEEDS.mpc, sent)).toMatchObject({ status: 200, body: "ok" });
    }
    expect(await cobo.resend()).toMatchObject({ status: 200, body: "ok" });
    expect(site.since(before)).toEqual([]);
    expect(await site.metric("pushes_repeated_total")).toEqual({ "": 3 });
    await until("its time is in the log", () => site.logged("push oddly timed").length === 1);
  });

  test("in any order is one deposit, of which every version is kept", async () => {
    const before = site.newest;
    const moved = site.movements().length;
    const deposit = (status: number, confirmed_number: number, later: number) =>
      mpcDeposit({
        cobo_id: "order-1",
        ...{ status, confirmed_number, updated_time: 1_700_000_000_000 + later },
        block_detail: { block_time: 1_700_000_000_000 },
      });
    const versions = [
      deposit(900, 12, 300),
      deposit(501, 1, 100),
      deposit(501, 5, 200),
      deposit(900, 13, 400),
    ];
    const answers = await Promise.all(versions.map((version) => site.cobo.send(version)));
    expect(answers.map(({ body }) => body)).toEqual(["ok", "ok", "ok", "ok"]);
    const kept = site.since(before);
    expect(kept).toHaveLength(4);
    expect(kept.flatMap(({ flags }) => flags ?? [])).toEqual([]);
    expect(site.movements().slice(moved)).toEqual([`deposit in settled ${15n * 10n ** 17n}`]);
  });

  test.each<[string, string]>([
    ["a list", "[1, 2]"],
    ["cut off", bodyOf(custodialDeposit()).slice(0, -1)],
    ["of an unknown status", bodyOf(custodialDeposit({ id: "unread-1", status: "done" }))],
    [
      "of a negative amount",
      bodyOf(custodialDeposit({ id: "unread-2", amount: "-1", abs_amount: "-0.000001" })),
    ],
    ["of two amounts", bodyOf(custodialDeposit({ id: "unread-3", abs_amount: "26" }))],
  ])("%s is kept as it is, flagged, and answered with ok", async (_, text) => {
    const before = site.newest;
    expect(await site.cobo.send(text)).toMatchObject({ status: 200, body: "ok" });
    const [entry, ...others] = site.since(before);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ type: "push", readable: false, flags: [{ code: "UNREADABLE_PUSH" }] });
    expect(entry?.body).toBe(text);
  });

  test("of another shape than its path's is what it is: whoever sends it again chooses the path", async () => {
    const before = site.newest;
    const answer = await site.cobo.send(custodialDeposit({ id: "path-1" }), { path: "/push/mpc" });
    expect(answer).toMatchObject({ status: 200, body: "ok" });
    expect(site.since(before)).toMatchObject([{ channel: "push.custodial", readable: true, flags: [] }]);
    await site.cobo.send(mpcDeposit({ cobo_id: "path-2" }), { path: "/push/custodial" });
    expect(site.since(before + 1)).toMatchObject([{ channel: "push.mpc", readable: true, flags: [] }]);
  });

  test("of a listed sender is flagged, and answered with ok", async () => {
    const before = site.newest;
    const counted = await site.metric("flags_total");
    expect(await site.cobo.send(mpcDeposit({ cobo_id: "listed-1", from_address: LISTED }))).toMatchObject({
      status: 200,
      body: "ok",
    });
    expect(site.since(before)).toMatchObject([
      { outcome: "flagged", flags: [{ code: "LISTED", rule: "deposit/listed", severity: "critical" }] },
    ]);
    const label = 'code="LISTED",severity="critical"';
    const after = await site.metric("flags_total");
    expect([counted[label] ?? 0, after[label]]).toEqual([0, 1]);
    expect((await site.status()).alarms).toMatchObject([{ code: "LISTED" }]);
    const pushes = await site.metric("pushes_total");
    expect(pushes['channel="push.mpc",kind="deposit",outcome="flagged"']).toBe(1);
  });
});

/** 0.3 dollars each: four are over the cap of one confirmation. */
const transfer = (id: string, tenThousandths = 1): Transfer => ({
  id,
  wallet: `wallet-${id}`,
  tenThousandths,
});
const CONFIRM = { path: "/confirm/withdrawal" };

async function confirm(...[transferred, changes]: Parameters<typeof confirmationOf>): Promise<unknown> {
  const { status, body } = await site.cobo.send(confirmationOf(transferred, changes), CONFIRM);
  return status === 200 ? body : status;
}

describe("a confirmation", () => {
  test.each<[string, string, string]>([
    ["of a deposit", bodyOf(mpcDeposit({ cobo_id: "c-1" })), "KIND_UNKNOWN"],
    ["of what is sent already", bodyOf(custodialWithdrawal({ id: "c-2" })), "KIND_UNKNOWN"],
    ["without an id", bodyOf(custodialConfirmation({ request_id: null })), "REQUEST_SCHEMA"],
    ["that nobody can read", "{", "REQUEST_JSON"],
  ])("%s is denied once that is written down", async (_, text, code) => {
    const before = site.newest;
    const response = await send(CONFIRM.path, text);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(await answerOf(response)).toEqual([200, "deny"]);
    expect(site.since(before)).toMatchObject([{ type: "refusal", code, body: text }]);
    expect(await answerOf(await send(CONFIRM.path, text))).toEqual([200, "deny"]);
    expect(site.since(before), "sent again it fills no disk").toHaveLength(1);
  });

  test("is denied by the rules, and again", async () => {
    const before = site.newest;
    const large = transfer("large", 10_000);
    expect([await confirm(large), await confirm(large)]).toEqual(["deny", "deny"]);
    expect(site.since(before)).toMatchObject([
      { type: "decision", outcome: "denied", reasons: [{ code: "CONFIRMED_CAP" }] },
    ]);
  });

  test("is denied where nothing is known of its worth", async () => {
    expect(await confirm(transfer("unknown"), { coin_detail: { coin: "DOGE", chain_code: "DOGE" } })).toBe(
      "deny",
    );
  });

  test("gets one answer however often it is asked, and another where it says something else", async () => {
    const before = site.newest;
    const small = transfer("small");
    const answers = await Promise.all([confirm(small), confirm(small)]);
    // Its fee is told anew by then: what will be paid is the same.
    answers.push(await confirm(small, { fee_detail: { fee_used: 1 } }));
    expect(answers).toEqual(["ok", "ok", "ok"]);
    const decided = site.since(before);
    expect(decided[0]).toMatchObject({
      kind: "withdrawal_confirmation",
      outcome: "approved",
      action: "APPROVE",
    });
    expect(await confirm({ ...small, tenThousandths: 2 })).toBe("deny");
    expect(site.since(before).at(-1)).toMatchObject({ reasons: [{ code: "CHANGED_REQUEST" }] });
    const changed = site.newest;
    expect(await confirm({ ...small, tenThousandths: 2 })).toBe("deny");
    expect(site.since(changed), "sent again it fills no disk").toEqual([]);
    expect(await confirm(small)).toBe("ok");
  });

  test("is denied while all is frozen, also where it was approved before", async () => {
    const before = transfer("frozen");
    expect(await confirm(before)).toBe("ok");
    await site.admin("/v1/freeze", { scope: "all", reason: "a test" });
    const { freezes } = await site.status();
    expect([await confirm(transfer("freezing")), await confirm(before)]).toEqual(["deny", "deny"]);
    await site.admin("/v1/unfreeze", { id: freezes[0]?.id, reason: "a test" });
    expect(await confirm(transfer("thawed"))).toBe("ok");
  });

  test("and the callback and the push after it are one transaction", async () => {
    const moved = site.movements().length;
    const paid = transfer("one");
    const units = 10n ** 14n;
    expect(await confirm(paid)).toBe("ok");
    expect(site.movements().slice(moved)).toEqual([`withdrawal_confirmation out reserved ${units}`]);
    expect(codeOf(await site.ask(paid))).toBe("APPROVE");
    expect(site.entries().at(-1)).toMatchObject({
      takes_over: [moved + 1],
      sources: [addressOf(paid.wallet)],
    });
    const taken = [
      `withdrawal_confirmation out released ${units}`,
      `transaction_signing out reserved ${units}`,
    ];
    expect(site.movements().slice(moved)).toEqual(taken);
    expect([await confirm(paid), codeOf(await site.ask(paid, "again", "node-2"))]).toEqual(["ok", "APPROVE"]);
    expect(site.movements().slice(moved)).toEqual(taken);
    expect(await site.cobo.send(withdrawalOf(paid))).toMatchObject({ status: 200, body: "ok" });
    expect(site.movements().slice(moved)).toEqual([taken[0], `transaction_signing out settled ${units}`]);
    expect(site.entries().at(-1)).toMatchObject({ kind: "withdrawal", outcome: "clear", flags: [] });
  });

  test("and a push of another customer's who chose the same request id are two", async () => {
    const paid = transfer("chosen");
    expect(await confirm(paid)).toBe("ok");
    expect(codeOf(await site.ask(paid))).toBe("APPROVE");
    await site.cobo.send(withdrawalOf(paid, { status: 501 }));
    const before = site.newest;
    const theirs = { cobo_id: "theirs", from_address: LISTED, tx_hash: `0x${"1".repeat(64)}` };
    const later = { ...theirs, tx_detail: { tx_hash: theirs.tx_hash }, updated_time: Date.now() + 1e9 };
    await site.cobo.send(withdrawalOf({ ...paid, tenThousandths: 9 }, later));
    await site.cobo.send(withdrawalOf(paid, { status: 900, updated_time: Date.now() + 1 }));
    expect(site.since(before)).toMatchObject([
      { transaction: { names: ["cobo:theirs"] }, flags: [] },
      { late: false, outcome: "clear", flags: [] },
    ]);
  });

  test("of another amount than is signed counts beside it", async () => {
    const moved = site.movements().length;
    const paid = transfer("other", 2);
    expect(await confirm({ ...paid, tenThousandths: 3 })).toBe("ok");
    expect(codeOf(await site.ask(paid))).toBe("APPROVE");
    expect(
      site
        .movements()
        .slice(moved)
        .map((line) => line.split(" ")[2]),
    ).toEqual(["reserved", "reserved"]);
  });
});

describe("a withdrawal that nobody approved", () => {
  const known = transfer("known");

  test("is nothing to us from an address that nobody ever asked about", async () => {
    const before = site.newest;
    await site.cobo.send(withdrawalOf(transfer("stranger")));
    expect(site.since(before)).toMatchObject([{ kind: "withdrawal", flags: [] }]);
  });

  test("is alarmed, and its wallet frozen before the message is answered", async () => {
    expect(codeOf(await site.ask(known))).toBe("APPROVE");
    const stolen = { ...known, id: "stolen" };
    const before = site.newest;
    expect(await site.cobo.send(withdrawalOf(stolen))).toMatchObject({ status: 200, body: "ok" });
    expect(codeOf(await site.ask({ ...known, id: "next" }))).toBe("FROZEN");
    const entries = site.since(before);
    expect(entries.find(({ type }) => type === "push")).toMatchObject({
      outcome: "flagged",
      flags: [{ code: "UNAPPROVED_WITHDRAWAL", severity: "critical" }],
    });
    expect(entries.find(({ type }) => type === "freeze")).toMatchObject({
      scope: [`wallet:${known.wallet}`],
    });
    const { alarms, freezes } = await site.status();
    expect(alarms[0]).toMatchObject({ code: "UNAPPROVED_WITHDRAWAL" });
    expect(freezes).toMatchObject([{ scope: [`wallet:${known.wallet}`] }]);
    expect(codeOf(await site.ask(transfer("elsewhere")))).toBe("APPROVE");
  });

  test("of another amount than was approved is alarmed too", async () => {
    const paid = transfer("more");
    expect(codeOf(await site.ask(paid))).toBe("APPROVE");
    await site.cobo.send(withdrawalOf({ ...paid, tenThousandths: 3 }));
    const [entry] = site
      .entries()
      .filter(({ type }) => type === "push")
      .slice(-1);
    expect(entry).toMatchObject({ flags: [{ code: "UNAPPROVED_WITHDRAWAL" }] });
  });
});

test("the status says whose keys count, and the ledger is whole", async () => {
  expect((await site.status()).push).toEqual({
    keys: [COBO.point.slice(0, 16)],
    on_unapproved_withdrawal: "freeze",
  });
  expect(site.verify()).toMatchObject({ ok: true, found: 0 });
  expect(site.exceptions()).toEqual([]);
});
