import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesOf, type Callback, callback, put } from "../../../test/fixtures/callbacks/callbacks.ts";
import { nowMembers } from "../../input/clock.ts";
import { type Document, documentSchema, serialize } from "../../input/document.ts";
import { type NormalizeContext, type Normalized, normalize, participantsOf } from "./normalize.ts";
import { type ParsedTask, parseCallback, UnusableRequest } from "./wire.ts";

const NOW = 1_756_953_990_112;

const context: NormalizeContext = {
  source: "node-1",
  receivedAt: NOW,
  now: nowMembers(NOW, "UTC"),
  tokens: {
    ETH: { chain: "ETH", decimals: 18 },
    SETH: { chain: "SETH", decimals: 18 },
    ETH_USDT: { chain: "ETH", contract: "0xdac17f958d2ee523a2206206994597c13d831ec7", decimals: 6 },
    BTC: { chain: "BTC", decimals: 8 },
    TRON: { chain: "TRON", decimals: 6 },
    TRON_USDT: { chain: "TRON", contract: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", decimals: 6 },
    SOL: { chain: "SOL", decimals: 9 },
    SOL_USDC: { chain: "SOL", contract: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGkZwyTDt1v", decimals: 6 },
  },
  chains: {
    ETH: { family: "evm", id: 1 },
    SETH: { family: "evm", id: 11_155_111 },
    MNT: { family: "evm", id: 5000 },
    BTC: { family: "bitcoin" },
    TRON: { family: "tron" },
    SOL: { family: "solana" },
  },
};

const bare: NormalizeContext = { ...context, tokens: {}, chains: {} };

function taskOf(request: Callback, payload: "v1" | "v2"): ParsedTask {
  const parsed = parseCallback(bytesOf(request), payload);
  if (parsed.type === "ping") throw new Error("a ping");
  return parsed;
}

const payloadOf = (name: string): "v1" | "v2" => (name.startsWith("v1") ? "v1" : "v2");

function normalizedOf(name: string, changes: Record<string, unknown>, using = context): Normalized {
  const request = callback(name);
  for (const [path, value] of Object.entries(changes)) {
    put(request as unknown as Record<string, unknown>, path, value);
  }
  return normalize(taskOf(request, payloadOf(name)), using);
}

/** What an example brings to be signed, without what it leaves out. */
function materialOf(name: string, changes: Record<string, unknown> = {}): unknown {
  return JSON.parse(JSON.stringify(normalizedOf(name, changes).material));
}

/** The document of an example, with members changed; each one is held against the schema. */
function documentOf(name: string, changes: Record<string, unknown> = {}, using = context): Document {
  const { document, raw } = normalizedOf(name, changes, using);
  const checked = documentSchema.safeParse(document);
  expect(checked.error?.issues ?? []).toEqual([]);
  expect(emptyMembers(document)).toEqual([]);
  JSON.parse(serialize({ document, raw }, true));
  return document;
}

function codeOf(name: string, changes: Record<string, unknown>, using = context): string | undefined {
  try {
    documentOf(name, changes, using);
  } catch (error) {
    if (!(error instanceof UnusableRequest)) throw error;
    expect(error.echoId).toBe(callback(name).request_id);
    return error.code;
  }
  return undefined;
}

/** Paths that break the rule of absence. */
function emptyMembers(value: unknown, path = ""): string[] {
  if (value === null || value === undefined || value === "") return [path];
  if (typeof value !== "object") return [];
  const entries = Object.entries(value);
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, member]) => emptyMembers(member, `${path}.${key}`));
}

const tx = "extra.transaction";

/** A transaction to UTXO outputs, made of the first example. */
const UTXO = {
  [`${tx}.chain_id`]: "BTC",
  [`${tx}.token_id`]: "BTC",
  [`${tx}.destination`]: {
    destination_type: "Address",
    utxo_outputs: [
      { address: "1Cu32FVupVCgHkMMRJdYJugxwo2Aprgk7H", amount: "1.1234" },
      { address: "bc1QMixedCase", amount: "0.00000001" },
    ],
    change_address: "bc1change",
  },
  [`${tx}.fee`]: { fee_type: "UTXO", token_id: "BTC", max_fee_amount: "0.00010", fee_rate: "12.50" },
  [`${tx}.raw_tx_info`]: {
    used_nonce: 0,
    selected_utxos: [
      { tx_hash: "AB".repeat(32), vout_n: 1, address: "bc1from", value: "2" },
      { tx_hash: "cd".repeat(32), vout_n: 0, address: "bc1other", value: "0.5" },
    ],
  },
  [`${tx}.source.address`]: "bc1from",
  "extra.source_addresses": [{ address: "bc1from", chain_id: "BTC", path: "m/84/0/0/0/5", pubkey: "02ab" }],
};

const CONTRACT = {
  destination_type: "EVM_Contract",
  address: "0x8B45B84E2CF29E5F826797DF7E1AA93FC71A2BFD",
  value: "0.5",
  calldata: "0xA9059CBB00",
  calldata_info: { method: { name: "transfer" } },
};

const COMMON = {
  version: 1,
  request: { source: "node-1", received_at: NOW },
  now: { ms: NOW, zone: "UTC", weekday: "thu" },
};

