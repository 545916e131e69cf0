import { describe, expect, it } from "vitest";
import {
  amountOf,
  DAI,
  effectsOf,
  KNOWLEDGE,
  OTHER_PERMIT2,
  OWNER,
  PAYEE,
  PERMIT2,
  SPENDER,
  USDC,
} from "../../../test/support/message-effects.ts";
import { fields, type TypedDataParts, typedDataText } from "../../../test/support/typed-data.ts";
import { readTypedData } from "./typed-data.ts";
import { effectsOfTypedData, ownerOf } from "./typed-data-effects.ts";

const DETAILS = { PermitDetails: fields("address token,uint160 amount,uint48 expiration,uint48 nonce") };
const PERMISSIONS = { TokenPermissions: fields("address token,uint256 amount") };
const PERMIT2_DOMAIN = { name: "Permit2", chainId: 1, verifyingContract: PERMIT2 };
const MAX_UINT160 = 2n ** 160n - 1n;

function details(token: string, amount: bigint) {
  return { token, amount: amount.toString(), expiration: 1_900_000_000, nonce: 0 };
}

const SINGLE = {
  types: { ...DETAILS, PermitSingle: fields("PermitDetails details,address spender,uint256 sigDeadline") },
  primaryType: "PermitSingle",
  domain: PERMIT2_DOMAIN,
  message: { details: details(USDC, 5_000_000n), spender: SPENDER, sigDeadline: 1_800_000_000 },
} satisfies TypedDataParts;

const BATCH = {
  types: { ...DETAILS, PermitBatch: fields("PermitDetails[] details,address spender,uint256 sigDeadline") },
  primaryType: "PermitBatch",
  domain: PERMIT2_DOMAIN,
  message: {
    details: [details(USDC, MAX_UINT160), details(DAI, MAX_UINT160), details(PAYEE, 1n)],
    spender: SPENDER,
    sigDeadline: 1_800_000_000,
  },
} satisfies TypedDataParts;

const SIGNED_TRANSFER = "address spender,uint256 nonce,uint256 deadline";

function signedTransfer(
  permitted: unknown,
  primaryType: string,
  more: Record<string, unknown> = {},
): TypedDataParts {
  const list = Array.isArray(permitted) ? "[]" : "";
  const witness = "witness" in more ? ",ExampleOrder witness" : "";
  return {
    types: {
      ...PERMISSIONS,
      ...("witness" in more ? { ExampleOrder: fields("address receiver,uint256 least") } : {}),
      [primaryType]: fields(`TokenPermissions${list} permitted,${SIGNED_TRANSFER}${witness}`),
    },
    primaryType,
    domain: PERMIT2_DOMAIN,
    message: { permitted, spender: SPENDER, nonce: 1, deadline: 1_800_000_000, ...more },
  };
}

const PERMITTED = { token: USDC, amount: 5_000_000 };
const WITNESS = { witness: { receiver: PAYEE, least: 1 } };

