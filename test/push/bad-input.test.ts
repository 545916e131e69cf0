/**
 * What a push may be that it should not, through the real listener: as for callbacks, and what Cobo's own habits add.
 * What is not signed well leaves nothing behind; of what is, nothing is lost, whoever can read it.
 */
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headersOf, signPush } from "../../src/cli/push-client.ts";
import { codeOf, until } from "../faults/site.ts";
import { vector } from "../fixtures/pushes/pushes.ts";
import { MAIN } from "../support/installation.ts";
import {
  bodyOf,
  COBO,
  custodialConfirmation,
  custodialDeposit,
  custodialWithdrawal,
  type Message,
  mpcDeposit,
  mpcWithdrawal,
} from "../support/push-double.ts";
import { confirmationOf, PushSite, withdrawalOf } from "./site.ts";

const HOUR_MS = 3_600_000;
const OK = { status: 200, body: "ok" };
const PATHS = ["/push", "/push/custodial", "/push/mpc", "/confirm/withdrawal"];

const site = new PushSite({ push: { keys: [COBO.point], window: { warn: "1h", refuse: "2h" } } });
beforeAll(async () => {
  await site.startWithRules();
  await until("the release is in the ledger", () => site.entries().some(({ type }) => type === "release"));
});
afterAll(() => site.remove());

function signedFor(body: string | Uint8Array, timestampMs = Date.now()): Record<string, string> {
  return headersOf(signPush(Buffer.from(body), COBO.privateKey, timestampMs));
}

/** Sent as these bytes. */
async function post(path: string, body: Uint8Array, headers: Record<string, string>) {
  const response = await fetch(`${site.url}${path}`, { method: "POST", body: Buffer.from(body), headers });
  return { status: response.status, body: await response.text() };
}

async function refused(code: string): Promise<number> {
  return (await site.metric("pushes_refused_total"))[`code="${code}"`] ?? 0;
}

/** The text of a custodial deposit with a text in the place of its id's member. */
function withId(member: string): string {
  return bodyOf(custodialDeposit()).replace('"id": "20231114221320000100000000000001"', member);
}

describe("not signed well: 401, a counter, and nothing else", () => {
  const body = bodyOf(custodialDeposit({ id: "unsigned" }));

  test.each<[string, string, () => readonly [string, Record<string, string>]]>([
    ["of the other environment", "SIGNATURE", () => vectorOf("P1")],
    ["of the other environment, too", "SIGNATURE", () => vectorOf("P2")],
    ["hashed once instead of twice", "SIGNATURE", () => vectorOf("P5")],
    ["put together anew", "SIGNATURE", () => [JSON.stringify(JSON.parse(body)), signedFor(body)]],
    ["with a line end more", "SIGNATURE", () => [`${body}\n`, signedFor(body)]],
    [
      "of another time",
      "SIGNATURE",
      () => [body, { ...signedFor(body), "Biz-Timestamp": String(Date.now() + 1) }],
    ],
    [
      "with two times",
      "HEADERS_DISAGREE",
      () => [body, { ...signedFor(body), BIZ_TIMESTAMP: String(Date.now() + 1) }],
    ],
    [
      "with two signatures",
      "HEADERS_DISAGREE",
      () => [body, { ...signedFor(body), BIZ_RESP_SIGNATURE: "3006" }],
    ],
    ["without a time", "HEADER_MISSING", () => [body, without(signedFor(body), "Biz-Timestamp")]],
    ["without a signature", "HEADER_MISSING", () => [body, without(signedFor(body), "Biz-Resp-Signature")]],
    [
      "of seconds with a fraction",
      "TIMESTAMP_MALFORMED",
      () => [body, { ...signedFor(body), "Biz-Timestamp": "1.5" }],
    ],
    [
      "of raw bytes, not DER",
      "SIGNATURE_MALFORMED",
      () => [body, { ...signedFor(body), "Biz-Resp-Signature": "ab".repeat(64) }],
    ],
    ["too old", "OUTSIDE_WINDOW", () => [body, signedFor(body, Date.now() - 3 * HOUR_MS)]],
    ["of the day after tomorrow", "OUTSIDE_WINDOW", () => [body, signedFor(body, Date.now() + 48 * HOUR_MS)]],
  ])("%s", async (_, code, made) => {
    const before = site.newest;
    const counted = await refused(code);
    const [text, headers] = made();
    for (const path of PATHS)
      expect(await post(path, Buffer.from(text), headers)).toEqual({ status: 401, body: "" });
    expect(await refused(code)).toBe(counted + PATHS.length);
    expect(site.since(before)).toEqual([]);
  });

  test("both spellings that say the same are good, and so is either", async () => {
    for (const spelling of ["dash", "underscore", "both"] as const) {
      expect(await site.cobo.send(custodialDeposit({ id: spelling }), { spelling })).toMatchObject(OK);
    }
  });
});

