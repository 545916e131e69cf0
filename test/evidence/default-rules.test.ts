/** What bytes may hide from the default rules, where a team has filled in its tables. */
import { type TypedDataDomain, TypedDataEncoder, type TypedDataField } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LiveRelease } from "../../src/policy/live.ts";
import type { Callback } from "../fixtures/callbacks/callbacks.ts";
import { demoCallback, STRANGER, withWords } from "../support/evidence.ts";
import { refusalsOf, teamRelease } from "../support/team-release.ts";

let live: LiveRelease;

beforeAll(async () => {
  live = await teamRelease();
}, 120_000);

afterAll(async () => {
  await live?.engine.close();
});

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
    expect(await refusalsOf(safeMessage({ ...refund, ...receiver }), live)).toEqual(["FEE_CAP"]);
    expect(await refusalsOf(safeMessage(refund), live)).toEqual(["FEE_CAP"]);
  });

  it("approves what the Safe pays to listed addresses", async () => {
    expect(await refusalsOf(safeMessage(), live)).toEqual([]);
  });
});
