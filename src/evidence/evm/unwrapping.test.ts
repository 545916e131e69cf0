import { describe, expect, it } from "vitest";
import {
  bare,
  calldata,
  called,
  EXEC_TRANSACTION,
  effectsOf,
  effectsOfBytes,
  eth,
  execTransaction,
  KNOWLEDGE,
  MULTICALL,
  MULTISEND,
  multiSend,
  OTHER,
  PAYEE,
  PLACE,
  packed,
  paid,
  SAFE,
  SENDER,
  sent,
  TRANSFER,
  USDT,
  unsigned,
  usdt,
} from "../../../test/support/evm.ts";
import { effectsOfSafeTransaction } from "./effects.ts";

describe("calls in calls", () => {
  it("multicall: of the contract to itself, in the caller's name", () => {
    const inner = [calldata("approve(address,uint256)", PAYEE, 5), TRANSFER];
    const forms = [
      calldata("multicall(bytes[])", inner),
      calldata("multicall(uint256,bytes[])", 9, inner),
      calldata("multicall(bytes32,bytes[])", `0x${"11".repeat(32)}`, inner),
    ];
    for (const data of forms) {
      expect(bare(effectsOf(USDT, data))).toEqual([
        called(SENDER, USDT, 0),
        { ...sent(SENDER, 1), type: "approve" },
        sent(SENDER, 1),
      ]);
    }
    // The value is sent once.
    expect(
      bare(effectsOf(USDT, calldata("multicall(bytes[])", [TRANSFER, TRANSFER]), { value: 1n })),
    ).toEqual([paid(1n, SENDER, USDT, 0), called(SENDER, USDT, 0), sent(SENDER, 1), sent(SENDER, 1)]);
  });

  it("Multicall3 and its forebears: in the contract's own name", () => {
    const forms = [
      calldata("aggregate((address,bytes)[])", [[USDT, TRANSFER]]),
      calldata("blockAndAggregate((address,bytes)[])", [[USDT, TRANSFER]]),
      calldata("tryAggregate(bool,(address,bytes)[])", true, [[USDT, TRANSFER]]),
      calldata("tryBlockAndAggregate(bool,(address,bytes)[])", true, [[USDT, TRANSFER]]),
      calldata("aggregate3((address,bool,bytes)[])", [[USDT, true, TRANSFER]]),
    ];
    for (const data of forms) {
      expect(bare(effectsOf(MULTICALL, data))).toEqual([called(SENDER, MULTICALL, 0), sent(MULTICALL, 1)]);
    }
    const withValue = calldata("aggregate3Value((address,bool,uint256,bytes)[])", [
      [PAYEE, true, 4, "0x"],
      [USDT, true, 0, TRANSFER],
    ]);
    expect(bare(effectsOf(MULTICALL, withValue, { value: 4n }))).toEqual([
      paid(4n, SENDER, MULTICALL, 0),
      called(SENDER, MULTICALL, 0),
      paid(4n, MULTICALL, PAYEE, 1),
      sent(MULTICALL, 1),
    ]);
  });

  it("none of them leave the call", () => {
    expect(bare(effectsOf(MULTICALL, calldata("aggregate3((address,bool,bytes)[])", [])))).toEqual([
      called(SENDER, MULTICALL, 0),
    ]);
  });

  it("a Safe's call is in the Safe's name", () => {
    expect(bare(effectsOf(SAFE, execTransaction({ to: USDT, data: TRANSFER })))).toEqual([
      called(SENDER, SAFE, 0),
      sent(SAFE, 1),
    ]);
    expect(bare(effectsOf(SAFE, execTransaction({ to: PAYEE, value: 5n })))).toEqual([
      called(SENDER, SAFE, 0),
      paid(5n, SAFE, PAYEE, 1),
    ]);
    for (const name of ["execTransactionFromModule", "execTransactionFromModuleReturnData"]) {
      const data = calldata(`${name}(address,uint256,bytes,uint8)`, USDT, 0, TRANSFER, 0);
      expect(bare(effectsOf(SAFE, data))).toEqual([called(SENDER, SAFE, 0), sent(SAFE, 1)]);
    }
  });

  it("a Safe has no third operation", () => {
    expect(bare(effectsOf(SAFE, execTransaction({ to: USDT, data: TRANSFER, operation: 2 })))).toEqual([
      { type: "unknown", from: SENDER, to: SAFE, depth: 0 },
    ]);
  });

  it("a Safe may do away with itself: its owners are called in its own name", () => {
    const data = calldata("swapOwner(address,address,address)", PAYEE, OTHER, SENDER);
    expect(bare(effectsOf(SAFE, execTransaction({ to: SAFE, data })))).toEqual([
      called(SENDER, SAFE, 0),
      { type: "admin", from: SAFE, to: SAFE, depth: 1 },
    ]);
  });
});

