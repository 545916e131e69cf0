import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SEEDS, vector } from "../../../test/fixtures/pushes/pushes.ts";
import { anyPush } from "../../../test/support/push-arbitrary.ts";
import {
  bodyOf,
  coinDetail,
  custodialConfirmation,
  custodialDeposit,
  custodialWithdrawal,
  type Message,
  merged,
  mpcConfirmation,
  mpcDeposit,
  mpcWithdrawal,
} from "../../../test/support/push-double.ts";
import { nowMembers } from "../../input/clock.ts";
import { type Document, documentSchema, serialize } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import {
  confirmationIdentity,
  type NormalizedPush,
  normalizeConfirmation,
  normalizePush,
  type PushContext,
} from "./normalize.ts";
import { type ParsedPush, type PushShape, parsePush, UnreadablePush } from "./wire.ts";
import { custodialSchema } from "./wire-custodial.ts";
import { mpcSchema } from "./wire-mpc.ts";

const NOW = 1_756_953_990_112;
const IDENTITY = "0123456789abcdef".repeat(4);
const OURS = "0xbb4b8d6ad5ef2d3e9f4eca9ed0bd5e4a0ea2de37";
const THEIRS = "0x5be0e3c63d7f28e5e8f66b8b0c3a1a3c1f2d9a10";

const context: PushContext = {
  source: "prod",
  receivedAt: NOW,
  now: nowMembers(NOW, "UTC"),
  identity: IDENTITY,
  tokens: {
    ETH: { chain: "ETH", decimals: 18 },
    ETH_USDT: { chain: "ETH", contract: "0xdac17f958d2ee523a2206206994597c13d831ec7", decimals: 6 },
    BTC: { chain: "BTC", decimals: 8 },
    TRON: { chain: "TRON", decimals: 6 },
    XTN: { chain: "XTN", decimals: 8 },
  },
  chains: {
    ETH: { family: "evm", id: 1 },
    BTC: { family: "bitcoin" },
    XTN: { family: "bitcoin" },
    TRON: { family: "tron" },
  },
};
const bare: PushContext = { ...context, tokens: {}, chains: {} };

type Body = Message | string;

function parsed(body: Body): ParsedPush {
  return parsePush(new TextEncoder().encode(typeof body === "string" ? body : bodyOf(body)), "either");
}

/** Each document is held against the schema, and so is its text. */
function normalized(body: Body, using = context): NormalizedPush {
  const made = normalizePush(parsed(body), using);
  expect(documentSchema.parse(made.document)).toEqual(made.document);
  expect(JSON.parse(serialize(made, true))).toMatchObject({
    kind: made.document.kind,
    raw: JSON.parse(made.raw),
  });
  return made;
}

const documentOf = (body: Body, using = context): Document => normalized(body, using).document;
const transactionOf = (body: Body, using = context) => documentOf(body, using).transaction;
const depositOf = (body: Body, using = context) => documentOf(body, using).deposit;