function vectorOf(id: string): readonly [string, Record<string, string>] {
  const { body, timestamp, signature } = vector(id);
  return [body, { "biz-timestamp": timestamp, "biz-resp-signature": signature }];
}

function without(headers: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}

describe("signed well, and nobody can read it: kept as it came, flagged, ok", () => {
  test.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["a text", '"deposit"'],
    ["a number", "900"],
    ["null", "null"],
    ["an empty object", "{}"],
    ["a form", "id=1&side=deposit"],
    ["a message of the next API", bodyOf({ type: "wallets.transaction.updated", event_id: "e", data: {} })],
    ["a message of both shapes", bodyOf({ ...custodialDeposit({ id: "both" }), ...mpcDeposit() })],
    [
      "bytes that are no UTF-8",
      Buffer.concat([Buffer.from('{"id": "'), Buffer.from([0xff]), Buffer.from('"}')]),
    ],
    ["a member that stands twice", withId('"id": "twice-1", "id": "twice-2"')],
    ["a lone surrogate", withId('"id": "surrogate", "remark": "\\ud800"')],
    ["a NUL", withId('"id": "a\\u0000b"')],
    ["100 levels", withId(`"id": "deep", "more": ${"[".repeat(100)}${"]".repeat(100)}`)],
    ["an id as long as a page", withId(`"id": "${"x".repeat(4_096)}"`)],
    ["an id that is a list", withId('"id": ["1"]')],
  ])("%s", async (_, body) => {
    const before = site.newest;
    const bytes = Buffer.from(body);
    expect(await post("/push", bytes, signedFor(bytes))).toEqual(OK);
    expect(site.since(before)).toMatchObject([unread]);
    expect(site.since(before)[0]?.body).toBe(bytes.toString("utf8"));
    // Again it is known, whatever it is.
    expect(await post("/push", bytes, signedFor(bytes))).toEqual(OK);
    expect(site.since(before)).toHaveLength(1);
  });

  const both: readonly [string, Message, Message][] = [
    ["an unknown status", { status: "reverted" }, { status: 905 }],
    ["a status of the other shape", { status: 900 }, { status: "success" }],
    ["no id", { id: "" }, { cobo_id: "" }],
    ["an id that is null", { id: null }, { cobo_id: null }],
    [
      "a negative amount",
      { amount: "-25000000", abs_amount: "-25" },
      { amount_detail: { amount: "-1500000000000000000", abs_amount: "-1.5" } },
    ],
    ["negative confirmations", { confirmed_num: -1 }, { confirmed_number: -1 }],
    ["a negative threshold", { confirming_threshold: -1 }, { coin_detail: { confirming_threshold: -1 } }],
    ["a part of a smallest unit", { amount: 25_000_000.5 }, { amount_detail: { amount: "1.5" } }],
    ["two amounts", { abs_amount: "25.000001" }, { amount_detail: { abs_amount: "1.500000000000000001" } }],
    ["no decimals", { decimal: null }, { coin_detail: { decimal: null } }],
    ["an amount that is true", { amount: true }, { amount_detail: { amount: true } }],
    ["two hashes", { tx_detail: { txid: "0xab" } }, { tx_detail: { tx_hash: "0xab" } }],
    ["a time before time", { last_time: -1 }, { updated_time: -1 }],
  ];
  test.each(both)("%s, in either shape", async (what, custodial, mpc) => {
    const before = site.newest;
    const messages = [
      custodialDeposit({ id: `c ${what}`, ...custodial }),
      mpcDeposit({ cobo_id: `m ${what}`, ...mpc }),
    ];
    for (const message of messages) expect(await site.cobo.send(message)).toMatchObject(OK);
    expect(site.since(before)).toMatchObject([unread, unread]);
    expect(site.since(before).map(({ body }) => body)).toEqual(messages.map(bodyOf));
  });

  const unread = { type: "push", readable: false, outcome: "flagged", flags: [{ code: "UNREADABLE_PUSH" }] };
});