const holders = [
  "coboAbCdEfGhIjKlMnOpQrStUvWxYz1234567890abcdefghi",
  "coboBTGDvjJG99pABegvPYmavrcTU3SkjTLHVdsko8dWBga4w",
];

describe("version 2 KeySign, an ETH transfer", () => {
  const document = documentOf("v2-keysign-eth");

  it("has the common members", () => {
    expect(document).toMatchObject({
      ...COMMON,
      kind: "transaction_signing",
      group: "transfer",
      channel: "tss.v2",
      request: { id: "20231213122855000000000000000011:1" },
      task: {
        id: "20231213122855000000000000000011",
        business_id: "aff0e1cb-15b2-4e1f-9b9d-a9133715986f",
      },
      organization: {
        id: "f3b4a616-9c43-462e-8cb4-343e304fee64",
        name: "Example Treasury Ltd",
        created_at: 1_700_000_000_000,
      },
      project: { organization_id: "f3b4a616-9c43-462e-8cb4-343e304fee64", participants: 3, threshold: 2 },
      vault: { id: "YPdbyVaVGqXXjkUsohHw", type: "Org-Controlled" },
      wallet: {
        id: "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        type: "MPC",
        subtype: "Org-Controlled",
        vault_id: "YPdbyVaVGqXXjkUsohHw",
      },
      initiator: {
        type: "API",
        id: "9f1c9a1d6c0b4a3f8a2b7c5d4e3f2a1b",
        api_key: "9f1c9a1d6c0b4a3f8a2b7c5d4e3f2a1b",
      },
    });
    expect(document.vault?.root_public_keys?.map(({ curve }) => curve)).toEqual(["secp256k1", "ed25519"]);
    expect(document.tss_request).toBeUndefined();
    expect(document.facts).toBeUndefined();
    expect(document.lists).toBeUndefined();
  });

  it("has the key and what is signed", () => {
    expect(document.key).toMatchObject({
      group_id: "mMedDioOKhTlhGyQRzMv",
      curve: "secp256k1",
      threshold: 2,
      used: holders,
      group: { id: "54274576-6c89-49ca-9924-84988767ee12", type: "MainGroup", status: "Valid", threshold: 2 },
    });
    expect(document.key?.participants).toHaveLength(3);
    expect(document.key?.participants?.[1]).toEqual({
      node: holders[1],
      name: "server-co-signer-1",
      type: "API",
      status: "Valid",
    });
    expect(document.key?.group?.holders?.[0]).toMatchObject({ signer: true, online: true });
    expect(document.signing).toEqual({
      hashes: ["0x1acf0342f77d22389a9cf6524a2af14dc420928d2942efe0dc0764be2ea5321b"],
      paths: ["m/44/60/0/0/0"],
      algorithm: "ecdsa",
      protocol: "lindell",
    });
  });

  it("has the transaction, exactly", () => {
    const amount = { token: "ETH", units: "100000000000000", decimals: 18, text: "0.0001" };
    expect(document.transaction).toEqual({
      id: "aff0e1cb-15b2-4e1f-9b9d-a9133715986f",
      cobo_id: "20240904104620000107060000000331",
      business_id: "api-331",
      type: "Withdrawal",
      destination_type: "Address",
      chain: "ETH",
      token: "ETH",
      sources: [{ address: "0x9a3f1b2c4d5e6f708192a3b4c5d6e7f8091a2b3c", path: "m/44/60/0/0/0" }],
      destinations: [{ address: "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f", amount }],
      totals: { ETH: amount },
      fee: {
        token: "ETH",
        units: "16909920699000",
        decimals: 18,
        text: "0.000016909920699",
        type: "EVM_Legacy",
        gas_limit: "21000",
        gas_price: "805234319",
      },
      nonce: "0",
      internal: false,
      created_at: 1_756_953_980_334,
    });
    expect(document.evidence).toBeUndefined();
    expect(materialOf("v2-keysign-eth")).toEqual({
      type: "transaction",
      unsigned: "0xe980842ffee68f825208940f76f604fd7762bd94b48ca2523f69ab9665c97f865af3107a400080018080",
    });
  });
});

describe("addresses", () => {
  it("are in lower case on EVM chains and on unknown ones that look like it, exact elsewhere", () => {
    const upper = "0x0F76F604FD7762BD94B48CA2523F69AB9665C97F";
    const changes = { [`${tx}.destination.account_output.address`]: upper };
    const addressIn = (using: NormalizeContext, more = {}): string | undefined =>
      documentOf("v2-keysign-eth", { ...changes, ...more }, using).transaction?.destinations?.[0]?.address;
    expect(addressIn(context)).toBe(upper.toLowerCase());
    expect(addressIn(bare)).toBe(upper.toLowerCase());
    expect(addressIn({ ...bare, chains: { ETH: { family: "cosmos" } } })).toBe(upper);
    const odd = { [`${tx}.destination.account_output.address`]: " 0xAB " };
    expect(addressIn(context, odd)).toBe(" 0xAB ");
  });
});

