// The incidents are public; what is here has their shape, made anew.
import { describe, expect, it } from "vitest";
import {
  address,
  bare,
  calldata,
  effectsOf,
  effectsOfBytes,
  execTransaction,
  KNOWLEDGE,
  MULTISEND,
  multiSend,
  OTHER,
  PAYEE,
  packed,
  SAFE,
  SENDER,
  TRANSFER,
  USDT,
  unsigned,
} from "../../../test/support/evm.ts";
import type { Effect } from "../../input/document.ts";
import type { Hex } from "./call.ts";

function types(effects: readonly Effect[]): readonly string[] {
  return effects.map(({ type }) => type);
}

/** As {@link multiSend}, where ethers would take seconds. */
function longMultiSend(calls: string): Hex {
  const word = (number: number) => number.toString(16).padStart(64, "0");
  return `0x8d80ff0a${word(32)}${word(calls.length / 2)}${calls.padEnd(Math.ceil(calls.length / 64) * 64, "0")}`;
}

describe("incidents", () => {
  it("Bybit: a Safe delegates to a contract whose transfer() overwrites the Safe's own code", () => {
    const evil = address("bd");
    const data = calldata("transfer(address,uint256)", address("bd"), 0);
    const effects = effectsOfBytes(
      unsigned({ to: SAFE, data: execTransaction({ to: evil, data, operation: 1, safeTxGas: 45_746n }) }),
    );
    expect(types(effects)).toEqual(["call", "delegatecall", "fee"]);
    // Not the transfer that its method is named for.
    expect(effects[1]).toEqual({
      type: "delegatecall",
      from: SAFE,
      to: evil,
      selector: "0xa9059cbb",
      depth: 1,
    });
  });

  it("Bybit, hidden: the same as one of a multisend's calls, between harmless ones", () => {
    const evil = address("bd");
    const honest = packed(0, USDT, 0n, TRANSFER);
    const data = multiSend(honest, packed(1, evil, 0n, TRANSFER), honest);
    const effects = effectsOf(SAFE, execTransaction({ to: MULTISEND, data, operation: 1 }));
    expect(types(effects)).toEqual(["call", "delegatecall", "transfer", "delegatecall", "transfer"]);
    expect(effects[3]).toMatchObject({ type: "delegatecall", from: SAFE, to: evil });
  });

  it.each<[string, Hex]>([
    ["upgradeTo", calldata("upgradeTo(address)", OTHER)],
    ["upgradeToAndCall", calldata("upgradeToAndCall(address,bytes)", OTHER, "0x1234")],
    ["changeMasterCopy", calldata("changeMasterCopy(address)", OTHER)],
    ["setImplementation", calldata("setImplementation(address)", OTHER)],
    ["setGuard", calldata("setGuard(address)", OTHER)],
    ["enableModule", calldata("enableModule(address)", OTHER)],
    ["setFallbackHandler", calldata("setFallbackHandler(address)", OTHER)],
    [
      "diamondCut",
      calldata(
        "diamondCut((address,uint8,bytes4[])[],address,bytes)",
        [[OTHER, 1, ["0x12345678"]]],
        OTHER,
        "0x",
      ),
    ],
    [
      "setup",
      calldata(
        "setup(address[],uint256,address,bytes,address,address,uint256,address)",
        ...[[OTHER], 1, OTHER, "0x", OTHER, OTHER, 0, OTHER],
      ),
    ],
  ])("WazirX: a Safe changes its own implementation, by %s", (name, data) => {
    const [call, admin] = effectsOf(SAFE, execTransaction({ to: SAFE, data }));
    expect(call).toMatchObject({ type: "call", from: SENDER, to: SAFE });
    expect(admin).toMatchObject({ type: "admin", from: SAFE, to: SAFE, depth: 1 });
    expect(admin?.method).toMatch(new RegExp(`^${name}\\(`));
  });

  it("Radiant: ownership goes to somebody else, in the midst of ordinary calls", () => {
    const data = multiSend(
      packed(0, USDT, 0n, TRANSFER),
      packed(0, OTHER, 0n, calldata("transferOwnership(address)", address("bd"))),
    );
    const effects = effectsOf(SAFE, execTransaction({ to: MULTISEND, data, operation: 1 }));
    expect(effects.at(-1)).toMatchObject({
      type: "admin",
      from: SAFE,
      to: OTHER,
      method: "transferOwnership(address)",
      arguments: [{ name: "newOwner", type: "address", value: address("bd") }],
    });
  });

  it("a token's contract is another one: the asset is not the token", () => {
    const fake = `${USDT.slice(0, -1)}8`;
    expect(effectsOf(fake, TRANSFER)[0]).toMatchObject({ asset: fake, amount: { token: fake } });
  });

  it("an approval hides in a multicall of a contract that pays", () => {
    const inner = [TRANSFER, calldata("approve(address,uint256)", address("bd"), 2n ** 256n - 1n)];
    const effects = effectsOf(USDT, calldata("multicall(bytes[])", inner));
    expect(effects[2]).toMatchObject({
      type: "approve",
      to: address("bd"),
      amount: {
        text: `${(2n ** 256n - 1n).toString().slice(0, -6)}.${(2n ** 256n - 1n).toString().slice(-6)}`,
      },
    });
  });
});