describe("signed well, and it can be read", () => {
  test("numbers as texts and texts as numbers, as Cobo mixes them", async () => {
    const before = site.newest;
    const T = 1_700_000_000_000;
    const [some, others] = [(value: number) => String(value), (value: number) => value];
    for (const as of [some, others]) {
      const id = `mixed-${typeof as(0)}`;
      const custodial = custodialDeposit({
        ...{ id: `c-${id}`, decimal: as(6), amount: as(25_000_000), abs_amount: as(25), vout_n: as(0) },
        ...{ confirmed_num: as(12), confirming_threshold: as(12), created_time: as(T), last_time: as(T) },
        ...{ fee_amount: as(0), fee_decimal: as(18), abs_cobo_fee: as(0), memo: as(7) },
      });
      const mpc = mpcDeposit({
        ...{ cobo_id: `m-${id}`, status: as(900), transaction_type: as(1000), vout_n: as(0), nonce: as(0) },
        ...{ confirmed_number: as(12), memo: as(7), created_time: as(T), updated_time: as(T) },
        coin_detail: { coin: "XTN", chain_code: "XTN", decimal: as(8), confirming_threshold: as(12) },
        amount_detail: { amount: as(100_000), abs_amount: as(0.001), nft_amount: as(0) },
        fee_detail: { fee_used: as(845), fee: as(5) },
      });
      for (const message of [custodial, mpc]) expect(await site.cobo.send(message)).toMatchObject(OK);
    }
    const good = { type: "push", readable: true, outcome: "clear", status: "success" };
    expect(site.since(before)).toMatchObject([good, good, good, good]);
    const [first, second, third, fourth] = site.since(before).map((entry) => entry["movements"]);
    expect(JSON.stringify([first, second])).toContain('"units":"25000000"');
    expect(JSON.stringify([third, fourth])).toContain('"units":"100000"');
  });

  test("0 confirmations of 0 are none of an unknown number: nobody may book that", async () => {
    for (const message of [
      custodialDeposit({ id: "zero-c", confirmed_num: 0, confirming_threshold: 0 }),
      mpcDeposit({ cobo_id: "zero-m", confirmed_number: 0, coin_detail: { confirming_threshold: 0 } }),
    ]) {
      expect(await site.cobo.send(message)).toMatchObject(OK);
    }
    for (const id of ["zero-c", "zero-m"]) {
      const { body } = await site.admin(`/v1/transactions/cobo:${id}`);
      expect(body).toMatchObject({ booking: { state: "success", confirmations: 0 } });
      expect(body).not.toHaveProperty("booking.threshold");
    }
  });

  test("bytes that no other writer of JSON would make are kept, and answered", async () => {
    const before = site.newest;
    const body = `\r\n${withId('"\\u0069d" : "odd"').replace('"abs_amount": "25"', '"abs_amount":25.000')}\t`;
    expect(await post("/push", Buffer.from(body), signedFor(body))).toEqual(OK);
    expect(site.since(before)).toMatchObject([
      { readable: true, transaction: { names: ["cobo:odd"] }, body },
    ]);
  });

  test("a withdrawal without any id moves nothing, and is looked at all the same", async () => {
    const before = site.newest;
    const moved = site.movements();
    const nameless = { request_id: "" };
    expect(await site.cobo.send(custodialWithdrawal({ id: "", ...nameless }))).toMatchObject(OK);
    expect(await site.cobo.send(mpcWithdrawal({ cobo_id: "", ...nameless }))).toMatchObject(OK);
    const kept = { kind: "withdrawal", readable: true };
    expect(site.since(before)).toMatchObject([kept, kept]);
    expect(site.movements()).toEqual(moved);
  });

  test("a withdrawal that nobody approved freezes nothing unless that is asked for", async () => {
    const known = { id: "flag-1", wallet: "wallet-flag", tenThousandths: 1 };
    expect(codeOf(await site.ask(known))).toBe("APPROVE");
    const before = site.newest;
    expect(await site.cobo.send(withdrawalOf({ ...known, id: "flag-2" }))).toMatchObject(OK);
    expect(site.since(before)).toMatchObject([
      { type: "push", flags: [{ code: "UNAPPROVED_WITHDRAWAL", severity: "critical" }] },
    ]);
    const { alarms, freezes } = await site.status();
    expect([alarms[0]?.code, freezes]).toEqual(["UNAPPROVED_WITHDRAWAL", []]);
    expect(codeOf(await site.ask({ ...known, id: "flag-3" }))).toBe("APPROVE");
  });
});