describe("tokens and amounts", () => {
  it("have no units where the release doesn't know the token", () => {
    const { transaction } = documentOf("v2-keysign-eth", {}, bare);
    expect(transaction?.destinations?.[0]?.amount).toEqual({ token: "ETH", text: "0.0001" });
    expect(transaction?.totals).toEqual({ ETH: { token: "ETH", text: "0.0001" } });
    expect(transaction?.fee).toEqual({
      token: "ETH",
      type: "EVM_Legacy",
      gas_limit: "21000",
      gas_price: "805234319",
    });
  });

  it("don't find what every object has", () => {
    expect(codeOf("v2-keysign-eth", { [`${tx}.token_id`]: "__proto__" })).toBe("REQUEST_SCHEMA");
    for (const token of ["constructor", "toString"]) {
      const { transaction } = documentOf("v2-keysign-eth", {
        [`${tx}.token_id`]: token,
        [`${tx}.chain_id`]: token,
        [`${tx}.fee`]: undefined,
      });
      expect(transaction?.destinations?.[0]?.amount).toEqual({ token, text: "0.0001" });
    }
  });

  it.each(["-1", "1e3", " 1", "007", "0x10", "1.0000000000000000001", "9".repeat(79), "NaN"])(
    "refuse %s",
    (amount) => {
      const changes = { [`${tx}.destination.account_output.amount`]: amount };
      expect(codeOf("v2-keysign-eth", changes)).toBe("REQUEST_SCHEMA");
      if (!amount.includes(".")) {
        expect(codeOf("v2-keysign-eth", { ...changes, [`${tx}.token_id`]: "" })).toBe("REQUEST_SCHEMA");
      }
    },
  );

  it("refuse a token on another chain", () => {
    expect(codeOf("v2-keysign-eth", { [`${tx}.chain_id`]: "SETH" })).toBe("REQUEST_SCHEMA");
  });

  it("make no totals where an amount is missing", () => {
    const outputs = [{ address: "a", amount: "1" }, { address: "b" }];
    const { transaction } = documentOf("v2-keysign-eth", {
      ...UTXO,
      [`${tx}.destination.utxo_outputs`]: outputs,
      [`${tx}.destination.change_address`]: "",
    });
    expect(transaction?.destinations).toHaveLength(2);
    expect(transaction?.totals).toBeUndefined();
    const none = documentOf("v2-keysign-eth", { [`${tx}.token_id`]: undefined });
    expect(none.transaction?.destinations?.[0]).toEqual({
      address: "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f",
    });
    expect(none.transaction?.totals).toBeUndefined();
  });
});

describe("a UTXO transaction", () => {
  const { transaction } = documentOf("v2-keysign-eth", UTXO);

  it("has a source for each input", () => {
    expect(transaction?.sources).toEqual([
      {
        address: "bc1from",
        path: "m/84/0/0/0/5",
        public_key: "02ab",
        outpoint: `${"ab".repeat(32)}:1`,
        amount: { token: "BTC", units: "200000000", decimals: 8, text: "2" },
      },
      {
        address: "bc1other",
        outpoint: `${"cd".repeat(32)}:0`,
        amount: { token: "BTC", units: "50000000", decimals: 8, text: "0.5" },
      },
    ]);
  });

  it("has its outputs, change to a stranger among them, totals and fee, and no nonce", () => {
    expect(transaction?.destinations?.map(({ address }) => address)).toEqual([
      "1Cu32FVupVCgHkMMRJdYJugxwo2Aprgk7H",
      "bc1QMixedCase",
      "bc1change",
    ]);
    expect(transaction?.totals).toBeUndefined();
    const back = { ...UTXO[`${tx}.destination`], change_address: "bc1from" };
    const { transaction: returning } = documentOf("v2-keysign-eth", { ...UTXO, [`${tx}.destination`]: back });
    expect(returning?.destinations).toHaveLength(2);
    expect(returning?.totals).toMatchObject({
      BTC: {
        token: "BTC",
        units: "112340001",
        decimals: 8,
        text: "1.12340001",
      },
    });
    expect(transaction?.fee).toEqual({
      token: "BTC",
      units: "10000",
      decimals: 8,
      text: "0.0001",
      type: "UTXO",
      rate: "12.5",
    });
    expect(transaction?.nonce).toBeUndefined();
    expect(materialOf("v2-keysign-eth", UTXO)).toEqual({ type: "transaction" });
  });

  it("refuses outputs beside an account's", () => {
    const both = { ...UTXO, [`${tx}.destination.account_output`]: { address: "a", amount: "1" } };
    expect(codeOf("v2-keysign-eth", both)).toBe("REQUEST_SCHEMA");
  });

  it("doesn't guess which of two source addresses an input has", () => {
    const twice = [
      { address: "bc1from", path: "m/0" },
      { address: "bc1from", path: "m/1" },
    ];
    const changed = documentOf("v2-keysign-eth", { ...UTXO, "extra.source_addresses": twice });
    expect(changed.transaction?.sources?.[0]?.path).toBeUndefined();
  });
});

describe("sources", () => {
  it("fall back to the transaction's source, and to none", () => {
    const one = documentOf("v2-keysign-eth", { "extra.source_addresses": [] });
    expect(one.transaction?.sources).toEqual([{ address: "0x9a3f1b2c4d5e6f708192a3b4c5d6e7f8091a2b3c" }]);
    const none = documentOf("v2-keysign-eth", { "extra.source_addresses": null, [`${tx}.source`]: null });
    expect(none.transaction?.sources).toBeUndefined();
  });
});

