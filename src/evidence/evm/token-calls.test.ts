import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bare,
  COLLECTION,
  calldata,
  EDITIONS,
  effectsOf,
  KNOWLEDGE,
  OTHER,
  PAYEE,
  PERMIT2,
  PLACE,
  SENDER,
  USDT,
  usdt,
} from "../../../test/support/evm.ts";
import type { Effect } from "../../input/document.ts";
import type { Hex } from "./call.ts";
import { effectsOfCall } from "./effects.ts";

const R = `0x${"11".repeat(32)}`;
const SIGNATURE = [27, R, R];
const MAX = 2n ** 256n - 1n;

const ours = { asset: "ETH_USDT", amount: usdt(5n) };
const single = (contract: string, id: bigint, units: bigint) => {
  const asset = `${contract}/${id}`;
  return { asset, amount: { token: asset, units: units.toString(), decimals: 0, text: units.toString() } };
};

/** A method, its arguments, and what calling it does. */
type Case = readonly [string, readonly unknown[], Partial<Effect>];

describe("ERC-20 and what extends it", () => {
  it.each<Case>([
    ["transfer(address,uint256)", [PAYEE, 5], { type: "transfer", from: SENDER, to: PAYEE }],
    [
      "transferFrom(address,address,uint256)",
      [OTHER, PAYEE, 5],
      { type: "transfer", from: OTHER, to: PAYEE },
    ],
    ["approve(address,uint256)", [PAYEE, 5], { type: "approve", from: SENDER, to: PAYEE }],
    ["increaseAllowance(address,uint256)", [PAYEE, 5], { type: "approve", from: SENDER, to: PAYEE }],
    ["increaseApproval(address,uint256)", [PAYEE, 5], { type: "approve", from: SENDER, to: PAYEE }],
    [
      "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
      [OTHER, PAYEE, 5, 9, ...SIGNATURE],
      { type: "permit", from: OTHER, to: PAYEE },
    ],
    [
      "permit(address,address,uint256,uint256,bytes)",
      [OTHER, PAYEE, 5, 9, "0x1234"],
      { type: "permit", from: OTHER, to: PAYEE },
    ],
    ...["transferWithAuthorization", "receiveWithAuthorization"].flatMap((name): readonly Case[] => [
      [
        `${name}(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)`,
        [OTHER, PAYEE, 5, 0, 9, R, ...SIGNATURE],
        { type: "transfer", from: OTHER, to: PAYEE },
      ],
      [
        `${name}(address,address,uint256,uint256,uint256,bytes32,bytes)`,
        [OTHER, PAYEE, 5, 0, 9, R, "0x1234"],
        { type: "transfer", from: OTHER, to: PAYEE },
      ],
    ]),
  ])("%s", (signature, values, effect) => {
    const effects = effectsOf(USDT, calldata(signature, ...values));
    expect(bare(effects)).toEqual([{ ...effect, ...ours, depth: 0 }]);
    expect(effects[0]?.method).toBe(signature);
    expect(effects[0]?.arguments).toHaveLength(values.length);
  });

  it.each<Case>([
    ["transferAndCall(address,uint256)", [PAYEE, 5], { type: "transfer", from: SENDER, to: PAYEE }],
    [
      "transferAndCall(address,uint256,bytes)",
      [PAYEE, 5, "0x12"],
      { type: "transfer", from: SENDER, to: PAYEE },
    ],
    [
      "transferFromAndCall(address,address,uint256)",
      [OTHER, PAYEE, 5],
      { type: "transfer", from: OTHER, to: PAYEE },
    ],
    [
      "transferFromAndCall(address,address,uint256,bytes)",
      [OTHER, PAYEE, 5, "0x12"],
      { type: "transfer", from: OTHER, to: PAYEE },
    ],
    ["approveAndCall(address,uint256)", [PAYEE, 5], { type: "approve", from: SENDER, to: PAYEE }],
    [
      "approveAndCall(address,uint256,bytes)",
      [PAYEE, 5, "0x12"],
      { type: "approve", from: SENDER, to: PAYEE },
    ],
    ["send(address,uint256,bytes)", [PAYEE, 5, "0x12"], { type: "transfer", from: SENDER, to: PAYEE }],
    [
      "operatorSend(address,address,uint256,bytes,bytes)",
      [OTHER, PAYEE, 5, "0x12", "0x"],
      { type: "transfer", from: OTHER, to: PAYEE },
    ],
  ])("%s calls as well", (signature, values, effect) => {
    expect(bare(effectsOf(USDT, calldata(signature, ...values)))).toEqual([
      { ...effect, ...ours, depth: 0 },
      { type: "call", from: SENDER, to: USDT, depth: 0 },
    ]);
  });

  it("Dai's permit is for all or for nothing", () => {
    const permit = (allowed: boolean) =>
      bare(
        effectsOf(
          USDT,
          calldata(
            "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
            ...[OTHER, PAYEE, 1, 2, allowed, ...SIGNATURE],
          ),
        ),
      );
    const effect = { type: "permit", asset: "ETH_USDT", from: OTHER, to: PAYEE, depth: 0 };
    expect(permit(true)).toEqual([{ ...effect, amount: usdt(MAX) }]);
    expect(permit(false)).toEqual([{ ...effect, amount: usdt(0n) }]);
  });

  it("an operator of ERC-777 may move all", () => {
    expect(bare(effectsOf(USDT, calldata("authorizeOperator(address)", PAYEE)))).toEqual([
      { type: "operator_grant", asset: "ETH_USDT", from: SENDER, to: PAYEE, depth: 0 },
    ]);
  });

  it("what only takes away is a call", () => {
    for (const name of ["decreaseAllowance", "decreaseApproval"]) {
      expect(bare(effectsOf(USDT, calldata(`${name}(address,uint256)`, PAYEE, 5)))).toEqual([
        { type: "call", from: SENDER, to: USDT, depth: 0 },
      ]);
    }
  });

  it("a token nobody knows is its contract, and its units are not known", () => {
    expect(bare(effectsOf(OTHER, calldata("transfer(address,uint256)", PAYEE, 5)))).toEqual([
      { type: "transfer", asset: OTHER, from: SENDER, to: PAYEE, amount: { token: OTHER }, depth: 0 },
    ]);
  });

  it("a token is one on its own chain only", () => {
    const effects = effectsOfCall(
      { to: USDT, value: 0n, data: calldata("transfer(address,uint256)", PAYEE, 5) },
      { ...PLACE, chain: "BASE_ETH" },
      KNOWLEDGE,
    );
    expect(effects[0]?.asset).toBe(USDT);
  });
});