describe("the samples of the push page", () => {
  it("the custodial one", () => {
    const amount = { token: "TRON", units: "1", decimals: 6, text: "0.000001" };
    const sender = { address: "TWDchZBmYvTQBeXD4w8rRUowDv5ka8kiFU" };
    const { document, raw, names } = normalized(SEEDS.custodial);
    expect(raw).toBe(SEEDS.custodial);
    expect(names).toEqual({ organization: "", names: ["cobo:20201207150724000192033000003701"] });
    expect(document).toEqual({
      version: 1,
      kind: "deposit",
      group: "deposit",
      channel: "push.custodial",
      request: { id: "20201207150724000192033000003701", source: "prod", received_at: NOW },
      now: nowMembers(NOW, "UTC"),
      transaction: {
        cobo_id: "20201207150724000192033000003701",
        type: "Deposit",
        chain: "TRON",
        token: "TRON",
        sources: [sender],
        destinations: [{ address: "TZAt997umXasPUfxUZYKQKcGwjmYpJzX6V", amount }],
        totals: { TRON: amount },
        internal: false,
        created_at: 1607324928492,
      },
      deposit: {
        status: "success",
        internal: false,
        outpoint: { hash: "6c2df6f6cf7fe8fe1e8559c11679a5a5b90768d1c128ffb3dd66d6f3cb910775", index: 0 },
        block: {
          hash: "0000000001878d0c83fb9640712d3354a0a1912dfd5884959d3c1a16b6f62e1c",
          height: 25660684,
        },
        confirmations: 27,
        threshold: 27,
        sources: [sender],
        coin: { code: "TRON", name: "TRX", description: "TRON", decimals: 6 },
        service_fee: { token: "TRON", units: "0", decimals: 6, text: "0" },
        created_at: 1607324928585,
        updated_at: 1607324928585,
      },
    });
  });

  it("the MPC one", () => {
    const amount = { token: "XTN", units: "100000", decimals: 8, text: "0.001" };
    const address = "2N2xFZtbCFB6Nb3Pj9Sxsx5mX2fxX3yEgkE";
    const { document, raw, names } = normalized(SEEDS.mpc);
    expect(raw).toBe(SEEDS.mpc);
    expect(names).toEqual({ organization: "", names: ["cobo:20240117111135000139405000001665"] });
    expect(document).toMatchObject({ kind: "deposit", channel: "push.mpc" });
    expect(document.transaction).toEqual({
      cobo_id: "20240117111135000139405000001665",
      type: "Deposit",
      chain: "XTN",
      token: "XTN",
      sources: [{ address }],
      destinations: [{ address, amount }],
      totals: { XTN: amount },
    });
    expect(document.deposit).toEqual({
      status: "success",
      outpoint: { hash: "b8805bdde2e05c7392ed33069842b22317fd97882e62863756f8f84ec6bde75b", index: 0 },
      block: {
        hash: "000000000000002731780a7ec34736a63056eef5256cced316eba74df5c2a5dd",
        height: 2573189,
        at: 1705461073000,
      },
      confirmations: 3,
      threshold: 3,
      sources: [{ address }],
      coin: {
        code: "XTN",
        chain: "XTN",
        name: "XTN",
        description: "Bitcoin Testnet3",
        decimals: 8,
        can_deposit: true,
        can_withdraw: true,
        threshold: 3,
      },
      fee: { token: "XTN", units: "845", decimals: 8, text: "0.00000845", rate: "5" },
      created_at: 1705461095138,
      updated_at: 1705462579114,
    });
  });

  it("the published withdrawal P2", () => {
    const { document, names } = normalized(vector("P2").body);
    expect(document.kind).toBe("withdrawal");
    expect(names?.names).toEqual([
      "cobo:20230110151203000381527000003478",
      "request:web_send_by_user_1272_1673332884996",
    ]);
    expect(document.deposit?.fee).toEqual({ token: "BTC", units: "40000", decimals: 8, text: "0.0004" });
  });
});

describe("ids", () => {
  it.each(["", null, undefined])(
    "of a deposit that are %o make it unreadable, and its sender is found",
    (none) => {
      for (const message of [custodialDeposit({ id: none }), mpcDeposit({ cobo_id: none })]) {
        expect(() => normalized(message)).toThrow(
          expect.objectContaining({
            name: "UnreadablePush",
            problem: "a deposit without Cobo's id",
            names: undefined,
            marks: expect.arrayContaining([{ kind: "address", value: THEIRS, role: "sender" }]),
          }),
        );
      }
    },
  );

  it.each([
    [{ id: "2023", request_id: "r" }, "2023", ["cobo:2023", "request:r"]],
    [{ id: "", request_id: "r" }, "r", ["request:r"]],
    [{ id: null, request_id: null }, IDENTITY.slice(0, 32), undefined],
  ])("of a withdrawal are %o: even without any it may be one that nobody approved", (changes, id, names) => {
    const made = normalized(custodialWithdrawal(changes));
    expect(made.document.request.id).toBe(id);
    expect(made.names?.names).toEqual(names);
  });
});

describe("amounts", () => {
  it("have no units where the release doesn't know the token, or has it elsewhere or otherwise", () => {
    const text = "25";
    const elsewhere = { ...context, tokens: { ETH_USDT: { chain: "BSC", decimals: 6 } } };
    const otherwise = { ...context, tokens: { ETH_USDT: { chain: "ETH", decimals: 18 } } };
    const message = mpcDeposit({
      coin_detail: coinDetail("ETH_USDT", "ETH", 6),
      amount_detail: { amount: "25000000", abs_amount: text },
    });
    for (const using of [bare, elsewhere, otherwise]) {
      expect(transactionOf(message, using)).toMatchObject({
        chain: "ETH",
        destinations: [{ amount: { token: "ETH_USDT", text } }],
        totals: { ETH_USDT: { token: "ETH_USDT", text } },
      });
      expect(transactionOf(message, using)?.totals?.["ETH_USDT"]).not.toHaveProperty("units");
      expect(depositOf(message, using)?.coin).toMatchObject({ chain: "ETH", decimals: 6 });
    }
    expect(transactionOf(message)?.totals).toEqual({
      ETH_USDT: { token: "ETH_USDT", units: "25000000", decimals: 6, text },
    });
  });

  it("of a custodial message lie on the token's chain, or on none that is known", () => {
    expect(transactionOf(custodialDeposit())?.chain).toBe("ETH");
    expect(transactionOf(custodialDeposit(), bare)).not.toHaveProperty("chain");
  });

  it("of zero are zero", () => {
    const totals = transactionOf(custodialDeposit({ amount: "0", abs_amount: "0.00" }))?.totals;
    expect(totals).toEqual({ ETH_USDT: { token: "ETH_USDT", units: "0", decimals: 6, text: "0" } });
  });

  it("of a token with the name of what every object has are unreadable, or nobody's", () => {
    expect(() => normalized(custodialDeposit({ coin: "__proto__" }))).toThrow(UnreadablePush);
    expect(transactionOf(custodialDeposit({ coin: "constructor" }))).toMatchObject({
      totals: { constructor: { token: "constructor", text: "25" } },
    });
  });

  it("of an NFT are those of its code, or of its contract and number", () => {
    const nft = {
      nft_code: "APE",
      token_id: "7",
      chain_code: "ETH",
      contract_address: OURS.toUpperCase().replace("X", "x"),
    };
    const changes = { coin_detail: null, amount_detail: { amount: "0", abs_amount: "0", nft_amount: 2 } };
    expect(transactionOf(mpcDeposit({ ...changes, nft_detail: nft }))).toMatchObject({
      token: "APE",
      chain: "ETH",
      destinations: [{ amount: { token: "APE", text: "2" } }],
    });
    expect(depositOf(mpcDeposit({ ...changes, nft_detail: nft }))?.nft).toEqual({
      code: "APE",
      token_id: "7",
      contract: OURS,
      amount: "2",
    });
    expect(transactionOf(mpcDeposit({ ...changes, nft_detail: { ...nft, nft_code: "" } }))?.token).toBe(
      `${OURS}/7`,
    );
    const anyOf = { ...nft, nft_code: "", token_id: null };
    expect(transactionOf(mpcDeposit({ ...changes, nft_detail: anyOf }))?.token).toBe(OURS);
  });
});