describe("a contract call", () => {
  const changes = { [`${tx}.type`]: "ContractCall", [`${tx}.destination`]: CONTRACT };

  it("has contract, calldata and the coin it sends", () => {
    const { transaction } = documentOf("v2-keysign-eth", changes);
    expect(transaction?.contract).toEqual({
      address: "0x8b45b84e2cf29e5f826797df7e1aa93fc71a2bfd",
      selector: "0xa9059cbb",
      calldata: "0xa9059cbb00",
    });
    expect(transaction?.destinations).toEqual([
      {
        address: "0x8b45b84e2cf29e5f826797df7e1aa93fc71a2bfd",
        amount: { token: "ETH", units: "500000000000000000", decimals: 18, text: "0.5" },
      },
    ]);
  });

  it("counts the coin, not the token", () => {
    const { transaction } = documentOf("v2-keysign-eth", { ...changes, [`${tx}.token_id`]: "ETH_USDT" });
    expect(transaction?.destinations?.[0]?.amount?.token).toBe("ETH");
    const unknown = documentOf("v2-keysign-eth", changes, bare).transaction?.destinations?.[0]?.amount;
    expect(unknown).toEqual({ token: "ETH", text: "0.5" });
  });

  it("has no selector below four bytes, and an empty call's calldata", () => {
    for (const [calldata, expected] of [
      ["0xa905", "0xa905"],
      ["0x", "0x"],
      ["", "0x"],
    ]) {
      const { transaction } = documentOf("v2-keysign-eth", {
        ...changes,
        [`${tx}.destination.calldata`]: calldata,
      });
      expect(transaction?.contract?.calldata).toBe(expected);
      expect(transaction?.contract?.selector).toBeUndefined();
    }
  });

  it.each(["0xa9059cb", "0xzz", "transfer"])("refuses the calldata %s", (calldata) => {
    expect(codeOf("v2-keysign-eth", { ...changes, [`${tx}.destination.calldata`]: calldata })).toBe(
      "REQUEST_SCHEMA",
    );
  });

  it("knows TRON's", () => {
    const destination = {
      destination_type: "TRON_Contract",
      address: "TA",
      value: "1",
      calldata: "A9059CBB",
    };
    const { transaction } = documentOf("v2-keysign-trc20", {
      [`${tx}.type`]: "ContractCall",
      [`${tx}.destination`]: destination,
    });
    expect(transaction?.contract).toEqual({ address: "TA", selector: "0xa9059cbb", calldata: "0xa9059cbb" });
    expect(transaction?.destinations?.[0]?.amount).toMatchObject({ token: "TRON", units: "1000000" });
  });

  it("to a program states no destination", () => {
    const destination = { destination_type: "SOL_Contract", instructions: [{ program_id: "p", data: "00" }] };
    const { transaction } = documentOf("v2-keysign-spl", {
      [`${tx}.type`]: "ContractCall",
      [`${tx}.destination`]: destination,
    });
    expect(transaction?.destinations).toBeUndefined();
    expect(transaction?.totals).toBeUndefined();
  });
});

describe("other destinations and members", () => {
  it("to a wallet", () => {
    const destination = {
      destination_type: "ExchangeWallet",
      wallet_id: "w-2",
      amount: "1",
      exchange_id: "okx",
    };
    const { transaction } = documentOf("v2-keysign-eth", { [`${tx}.destination`]: destination });
    expect(transaction?.destinations?.[0]).toMatchObject({ wallet_id: "w-2", amount: { text: "1" } });
  });

  it("a memo, exactly", () => {
    const { transaction } = documentOf("v2-keysign-eth", {
      [`${tx}.destination.account_output.memo`]: " 7 ",
    });
    expect(transaction?.destinations?.[0]?.memo).toBe(" 7 ");
  });

  it("replacement, fuels, sweep, loop", () => {
    const { transaction } = documentOf("v2-keysign-eth", {
      [`${tx}.replacement`]: {
        replaced_by_type: "Drop",
        replaced_by_transaction_id: "later",
        replaced_type: "SpeedUp",
        replaced_transaction_id: "earlier",
        replaced_transaction_hash: "",
      },
      [`${tx}.fueling_info`]: { request_id: "f", main_transaction_id: "main" },
      [`${tx}.cobo_category`]: ["AutoSweep"],
      [`${tx}.is_loop`]: true,
      [`${tx}.description`]: "pay",
    });
    expect(transaction).toMatchObject({
      replaces: { id: "earlier", how: "speed_up" },
      fuels: { id: "main", request_id: "f" },
      sweep: true,
      internal: true,
      description: "pay",
    });
  });

  it("don't say that something is no sweep", () => {
    expect(documentOf("v2-keysign-eth").transaction?.sweep).toBeUndefined();
  });

  it("refuse a kind that nobody knows", () => {
    expect(codeOf("v2-keysign-eth", { [`${tx}.type`]: "Deposit" })).toBe("KIND_UNKNOWN");
    expect(codeOf("v2-keysign-eth", { [`${tx}.type`]: undefined })).toBe("KIND_UNKNOWN");
    expect(codeOf("v2-keysign-eth", { [`${tx}.destination`]: CONTRACT })).toBe("KIND_UNKNOWN");
    expect(codeOf("v1-keysign-erc20", { "extra.operation": 300 })).toBe("KIND_UNKNOWN");
  });
});

