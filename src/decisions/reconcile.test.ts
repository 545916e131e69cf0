import { describe, expect, it } from "vitest";
import { decided } from "../../test/support/decisions.ts";
import { beside, entry, movement, reserved } from "../../test/support/ledger.ts";
import { type Desk, pushDesk } from "../../test/support/push-desk.ts";
import { eth, PUSHED_AT, unreadPush, withdrawalPush } from "../../test/support/pushes.ts";
import type { Movement } from "../ledger/ledger.ts";

const BEGAN = PUSHED_AT - 10_000;

/** A desk that froze nothing yet, whose ledger governs two addresses: one of a wallet, one of nobody knows which. */
async function governing(onUnapproved: "flag" | "freeze" = "freeze", decisionMs = 5_000): Promise<Desk> {
  const desk = await pushDesk(undefined, { onUnapproved, decisionMs });
  const govern = (addresses: string[], wallet?: string) =>
    desk.ledger.append(
      entry({ at: BEGAN, governs: { addresses, ...(wallet === undefined ? {} : { wallet }) } }),
    ).durable;
  await govern(["0xours", "0xalso"], "w1");
  await govern(["0xnameless"]);
  return desk;
}

interface Approving {
  readonly names?: readonly string[];
  readonly organization?: string;
}

async function approve(
  { ledger }: Desk,
  rows: readonly Movement[],
  { names = ["cobo:1"], organization = "org" }: Approving = {},
): Promise<void> {
  const at = Math.max(BEGAN, ledger.newestAt());
  const transaction = { organization, names };
  await ledger.append(entry({ at, decision: { transaction }, movements: reserved(rows) })).durable;
}

const pays = (whole: number, destination = "0xto", members: Partial<Movement> = {}) =>
  movement({ token: "ETH", units: eth(whole).units, destination, sources: ["0xours"], ...members });

const push = (parts: Parameters<typeof withdrawalPush>[0] = {}) =>
  withdrawalPush({ id: "1", from: ["0xours"], hash: "0xaa", ...parts });

/** Of a token that no release knows: its decimals are the message's own. */
const unknown = (text: string) => [{ address: "0xto", amount: { token: "NEW", text } }];

function unapproved(desk: Desk) {
  return desk.flagged.filter(({ code }) => code === "UNAPPROVED_WITHDRAWAL");
}

async function expectAlarm(desk: Desk, parts: Parameters<typeof withdrawalPush>[0] = {}) {
  const taken = await desk.take(push(parts));
  const [flag] = taken.flags.filter(({ code }) => code === "UNAPPROVED_WITHDRAWAL");
  expect(flag).toMatchObject({ severity: "critical" });
  expect(desk.alarms).toEqual(["UNAPPROVED_WITHDRAWAL"]);
  return expect(flag);
}

async function expectNothing(desk: Desk, parts: Parameters<typeof withdrawalPush>[0] = {}) {
  await desk.take(push(parts));
  expect(unapproved(desk)).toEqual([]);
  expect(desk.alarms).toEqual([]);
  expect(desk.freezes.list()).toEqual([]);
}