describe("single tokens", () => {
  const token = single(COLLECTION, 12345n, 1n);
  const moved = { type: "transfer", from: OTHER, to: PAYEE, depth: 0 };

  it.each([
    ["transferFrom(address,address,uint256)", []],
    ["safeTransferFrom(address,address,uint256)", []],
    ["safeTransferFrom(address,address,uint256,bytes)", ["0x12"]],
  ])("%s", (signature, rest) => {
    const effects = effectsOf(COLLECTION, calldata(signature, OTHER, PAYEE, 12345, ...rest));
    expect(bare(effects)).toEqual([{ ...moved, ...token }]);
  });

  it("approve is for one of them", () => {
    expect(bare(effectsOf(COLLECTION, calldata("approve(address,uint256)", PAYEE, 12345)))).toEqual([
      { type: "approve", from: SENDER, to: PAYEE, ...token, depth: 0 },
    ]);
  });

  it("ERC-1155 moves several of one, and several at once", () => {
    const one = calldata(
      "safeTransferFrom(address,address,uint256,uint256,bytes)",
      OTHER,
      PAYEE,
      7,
      30,
      "0x",
    );
    expect(bare(effectsOf(EDITIONS, one))).toEqual([{ ...moved, ...single(EDITIONS, 7n, 30n) }]);
    const batch = "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)";
    expect(bare(effectsOf(EDITIONS, calldata(batch, OTHER, PAYEE, [7, 8], [30, 1], "0x")))).toEqual([
      { ...moved, ...single(EDITIONS, 7n, 30n) },
      { ...moved, ...single(EDITIONS, 8n, 1n) },
    ]);
    expect(bare(effectsOf(EDITIONS, calldata(batch, OTHER, PAYEE, [], [], "0x")))).toEqual([
      { type: "call", from: SENDER, to: EDITIONS, depth: 0 },
    ]);
  });

  it("a batch with more ids than values is unknown", () => {
    const batch = "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)";
    for (const [ids, values] of [
      [[7, 8], [30]],
      [[7], [30, 1]],
    ]) {
      expect(bare(effectsOf(EDITIONS, calldata(batch, OTHER, PAYEE, ids, values, "0x")))).toEqual([
        { type: "unknown", from: SENDER, to: EDITIONS, depth: 0 },
      ]);
    }
  });

  it("an operator is granted all of a collection, and taking it back is a call", () => {
    const set = (approved: boolean) =>
      bare(effectsOf(COLLECTION, calldata("setApprovalForAll(address,bool)", PAYEE, approved)));
    expect(set(true)).toEqual([
      { type: "operator_grant", asset: COLLECTION, from: SENDER, to: PAYEE, depth: 0 },
    ]);
    expect(set(false)).toEqual([{ type: "call", from: SENDER, to: COLLECTION, depth: 0 }]);
  });
});