interface StatedFee extends Record<string, unknown> {
  readonly token_id: string;
  readonly fee_type: string;
}

describe("fees", () => {
  const fee = (members: Record<string, unknown>, using = context): unknown =>
    documentOf("v2-keysign-eth", { [`${tx}.fee`]: members }, using).transaction?.fee;

  /** A transfer of a chain's own coin, with the fee that is stated in that coin. */
  const withFee = (members: StatedFee) => ({
    [`${tx}.fee`]: members,
    [`${tx}.chain_id`]: members.token_id,
    [`${tx}.token_id`]: members.token_id,
    "extra.source_addresses": undefined,
  });
  const feeElsewhere = (members: StatedFee): unknown =>
    documentOf("v2-keysign-eth", withFee(members)).transaction?.fee;

  it("take the maximum by EIP-1559, and nothing that is estimated", () => {
    const seth = JSON.parse(
      readFileSync(
        new URL("../../../test/fixtures/callbacks/vectors/transaction-seth-completed.json", import.meta.url),
        "utf8",
      ),
    );
    expect(fee({ ...seth.fee, token_id: "ETH" })).toEqual({
      token: "ETH",
      units: "31559277456000",
      decimals: 18,
      text: "0.000031559277456",
      type: "EVM_EIP_1559",
      gas_limit: "21000",
      max_fee_per_gas: "1502822736",
      max_priority_fee_per_gas: "1500000000",
    });
    expect(
      fee({ fee_type: "EVM_EIP_1559", token_id: "ETH", gas_limit: "1", estimated_fee_used: "1" }),
    ).toEqual({
      token: "ETH",
      type: "EVM_EIP_1559",
      gas_limit: "1",
    });
  });

  it("are not computed in a contract's token", () => {
    expect(fee({ fee_type: "EVM_Legacy", token_id: "ETH_USDT", gas_limit: "2", gas_price: "3" })).toEqual({
      token: "ETH_USDT",
      type: "EVM_Legacy",
      gas_limit: "2",
      gas_price: "3",
    });
  });

  it("are in the chain's coin where none is stated, and absent where that is unknown", () => {
    const unstated = { fee_type: "EVM_Legacy", gas_limit: "2", gas_price: "3" };
    expect(fee(unstated)).toMatchObject({ token: "ETH", units: "6" });
    expect(fee(unstated, bare)).toBeUndefined();
  });

  it("of other chains have no maximum but a stated one", () => {
    expect(feeElsewhere({ fee_type: "SOL", token_id: "SOL", base_fee: "0.000005" })).toEqual({
      token: "SOL",
      type: "SOL",
    });
    expect(feeElsewhere({ fee_type: "FIL", token_id: "FIL", gas_limit: "7", gas_fee_cap: "2" })).toEqual({
      token: "FIL",
      type: "FIL",
      gas_limit: "7",
    });
    expect(feeElsewhere({ fee_type: "Fixed", token_id: "TRON", max_fee_amount: "36.3" })).toMatchObject({
      units: "36300000",
    });
  });

  it.each([
    { fee_type: "EVM_Legacy", token_id: "ETH", gas_limit: "21000.5", gas_price: "1" },
    { fee_type: "EVM_Legacy", token_id: "ETH", gas_limit: "0x5208", gas_price: "1" },
    { fee_type: "EVM_EIP_1559", token_id: "ETH", gas_limit: "1", max_fee_per_gas: "-1" },
    { fee_type: "EVM_EIP_1559", token_id: "ETH", gas_limit: "9".repeat(60), max_fee_per_gas: "9".repeat(60) },
    { fee_type: "UTXO", token_id: "BTC", max_fee_amount: "1e-8" },
    { fee_type: "UTXO", token_id: "BTC", fee_rate: "fast" },
    { fee_type: "Fixed", token_id: "TRON", max_fee_amount: "1.0000001" },
  ])("refuse %j", (members) => {
    expect(
      codeOf("v2-keysign-eth", withFee({ fee_type: members.fee_type, token_id: members.token_id })),
    ).toBe(undefined);
    expect(codeOf("v2-keysign-eth", withFee(members))).toBe("REQUEST_SCHEMA");
  });
});

describe("hashes and tweaks", () => {
  it.each(["0x", "1acf", "0x1ac", "0xzz", "hash"])("refuse the hash %s", (hash) => {
    expect(codeOf("v2-keysign-eth", { "detail.msg_hash_list": [hash] })).toBe("REQUEST_SCHEMA");
  });

  it("take hashes without 0x from version 1 alone", () => {
    expect(documentOf("v1-keysign-erc20", { "detail.msg_hash_list": ["F8D6"] }).signing?.hashes).toEqual([
      "0xf8d6",
    ]);
    for (const hash of ["0x", "f8d", "zz"]) {
      expect(codeOf("v1-keysign-erc20", { "detail.msg_hash_list": [hash] })).toBe("REQUEST_SCHEMA");
    }
  });

  it("keep tweaks in the order of hashes", () => {
    const changes = {
      "detail.msg_hash_list": ["0xAA", "0xbb"],
      "detail.bip32_path_list": ["m/0", "m/1"],
      "detail.tweak_list": ["", "0x0C"],
    };
    expect(documentOf("v2-keysign-eth", changes).signing).toMatchObject({
      hashes: ["0xaa", "0xbb"],
      tweaks: ["0x", "0x0c"],
    });
    expect(codeOf("v2-keysign-eth", { ...changes, "detail.tweak_list": ["", "x"] })).toBe("REQUEST_SCHEMA");
  });
});