describe("raises the loudest alarm for a withdrawal of ours", () => {
  it("that nobody approved", async () => {
    (await expectAlarm(await governing())).toMatchObject({
      message: "transaction 1 left 0xours: no decision here approved it",
      values: { approved: "none", hash: "0xaa", moved: [`${eth(1).units} of ETH to 0xto`] },
      chain: "ETH",
      token: "ETH",
    });
  });

  it("that succeeded, though no message names its transaction on the chain", async () => {
    const desk = await governing();
    (await expectAlarm(desk, { hash: undefined })).toMatchObject({ values: { approved: "none" } });
    expect(desk.freezes.list()).toMatchObject([{ scope: ["wallet:w1"] }]);
  });

  it("that was refused, and says so", async () => {
    const desk = await governing();
    const at = BEGAN;
    await decided(desk.ledger, { at, outcome: "failed", transaction: { cobo_id: "1" } });
    const refused = await decided(desk.ledger, { at, outcome: "denied", transaction: { cobo_id: "1" } });
    await decided(desk.ledger, { at, outcome: "failed", transaction: { cobo_id: "1" } });
    (await expectAlarm(desk)).toMatchObject({
      message: "transaction 1 left 0xours: it was refused here (DAILY_LIMIT), and was sent all the same",
      values: { approved: "none", refused, refused_for: ["DAILY_LIMIT"] },
    });
  });

  it.each<[string, Movement, Parameters<typeof withdrawalPush>[0]]>([
    ["amount", pays(2), {}],
    ["amount", pays(1, "0xto", { units: undefined }), {}],
    ["destination", pays(1, "0xother"), {}],
    ["destination", pays(1, "0xother", { destination: undefined }), {}],
    ["token", pays(1, "0xto", { token: "ETH_USDT" }), {}],
    ["amount", pays(1), { to: [{ address: "0xto", amount: { token: "ETH", text: "1" } }] }],
  ])("that was approved with another %s", async (differs, row, parts) => {
    const desk = await governing();
    await approve(desk, [row]);
    (await expectAlarm(desk, parts)).toMatchObject({
      message: `transaction 1 was sent with another ${differs} than was approved`,
      values: { differs },
    });
  });

  it("that was refused, whoever the message says is paid from", async () => {
    const desk = await governing();
    await decided(desk.ledger, {
      at: BEGAN,
      outcome: "denied",
      wallet: "w2",
      transaction: { cobo_id: "1" },
    });
    const unsaid = { from: [], transaction: { sources: undefined }, deposit: { sources: undefined } };
    (await expectAlarm(desk, unsaid)).toMatchObject({
      message: "transaction 1 left its wallet: it was refused here (DAILY_LIMIT), and was sent all the same",
    });
    expect(desk.freezes.list()).toMatchObject([{ scope: ["wallet:w2"] }]);
  });

  it("that was confirmed alone: from a governed address nothing goes unsigned", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xto", { kind: "withdrawal_confirmation" })]);
    (await expectAlarm(desk)).toMatchObject({ values: { approved: "none" } });
  });

  it("of another contract than a token that the release knows", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xto", { token: `0x${"ab".repeat(20)}` })]);
    (await expectAlarm(desk, { to: unknown("2") })).toMatchObject({ values: { differs: "amount" } });
    const known = await governing();
    await approve(known, [pays(1, "0xto", { token: "ETH_USDT" })]);
    (await expectAlarm(known, { to: unknown("1") })).toMatchObject({ values: { differs: "token" } });
  });

  it("of which one destination was not approved, or is paid twice", async () => {
    const to = (...addresses: string[]) => ({
      to: addresses.map((address) => ({ address, amount: eth(1) })),
    });
    const one = await governing();
    await approve(one, [pays(1, "0xa"), pays(1, "0xb")]);
    (await expectAlarm(one, to("0xa", "0xc"))).toMatchObject({
      values: {
        differs: "destination",
        approved: [`${eth(1).units} of ETH to 0xa`, `${eth(1).units} of ETH to 0xb`],
        moved: [`${eth(1).units} of ETH to 0xa`, `${eth(1).units} of ETH to 0xc`],
      },
    });
    const twice = await governing();
    await approve(twice, [pays(1, "0xa"), pays(1, "0xb")]);
    (await expectAlarm(twice, to("0xa", "0xa"))).toMatchObject({ values: { differs: "amount" } });
  });

  it("of which each half stands in another approval", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xa")]);
    await approve(desk, [pays(1, "0xb")]);
    const to = ["0xa", "0xb"].map((address) => ({ address, amount: eth(1) }));
    (await expectAlarm(desk, { to })).toMatchObject({ values: { differs: "destination" } });
  });

  it("that was approved under another name", async () => {
    const desk = await governing();
    await approve(desk, [pays(1)], { names: ["cobo:2", "request:r"] });
    // Of a business's own id only its own organization is sure.
    await expectAlarm(desk, { requestId: "r" });
  });

  it("also in a message that comes late, once", async () => {
    const desk = await governing();
    await desk.take(push({ hash: undefined, status: "failed", updatedAt: 2 }));
    expect(unapproved(desk)).toEqual([]);
    await expectAlarm(desk, { status: "confirming", updatedAt: 1 });
  });
});