describe("a Safe's refund", () => {
  const refunded = (call: Partial<Parameters<typeof execTransaction>[0]>) => {
    const data = execTransaction({ to: PAYEE, ...call });
    return effectsOfBytes(unsigned({ to: SAFE, data, gasLimit: 100_000 }))[1];
  };
  const fee = { type: "fee", asset: "ETH", from: SAFE, to: SENDER, depth: 0, selector: "0x6a761202" };
  const method = EXEC_TRANSACTION;

  it("is bounded by the gas of the whole transaction, whatever it says of its own", () => {
    expect(refunded({ baseGas: 50n })?.type).toBe("transfer");
    expect(refunded({ baseGas: 50n, gasPrice: 3n })).toEqual({ ...fee, method, amount: eth(3n * 100_050n) });
    expect(refunded({ gasPrice: 3n, safeTxGas: 1n })).toEqual({ ...fee, method, amount: eth(3n * 100_000n) });
    expect(refunded({ gasPrice: 2n ** 255n })).toEqual({ ...fee, method, amount: { token: "ETH" } });
  });

  it("may be in a token, to anybody", () => {
    expect(refunded({ gasPrice: 1n, gasToken: USDT, refundReceiver: OTHER })).toEqual({
      ...fee,
      method,
      asset: "ETH_USDT",
      to: OTHER,
      amount: usdt(100_000n),
    });
  });

  it("has no bound where any transaction may carry it", () => {
    const call = { to: USDT, value: 0n, data: TRANSFER, operation: 0n, baseGas: 1n };
    const refund = { gasPrice: 1n, gasToken: USDT, refundReceiver: OTHER };
    expect(bare(effectsOfSafeTransaction({ ...call, ...refund }, SAFE, PLACE, KNOWLEDGE))).toEqual([
      sent(SAFE, 1),
      { type: "fee", asset: "ETH_USDT", from: SAFE, to: OTHER, depth: 0 },
    ]);
    const free = { ...call, ...refund, gasPrice: 0n };
    expect(bare(effectsOfSafeTransaction(free, SAFE, PLACE, KNOWLEDGE))).toEqual([sent(SAFE, 1)]);
    expect(bare(effectsOfSafeTransaction({ ...free, operation: 1n }, SAFE, PLACE, KNOWLEDGE))).toEqual([
      { type: "delegatecall", from: SAFE, to: USDT, depth: 1 },
    ]);
    expect(effectsOfSafeTransaction({ ...free, operation: 2n }, SAFE, PLACE, KNOWLEDGE)).toEqual([
      { type: "unknown", from: SAFE, to: USDT, depth: 0 },
    ]);
  });
});

describe("a multisend", () => {
  const delegated = (data: ReturnType<typeof multiSend>, to = MULTISEND) =>
    bare(effectsOf(SAFE, execTransaction({ to, data, operation: 1 })));
  const entered = { type: "delegatecall", from: SAFE, to: MULTISEND, depth: 1 };

  it("that a Safe delegates to makes its calls in the Safe's name", () => {
    const data = multiSend(
      packed(0, USDT, 0n, TRANSFER),
      packed(0, PAYEE, 5n, "0x"),
      packed(1, OTHER, 7n, TRANSFER),
    );
    expect(delegated(data)).toEqual([
      called(SENDER, SAFE, 0),
      entered,
      sent(SAFE, 2),
      paid(5n, SAFE, PAYEE, 2),
      // No value goes with it, and what it does nobody can say.
      { type: "delegatecall", from: SAFE, to: OTHER, depth: 2 },
    ]);
  });

  it("that is called makes them in its own", () => {
    expect(bare(effectsOf(MULTISEND, multiSend(packed(0, USDT, 0n, TRANSFER))))).toEqual([
      called(SENDER, MULTISEND, 0),
      sent(MULTISEND, 1),
    ]);
  });

  it("that nobody lists is a delegatecall and nothing more", () => {
    expect(delegated(multiSend(packed(0, USDT, 0n, TRANSFER)), OTHER)).toEqual([
      called(SENDER, SAFE, 0),
      { ...entered, to: OTHER },
    ]);
  });

  it.each([
    ["cut off", `0x${packed(0, USDT, 0n, TRANSFER).slice(0, -2)}`],
    ["with bytes behind", `0x${packed(0, USDT, 0n, TRANSFER)}00`],
    ["of a third operation", `0x${packed(2, USDT, 0n, TRANSFER)}`],
    ["to the zero address, which may mean the Safe", `0x${packed(0, `0x${"00".repeat(20)}`, 1n, "0x")}`],
    ["with data of 2^256 - 1 bytes", `0x${packed(0, USDT, 0n, "0x").slice(0, -64)}${"ff".repeat(32)}`],
  ])("%s is unknown, all of it", (_, bytes) => {
    expect(delegated(calldata("multiSend(bytes)", bytes))).toEqual([
      called(SENDER, SAFE, 0),
      entered,
      { type: "unknown", from: SAFE, to: MULTISEND, depth: 1 },
    ]);
  });

  it("asked for anything but multiSend is unknown", () => {
    for (const data of ["0x", "0x8d80ff", TRANSFER, `${multiSend()}00`] as const) {
      expect(delegated(data)).toEqual([
        called(SENDER, SAFE, 0),
        entered,
        { type: "unknown", from: SAFE, to: MULTISEND, depth: 1 },
      ]);
    }
  });

  it("of nothing does nothing", () => {
    expect(delegated(multiSend())).toEqual([called(SENDER, SAFE, 0), entered]);
  });
});