describe("the other examples of KeySign", () => {
  it("v2-keysign-trc20", () => {
    const { transaction, initiator } = documentOf("v2-keysign-trc20");
    expect(transaction).toMatchObject({
      chain: "TRON",
      token: "TRON_USDT",
      sources: [{ address: "TVpZV9L9v3HzcUiXkws2DWbiAomFQhXSzU", path: "m/44/195/0/0/7" }],
      destinations: [
        {
          address: "THKAcY3fvSyfkzbYxj2aAgxC5R6YAPMJqa",
          amount: { token: "TRON_USDT", units: "10000000", decimals: 6, text: "10" },
        },
      ],
      fee: { token: "TRON", units: "36300000", decimals: 6, text: "36.3", type: "Fixed" },
    });
    expect(transaction?.nonce).toBeUndefined();
    expect(initiator).toEqual({ type: "Web", id: "alice" });
    expect(materialOf("v2-keysign-trc20")).toMatchObject({
      type: "transaction",
      unsigned: expect.any(String),
    });
  });

  it("v2-keysign-spl", () => {
    const { transaction, signing, key } = documentOf("v2-keysign-spl");
    expect(transaction?.totals).toMatchObject({ SOL_USDC: { units: "2000000" } });
    expect(transaction?.fee).toEqual({ token: "SOL", type: "SOL" });
    expect(signing).toMatchObject({ algorithm: "eddsa", protocol: "eddsa_tss" });
    expect(key?.curve).toBe("ed25519");
  });

  it("v2-keysign-eip712", () => {
    const document = documentOf("v2-keysign-eip712");
    expect(document).toMatchObject({
      kind: "message_signing",
      group: "message",
      transaction: { type: "MessageSign", destination_type: "EVM_EIP_712_Signature", chain: "MNT" },
    });
    expect(materialOf("v2-keysign-eip712")).toMatchObject({
      type: "eip712",
      structured: document.transaction?.message,
      rawStructured: document.transaction?.message,
    });
    expect(JSON.parse(document.transaction?.message ?? "")).toMatchObject({ primaryType: "SafeTx" });
    expect(document.transaction?.destinations).toBeUndefined();
    expect(document.transaction?.nonce).toBeUndefined();
  });

  it("takes the typed data as an object where its text is not there", () => {
    const { transaction } = documentOf("v2-keysign-eip712", {
      [`${tx}.destination.raw_structured_data`]: "",
    });
    expect(JSON.parse(transaction?.message ?? "")).toMatchObject({
      primaryType: "SafeTx",
      message: { operation: 1 },
    });
  });

  it("keeps other messages as they are given", () => {
    for (const [destination_type, member] of [
      ["EVM_EIP_191_Signature", "message"],
      ["BTC_BIP_137_Signature", "message_bip137"],
      ["BTC_BIP_322_Signature", "message_bip322"],
      ["COSMOS_ADR_36_Signature", "message_cosmos_adr36"],
      ["Raw_Message_Signature", "msg_hash"],
    ] as const) {
      const destination = { destination_type, [member]: "aGVsbG8=" };
      const { transaction } = documentOf("v2-keysign-eip712", { [`${tx}.destination`]: destination });
      expect(transaction?.message).toBe("aGVsbG8=");
    }
  });
});