describe("freezes", () => {
  it("the wallet before the push is answered, and once", async () => {
    const desk = await governing();
    await desk.take(push({ status: "confirming", updatedAt: 1 }));
    expect(desk.freezes.list()).toMatchObject([
      {
        scope: ["wallet:w1"],
        by: "countersign",
        reason: "UNAPPROVED_WITHDRAWAL: transaction 1 left 0xours: no decision here approved it",
      },
    ]);
    await desk.take(push({ status: "success", updatedAt: 2 }));
    expect(unapproved(desk)).toHaveLength(1);
    expect(desk.alarms).toHaveLength(1);
    expect(desk.count("freeze")).toBe(1);
    const [freeze] = desk.freezes.list();
    await desk.operations.unfreeze(freeze?.id ?? "", { by: "op", reason: "looked at" });
    await desk.take(push({ status: "success", updatedAt: 3 }));
    expect(desk.freezes.list()).toEqual([]);
  });

  it("each wallet that it left, or all where one has no name", async () => {
    const desk = await governing();
    await desk.ledger.append(entry({ at: BEGAN, governs: { addresses: ["0xw2"], wallet: "w2" } })).durable;
    await desk.take(push({ id: "1", from: ["0xours", "0xalso", "0xw2", "0xunknown"] }));
    await desk.take(push({ id: "2", from: ["0xours", "0xnameless"], hash: "0xbb" }));
    expect(desk.freezes.list().map(({ scope }) => scope)).toEqual([["all"], ["wallet:w1", "wallet:w2"]]);
  });

  it("all where a wallet's name makes no scope", async () => {
    const desk = await governing();
    await desk.ledger.append(entry({ at: BEGAN, governs: { addresses: ["0xodd"], wallet: " w " } })).durable;
    await desk.take(push({ from: ["0xodd"] }));
    expect(desk.freezes.list()).toMatchObject([{ scope: ["all"] }]);
  });

  it("nothing unless the config says so", async () => {
    const desk = await governing("flag");
    await expectAlarm(desk);
    expect(desk.freezes.list()).toEqual([]);
  });

  it("at once, though the disk takes neither; sent again it is one freeze", async () => {
    const desk = await governing("freeze", 300);
    const other = beside(desk.directory);
    other.exec("BEGIN IMMEDIATE");
    const sent = push();
    await expect(desk.take(sent)).rejects.toMatchObject({ code: "OVERLOADED" });
    expect(desk.freezes.list()).toMatchObject([{ scope: ["wallet:w1"] }]);
    other.exec("ROLLBACK");
    const again = { ...sent, startedAt: performance.now() + 5_000 };
    expect(await desk.take(again)).toMatchObject({ repeated: true });
    expect(desk.ledger.entriesOf(["freeze", "push"]).map(({ type }) => type)).toEqual(["freeze", "push"]);
  });

  it("once where a process ended between the freeze and the push", async () => {
    const desk = await governing();
    const reason = "UNAPPROVED_WITHDRAWAL: transaction 1 left 0xours: no decision here approved it";
    await desk.operations.freeze(["wallet:w1"], { by: "countersign", reason });
    await expectAlarm(desk);
    expect(desk.count("freeze")).toBe(1);
    await desk.operations.freeze(["wallet:w1"], { by: "op", reason });
    await desk.take(push({ id: "2", hash: "0xbb" }));
    expect(desk.count("freeze")).toBe(3);
  });
});

