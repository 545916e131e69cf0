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
import type { Callback } from "../fixtures/callbacks/callbacks.ts";
import { demoCallback, LISTED, STRANGER, withBytes, withWords } from "../support/evidence.ts";
import { execTransaction } from "../support/evm.ts";
import { refusalsOf, teamRelease } from "../support/team-release.ts";

const SAFE = "0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4";
const LISTED_LONG_AGO = { name: "listed", added_at: "1735689600000" };

let live: LiveRelease;
/** Signs unseen what nobody decodes, and knows an EVM chain without its id. */
let lax: LiveRelease;

beforeAll(async () => {
  live = await teamRelease({
    "contract_methods.ETH": { [SAFE]: { "0x6a761202": { name: "execTransaction" } } },
  });
  lax = await teamRelease({
    approve_unverified: true,
    "chains.ODD": { family: "evm" },
    "tokens.ODD": { chain: "ODD", decimals: 18 },
    "allowlist.ODD": { [LISTED]: LISTED_LONG_AGO },
    "limits.per_transaction.ODD": "1000000000000000000",
    "limits.token.units.ODD": "1000000000000000000",
  });
}, 240_000);

afterAll(async () => {
  await Promise.all([live?.engine.close(), lax?.engine.close()]);
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
  readonly types: Record<string, TypedDataField[]>;
  readonly domain: TypedDataDomain;
  readonly message: Readonly<Record<string, unknown>>;
}

/** The demo's Safe message, of two payments to a listed address, with other members. */
function safeMessage(members: Readonly<Record<string, unknown>> = {}): Callback {
  const callback = demoCallback("message-signing-safe");
  const { destination } = callback.extra["transaction"] as {
    destination: { structured_data: TypedMessage };
  };
  const { types, domain, ...rest } = destination.structured_data;
  const { EIP712Domain: _, ...signed } = types;
  const message = { ...rest.message, ...members };
  callback.detail["msg_hash_list"] = [TypedDataEncoder.hash(domain, signed, message)];
  const typed = { types, domain, ...rest, message };
  return withWords(callback, {
    "destination.structured_data": typed,
    "destination.raw_structured_data": JSON.stringify(typed),
    "destination.safe_tx_extra_data": undefined,
  });
}

describe("a Safe's message", () => {
  it("refuses a refund without a bound, whoever gets it", async () => {
    const refund = { baseGas: "1000000", gasPrice: "1000000000000000000" };
    const receiver = { refundReceiver: STRANGER };
    expect(await refusalsOf(safeMessage({ ...refund, ...receiver }), live)).toEqual([
      "DESTINATION_ALLOWLIST",
      "FEE_CAP",
    ]);
    expect(await refusalsOf(safeMessage(refund), live)).toEqual(["FEE_CAP"]);
  });

  it("approves what the Safe pays to listed addresses", async () => {
    expect(await refusalsOf(safeMessage(), live)).toEqual([]);
  });
});

describe("a Safe's execution", () => {
  const paying = { to: LISTED, value: 1n };
  const refund = { gasPrice: 805_234_319n, baseGas: 100_000n };

  it("refuses a refund to a stranger, however small", async () => {
    const data = execTransaction({ ...paying, ...refund, refundReceiver: STRANGER });
    expect(await refusalsOf(contractCall(SAFE, data), live)).toEqual(["DESTINATION_ALLOWLIST"]);
  });

  it("approves what it pays to a listed address, and a refund to whoever hands it in", async () => {
    expect(await refusalsOf(contractCall(SAFE, execTransaction(paying)), live)).toEqual([]);
    const refunded = execTransaction({ ...paying, ...refund });
    expect(await refusalsOf(contractCall(SAFE, refunded), live)).toEqual([]);
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
