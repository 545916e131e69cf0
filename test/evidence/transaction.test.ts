/** An EVM request's words against its bytes: every way in which they can part, from the request to the evidence. */
import { Interface, MaxUint256, parseEther, type TransactionLike } from "ethers";
import { describe, expect, it } from "vitest";
import {
  defaultKnowledge,
  demoCallback,
  evidenceOf,
  LISTED,
  OWN,
  STRANGER,
  seen,
  USDT,
  withBytes,
  withWords,
} from "../support/evidence.ts";

const ERC20 = new Interface(["function transfer(address,uint256)", "function approve(address,uint256)"]);
const transferData = (to: string, units: bigint): string => ERC20.encodeFunctionData("transfer", [to, units]);

/** 0.0001 ETH to the listed address, in words and bytes. */
const COIN: TransactionLike = { to: LISTED, value: parseEther("0.0001") };
const coin = () => demoCallback("listed-transfer");

/** 50 USDT to the listed address, in words. */
const token = () =>
  withWords(coin(), {
    token_id: "ETH_USDT",
    "destination.account_output.amount": "50",
    "fee.gas_limit": "60000",
  });
const TOKEN: TransactionLike = { to: USDT, data: transferData(LISTED, 50_000_000n), gasLimit: 60_000 };

/** An approval, in words. */
const call = () => demoCallback("contract-call-approval");
const APPROVAL = ERC20.encodeFunctionData("approve", [STRANGER, MaxUint256]);
const CALL: TransactionLike = { to: USDT, data: APPROVAL, gasLimit: 60_000 };

describe("a transfer of the coin", () => {
  it.each<[string, TransactionLike, unknown]>([
    [
      "another amount",
      { value: parseEther("40") },
      {
        field: "transaction.destinations.0.amount.units",
        declared: "100000000000000",
        decoded: "40000000000000000000",
      },
    ],
    [
      "another address",
      { to: STRANGER },
      { field: "transaction.destinations.0.address", declared: LISTED, decoded: STRANGER },
    ],
    [
      "another chain",
      { chainId: 56 },
      { field: "transaction.chain", declared: "ETH (chain id 1)", decoded: "chain id 56" },
    ],
    ["another nonce", { nonce: 7 }, { field: "transaction.nonce", declared: "0", decoded: "7" }],
    [
      "another gas limit",
      { gasLimit: 30_000_000 },
      { field: "transaction.fee.gas_limit", declared: "21000", decoded: "30000000" },
    ],
    [
      "another gas price",
      { gasPrice: 10n ** 18n },
      { field: "transaction.fee.gas_price", declared: "805234319", decoded: "1000000000000000000" },
    ],
    [
      "a fee of another kind",
      { type: 2, gasPrice: null, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n },
      { field: "transaction.fee.gas_price", declared: "805234319" },
    ],
    [
      "calldata",
      { data: "0xdeadbeef" },
      { field: "transaction.contract.calldata", declared: "0x", decoded: "0xdeadbeef" },
    ],
    [
      "a contract made",
      { to: null, data: "0x6000" },
      { field: "transaction.destinations.0.address", declared: LISTED, decoded: "a contract is made" },
    ],
    [
      "a token's contract called",
      { to: USDT, value: 0n, data: transferData(LISTED, 1n) },
      { field: "transaction.destinations.0.address", declared: LISTED, decoded: USDT },
    ],
  ])("mismatch: %s", (_what, changes, difference) => {
    const evidence = evidenceOf(withBytes(coin(), { ...COIN, ...changes }));
    expect(evidence.status).toBe("mismatch");
    expect(evidence.differences).toContainEqual(difference);
  });

  it("mismatch: other hashes, or more or fewer of them", () => {
    const other = `0x${"11".repeat(32)}`;
    const evidence = evidenceOf(withBytes(coin(), COIN, other));
    expect(evidence.differences).toMatchObject([{ field: "signing.hashes.0", declared: other }]);
    const two = withBytes(coin(), COIN);
    two.detail["msg_hash_list"] = [...(two.detail["msg_hash_list"] as string[]), other];
    two.detail["bip32_path_list"] = ["m/44/60/0/0/0", "m/44/60/0/0/0"];
    two.detail["tweak_list"] = ["", ""];
    expect(evidenceOf(two)).toMatchObject({ status: "mismatch", differences: [{ field: "signing.hashes" }] });
  });

  it("mismatch: bytes without a chain id, good on every chain", () => {
    const evidence = evidenceOf(withBytes(coin(), { ...COIN, chainId: 0 }));
    expect(evidence.differences).toContainEqual({
      field: "transaction.chain",
      declared: "ETH (chain id 1)",
      decoded: "no chain id: good on every chain",
    });
  });

  it("mismatch: a source that the key doesn't have", () => {
    const moved = withBytes(coin(), COIN);
    withWords(moved, { "source.address": STRANGER });
    moved.extra["source_addresses"] = [];
    expect(evidenceOf(moved)).toMatchObject({
      status: "mismatch",
      key: "mismatch",
      differences: [{ field: "transaction.sources.0.address", declared: STRANGER, decoded: OWN }],
    });
  });

  it.each<[string, string]>([
    ["trailing bytes", "00"],
    ["half a byte", "0"],
    ["no hex", "zz"],
  ])("undecodable: %s", (_what, more) => {
    const callback = withBytes(coin(), COIN);
    const raw = (callback.extra["transaction"] as { raw_tx_info: { unsigned_raw_tx: string } }).raw_tx_info;
    raw.unsigned_raw_tx += more;
    expect(evidenceOf(callback)).toMatchObject({ status: "undecodable", problem: expect.any(String) });
  });

  it("absent: no bytes", () => {
    expect(evidenceOf(withWords(coin(), { "raw_tx_info.unsigned_raw_tx": undefined })).status).toBe("absent");
    expect(evidenceOf(withWords(coin(), { "raw_tx_info.unsigned_raw_tx": "" })).status).toBe("absent");
  });

  it("unsupported: a chain without an id, a token that nobody knows", () => {
    const knowledge = defaultKnowledge();
    const nameless = { ...knowledge, chains: { ...knowledge.chains, ETH: { family: "evm" as const } } };
    expect(evidenceOf(withBytes(coin(), COIN), nameless)).toMatchObject({
      status: "unsupported",
      problem: "the chain ETH has no id in data.chains",
    });
    expect(evidenceOf(withBytes(coin(), COIN), { ...knowledge, tokens: {} })).toMatchObject({
      status: "unsupported",
      problem: "the token ETH is not in data.tokens",
    });
  });

  it("verified, with what it does and what limits count", () => {
    const { evidence, transaction } = seen(withBytes(coin(), COIN));
    expect(evidence).toEqual({
      status: "verified",
      key: "verified",
      family: "evm",
      differences: [],
      effects: [
        {
          type: "transfer",
          asset: "ETH",
          from: OWN,
          to: LISTED,
          amount: { token: "ETH", units: "100000000000000", decimals: 18, text: "0.0001" },
          depth: 0,
        },
        {
          type: "fee",
          depth: 0,
          asset: "ETH",
          from: OWN,
          amount: expect.objectContaining({ token: "ETH", units: (21_000n * 805_234_319n).toString() }),
        },
      ],
    });
    expect(transaction?.totals).toEqual({
      ETH: { token: "ETH", units: "100000000000000", decimals: 18, text: "0.0001" },
    });
  });
});

