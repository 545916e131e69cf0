/** Type hashes as the standards (ERC-2612, ERC-3009, CC0) and the contract of Dai publish them. */
import { id, MaxUint256 } from "ethers";
import { describe, expect, it } from "vitest";
import {
  amountOf,
  DAI,
  effectsOf,
  OWNER,
  PAYEE,
  SPENDER,
  USDC,
} from "../../../test/support/message-effects.ts";
import { fields, type TypedDataParts, typedDataText } from "../../../test/support/typed-data.ts";
import { readTypedData } from "./typed-data.ts";
import { ownerOf } from "./typed-data-effects.ts";

const PERMIT = {
  types: { Permit: fields("address owner,address spender,uint256 value,uint256 nonce,uint256 deadline") },
  primaryType: "Permit",
  domain: { name: "USD Coin", version: "2", chainId: 1, verifyingContract: USDC },
  message: { owner: OWNER, spender: SPENDER, value: "5000000", nonce: 0, deadline: 1_900_000_000 },
} satisfies TypedDataParts;

const DAI_PERMIT = {
  types: { Permit: fields("address holder,address spender,uint256 nonce,uint256 expiry,bool allowed") },
  primaryType: "Permit",
  domain: { name: "Dai Stablecoin", version: "1", chainId: 1, verifyingContract: DAI },
  message: { holder: OWNER, spender: SPENDER, nonce: 0, expiry: 0, allowed: true },
} satisfies TypedDataParts;

const AUTHORIZATION = {
  types: {
    TransferWithAuthorization: fields(
      "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce",
    ),
  },
  primaryType: "TransferWithAuthorization",
  domain: PERMIT.domain,
  message: {
    from: OWNER,
    to: PAYEE,
    value: 7_000_000,
    validAfter: 0,
    validBefore: 1_900_000_000,
    nonce: `0x${"ab".repeat(32)}`,
  },
} satisfies TypedDataParts;

describe("token messages", () => {
  it("reads a permit, its owner and its deadline", () => {
    const reading = readTypedData(undefined, typedDataText(PERMIT));
    expect(id(reading.messageType)).toBe(
      "0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9",
    );
    expect(ownerOf(reading)).toBe(OWNER);
    expect(effectsOf(typedDataText(PERMIT))).toEqual([
      {
        type: "permit",
        asset: "ETH_USDC",
        from: OWNER,
        to: SPENDER,
        amount: { token: "ETH_USDC", units: "5000000", decimals: 6, text: "5" },
        method: reading.messageType,
        arguments: [
          { name: "owner", type: "address", value: OWNER },
          { name: "spender", type: "address", value: SPENDER },
          { name: "value", type: "uint256", value: "5000000" },
          { name: "nonce", type: "uint256", value: "0" },
          { name: "deadline", type: "uint256", value: "1900000000" },
        ],
        depth: 0,
      },
    ]);
  });

  it("reads Dai's permit as one of all there can be, and its opposite as one of nothing", () => {
    const reading = readTypedData(undefined, typedDataText(DAI_PERMIT));
    expect(id(reading.messageType)).toBe(
      "0xea2aa0a1be11a07ed86d755c93467f4f82362b452371d1ba94d1715123511acb",
    );
    expect(ownerOf(reading)).toBe(OWNER);
    expect(effectsOf(typedDataText(DAI_PERMIT))).toMatchObject([
      {
        type: "permit",
        asset: "ETH_DAI",
        from: OWNER,
        to: SPENDER,
        amount: amountOf("ETH_DAI", MaxUint256, 18),
      },
    ]);
    const taken = { ...DAI_PERMIT, message: { ...DAI_PERMIT.message, allowed: false } };
    expect(effectsOf(typedDataText(taken))).toMatchObject([
      { type: "permit", amount: amountOf("ETH_DAI", 0n, 18) },
    ]);
  });

  it.each([
    ["TransferWithAuthorization", "0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267"],
    ["ReceiveWithAuthorization", "0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8"],
  ])("reads %s as a transfer", (primaryType, typeHash) => {
    const types = { [primaryType]: AUTHORIZATION.types.TransferWithAuthorization };
    const raw = typedDataText({ ...AUTHORIZATION, primaryType, types });
    expect(id(readTypedData(undefined, raw).messageType)).toBe(typeHash);
    expect(ownerOf(readTypedData(undefined, raw))).toBe(OWNER);
    expect(effectsOf(raw)).toMatchObject([
      {
        type: "transfer",
        asset: "ETH_USDC",
        from: OWNER,
        to: PAYEE,
        amount: amountOf("ETH_USDC", 7_000_000n, 6),
      },
    ]);
  });

  it("reads CancelAuthorization as a call", () => {
    const raw = typedDataText({
      types: { CancelAuthorization: fields("address authorizer,bytes32 nonce") },
      primaryType: "CancelAuthorization",
      domain: PERMIT.domain,
      message: { authorizer: OWNER, nonce: AUTHORIZATION.message.nonce },
    });
    const reading = readTypedData(undefined, raw);
    expect(id(reading.messageType)).toBe(
      "0x158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429",
    );
    expect(ownerOf(reading)).toBe(OWNER);
    expect(effectsOf(raw)).toMatchObject([{ type: "call", from: OWNER, to: USDC }]);
  });

  it("names an unknown token by its contract, without units", () => {
    const raw = typedDataText({ ...PERMIT, domain: { ...PERMIT.domain, verifyingContract: PAYEE } });
    expect(effectsOf(raw)).toMatchObject([{ type: "permit", asset: PAYEE, amount: { token: PAYEE } }]);
    expect(effectsOf(raw)[0]?.amount).not.toHaveProperty("units");
  });

  it.each([
    ["of another chain", { ...PERMIT.domain, chainId: 5000 }],
    ["of a chain that nobody knows", { ...PERMIT.domain, chainId: 999 }],
    ["of a chain beyond all numbers", { ...PERMIT.domain, chainId: MaxUint256.toString() }],
    ["without a chain", { ...PERMIT.domain, chainId: undefined }],
  ])("doesn't take the contract %s for the token it is here", (_, domain) => {
    expect(effectsOf(typedDataText({ ...PERMIT, domain }))).toMatchObject([{ type: "permit", asset: USDC }]);
  });

  it("goes by the domain's chain, whatever the document says", () => {
    for (const chain of ["MNT", "BTC", "NONE"]) {
      expect(effectsOf(typedDataText(PERMIT), { chain, from: OWNER })).toMatchObject([{ asset: "ETH_USDC" }]);
    }
  });
});