describe("addresses", () => {
  const mixed = {
    address: OURS.replace("bb4b8d", "BB4B8D"),
    source_address: THEIRS.replace("5be0e3", "5BE0E3"),
  };

  it("of EVM are in lower case, where the chain is one or not known", () => {
    for (const using of [context, bare]) {
      expect(transactionOf(custodialDeposit(mixed), using)).toMatchObject({
        sources: [{ address: THEIRS }],
        destinations: [{ address: OURS }],
      });
      expect(depositOf(custodialDeposit(mixed), using)?.sources).toEqual([{ address: THEIRS }]);
    }
  });

  it("of others stand as they are", () => {
    const changes = { coin: "TRON", address: "TZAt997umXasPUfxUZYKQKcGwjmYpJzX6V" };
    expect(transactionOf(custodialDeposit(changes))?.destinations?.[0]?.address).toBe(changes.address);
  });

  it("that are too many for their destinations are unreadable, and what is in them is found", () => {
    const list = (what: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${what}${index}`);
    const message = mpcWithdrawal({
      coin_detail: { decimal: 0 },
      amount_detail: { amount: "600", abs_amount: "600" },
      to_address: "",
      target_destinations: list("d", 600).map((address) => ({ address, value: 1 })),
      source_addresses: list("s", 600),
    });
    const unreadable = expect.objectContaining({
      name: "UnreadablePush",
      problem: "601 sources and 600 destinations are too many to be counted",
      names: { organization: "", names: ["cobo:20231114221320000200000000000002"] },
    });
    expect(() => normalizePush(parsed(message), context)).toThrow(unreadable);
  });
});

describe("UTXO", () => {
  const message = mpcWithdrawal({
    coin_detail: coinDetail("BTC", "BTC", 8),
    amount_detail: { amount: "50000000", abs_amount: "0.5" },
    from_address: "",
    to_address: "bc1qpaid",
    tx_hash: "CD".repeat(32),
    tx_detail: undefined,
    nonce: null,
    selected_utxos: [
      { address: "bc1qa", tx_hash: "AB".repeat(32), vout_n: 1, value: 40_000_000 },
      { address: "bc1qb", tx_hash: "EF".repeat(32), vout_n: 0, value: 20_000_000 },
    ],
    target_destinations: [
      { address: "bc1qpaid", value: 50_000_000, is_change: false },
      { address: "bc1qa", value: 9_990_000, is_change: true },
    ],
    fee_detail: { fee_coin_detail: coinDetail("BTC", "BTC", 8), fee_used: 10_000, max_fee_amount: 20_000 },
  });

  it("has a spent output's address as a source once", () => {
    const sources = transactionOf(
      merged(message, { source_addresses: ["bc1qa", "bc1qc"], from_address: "bc1qb" }),
    )?.sources;
    expect(sources?.map(({ address }) => address)).toEqual(["bc1qa", "bc1qb", "bc1qc"]);
  });

  it("names inputs by outpoint, and leaves change out", () => {
    const btc = (units: string, text: string) => ({ token: "BTC", units, decimals: 8, text });
    const transaction = transactionOf(message);
    expect(transaction?.sources).toEqual([
      { address: "bc1qa", outpoint: `${"ab".repeat(32)}:1`, amount: btc("40000000", "0.4") },
      { address: "bc1qb", outpoint: `${"ef".repeat(32)}:0`, amount: btc("20000000", "0.2") },
    ]);
    expect(transaction?.destinations).toEqual([{ address: "bc1qpaid", amount: btc("50000000", "0.5") }]);
    expect(transaction?.fee).toEqual(btc("20000", "0.0002"));
    expect(transaction).not.toHaveProperty("nonce");
    expect(depositOf(message)).toMatchObject({
      outpoint: { hash: "cd".repeat(32), index: 0 },
      fee: btc("10000", "0.0001"),
      sources: [{ address: "bc1qa" }, { address: "bc1qb" }],
    });
  });
});

describe("what says nothing is absent", () => {
  it("before a transaction is sent", () => {
    const message = mpcConfirmation({ status: 201, coin_detail: { confirming_threshold: 0 } });
    expect(depositOf(message)).toEqual({
      status: "pending",
      confirmations: 0,
      sources: [{ address: OURS }],
      coin: {
        code: "ETH",
        chain: "ETH",
        name: "ETH",
        description: "ETH",
        decimals: 18,
        can_deposit: true,
        can_withdraw: true,
      },
      fee: { token: "ETH", gas_limit: "21000" },
      created_at: 1_700_000_000_000,
      updated_at: 1_700_000_180_000,
    });
  });

  it("0 confirmations of 0 reach nothing", () => {
    const deposit = depositOf(custodialDeposit({ confirmed_num: 0, confirming_threshold: 0 }));
    expect(deposit).toMatchObject({ status: "success", confirmations: 0 });
    expect(deposit).not.toHaveProperty("threshold");
  });

  it("no sender, no address, no times", () => {
    const gone = ["source_address", "source_address_detail", "address", "created_time", "last_time"];
    const message = custodialDeposit({
      ...Object.fromEntries(gone.map((name) => [name, ""])),
      request_created_time: 0,
    });
    const { transaction, deposit } = documentOf(message);
    expect(transaction).not.toHaveProperty("sources");
    expect(transaction).not.toHaveProperty("created_at");
    expect(transaction?.destinations).toEqual([{ amount: expect.objectContaining({ text: "25" }) }]);
    for (const member of ["sources", "created_at", "updated_at"]) expect(deposit).not.toHaveProperty(member);
  });
});

describe("a confirmation", () => {
  /** What it pays, and perhaps a change. */
  function targets(hasChange: boolean): Message[] {
    const { to_address: address, amount_detail: detail } = mpcConfirmation();
    const { amount: value } = z.object({ amount: z.string() }).parse(detail);
    const paid = { address, value, is_change: false };
    return hasChange ? [paid, { address: OURS, value: "9", is_change: true }] : [paid];
  }

  const confirm = (body: Body, using = context): NormalizedPush => {
    const made = normalizeConfirmation(parsed(body), using);
    expect(documentSchema.parse(made.document)).toEqual(made.document);
    return made;
  };

  it.each<[string, Body, string]>([
    [
      "a deposit",
      custodialDeposit({ status: "pending", confirmed_num: 0, txid: "", tx_detail: null }),
      "KIND_UNKNOWN",
    ],
    ["a withdrawal that is done", custodialWithdrawal(), "KIND_UNKNOWN"],
    ["one that was sent", custodialConfirmation({ txid: "0xabc" }), "KIND_UNKNOWN"],
    [
      "one that was sent, by its detail",
      mpcConfirmation({ tx_detail: { tx_hash: "0xabc" } }),
      "KIND_UNKNOWN",
    ],
    ["one that was approved", mpcConfirmation({ status: 201 }), "KIND_UNKNOWN"],
    ["the sample of a deposit", SEEDS.mpc, "KIND_UNKNOWN"],
    ["no request id", custodialConfirmation({ request_id: null }), "REQUEST_SCHEMA"],
    ["a token that can't be summed", custodialConfirmation({ coin: "__proto__" }), "REQUEST_SCHEMA"],
  ])("is not %s", (_what, body, code) => {
    expect(() => confirm(body)).toThrow(expect.objectContaining({ code }));
    expect(() => confirm(body)).toThrow(Refusal);
  });

  it("is the published one", () => {
    const { document, names, raw } = confirm(vector("P1").body);
    expect(raw).toBe(vector("P1").body);
    expect(names?.names).toEqual(["request:request_id_dbe9541f_1673345211103_1107"]);
    expect(document).toEqual({
      version: 1,
      kind: "withdrawal_confirmation",
      group: "transfer",
      channel: "confirm.waas1",
      request: {
        id: expect.stringMatching(/^request_id_dbe9541f_1673345211103_1107#[0-9a-f]{16}$/),
        source: "prod",
        received_at: NOW,
      },
      now: nowMembers(NOW, "UTC"),
      transaction: {
        business_id: "request_id_dbe9541f_1673345211103_1107",
        type: "Withdrawal",
        token: "GETH",
        destinations: [
          {
            address: "0x9414933ff7777bb28ca22d15c178596a6e58d957",
            amount: { token: "GETH", text: "0.000000000000012345" },
          },
        ],
        totals: { GETH: { token: "GETH", text: "0.000000000000012345" } },
        internal: false,
      },
      evidence: { status: "absent", key: "absent" },
    });
  });

  it.each(["[]x", '[{"address": "0x1", "amount": "1"}]', '{"0x1": "1"}'])(
    "is none where the list of those that are paid is not understood: %s",
    (details) => {
      expect(() => confirm(mpcConfirmation({ to_address_details: details }))).toThrow(
        "to_address_details: not understood",
      );
    },
  );

  it.each<[member: string, said: Message]>([
    // Sums and rules see none of these.
    [
      "to_address_details",
      {
        target_destinations: targets(false),
        to_address_details: `[{"to_address": "${OURS}", "amount": "1"}]`,
      },
    ],
    ["target_destinations", { target_destinations: targets(true) }],
    ["extra_parameters", { extra_parameters: '{"calldata": "0xa9059cbb"}' }],
    ["extra_parameters", { extra_parameters: { calldata: "0xa9059cbb" } }],
    ["extra_parameters", { extra_parameters: "{" }],
  ])("is none where something else is done by %s: %j", (member, said) => {
    expect(() => confirm(mpcConfirmation(said))).toThrow(`${member}: not understood`);
  });

  it.each(["", null, "null", "{}", '{"calldata": ""}', '{"calldata": "0x", "inputs_to_spend": []}', {}])(
    "is one where Cobo was asked for no call: %j",
    (parameters) => {
      const { document } = confirm(mpcConfirmation({ extra_parameters: parameters }));
      expect(document.transaction?.type).toBe("Withdrawal");
    },
  );

  it("is one where what is spent leaves a change", () => {
    const spent = [{ address: OURS, tx_hash: "0xaa", vout_n: 0, value: "9" }];
    const said = { target_destinations: targets(true), selected_utxos: spent };
    expect(confirm(mpcConfirmation(said)).document.transaction?.destinations).toHaveLength(1);
  });

  it("is an MPC one", () => {
    expect(confirm(mpcConfirmation()).document).toMatchObject({
      initiator: { type: "API" },
      transaction: { business_id: "w-2", chain: "ETH", sources: [{ address: OURS }] },
    });
  });

  it("has one identity however it is spelled and whatever is told besides, and another for other payments", () => {
    const identity = (changes: Message): string =>
      confirmationIdentity(parsed(custodialConfirmation(changes)));
    const same = identity({});
    for (const changes of [
      { decimal: "6", amount: 10_000_000, abs_amount: "10.0" },
      {
        created_time: 1,
        last_time: 2,
        confirming_threshold: 64,
        remark: "other",
        abs_cobo_fee: "9",
        fee_amount: 1,
      },
      { display_code: "T", description: "", waiting_audit: true, vout_n: 3 },
    ]) {
      expect(identity(changes)).toBe(same);
    }
    const others = [
      { id: "1" },
      { request_id: "w-2" },
      { coin: "ETH_USDC" },
      { address: OURS },
      { memo: "1" },
      { amount: "10000001", abs_amount: "10.000001" },
      { decimal: 7, abs_amount: "1" },
      { source_address: THEIRS },
    ].map(identity);
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
    const mpc = (changes: Message): string => confirmationIdentity(parsed(mpcConfirmation(changes)));
    expect(mpc({ nonce: 9, updated_time: 1, fee_detail: { fee_used: 5 } })).toBe(mpc({}));
    expect(mpc({ coin_detail: { chain_code: "BSC" } })).not.toBe(mpc({}));
    expect(mpc({ operation: 200 })).not.toBe(mpc({}));
  });
});

it("whatever is read makes a document of the schema, or is unreadable", () => {
  let made = 0;
  fc.assert(
    fc.property(anyPush, fc.constantFrom(context, bare), (body, using) => {
      try {
        normalized(body, using);
        made += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadablePush);
      }
      try {
        normalizeConfirmation(parsed(body), using);
      } catch (error) {
        expect(error instanceof UnreadablePush || error instanceof Refusal).toBe(true);
      }
    }),
    { numRuns: 1_500 },
  );
  expect(made).toBeGreaterThan(30);
});

/** What docs/input.md says of each member, and whether it is so. */
describe("docs/input.md", () => {
  const page = readFileSync(new URL("../../../docs/input.md", import.meta.url), "utf8");
  const [, table = ""] =
    /\| custodial \| MPC \| in the document \|\n\|---\|---\|---\|\n((?:\|.*\n)+)/.exec(page) ?? [];
  const rows = table
    .trimEnd()
    .split("\n")
    .map((row) => {
      const [, custodial = "", mpc = "", places = ""] = row.split("|").map((cell) => cell.trim());
      return {
        custodial: custodial.replaceAll("`", ""),
        mpc: mpc.replaceAll("`", ""),
        places: placesOf(places),
        isRaw: places.startsWith("`raw`"),
      };
    });

  /** The document's members that a cell names. */
  function placesOf(cell: string): string[] {
    return [...cell.matchAll(/`((?:kind|request|initiator|transaction|deposit)\b[a-z_.]*)`/g)].map(
      ([, place = ""]) => place,
    );
  }

  const memberOf = (row: (typeof rows)[number], shape: PushShape): string =>
    shape === "mpc" ? row.mpc : row.custodial;
  const listed = (shape: PushShape): string[] =>
    rows.map((row) => memberOf(row, shape)).filter((path) => path !== "");

  function leavesOf(value: unknown, path = ""): [string, unknown][] {
    if (typeof value !== "object" || value === null) return [[path, value]];
    return Object.entries(value).flatMap(([key, member]) =>
      leavesOf(member, path === "" ? key : `${path}.${key}`),
    );
  }

  function schemaLeaves(schema: z.core.$ZodType, path = ""): string[] {
    if (schema instanceof z.ZodOptional) return schemaLeaves(schema.unwrap(), path);
    if (!(schema instanceof z.ZodObject)) return [path];
    return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, member]) =>
      schemaLeaves(member, path === "" ? key : `${path}.${key}`),
    );
  }

  it("lists every member of both samples, and every other that is read, once", () => {
    for (const [shape, schema] of [
      ["custodial", custodialSchema],
      ["mpc", mpcSchema],
    ] as const) {
      expect(new Set(listed(shape)).size).toBe(listed(shape).length);
      for (const [leaf] of leavesOf(JSON.parse(SEEDS[shape]))) expect(listed(shape)).toContain(leaf);
      for (const leaf of schemaLeaves(schema)) expect(listed(shape)).toContain(leaf);
    }
    expect(rows.every(({ places, isRaw }) => isRaw || places.length > 0)).toBe(true);
  });

  const nft: Message = {
    coin_detail: { coin: "" },
    nft_detail: { nft_code: "APE", token_id: "7", chain_code: "ETH", contract_address: OURS },
    amount_detail: { amount: "0", abs_amount: "0", nft_amount: 2 },
  };
  const utxo: Message = {
    coin_detail: coinDetail("BTC", "BTC", 8),
    amount_detail: { amount: "50", abs_amount: "0.0000005" },
    to_address: "bc1qpaid",
    from_address: "",
  };
  const spent = { address: "bc1qa", tx_hash: "ab".repeat(32), vout_n: 1, value: 60 };

  /**
   * For each member a message, and a change that has it say something else. What must change with it is changed, too.
   */
  const CASES: Readonly<
    Record<PushShape, Readonly<Record<string, readonly [base: Message, ...changes: Message[]]>>>
  > = {
    custodial: {
      id: [custodialDeposit(), { id: "1" }],
      request_id: [custodialWithdrawal(), { request_id: "w-9" }],
      side: [custodialDeposit(), { side: "withdraw" }],
      tx_request_type: [custodialWithdrawal(), { tx_request_type: 100 }],
      status: [custodialDeposit(), { status: "failed" }],
      coin: [custodialDeposit(), { coin: "TRON_USDT" }],
      display_code: [custodialDeposit(), { display_code: "USDX" }],
      description: [custodialDeposit(), { description: "x" }],
      decimal: [custodialDeposit(), { decimal: 7, abs_amount: "2.5" }],
      amount: [custodialDeposit(), { amount: "26000000", abs_amount: "26" }],
      abs_amount: [custodialDeposit(), { amount: "26000000", abs_amount: "26" }],
      address: [custodialDeposit(), { address: THEIRS }],
      memo: [custodialDeposit(), { memo: "7" }],
      source_address: [custodialDeposit(), { source_address: OURS }],
      source_address_detail: [custodialDeposit(), { source_address_detail: `${THEIRS},${OURS}` }],
      txid: [custodialDeposit({ tx_detail: { txid: "" } }), { txid: "0xab" }],
      "tx_detail.txid": [custodialDeposit({ txid: "" }), { tx_detail: { txid: "0xab" } }],
      vout_n: [custodialDeposit(), { vout_n: 1 }],
      "tx_detail.blockhash": [custodialDeposit(), { tx_detail: { blockhash: "0xab" } }],
      "tx_detail.blocknum": [custodialDeposit(), { tx_detail: { blocknum: 1 } }],
      confirmed_num: [custodialDeposit(), { confirmed_num: 13 }],
      confirming_threshold: [custodialDeposit(), { confirming_threshold: 13 }],
      waiting_audit: [custodialDeposit(), { waiting_audit: true }],
      type: [custodialDeposit(), { type: "internal" }],
      fee_coin: [custodialWithdrawal(), { fee_coin: "TRON" }],
      fee_amount: [custodialWithdrawal(), { fee_amount: 1 }],
      fee_decimal: [custodialWithdrawal(), { fee_decimal: 17 }],
      abs_cobo_fee: [custodialWithdrawal(), { abs_cobo_fee: "0.75" }],
      remark: [custodialWithdrawal(), { remark: "x" }],
      request_created_time: [custodialDeposit(), { request_created_time: 1 }],
      created_time: [custodialDeposit(), { created_time: 1 }],
      last_time: [custodialDeposit(), { last_time: 1 }],
      "tx_detail.fee": [custodialDeposit(), { tx_detail: { fee: 1.5 } }],
      "tx_detail.actualgas": [custodialDeposit(), { tx_detail: { actualgas: 1 } }],
      "tx_detail.gasprice": [custodialDeposit(), { tx_detail: { gasprice: "1" } }],
      "tx_detail.hexstr": [custodialDeposit(), { tx_detail: { hexstr: "00" } }],
    },
    mpc: {
      cobo_id: [mpcDeposit(), { cobo_id: "1" }],
      request_id: [mpcWithdrawal(), { request_id: "w-9" }],
      transaction_type: [
        mpcWithdrawal({ replace_cobo_id: "2", nonce: null }),
        { transaction_type: 104 },
        { transaction_type: 1000 },
      ],
      operation: [mpcWithdrawal(), { operation: 200 }],
      status: [mpcDeposit(), { status: 902 }],
      "coin_detail.coin": [mpcDeposit(), { coin_detail: { coin: "SETH" } }],
      "coin_detail.chain_code": [mpcDeposit(), { coin_detail: { chain_code: "BSC" } }],
      "coin_detail.display_code": [mpcDeposit(), { coin_detail: { display_code: "x" } }],
      "coin_detail.description": [mpcDeposit(), { coin_detail: { description: "x" } }],
      "coin_detail.decimal": [
        mpcDeposit(),
        { coin_detail: { decimal: 17 }, amount_detail: { abs_amount: "15" } },
      ],
      "coin_detail.can_deposit": [mpcDeposit(), { coin_detail: { can_deposit: false } }],
      "coin_detail.can_withdraw": [mpcDeposit(), { coin_detail: { can_withdraw: false } }],
      "coin_detail.dust_threshold": [mpcDeposit(), { coin_detail: { dust_threshold: 546 } }],
      "amount_detail.amount": [
        mpcDeposit(),
        { amount_detail: { amount: "2500000000000000000", abs_amount: "2.5" } },
      ],
      "amount_detail.abs_amount": [
        mpcDeposit({ amount_detail: { amount: "" } }),
        { amount_detail: { abs_amount: "2.5" } },
      ],
      to_address: [mpcDeposit(), { to_address: THEIRS }],
      memo: [mpcDeposit(), { memo: "7" }],
      target_destinations: [
        mpcWithdrawal({ ...utxo, to_address: "" }),
        { target_destinations: [{ address: "bc1qpaid", value: 50, is_change: false }] },
      ],
      to_address_details: [
        mpcWithdrawal({ ...utxo, to_address: "" }),
        { to_address_details: '[{"to_address": "bc1qpaid", "amount": "50"}]' },
      ],
      from_address: [mpcDeposit(), { from_address: OURS }],
      source_addresses: [mpcDeposit(), { source_addresses: [OURS] }],
      selected_utxos: [mpcWithdrawal(utxo), { selected_utxos: [spent] }],
      tx_hash: [mpcDeposit({ tx_detail: { tx_hash: "" } }), { tx_hash: "0xab" }],
      "tx_detail.tx_hash": [mpcDeposit({ tx_hash: "" }), { tx_detail: { tx_hash: "0xab" } }],
      vout_n: [mpcDeposit(), { vout_n: 1 }],
      "block_detail.block_hash": [mpcDeposit(), { block_detail: { block_hash: "0xab" } }],
      "block_detail.block_height": [mpcDeposit(), { block_detail: { block_height: 1 } }],
      "block_detail.block_time": [mpcDeposit(), { block_detail: { block_time: 1 } }],
      confirmed_number: [mpcDeposit(), { confirmed_number: 13 }],
      "coin_detail.confirming_threshold": [mpcDeposit(), { coin_detail: { confirming_threshold: 13 } }],
      "nft_detail.nft_code": [mpcDeposit(nft), { nft_detail: { nft_code: "BAYC" } }],
      "nft_detail.token_id": [mpcDeposit(nft), { nft_detail: { token_id: "8" } }],
      "nft_detail.contract_address": [mpcDeposit(nft), { nft_detail: { contract_address: THEIRS } }],
      "nft_detail.chain_code": [
        mpcDeposit({ ...nft, coin_detail: null }),
        { nft_detail: { chain_code: "BSC" } },
      ],
      "amount_detail.nft_amount": [mpcDeposit(nft), { amount_detail: { nft_amount: 3 } }],
      "fee_detail.fee_coin_detail.coin": [
        mpcDeposit(),
        { fee_detail: { fee_coin_detail: { coin: "SETH" } } },
      ],
      "fee_detail.fee_coin_detail.decimal": [
        mpcDeposit(),
        { fee_detail: { fee_coin_detail: { decimal: 17 } } },
      ],
      "fee_detail.fee_coin_detail.chain_code": [
        mpcDeposit(),
        { fee_detail: { fee_coin_detail: { chain_code: "BSC" } } },
      ],
      "fee_detail.fee_used": [mpcDeposit(), { fee_detail: { fee_used: 1 } }],
      "fee_detail.fee": [mpcDeposit(), { fee_detail: { fee: 1.5 } }],
      "fee_detail.gas_limit": [mpcDeposit(), { fee_detail: { gas_limit: "1" } }],
      "fee_detail.max_fee_amount": [mpcWithdrawal(), { fee_detail: { max_fee_amount: 1 } }],
      nonce: [mpcWithdrawal(), { nonce: "8" }],
      replace_cobo_id: [mpcWithdrawal(), { replace_cobo_id: "1" }],
      remark: [mpcWithdrawal(), { remark: "x" }],
      failed_reason: [mpcWithdrawal(), { failed_reason: "x" }],
      created_time: [mpcDeposit(), { created_time: 1 }],
      updated_time: [mpcDeposit(), { updated_time: 1 }],
      "fee_detail.gas_price": [mpcDeposit(), { fee_detail: { gas_price: 1.5 } }],
      max_fee: [mpcWithdrawal(), { max_fee: "1" }],
      max_priority_fee: [mpcWithdrawal(), { max_priority_fee: 1 }],
      "fee_detail.fee_coin_detail.display_code": [mpcDeposit(), feeCoin({ display_code: "x" })],
      "fee_detail.fee_coin_detail.description": [mpcDeposit(), feeCoin({ description: "x" })],
      "fee_detail.fee_coin_detail.can_deposit": [mpcDeposit(), feeCoin({ can_deposit: false })],
      "fee_detail.fee_coin_detail.can_withdraw": [mpcDeposit(), feeCoin({ can_withdraw: false })],
      "fee_detail.fee_coin_detail.confirming_threshold": [mpcDeposit(), feeCoin({ confirming_threshold: 1 })],
      "fee_detail.fee_coin_detail.dust_threshold": [mpcDeposit(), feeCoin({ dust_threshold: 1 })],
      extra_parameters: [mpcWithdrawal(), { extra_parameters: '{"calldata": "0x00"}' }],
      approval_process: [mpcWithdrawal(), { approval_process: { spender_result: 1 } }],
      gas_station_child_id: [mpcWithdrawal(), { gas_station_child_id: "1" }],
      is_gas_station_tx: [mpcWithdrawal(), { is_gas_station_tx: true }],
      signature: [mpcWithdrawal(), { signature: "00" }],
    },
  };

  function feeCoin(changes: Message): Message {
    return { fee_detail: { fee_coin_detail: changes } };
  }

  const cases = (["custodial", "mpc"] as const).flatMap((shape) =>
    rows.flatMap((row) => (memberOf(row, shape) === "" ? [] : [[shape, memberOf(row, shape), row] as const])),
  );

  it.each(cases)(
    "%s %s arrives where the page says, and nowhere else",
    (shape, member, { places, isRaw }) => {
      const [base, ...variants] = CASES[shape][member] ?? [];
      if (base === undefined || variants.length === 0) throw new Error(`no case for ${member}`);
      const arrived = variants.flatMap((changes) => {
        const different = differences(base, changes);
        // What changes along with it is said of the members that are changed along with it.
        const touched = new Set(leavesOf(changes).map(([path]) => path.replace(/\.\d+\b.*$/, "")));
        const allowed = rows.filter((row) => touched.has(memberOf(row, shape))).flatMap((row) => row.places);
        expect(different.filter((path) => !allowed.some((place) => within(path, place)))).toEqual([]);
        return different;
      });
      if (isRaw) expect(places).toEqual([]);
      for (const place of places) expect(arrived.filter((path) => within(path, place))).not.toEqual([]);
    },
  );

  /** Where the documents of a message and of the same with changes differ; `raw` always does. */
  function differences(base: Message, changes: Message): string[] {
    const [before, after] = [normalized(base), normalized(merged(base, changes))];
    expect(after.raw).not.toBe(before.raw);
    const [old, changed] = [new Map(leavesOf(before.document)), new Map(leavesOf(after.document))];
    return [...new Set([...old.keys(), ...changed.keys()])].filter(
      (path) => old.get(path) !== changed.get(path),
    );
  }

  /** The group follows from the kind. */
  function within(path: string, place: string): boolean {
    return path === place || path.startsWith(`${place}.`) || (path === "group" && place === "kind");
  }
});