describe("a transfer of a token", () => {
  it.each<[string, TransactionLike, unknown]>([
    [
      "another token's contract",
      { to: STRANGER },
      { field: "transaction.token", declared: `ETH_USDT (${USDT})`, decoded: STRANGER },
    ],
    [
      "another amount",
      { data: transferData(LISTED, 50_000_001n) },
      { field: "transaction.destinations.0.amount.units", declared: "50000000", decoded: "50000001" },
    ],
    [
      "another address",
      { data: transferData(STRANGER, 50_000_000n) },
      { field: "transaction.destinations.0.address", declared: LISTED, decoded: STRANGER },
    ],
    [
      "another method",
      { data: ERC20.encodeFunctionData("approve", [LISTED, 50_000_000n]) },
      {
        field: "transaction.contract.calldata",
        declared: "a transfer of ETH_USDT",
        decoded: ERC20.encodeFunctionData("approve", [LISTED, 50_000_000n]),
      },
    ],
    [
      "trailing calldata",
      { data: `${transferData(LISTED, 50_000_000n)}00` },
      {
        field: "transaction.contract.calldata",
        declared: "a transfer of ETH_USDT",
        decoded: `${transferData(LISTED, 50_000_000n)}00`,
      },
    ],
    [
      "a dirty address",
      { data: transferData(LISTED, 50_000_000n).replace("a9059cbb00", "a9059cbb01") },
      {
        field: "transaction.contract.calldata",
        declared: "a transfer of ETH_USDT",
        decoded: transferData(LISTED, 50_000_000n).replace("a9059cbb00", "a9059cbb01"),
      },
    ],
    [
      "coin besides",
      { value: 5n },
      {
        field: "transaction.destinations",
        declared: "ETH_USDT alone",
        decoded: "5 of the chain's coin besides",
      },
    ],
    [
      "the coin instead",
      { to: LISTED, value: 50n, data: "0x" },
      { field: "transaction.token", declared: `ETH_USDT (${USDT})`, decoded: LISTED },
    ],
  ])("mismatch: %s", (_what, changes, difference) => {
    const evidence = evidenceOf(withBytes(token(), { ...TOKEN, ...changes }));
    expect(evidence.status).toBe("mismatch");
    expect(evidence.differences).toContainEqual(difference);
  });

  it("verified", () => {
    const { evidence, transaction } = seen(withBytes(token(), TOKEN));
    expect(evidence).toMatchObject({
      status: "verified",
      effects: [
        {
          type: "transfer",
          asset: "ETH_USDT",
          from: OWN,
          to: LISTED,
          amount: { units: "50000000", decimals: 6 },
        },
        { type: "fee" },
      ],
    });
    expect(Object.keys(transaction?.totals ?? {})).toEqual(["ETH_USDT"]);
  });
});

describe("a contract call", () => {
  it.each<[string, TransactionLike, string]>([
    ["another contract", { to: STRANGER }, "transaction.contract.address"],
    ["other calldata", { data: transferData(STRANGER, 1n) }, "transaction.contract.calldata"],
    ["one more byte of calldata", { data: `${APPROVAL}00` }, "transaction.contract.calldata"],
    ["value", { value: 1n }, "transaction.destinations.0.amount.units"],
  ])("mismatch: %s", (_what, changes, field) => {
    const evidence = evidenceOf(withBytes(call(), { ...CALL, ...changes }));
    expect(evidence.status).toBe("mismatch");
    expect(evidence.differences?.map((difference) => difference.field)).toEqual([field]);
  });

  it("verified, and counted by what it lets somebody take", () => {
    const { evidence, transaction } = seen(withBytes(call(), CALL));
    expect(evidence).toMatchObject({
      status: "verified",
      effects: [
        {
          type: "approve",
          asset: "ETH_USDT",
          from: OWN,
          to: STRANGER,
          amount: { units: MaxUint256.toString() },
        },
        { type: "fee" },
      ],
    });
    expect(transaction?.totals?.["ETH_USDT"]?.units).toBe(MaxUint256.toString());
  });
});
