/** Type hashes as Safe's contracts publish them. The Bybit transaction is made anew from what is public of it. */
import { AbiCoder, concat, id, solidityPacked } from "ethers";
import { describe, expect, it } from "vitest";
import { callback } from "../../../test/fixtures/callbacks/callbacks.ts";
import {
  amountOf,
  effectsOf,
  MULTISEND,
  OWNER,
  PAYEE,
  SAFE,
  SPENDER,
  USDC,
  ZERO,
} from "../../../test/support/message-effects.ts";
import { fields, type TypedDataParts, typedDataText } from "../../../test/support/typed-data.ts";
import { readTypedData } from "./typed-data.ts";

const SAFE_TX = "address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas";
const SAFE_TX_GAS = "uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce";

function safeTx(
  call: Record<string, unknown>,
  domain: Record<string, unknown> = { chainId: 1 },
): TypedDataParts {
  return {
    types: { SafeTx: fields(`${SAFE_TX},uint256 baseGas,${SAFE_TX_GAS}`) },
    primaryType: "SafeTx",
    domain: { ...domain, verifyingContract: SAFE },
    message: {
      to: PAYEE,
      value: 0,
      data: "0x",
      operation: 0,
      safeTxGas: 0,
      baseGas: 0,
      gasPrice: 0,
      gasToken: ZERO,
      refundReceiver: ZERO,
      nonce: 71,
      ...call,
    },
  };
}

const coder = AbiCoder.defaultAbiCoder();

function transferData(to: string, amount: bigint): string {
  return concat(["0xa9059cbb", coder.encode(["address", "uint256"], [to, amount])]);
}

function multiSend(
  calls: readonly { to: string; value?: bigint; data?: string; operation?: number }[],
): string {
  const packed = calls.map(({ to, value = 0n, data = "0x", operation = 0 }) =>
    solidityPacked(
      ["uint8", "address", "uint256", "uint256", "bytes"],
      [operation, to, value, (data.length - 2) / 2, data],
    ),
  );
  return concat(["0x8d80ff0a", coder.encode(["bytes"], [concat(packed)])]);
}

