/** What bytes may hide from the default rules, where a team has filled in its tables. */
import {
  type TransactionLike,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
  Wallet,
} from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LiveRelease } from "../../src/policy/live.ts";
import { type Callback, callback, put } from "../fixtures/callbacks/callbacks.ts";
import { demoCallback, LISTED, OWN, STRANGER, USDT, withBytes, withWords } from "../support/evidence.ts";
import { calldata, execTransaction } from "../support/evm.ts";
import { addressAt } from "../support/sample-transaction.ts";
import { refusalsOf, teamRelease } from "../support/team-release.ts";
import { domainFields, fields } from "../support/typed-data.ts";

const SAFE = "0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4";
const SPENDER = "0x2222222222222222222222222222222222222222";
const NEWLY_LISTED = "0x4444444444444444444444444444444444444444";
const POOL = "0x3333333333333333333333333333333333333333";
const PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3";
const LISTED_LONG_AGO = { name: "listed", added_at: "1735689600000" };

let live: LiveRelease;
/** Signs unseen what nobody decodes, and knows an EVM chain without its id. */
let lax: LiveRelease;
/** Pays and allows 5 dollars a day, 0.0015 ETH and two payments. */
let tight: LiveRelease;

beforeAll(async () => {
  const tables = {
    "contract_methods.ETH": {
      [SAFE]: { "0x6a761202": { name: "execTransaction" } },
      [POOL]: { "0x69328dec": { name: "withdraw" }, "0xac9650d8": { name: "multicall" } },
    },
    [`allowlist.MNT.${NEWLY_LISTED}`]: { name: "new", added_at: "1756953990000" },
    "spenders.ETH": { [SPENDER]: LISTED_LONG_AGO },
    "typed_data.1": {
      [PERMIT2]: {
        PermitTransferFrom: { name: "one payment" },
        PermitWitnessTransferFrom: { name: "an order" },
      },
    },
  };
  live = await teamRelease(tables);
  tight = await teamRelease({
    ...tables,
    "limits.daily": { window: "24h", hold: "5000000", deny: "5000000" },
    "limits.token.units.ETH": "1500000000000000",
    "limits.payments": { window: "1h", count: "2" },
  });
  lax = await teamRelease({
    approve_unverified: true,
    "chains.ODD": { family: "evm" },
    "tokens.ODD": { chain: "ODD", decimals: 18 },
    "allowlist.ODD": { [LISTED]: LISTED_LONG_AGO },
    "limits.per_transaction.ODD": "1000000000000000000",
    "limits.token.units.ODD": "1000000000000000000",
    "limits.per_transaction.TRON_USDT": "1000000000",
    "limits.token.units.TRON_USDT": "1000000000",
  });
}, 240_000);

afterAll(async () => {
  await Promise.all([live, lax, tight].map((each) => each?.engine.close()));
});

/** The demo's transfer to a listed address, with other bytes. */
function transfer(transaction: TransactionLike = {}): Callback {
  const callback = withWords(demoCallback("listed-transfer"), { fee: undefined });
  return withBytes(callback, { to: LISTED, value: 100_000_000_000_000n, ...transaction });
}

/** A call without value, by the request's word as well. */
function contractCall(to: string, data: string): Callback {
  const words = { "destination.address": to, "destination.calldata": data, fee: undefined };
  return withBytes(withWords(demoCallback("contract-call-approval"), words), {
    to,
    data,
    gasLimit: 200_000,
  });
}