describe("finds nothing wrong with a withdrawal", () => {
  it("that was approved as it was sent, by whichever name and spelling", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xto"), pays(5, "0xmore")], { names: ["cobo:1"] });
    await expectNothing(desk, { to: [{ address: "0xTO", amount: eth(1) }] });
    await approve(desk, [pays(1)], { names: ["request:r"], organization: "" });
    await expectNothing(desk, { id: "9", requestId: "r", hash: "0xbb" });
  });

  it("that was approved besides something else, or by the decimals that the message states", async () => {
    const desk = await governing();
    await approve(desk, [pays(1)]);
    await approve(desk, [pays(3)]);
    const amount = { token: "ETH", text: "1" };
    await expectNothing(desk, {
      to: [{ address: "0xto", amount }],
      deposit: { coin: { code: "ETH", decimals: 18 } },
    });
  });

  it("to several destinations, in any order", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xa"), pays(1, "0xa"), pays(2, "0xb")]);
    const to = (["0xb", "0xa", "0xa"] as const).map((address) => ({
      address,
      amount: eth(address === "0xb" ? 2 : 1),
    }));
    await expectNothing(desk, { to });
  });

  it("that calls a contract: what it did was approved by its effects", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xpaid", { token: "ETH_USDT" })]);
    await expectNothing(desk, { to: [{ address: "0xcontract", amount: eth(0) }] });
    await expectAlarm(desk, { id: "2", hash: "0xbb", to: [{ address: "0xcontract", amount: eth(0) }] });
  });

  it("of a token that the release does not know, by its contract and by its code", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xto", { token: `0x${"ab".repeat(20)}` })]);
    const coin = { code: "NEW", decimals: 18 };
    await expectNothing(desk, { to: unknown("1"), deposit: { coin } });
  });

  it("of an NFT, by its contract and its number", async () => {
    const contract = `0x${"cd".repeat(20)}`;
    const nft = { contract, token_id: "7", amount: "1" };
    const to = [{ address: "0xto", amount: { token: "NFT", units: "1", text: "1" } }];
    const desk = await governing();
    await approve(desk, [pays(1, "0xto", { token: `${contract}/7`, units: "1" })]);
    await expectNothing(desk, { to, deposit: { nft } });
    const other = await governing();
    await approve(other, [pays(1, "0xto", { token: `${contract}/8`, units: "1" })]);
    await expectAlarm(other, { to, deposit: { nft } });
  });

  it("that is none of ours", async () => {
    await expectNothing(await governing(), { from: ["0xstranger"] });
    await expectNothing(await governing(), {
      from: [],
      transaction: { sources: undefined },
      deposit: { sources: undefined },
    });
  });

  it("that was made before the ledger began", async () => {
    await expectNothing(await governing(), { deposit: { created_at: BEGAN } });
    await expectNothing(await governing(), {
      transaction: { created_at: BEGAN },
      deposit: { created_at: undefined },
    });
    await expectAlarm(await governing(), { deposit: { created_at: BEGAN + 1 } });
    await expectAlarm(await governing(), {
      transaction: { created_at: undefined },
      deposit: { created_at: undefined },
    });
  });

  it("that was not broadcast yet", async () => {
    await expectNothing(await governing(), { hash: undefined, status: "pending" });
  });

  it("that names a governed address and that nobody can read: that is critical", async () => {
    const desk = await governing();
    const marks = [{ kind: "address", value: "0xours", role: "sender" }] as const;
    const { flags } = await desk.take(unreadPush({ id: "5", marks }));
    expect(flags).toMatchObject([{ code: "UNREADABLE_PUSH", severity: "critical" }]);
    expect(flags[0]?.message).toContain("0xours");
  });

  it("that nobody can read", async () => {
    const desk = await governing();
    await desk.take(unreadPush({ id: "1" }));
    expect(desk.alarms).toEqual([]);
  });
});

describe("what was approved", () => {
  it("goes on with its transaction, and never back", async () => {
    const desk = await governing();
    await approve(desk, [pays(1, "0xto"), pays(2, "0xmore")]);
    await approve(desk, [pays(7, "0xelse")]);
    const states: string[][] = [];
    const parts = [
      { status: "pending", hash: undefined },
      { status: "pending" },
      { status: "success" },
      { status: "failed" },
    ] as const;
    for (const [updatedAt, each] of parts.entries()) {
      await desk.take(push({ updatedAt, ...each }));
      states.push(desk.movements(push()).map(({ state }) => state));
    }
    expect(states).toEqual([
      ["reserved", "reserved", "reserved"],
      ["broadcast", "broadcast", "reserved"],
      ["settled", "settled", "reserved"],
      ["settled", "settled", "reserved"],
    ]);
  });

  it("counts again where it moves after an operator released it", async () => {
    const desk = await governing();
    await approve(desk, [pays(1)]);
    await desk.operations.release("cobo:1", desk.movements(push()), { by: "op", reason: "gone" });
    expect(desk.movements(push())).toMatchObject([{ state: "released" }]);
    await expectNothing(desk);
    expect(desk.movements(push())).toMatchObject([{ state: "settled" }]);
  });

  it("leaves what was released alone where another approval says the same", async () => {
    const desk = await governing();
    await approve(desk, [pays(1)]);
    await approve(desk, [pays(1)]);
    const [first] = desk.movements(push());
    await desk.operations.release("cobo:1", first === undefined ? [] : [first], { by: "op", reason: "gone" });
    await expectNothing(desk);
    expect(desk.movements(push()).map(({ state }) => state)).toEqual(["released", "settled"]);
  });
});