describe("limits", () => {
  it("100 wrappers in each other: the rest is one unknown", () => {
    let data = TRANSFER;
    for (let level = 0; level < 100; level++) {
      data = longMultiSend(packed(0, level === 0 ? USDT : MULTISEND, 0n, data));
    }
    expect(bare(effectsOf(MULTISEND, data))).toEqual([
      { type: "call", from: SENDER, to: MULTISEND, depth: 0 },
      ...[1, 2, 3, 4].map((depth) => ({ type: "call", from: MULTISEND, to: MULTISEND, depth })),
      { type: "unknown", from: MULTISEND, depth: 4 },
    ]);
  });

  it("a Safe that owns a Safe, each by way of a multisend, is read", () => {
    const owned = address("5b");
    const inner = execTransaction({
      to: MULTISEND,
      data: multiSend(packed(0, USDT, 0n, TRANSFER)),
      operation: 1,
    });
    const outer = execTransaction({
      to: MULTISEND,
      data: multiSend(packed(0, owned, 0n, inner)),
      operation: 1,
    });
    expect(effectsOf(SAFE, outer).at(-1)).toMatchObject({
      type: "transfer",
      from: owned,
      to: PAYEE,
      depth: 4,
    });
  });

  it.each([
    [128, 128, 0],
    [129, 128, 1],
    [1_000, 128, 1],
  ])("of %i calls %i are read, and %i unknown stands for the rest", (count, read, unknown) => {
    const effects = effectsOf(MULTISEND, longMultiSend(packed(0, PAYEE, 1n, "0x").repeat(count)));
    expect(types(effects).filter((type) => type === "transfer")).toHaveLength(read);
    expect(types(effects).filter((type) => type === "unknown")).toHaveLength(unknown);
    // Nothing follows it.
    if (unknown > 0) expect(effects.at(-1)?.type).toBe("unknown");
  });

  it("calls are counted over all wrappers", () => {
    const ten = multiSend(...new Array<string>(10).fill(packed(0, PAYEE, 1n, "0x")));
    const data = multiSend(...new Array<string>(20).fill(packed(1, MULTISEND, 0n, ten)));
    const effects = effectsOf(SAFE, execTransaction({ to: MULTISEND, data, operation: 1 }));
    expect(types(effects).filter((type) => type === "transfer").length).toBeLessThan(128);
    expect(types(effects).filter((type) => type === "unknown")).toHaveLength(1);
  });

  it("10,000 calls are more than a transaction holds", () => {
    expect(effectsOf(MULTISEND, longMultiSend(packed(0, PAYEE, 1n, "0x").repeat(10_000)))).toEqual([
      { type: "unknown", from: SENDER, depth: 0 },
    ]);
  });

  it("a batch of 1,500 single tokens ends in one unknown", () => {
    const ids = Array.from({ length: 1_500 }, (_, index) => index);
    const data = calldata(
      "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
      ...[SENDER, PAYEE, ids, ids, "0x"],
    );
    const effects = effectsOf(OTHER, data);
    expect(effects).toHaveLength(513);
    expect(effects.at(-1)).toEqual({ type: "unknown", from: SENDER, depth: 0 });
    expect(JSON.stringify(effects).length).toBeLessThan(256 * 1024);
  });

  it("arguments are shown as far as there is room, and else not at all", () => {
    const methods = { [calldata("note(bytes)", "0x").slice(0, 10)]: { signature: "note(bytes text)" } };
    const note = (size: number) => packed(0, OTHER, 0n, calldata("note(bytes)", `0x${"ab".repeat(size)}`));
    const data = execTransaction({
      to: MULTISEND,
      data: multiSend(note(10_000), note(30_000)),
      operation: 1,
    });
    const effects = effectsOfBytes(unsigned({ to: SAFE, data }), { ...KNOWLEDGE, methods });
    expect(effects.slice(2, 4).map((effect) => [effect.method, effect.arguments?.length])).toEqual([
      ["note(bytes)", 1],
      ["note(bytes)", undefined],
    ]);
  });
});