describe("version 1 KeySign", () => {
  it("v1-keysign-erc20", () => {
    const amount = { token: "ETH_USDT", units: "50000000", decimals: 6, text: "50" };
    const document = documentOf("v1-keysign-erc20");
    expect(document).toMatchObject({
      ...COMMON,
      kind: "transaction_signing",
      channel: "tss.v1",
      task: { id: "20231213122855000000000000000043" },
      initiator: {
        type: "API",
        id: "02e0f72b60ca8c3341aced89f3dbb829c5c4549cae37abd86a8270c3a8f172b51a",
        api_key: "02e0f72b60ca8c3341aced89f3dbb829c5c4549cae37abd86a8270c3a8f172b51a",
      },
      key: { group_id: "mMedDioOKhTlhGyQRzMv", used: holders },
    });
    expect(materialOf("v1-keysign-erc20")).toMatchObject({
      type: "transaction",
      unsigned: expect.any(String),
    });
    expect(document.transaction).toEqual({
      cobo_id: "20230410153000000100000000000003",
      business_id: "pay-000123",
      type: "Withdrawal",
      chain: "ETH",
      token: "ETH_USDT",
      sources: [{ address: "0x9a3f1b2c4d5e6f708192a3b4c5d6e7f8091a2b3c" }],
      destinations: [{ address: "0x8b45b84e2cf29e5f826797df7e1aa93fc71a2bfd", amount }],
      totals: { ETH_USDT: amount },
      fee: { token: "ETH", gas_limit: "94043" },
    });
    for (const member of ["organization", "project", "vault", "wallet"] as const) {
      expect(document[member]).toBeUndefined();
    }
  });

  it("v1-keysign-utxo", () => {
    const { transaction, initiator } = documentOf("v1-keysign-utxo");
    expect(initiator).toEqual({ type: "Web", id: "alice@example.com" });
    expect(transaction).toMatchObject({
      chain: "BTC",
      destinations: [
        { address: "1Cu32FVupVCgHkMMRJdYJugxwo2Aprgk7H", amount: { units: "112340000", text: "1.1234" } },
        { address: "16TZ8J6Q5iZKBWizWzFAYnrsaox5Z5aBRV", amount: { units: "223450000" } },
      ],
      totals: { BTC: { units: "335790000" } },
      fee: { token: "BTC", rate: "12" },
      description: "weekly payout",
    });
    expect(transaction?.sources).toBeUndefined();
  });

  it("establishes no amount of a coin that the release doesn't know", () => {
    const { transaction } = documentOf("v1-keysign-erc20", {}, bare);
    expect(transaction?.destinations).toEqual([
      { address: "0x8b45b84e2cf29e5f826797df7e1aa93fc71a2bfd", amount: { token: "ETH_USDT" } },
    ]);
    expect(transaction?.chain).toBeUndefined();
    expect(transaction?.fee).toBeUndefined();
  });

  it.each([
    { "extra.decimal": 18 },
    { "extra.decimal": 0 },
    { "extra.amount": "50.5" },
    { "extra.amount": "-1" },
    { "extra.amount": "5e7" },
    { "extra.amount": "5e7", "extra.coin": "" },
    { "extra.to_address_details": '[{"to_address":"0xother","amount":"50000000"}]' },
    {
      "extra.to_address_details":
        '[{"to_address":"0x8b45b84e2cf29e5f826797df7e1aa93fc71a2bfd","amount":"1"}]',
    },
    { "extra.to_address_details": '[{"to_address":"a","amount":"1"},{"to_address":"b","amount":"1"}]' },
    { "extra.operation": 200, "extra.extra_parameters": '{"calldata":"transfer"}' },
  ])("refuses %j", (changes) => {
    expect(codeOf("v1-keysign-erc20", changes)).toBe("REQUEST_SCHEMA");
  });

  it("takes one recipient stated twice", () => {
    const details = '[{"to_address":"0x8B45b84e2cf29e5f826797df7e1aa93fc71a2bfd","amount":"50000000"}]';
    const { transaction } = documentOf("v1-keysign-erc20", { "extra.to_address_details": details });
    expect(transaction?.destinations).toHaveLength(1);
  });

  it.each([
    [103, "speed_up"],
    [309, "speed_up"],
    [105, "drop"],
    [311, "drop"],
    [501, undefined],
  ])("reads a replacement by type %i", (transaction_type, how) => {
    const changes = { "extra.transaction_type": transaction_type, "extra.replace_cobo_id": "c-1" };
    expect(documentOf("v1-keysign-erc20", changes).transaction?.replaces).toEqual({
      id: "c-1",
      ...(how && { how }),
    });
  });

  it("reads a contract call", () => {
    const changes = { "extra.operation": 200, "extra.extra_parameters": '{"calldata":"0xA9059CBB"}' };
    const { transaction } = documentOf("v1-keysign-erc20", changes);
    expect(transaction).toMatchObject({
      type: "ContractCall",
      contract: {
        address: "0x8b45b84e2cf29e5f826797df7e1aa93fc71a2bfd",
        calldata: "0xa9059cbb",
        selector: "0xa9059cbb",
      },
    });
  });

  it("names an initiator only where the request tells which", () => {
    const initiator = (changes: Record<string, unknown>): unknown =>
      documentOf("v1-keysign-erc20", changes).initiator;
    expect(initiator({ "extra.transaction_type": 107 })).toMatchObject({ type: "External" });
    expect(initiator({ "extra.transaction_type": 101, "extra.spender": "bob" })).toEqual({
      api_key: "02e0f72b60ca8c3341aced89f3dbb829c5c4549cae37abd86a8270c3a8f172b51a",
    });
    expect(initiator({ "extra.transaction_type": 101, "extra.api_key": "" })).toBeUndefined();
  });

  it("knows messages, and transactions without bytes", () => {
    const message = { "extra.operation": 300, "extra.transaction_type": 305, "extra.raw_tx_hex": "" };
    expect(documentOf("v1-keysign-erc20", message)).toMatchObject({ kind: "message_signing" });
    expect(materialOf("v1-keysign-erc20", message)).toEqual({ type: "other" });
    expect(materialOf("v1-keysign-erc20", { "extra.raw_tx_hex": "" })).toEqual({ type: "transaction" });
    const listed = { "extra.raw_tx_hex": "", "extra.raw_tx": [{ raw_tx: "0xab", derivation_path: "m/44" }] };
    expect(materialOf("v1-keysign-erc20", listed)).toEqual({ type: "transaction", unsigned: "0xab" });
    const two = { "extra.raw_tx_hex": "", "extra.raw_tx": [{ raw_tx: "0xab" }, { raw_tx: "0xcd" }] };
    expect(materialOf("v1-keysign-erc20", two)).toEqual({ type: "other" });
    expect(documentOf("v1-keysign-erc20", { "detail.tss_protocol": 0 }).signing?.protocol).toBeUndefined();
  });
});