describe("Safe", () => {
  it("has the type that Safes have", () => {
    const reading = readTypedData(undefined, typedDataText(safeTx({})));
    expect(id(reading.messageType)).toBe(
      "0xbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8",
    );
    expect(id(reading.domainType)).toBe("0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218");
  });

  it("names the Bybit transaction for what it is: foreign code in the Safe's name", () => {
    const effects = effectsOf(
      typedDataText(
        safeTx({
          to: "0x96221423681a6d52e184d440a8efcebb105c7242",
          data: transferData("0xbdd077f651ebe7f7b3ce16fe5f2b025be2969516", 0n),
          operation: 1,
          safeTxGas: 45_746,
        }),
      ),
    );
    expect(effects).toMatchObject([
      {
        type: "delegatecall",
        from: SAFE,
        to: "0x96221423681a6d52e184d440a8efcebb105c7242",
        selector: "0xa9059cbb",
        depth: 1,
      },
    ]);
    expect(effects[0]).not.toHaveProperty("asset");
  });

  it("reads the call in the Safe's name", () => {
    expect(effectsOf(typedDataText(safeTx({ value: "1000000000000000000" })))).toMatchObject([
      {
        type: "transfer",
        asset: "ETH",
        from: SAFE,
        to: PAYEE,
        amount: amountOf("ETH", 10n ** 18n, 18),
        depth: 1,
      },
    ]);
    expect(
      effectsOf(typedDataText(safeTx({ to: USDC, data: transferData(PAYEE, 1_000_000n) }))),
    ).toMatchObject([
      {
        type: "transfer",
        asset: "ETH_USDC",
        from: SAFE,
        to: PAYEE,
        amount: amountOf("ETH_USDC", 1_000_000n, 6),
      },
    ]);
  });

  it("names a change of the Safe's owners", () => {
    const data = concat(["0x0d582f13", coder.encode(["address", "uint256"], [SPENDER, 1])]);
    const effects = effectsOf(typedDataText(safeTx({ to: SAFE, data })));
    expect(effects.map(({ type }) => type)).toContain("admin");
  });

  it("reads each call of a multisend, and a delegatecall hidden among them", () => {
    const data = multiSend([
      { to: PAYEE, value: 5n },
      { to: USDC, data: transferData(PAYEE, 2_000_000n) },
      { to: SPENDER, operation: 1, data: transferData(PAYEE, 0n) },
    ]);
    const effects = effectsOf(typedDataText(safeTx({ to: MULTISEND, data, operation: 1 })));
    expect(effects).toMatchObject([
      { type: "delegatecall", from: SAFE, to: MULTISEND, depth: 1 },
      { type: "transfer", asset: "ETH", from: SAFE, to: PAYEE, depth: 2 },
      { type: "transfer", asset: "ETH_USDC", from: SAFE, to: PAYEE, depth: 2 },
      { type: "delegatecall", from: SAFE, to: SPENDER, depth: 2 },
    ]);
  });

  it("reads the Safe transaction of a callback", () => {
    const { extra } = callback("v2-keysign-eip712");
    const { transaction } = extra as { transaction: { destination: Record<string, unknown> } };
    const effects = effectsOf(String(transaction.destination["raw_structured_data"]), {
      chain: "MNT",
      from: OWNER,
    });
    const transfer = { type: "transfer", asset: "MNT", to: "0x5393209fc04e4df32c023d9487fed571dd0b09b2" };
    expect(effects).toMatchObject([{ type: "delegatecall" }, transfer, transfer]);
  });

  it("reads what the Safe pays for gas, without a bound", () => {
    const refund = { gasPrice: 10, baseGas: 21_000, refundReceiver: SPENDER };
    const [call, fee] = effectsOf(typedDataText(safeTx({ value: 1, ...refund })));
    expect(call).toMatchObject({ type: "transfer", asset: "ETH" });
    expect(fee).toMatchObject({ type: "fee", asset: "ETH", from: SAFE, to: SPENDER, depth: 0 });
    expect(fee).not.toHaveProperty("amount");
    expect(effectsOf(typedDataText(safeTx({ ...refund, gasToken: USDC })))).toMatchObject([
      { type: "transfer" },
      { type: "fee", asset: "ETH_USDC" },
    ]);
  });

  it("reads the domain and the type of older versions, on the chain that the document says", () => {
    const old = safeTx({ value: 1 }, {});
    expect(effectsOf(typedDataText(old))).toMatchObject([{ type: "transfer", asset: "ETH", from: SAFE }]);
    expect(effectsOf(typedDataText(old), { chain: "MNT", from: OWNER })).toMatchObject([{ asset: "MNT" }]);
    const { baseGas, ...message } = old.message;
    const older = {
      ...old,
      types: { SafeTx: fields(`${SAFE_TX},uint256 dataGas,${SAFE_TX_GAS}`) },
      message: { ...message, dataGas: baseGas, gasPrice: 1 },
    };
    expect(effectsOf(typedDataText(older))).toMatchObject([{ type: "transfer" }, { type: "fee" }]);
  });

  it("goes by the chain of the domain where it has one", () => {
    expect(effectsOf(typedDataText(safeTx({ value: 1 }, { chainId: 5000 })))).toMatchObject([
      { asset: "MNT" },
    ]);
    expect(effectsOf(typedDataText(safeTx({ value: 1 }, { chainId: 999 })))).toMatchObject([
      { asset: "native" },
    ]);
  });

  it.each<[string, TypedDataParts]>([
    ["an operation that no Safe knows", safeTx({ operation: 2 })],
    ["a domain with a name", safeTx({}, { name: "Safe", chainId: 1 })],
    ["a domain of the chain alone", { ...safeTx({}), domain: { chainId: 1 } }],
    [
      "another order",
      { ...safeTx({}), types: { SafeTx: fields(`uint256 baseGas,${SAFE_TX},${SAFE_TX_GAS}`) } },
    ],
  ])("is unknown for %s", (_, parts) => {
    expect(effectsOf(typedDataText(parts))).toMatchObject([{ type: "unknown", from: OWNER }]);
  });

  it("refuses an operation beyond its type", () => {
    expect(() => effectsOf(typedDataText(safeTx({ operation: 256 })))).toThrow(
      "message.operation is no uint8",
    );
  });
});
