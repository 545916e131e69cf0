import { describe, expect, it } from "vitest";
import { effectsOf, OWNER, PAYEE, USDC } from "../../../test/support/message-effects.ts";
import { fields, type TypedDataParts, typedDataText } from "../../../test/support/typed-data.ts";

describe("everything else", () => {
  function unknown(primaryType: string, types: TypedDataParts["types"], message: TypedDataParts["message"]) {
    return effectsOf(
      typedDataText({
        types,
        primaryType,
        domain: { name: "Any", chainId: 1, verifyingContract: PAYEE },
        message,
      }),
    );
  }

  it("is one unknown effect, its values as arguments, lists and structs as JSON", () => {
    const types = {
      Order: fields("address maker,Item[] offer,bytes data,bool partial,uint256 amount"),
      Item: fields("uint8 kind,address token"),
    };
    const message = {
      maker: OWNER,
      offer: [{ kind: 1, token: USDC }],
      data: "0xAB",
      partial: true,
      amount: "0x10",
    };
    expect(unknown("Order", types, message)).toEqual([
      {
        type: "unknown",
        from: OWNER,
        to: PAYEE,
        method:
          "Order(address maker,Item[] offer,bytes data,bool partial,uint256 amount)Item(uint8 kind,address token)",
        arguments: [
          { name: "maker", type: "address", value: OWNER },
          { name: "offer", type: "Item[]", value: `[{"kind":"1","token":"${USDC}"}]` },
          { name: "data", type: "bytes", value: "0xab" },
          { name: "partial", type: "bool", value: "true" },
          { name: "amount", type: "uint256", value: "16" },
        ],
        depth: 0,
      },
    ]);
  });

  it.each<[string, TypedDataParts["types"], TypedDataParts["message"]]>([
    ["SafeMessage", { SafeMessage: fields("bytes message") }, { message: "0x1234" }],
    [
      "HyperliquidTransaction:UsdSend",
      {
        "HyperliquidTransaction:UsdSend": fields(
          "string hyperliquidChain,string destination,string amount,uint64 time",
        ),
      },
      { hyperliquidChain: "Mainnet", destination: PAYEE, amount: "1", time: 1 },
    ],
    ["Nothing", { Nothing: [] }, {}],
  ])("does not know %s", (primaryType, types, message) => {
    const [effect, ...others] = unknown(primaryType, types, message);
    expect(effect).toMatchObject({ type: "unknown", to: PAYEE });
    expect(others).toEqual([]);
  });

  it("has no arguments where they would be long", () => {
    const [effect] = unknown("Long", { Long: fields("bytes data") }, { data: `0x${"00".repeat(5000)}` });
    expect(effect).not.toHaveProperty("arguments");
    expect(effect).toMatchObject({ method: "Long(bytes data)" });
  });
});