describe("Permit2", () => {
  it("reads an allowance of one token, with both deadlines", () => {
    expect(effectsOf(typedDataText(SINGLE))).toEqual([
      {
        type: "permit",
        asset: "ETH_USDC",
        from: OWNER,
        to: SPENDER,
        amount: { token: "ETH_USDC", units: "5000000", decimals: 6, text: "5" },
        method:
          "PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)",
        arguments: [
          { name: "token", type: "address", value: USDC },
          { name: "amount", type: "uint160", value: "5000000" },
          { name: "expiration", type: "uint48", value: "1900000000" },
          { name: "nonce", type: "uint48", value: "0" },
          { name: "spender", type: "address", value: SPENDER },
          { name: "sigDeadline", type: "uint256", value: "1800000000" },
        ],
        depth: 0,
      },
    ]);
    expect(ownerOf(readTypedData(undefined, typedDataText(SINGLE)))).toBe(undefined);
  });

  it("reads each token of a batch", () => {
    expect(effectsOf(typedDataText(BATCH))).toMatchObject([
      { type: "permit", asset: "ETH_USDC", to: SPENDER, amount: amountOf("ETH_USDC", MAX_UINT160, 6) },
      { type: "permit", asset: "ETH_DAI", to: SPENDER, amount: amountOf("ETH_DAI", MAX_UINT160, 18) },
      { type: "permit", asset: PAYEE, to: SPENDER, amount: { token: PAYEE } },
    ]);
  });

  it.each([
    ["a transfer", signedTransfer(PERMITTED, "PermitTransferFrom"), 1],
    ["a batch of transfers", signedTransfer([PERMITTED, PERMITTED], "PermitBatchTransferFrom"), 2],
    ["a transfer with a witness", signedTransfer(PERMITTED, "PermitWitnessTransferFrom", WITNESS), 1],
    [
      "a batch of transfers with a witness",
      signedTransfer([PERMITTED, PERMITTED], "PermitBatchWitnessTransferFrom", WITNESS),
      2,
    ],
  ])("reads %s", (_, parts, count) => {
    const effects = effectsOf(typedDataText(parts)).filter(({ type }) => type !== "unknown");
    expect(effects).toHaveLength(count);
    for (const effect of effects) {
      expect(effect).toMatchObject({ type: "permit", asset: "ETH_USDC", from: OWNER, to: SPENDER });
      expect(effect.amount).toEqual(amountOf("ETH_USDC", 5_000_000n, 6));
      const names = effect.arguments?.map(({ name }) => name);
      expect(names).toEqual(["token", "amount", "spender", "nonce", "deadline"]);
      expect(effect.arguments).toContainEqual({ name: "deadline", type: "uint256", value: "1800000000" });
    }
  });

  it("says of a witness that nobody knows what it means", () => {
    for (const [permitted, type] of [
      [PERMITTED, "PermitWitnessTransferFrom"],
      [[PERMITTED], "PermitBatchWitnessTransferFrom"],
    ] as const) {
      expect(effectsOf(typedDataText(signedTransfer(permitted, type, WITNESS)))).toMatchObject([
        { type: "permit" },
        {
          type: "unknown",
          from: OWNER,
          to: SPENDER,
          method: expect.stringContaining("ExampleOrder witness"),
        },
      ]);
    }
    expect(effectsOf(typedDataText(signedTransfer(PERMITTED, "PermitTransferFrom")))).toHaveLength(1);
  });

  it("has no owner where nobody knows who signs", () => {
    const [effect] = effectsOfTypedData(readTypedData(undefined, typedDataText(SINGLE)), {}, KNOWLEDGE);
    expect(effect).toMatchObject({ type: "permit", to: SPENDER });
    expect(effect).not.toHaveProperty("from");
  });

  it("knows the contract that a release names on its chain, and no other", () => {
    const domain = { ...PERMIT2_DOMAIN, verifyingContract: OTHER_PERMIT2 };
    expect(effectsOf(typedDataText({ ...SINGLE, domain: { ...domain, chainId: 324 } }))).toMatchObject([
      { type: "permit", asset: USDC },
    ]);
    expect(effectsOf(typedDataText({ ...SINGLE, domain }))).toMatchObject([
      { type: "unknown", to: OTHER_PERMIT2 },
    ]);
  });

  const wide = { PermitDetails: fields("address token,uint256 amount,uint48 expiration,uint48 nonce") };
  const padded = { TokenPermissions: fields("address token,uint256 amount,uint256 more") };
  const transfer = signedTransfer(PERMITTED, "PermitTransferFrom");
  const witnessed = signedTransfer(PERMITTED, "PermitWitnessTransferFrom", WITNESS);
  const batched = signedTransfer([PERMITTED], "PermitBatchWitnessTransferFrom", WITNESS);

  it.each<[string, TypedDataParts]>([
    ["no tokens", { ...BATCH, message: { ...BATCH.message, details: [] } }],
    [
      "more tokens than anybody reads",
      { ...BATCH, message: { ...BATCH.message, details: Array(65).fill(details(USDC, 1n)) } },
    ],
    ["details of another width", { ...SINGLE, types: { ...SINGLE.types, ...wide } }],
    [
      "permissions of another type",
      {
        ...witnessed,
        types: { ...witnessed.types, ...padded },
        message: { ...witnessed.message, permitted: { ...PERMITTED, more: 1 } },
      },
    ],
    [
      "a witness of a transfer that has none",
      { ...witnessed, types: renamed(witnessed, "PermitTransferFrom"), primaryType: "PermitTransferFrom" },
    ],
    [
      "no witness of a transfer that has one",
      {
        ...transfer,
        types: renamed(transfer, "PermitWitnessTransferFrom"),
        primaryType: "PermitWitnessTransferFrom",
      },
    ],
    [
      "a list named as one",
      {
        ...batched,
        types: renamed(batched, "PermitWitnessTransferFrom"),
        primaryType: "PermitWitnessTransferFrom",
      },
    ],
    [
      "one named as a list",
      {
        ...witnessed,
        types: renamed(witnessed, "PermitBatchWitnessTransferFrom"),
        primaryType: "PermitBatchWitnessTransferFrom",
      },
    ],
  ])("is unknown for %s", (_, parts) => {
    expect(effectsOf(typedDataText(parts))).toMatchObject([{ type: "unknown", to: PERMIT2 }]);
  });

  function renamed({ types, primaryType }: TypedDataParts, name: string): TypedDataParts["types"] {
    const { [primaryType]: primary = [], ...others } = types;
    return { ...others, [name]: primary };
  }
});