test("a confirmation that nobody can use is denied, and kept", async () => {
  for (const body of [
    "",
    "[]",
    bodyOf(custodialConfirmation({ request_id: "" })),
    bodyOf(custodialDeposit()),
  ]) {
    const before = site.newest;
    const answer = await post("/confirm/withdrawal", Buffer.from(body), signedFor(body));
    expect(answer).toEqual({ status: 200, body: "deny" });
    expect(site.since(before)).toMatchObject([{ type: "refusal", body }]);
  }
});

test("one that is denied is explained by Cobo's id of it", async () => {
  const changes = { coin_detail: { coin: "DOGE", chain_code: "DOGE" } };
  const message = confirmationOf({ id: "told", wallet: "wallet-told", tenThousandths: 1 }, changes);
  expect(await site.cobo.send(message, { path: "/confirm/withdrawal" })).toMatchObject({ body: "deny" });
  const id = site.entries().at(-1)?.id ?? "";
  const parts = [MAIN, "explain", id, "--config", site.installation.writeConfig()];
  const { stdout } = spawnSync(process.execPath, parts, { encoding: "utf8" });
  expect(stdout).toMatch(
    /^DENIED {2}withdrawal confirmation .*\n {10}transaction cobo-told, Withdrawal on DOGE\n/s,
  );
});

test("a body that does not come, and one that ends early, leave nothing behind", async () => {
  const before = site.newest;
  const { host, port } = new URL(site.url);
  const head = `POST /push HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 100\r\n\r\n{"id": `;
  const answer = (end: boolean) =>
    new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () => (end ? socket.end(head) : socket.write(head)));
      socket.on("data", (chunk) => {
        text += chunk.toString();
      });
      socket.on("close", () => resolve(text)).on("error", reject);
    });
  const [slow] = await Promise.all([answer(false), answer(true)]);
  expect(slow).toMatch(/^HTTP\/1\.1 408 /);
  expect(site.since(before)).toEqual([]);
});

test("all of it is in a ledger that is whole", () => {
  expect(site.verify()).toMatchObject({ ok: true, found: 0 });
  expect(site.exceptions()).toEqual([]);
});