describe("key requests", () => {
  it("v2-keygen-secp256k1", () => {
    const document = documentOf("v2-keygen-secp256k1");
    expect(document).toMatchObject({
      kind: "key_generation",
      group: "key",
      organization: { id: "f3b4a616-9c43-462e-8cb4-343e304fee64" },
      vault: { id: "YPdbyVaVGqXXjkUsohHw" },
      tss_request: {
        id: "20240711114129000132315000003970",
        type: "KeyGen",
        status: "MPCProcessing",
        target_group: "54274576-6c89-49ca-9924-84988767ee12",
      },
      key: { curve: "secp256k1", threshold: 2, group: { type: "MainGroup", status: "New" } },
      evidence: { status: "absent", key: "absent" },
    });
    expect(document.key?.participants?.map(({ name }) => name)).toEqual([
      "Cobo",
      "server-co-signer-1",
      "alice-phone",
    ]);
    expect(document.vault?.root_public_keys).toBeUndefined();
    expect(document.key?.used).toBeUndefined();
    expect(document.transaction).toBeUndefined();
  });

  it("has the keys that are still to be made with what is known of them", () => {
    const unmade = { tss_key_share_group_id: "", curve: "SECP256K1", root_pubkey: "" };
    const document = documentOf("v2-keygen-secp256k1", {
      "extra.vault.root_pubkeys": [{ root_pubkey: "", curve: "SECP256K1" }, { root_pubkey: "xpub" }, {}],
      "extra.target_key_share_holder_group.tss_key_share_groups": [unmade, { curve: "" }],
    });
    expect(document.vault?.root_public_keys).toEqual([{ curve: "secp256k1" }, { key: "xpub" }]);
    expect(document.key?.group?.keys).toEqual([{ curve: "secp256k1" }]);
  });

  it("v2-keygen-ed25519-user-controlled", () => {
    const document = documentOf("v2-keygen-ed25519-user-controlled");
    expect(document.key).toMatchObject({ curve: "ed25519", threshold: 2 });
    expect(document.project).toBeUndefined();
    expect(document.vault).toMatchObject({ type: "User-Controlled" });
    expect(document.tss_request?.description).toBe("end-user 7781");
  });

  it("v2-keyreshare-signing-group", () => {
    const { key, tss_request, kind } = documentOf("v2-keyreshare-signing-group");
    expect(kind).toBe("key_reshare");
    expect(key).toMatchObject({
      old_group_id: "mMedDioOKhTlhGyQRzMv",
      curve: "secp256k1",
      threshold: 2,
      old_threshold: 2,
      used: holders,
      group: { id: "b7b1a5f0-3d0c-4a2e-8b1f-0c7a52f4d9aa", type: "SigningGroup" },
      old_group: { id: "54274576-6c89-49ca-9924-84988767ee12", type: "MainGroup" },
    });
    expect(key?.participants?.[1]).toMatchObject({ name: "server-co-signer-2", type: "API" });
    expect(tss_request?.source_group).toEqual({ id: "54274576-6c89-49ca-9924-84988767ee12", nodes: holders });
  });

  it("v2-keyreshare-recovery: a new node that the group doesn't know has but its id", () => {
    const { key } = documentOf("v2-keyreshare-recovery");
    expect(key?.participants?.at(-1)).toEqual({ node: "coboD5uE8kQyZtWvR2aJmNbXfGhPcLs7Td9KqYo3VxUwHi4re" });
  });

  it("v2-keysharesign-two-groups", () => {
    const document = documentOf("v2-keysharesign-two-groups");
    expect(document).toMatchObject({
      kind: "key_share_signing",
      group: "key",
      wallet: { id: "f47ac10b-58cc-4372-a567-0e02b2c3d479" },
      evidence: { status: "absent", key: "absent" },
    });
    const node = "coboD5uE8kQyZtWvR2aJmNbXfGhPcLs7Td9KqYo3VxUwHi4re";
    expect(document.key).toMatchObject({
      participants: [{ node }],
      used: [node],
      share_checks: [
        { group_id: "mMedDioOKhTlhGyQRzMv", message: "00112233445566778899aabbccddeeff" },
        { group_id: "qW3eRtYuIoPaSdFgHjKl", message: "ffeeddccbbaa99887766554433221100" },
      ],
    });
    expect(document.key?.share_groups?.map(({ type }) => type)).toEqual(["MainGroup", "SigningGroup"]);
  });

  it("v1-keygen-ed25519 and v1-keyreshare-ed25519", () => {
    expect(documentOf("v1-keygen-ed25519")).toMatchObject({
      channel: "tss.v1",
      task: { id: "20231213122855000000000000000042" },
      key: { curve: "ed25519", threshold: 3, participants: [{}, {}, {}] },
      evidence: { status: "absent" },
    });
    expect(documentOf("v1-keyreshare-ed25519").key).toMatchObject({
      threshold: 3,
      old_threshold: 2,
      used: holders,
    });
  });
});

describe("the nodes that have a part", () => {
  it.each([
    ["v2-keygen-secp256k1", 3],
    ["v2-keyreshare-recovery", 4],
    ["v2-keysign-eth", 2],
    ["v1-keysign-utxo", 2],
    ["v2-keysharesign-one-group", 1],
  ])("of %s are %i", (name, expected) => {
    const participants = participantsOf(taskOf(callback(name), payloadOf(name)));
    expect(new Set(participants).size).toBe(expected);
    expect(participants).toHaveLength(expected);
  });
});