interface TypedMessage {
  readonly types: Readonly<Record<string, TypedDataField[]>>;
  readonly domain: TypedDataDomain;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** The demo's message, with other typed data in both its forms. */
function typedMessage(typed: TypedMessage): Callback {
  const { EIP712Domain: _, ...types } = typed.types;
  const callback = withWords(demoCallback("message-signing-safe"), {
    "destination.structured_data": typed,
    "destination.raw_structured_data": JSON.stringify(typed),
    "destination.safe_tx_extra_data": undefined,
  });
  callback.detail["msg_hash_list"] = [TypedDataEncoder.hash(typed.domain, types, typed.message)];
  return callback;
}

/** The demo's Safe message, of two payments to a listed address, with other members. */
function safeMessage(members: Readonly<Record<string, unknown>> = {}): Callback {
  const { destination } = demoCallback("message-signing-safe").extra["transaction"] as {
    destination: { structured_data: TypedMessage };
  };
  const { message, ...typed } = destination.structured_data;
  return typedMessage({ ...typed, message: { ...message, ...members } });
}

/** Lets the listed spender take 5 USDT once, by Permit2. */
function permit2Message(primaryType: string, more: string, message: object): Callback {
  const domain = { name: "Permit2", chainId: 1, verifyingContract: PERMIT2 };
  const callback = typedMessage({
    types: {
      EIP712Domain: [...domainFields(domain)],
      [primaryType]: [
        ...fields(`TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline${more}`),
      ],
      TokenPermissions: [...fields("address token,uint256 amount")],
      ...(more === "" ? {} : { Order: [...fields("address receiver")] }),
    },
    domain,
    primaryType,
    message: {
      permitted: { token: USDT, amount: "5000000" },
      spender: SPENDER,
      nonce: "1",
      deadline: "1800000000",
      ...message,
    },
  });
  return withWords(callback, { chain_id: "ETH" });
}

/** The wallet that the request names, wherever it does. */
function ofWallet(callback: Callback, wallet: string): Callback {
  put(callback.extra, "wallet.wallet_id", wallet);
  return withWords(callback, { wallet_id: wallet, "source.wallet_id": wallet });
}

/** Signed by another key of the same root, and paid from its address. */
function fromPath(callback: Callback, path: string): Callback {
  const address = addressAt(String(callback.detail["root_pub_key"]), path);
  callback.detail["bip32_path_list"] = [path];
  put(callback.extra, "source_addresses.0.path", path);
  put(callback.extra, "source_addresses.0.address", address);
  return withWords(callback, { "source.address": address });
}

/** 0.001 ETH, which is 3 dollars. */
function threeDollars(nonce: number): Callback {
  const words = { "destination.account_output.amount": "0.001", "raw_tx_info.used_nonce": nonce };
  return withWords(transfer({ value: 1_000_000_000_000_000n, nonce }), words);
}

describe("a limit", () => {
  const ALL = ["DAILY_LIMIT", "DAILY_SOFT_LIMIT", "TOKEN_LIMIT"];
  const other = (nonce: number) => fromPath(ofWallet(threeDollars(nonce), "other"), "m/44/60/0/0/1");
  const permit = (nonce: string) => permit2Message("PermitTransferFrom", "", { ...permitted, nonce });
  const permitted = {
    permitted: { token: USDT, amount: "5000000" },
    spender: SPENDER,
    deadline: "1800000000",
  };

  it("refuses a wallet that was made up, because of its source address", async () => {
    expect(await refusalsOf(ofWallet(threeDollars(1), "made-up"), tight, threeDollars(0))).toEqual(ALL);
  });

  it("refuses another source address, because of its wallet", async () => {
    const moved = fromPath(threeDollars(1), "m/44/60/0/0/1");
    expect(await refusalsOf(moved, tight, threeDollars(0))).toEqual(ALL);
  });

  it("holds the number of payments as well, whoever the wallets are said to be", async () => {
    const small = (nonce: number) =>
      ofWallet(withWords(transfer({ nonce }), { "raw_tx_info.used_nonce": nonce }), `made-up-${nonce}`);
    expect(await refusalsOf(small(2), tight, small(0), small(1))).toEqual(["HELD", "PAYMENT_COUNT"]);
  });

  it("refuses a permit in the name of a wallet that was made up", async () => {
    expect(await refusalsOf(ofWallet(permit("2"), "made-up"), tight, permit("1"))).toEqual([
      "DAILY_LIMIT",
      "DAILY_SOFT_LIMIT",
    ]);
  });

  it("refuses a request that names no source", async () => {
    const nameless = withWords(threeDollars(0), { "source.address": undefined });
    put(nameless.extra, "source_addresses", undefined);
    expect(await refusalsOf(nameless, tight)).toEqual([
      "DAILY_LIMIT",
      "DAILY_SOFT_LIMIT",
      "FLAGGED_FUNDS",
      "KEY_VERIFIED",
      "OWN_FUNDS",
      "PAYMENT_COUNT",
      "TOKEN_LIMIT",
    ]);
  });

  it("refuses one that nobody reads and that names no source, where such are signed", async () => {
    const nameless = withWords(callback("v2-keysign-trc20"), { "source.address": undefined });
    put(nameless.extra, "source_addresses", undefined);
    expect(await refusalsOf(nameless, lax)).toEqual([
      "DAILY_LIMIT",
      "DAILY_SOFT_LIMIT",
      "FLAGGED_FUNDS",
      "PAYMENT_COUNT",
      "TOKEN_LIMIT",
    ]);
  });

  it("approves what another wallet pays from its own address", async () => {
    expect(await refusalsOf(threeDollars(0), tight)).toEqual([]);
    expect(await refusalsOf(other(1), tight, threeDollars(0))).toEqual([]);
    expect(await refusalsOf(permit("2"), tight)).toEqual([]);
  });
});

describe("a Safe's message", () => {
  it("refuses a refund without a bound, whoever gets it", async () => {
    const refund = { baseGas: "1000000", gasPrice: "1000000000000000000" };
    const receiver = { refundReceiver: STRANGER };
    expect(await refusalsOf(safeMessage({ ...refund, ...receiver }), live)).toEqual([
      "ALLOWLIST_COOLING_OFF",
      "DESTINATION_ALLOWLIST",
      "FEE_CAP",
    ]);
    expect(await refusalsOf(safeMessage(refund), live)).toEqual(["FEE_CAP"]);
  });

  it("holds a payment to an address that was listed just now", async () => {
    const message = safeMessage({ to: NEWLY_LISTED, value: "1", data: "0x", operation: 0 });
    expect(await refusalsOf(message, live)).toEqual(["ALLOWLIST_COOLING_OFF", "HELD"]);
  });

  it("approves what the Safe pays to listed addresses", async () => {
    expect(await refusalsOf(safeMessage(), live)).toEqual([]);
  });
});

describe("a Permit2 transfer", () => {
  it("refuses a witness, of which nobody knows what the spender makes of it", async () => {
    const order = permit2Message("PermitWitnessTransferFrom", ",Order witness", {
      witness: { receiver: STRANGER },
    });
    expect(await refusalsOf(order, live)).toEqual(["NO_UNKNOWN_EFFECTS"]);
  });

  it("approves one without, for a listed spender", async () => {
    expect(await refusalsOf(permit2Message("PermitTransferFrom", "", {}), live)).toEqual([]);
  });
});

describe("a plain transfer", () => {
  it("refuses blobs beside it", async () => {
    const blobs = { type: 3, maxFeePerBlobGas: 1n, blobVersionedHashes: [`0x01${"11".repeat(31)}`] };
    const fees = { gasPrice: null, maxFeePerGas: 10n, maxPriorityFeePerGas: 1n };
    expect(await refusalsOf(transfer({ ...blobs, ...fees }), live)).toEqual([
      "NO_CALLDATA_ON_TRANSFER",
      "NO_UNKNOWN_EFFECTS",
    ]);
  });

  it("approves it without", async () => {
    expect(await refusalsOf(transfer(), live)).toEqual([]);
  });
});

describe("a Safe's execution", () => {
  const paying = { to: LISTED, value: 1n };
  const refund = { gasPrice: 805_234_319n, baseGas: 100_000n };

  it("refuses a refund to a stranger, however small", async () => {
    const data = execTransaction({ ...paying, ...refund, refundReceiver: STRANGER });
    expect(await refusalsOf(contractCall(SAFE, data), live)).toEqual([
      "ALLOWLIST_COOLING_OFF",
      "DESTINATION_ALLOWLIST",
    ]);
  });

  it("approves what it pays to a listed address, and a refund to whoever hands it in", async () => {
    expect(await refusalsOf(contractCall(SAFE, execTransaction(paying)), live)).toEqual([]);
    const refunded = execTransaction({ ...paying, ...refund });
    expect(await refusalsOf(contractCall(SAFE, refunded), live)).toEqual([]);
  });
});

describe("a call of a listed method", () => {
  const withdrawal = (to: string) => calldata("withdraw(address,uint256,address)", USDT, 5n, to);

  it("refuses a withdrawal to a stranger, in a multicall as well", async () => {
    const many = calldata("multicall(bytes[])", [withdrawal(OWN), withdrawal(STRANGER)]);
    for (const data of [withdrawal(STRANGER), many]) {
      expect(await refusalsOf(contractCall(POOL, data), live)).toEqual(["CONTRACT_METHODS"]);
    }
  });

  it("refuses arguments that are too long to be shown, and what comes after them", async () => {
    const long = calldata("exactInput((bytes,address,uint256,uint256,uint256))", [
      `0x${"00".repeat(40_000)}`,
      OWN,
      1n,
      1n,
      1n,
    ]);
    const many = calldata("multicall(bytes[])", [long, withdrawal(STRANGER)]);
    expect(await refusalsOf(contractCall(POOL, many), live)).toContain("NO_UNKNOWN_EFFECTS");
  });

  it("approves a withdrawal to the wallet itself, or to a listed address", async () => {
    expect(await refusalsOf(contractCall(POOL, withdrawal(OWN)), live)).toEqual([]);
    expect(await refusalsOf(contractCall(POOL, withdrawal(LISTED)), live)).toEqual([]);
  });
});

describe("approve_unverified", () => {
  it("refuses a transaction of a decoded chain whose bytes were left out or make no sense", async () => {
    for (const bytes of [undefined, "0x00"]) {
      const hidden = withWords(transfer(), { "raw_tx_info.unsigned_raw_tx": bytes });
      hidden.detail["msg_hash_list"] = [`0x${"66".repeat(32)}`];
      expect(await refusalsOf(hidden, lax)).toEqual(["EVIDENCE_VERIFIED"]);
    }
  });

  it("refuses bytes that were read and could not be compared, whatever they do", async () => {
    const delegation = await new Wallet(`0x${"11".repeat(32)}`).authorize({
      address: STRANGER,
      nonce: 0,
      chainId: 0,
    });
    const fees = { gasPrice: null, maxFeePerGas: 10n, maxPriorityFeePerGas: 1n };
    const odd = { chain_id: "ODD", token_id: "ODD" };
    const delegating = withWords(transfer({ type: 4, ...fees, authorizationList: [delegation] }), odd);
    expect(await refusalsOf(delegating, lax)).toEqual(["EVIDENCE_VERIFIED"]);
    expect(await refusalsOf(withWords(transfer(), odd), lax)).toEqual(["EVIDENCE_VERIFIED"]);
  });

  it("approves a transfer that was read", async () => {
    expect(await refusalsOf(transfer(), lax)).toEqual([]);
  });
});