describe("what only looks like a permit", () => {
  it.each([
    [
      "another order of members",
      "address spender,address owner,uint256 value,uint256 nonce,uint256 deadline",
    ],
    ["another width", "address owner,address spender,uint128 value,uint256 nonce,uint256 deadline"],
    ["another name", "address owner,address spender,uint256 amount,uint256 nonce,uint256 deadline"],
    ["a member more", "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,bool all"],
    ["a member less", "address owner,address spender,uint256 value,uint256 nonce"],
  ])("is unknown for %s", (_, spelled) => {
    const Permit = fields(spelled);
    const all: Record<string, unknown> = { ...PERMIT.message, amount: 1, all: true };
    const message = Object.fromEntries(Permit.map(({ name }) => [name, all[name]]));
    const effects = effectsOf(typedDataText({ ...PERMIT, types: { Permit }, message }));
    expect(effects).toMatchObject([{ type: "unknown", from: OWNER, to: USDC, method: `Permit(${spelled})` }]);
    expect(ownerOf(readTypedData(undefined, typedDataText({ ...PERMIT, types: { Permit }, message })))).toBe(
      undefined,
    );
  });

  it("is unknown for another name of the type", () => {
    const raw = typedDataText({ ...PERMIT, types: { permit: PERMIT.types.Permit }, primaryType: "permit" });
    expect(effectsOf(raw)).toMatchObject([{ type: "unknown" }]);
  });

  it("is unknown without a contract", () => {
    const raw = typedDataText({ ...PERMIT, domain: { name: "USD Coin", chainId: 1 } });
    const [effect] = effectsOf(raw);
    expect(effect).toMatchObject({ type: "unknown", from: OWNER });
    expect(effect).not.toHaveProperty("to");
  });

  it("is refused where it shows a member that isn't signed", () => {
    const raw = typedDataText({ ...PERMIT, message: { ...PERMIT.message, note: "1 USDC only" } });
    expect(() => readTypedData(undefined, raw)).toThrow("message.note is not in the type");
  });
});