describe("Permit2", () => {
  const details = [USDT, 5, 9, 0];
  const permitted = [USDT, 100];
  const requested = [PAYEE, 5];
  const single = "(address,uint160,uint48,uint48)";
  const signed = "((address,uint256),uint256,uint256)";
  const signedBatch = "((address,uint256)[],uint256,uint256)";

  it.each<Case>([
    ["approve(address,address,uint160,uint48)", [USDT, PAYEE, 5, 9], { type: "approve", from: SENDER }],
    [
      "transferFrom(address,address,uint160,address)",
      [OTHER, PAYEE, 5, USDT],
      { type: "transfer", from: OTHER },
    ],
    [
      "transferFrom((address,address,uint160,address)[])",
      [[[OTHER, PAYEE, 5, USDT]]],
      { type: "transfer", from: OTHER },
    ],
    [
      `permit(address,(${single},address,uint256),bytes)`,
      [OTHER, [details, PAYEE, 9], "0x12"],
      { type: "permit", from: OTHER },
    ],
    [
      `permit(address,(${single}[],address,uint256),bytes)`,
      [OTHER, [[details], PAYEE, 9], "0x12"],
      { type: "permit", from: OTHER },
    ],
    [
      `permitTransferFrom(${signed},(address,uint256),address,bytes)`,
      [[permitted, 1, 9], requested, OTHER, "0x12"],
      { type: "transfer", from: OTHER },
    ],
    [
      `permitTransferFrom(${signedBatch},(address,uint256)[],address,bytes)`,
      [[[permitted], 1, 9], [requested], OTHER, "0x12"],
      { type: "transfer", from: OTHER },
    ],
    [
      `permitWitnessTransferFrom(${signed},(address,uint256),address,bytes32,string,bytes)`,
      [[permitted, 1, 9], requested, OTHER, R, "W w)", "0x12"],
      { type: "transfer", from: OTHER },
    ],
    [
      `permitWitnessTransferFrom(${signedBatch},(address,uint256)[],address,bytes32,string,bytes)`,
      [[[permitted], 1, 9], [requested], OTHER, R, "W w)", "0x12"],
      { type: "transfer", from: OTHER },
    ],
  ])("%s", (signature, values, effect) => {
    const data = calldata(signature, ...values);
    const expected = { ...effect, to: PAYEE, ...ours, depth: 0 };
    expect(bare(effectsOf(PERMIT2, data))).toEqual([expected]);
    // A contract that only has the methods may do anything: it is called as well.
    expect(bare(effectsOf(OTHER, data))).toEqual([
      expected,
      { type: "call", from: SENDER, to: OTHER, depth: 0 },
    ]);
  });

  it("batches have one effect each, and none of them is a call", () => {
    const batch = "transferFrom((address,address,uint160,address)[])";
    const rows = [1, 2, 3].map((amount) => [OTHER, PAYEE, amount, USDT]);
    const effects = effectsOf(PERMIT2, calldata(batch, rows));
    expect(effects.map(({ amount }) => amount?.units)).toEqual(["1", "2", "3"]);
    // The words of a batch stand once.
    expect(effects.map((effect) => effect.arguments !== undefined)).toEqual([true, false, false]);
    expect(bare(effectsOf(PERMIT2, calldata(batch, [])))).toEqual([
      { type: "call", from: SENDER, to: PERMIT2, depth: 0 },
    ]);
  });

  it("a batch with more permits than transfers is unknown", () => {
    const data = calldata(
      `permitTransferFrom(${signedBatch},(address,uint256)[],address,bytes)`,
      ...[[[permitted, permitted], 1, 9], [requested], OTHER, "0x12"],
    );
    expect(bare(effectsOf(PERMIT2, data))).toEqual([
      { type: "unknown", from: SENDER, to: PERMIT2, depth: 0 },
    ]);
  });
});

describe("against ethers, over any addresses and amounts", () => {
  const anAddress = fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
  const number = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });

  it("transfers, approvals and permits say whose, whom and how much", () => {
    fc.assert(
      fc.property(anAddress, anAddress, number(256), number(160), (from, to, units, fewer) => {
        const expectEffect = (contract: string, data: Hex, effect: Partial<Effect>) => {
          expect(bare(effectsOf(contract, data))).toEqual([{ asset: "ETH_USDT", ...effect, depth: 0 }]);
        };
        const amount = usdt(units);
        expectEffect(USDT, calldata("transfer(address,uint256)", to, units), {
          type: "transfer",
          from: SENDER,
          to,
          amount,
        });
        expectEffect(USDT, calldata("transferFrom(address,address,uint256)", from, to, units), {
          type: "transfer",
          from,
          to,
          amount,
        });
        expectEffect(USDT, calldata("approve(address,uint256)", to, units), {
          type: "approve",
          from: SENDER,
          to,
          amount,
        });
        const permit = "permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)";
        expectEffect(PERMIT2, calldata(permit, from, [[USDT, fewer, 1, 2], to, units], R), {
          type: "permit",
          from,
          to,
          amount: usdt(fewer),
        });
      }),
      { numRuns: 50 },
    );
  });
});
