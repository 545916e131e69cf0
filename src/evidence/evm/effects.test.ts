import { Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import {
  bare,
  calldata,
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
  SAFE,
  SENDER,
  USDT,
  unsigned,
  usdt,
} from "../../../test/support/evm.ts";
import { documentSchema } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import { effectsOfCall, effectsOfSafeTransaction } from "./effects.ts";

const TRANSFER = calldata("transfer(address,uint256)", PAYEE, 5);
const paid = (wei: bigint, from: string, to: string, depth: number) => ({
  type: "transfer",
  asset: "ETH",
  from,
  to,
  amount: eth(wei),
  depth,
});
const sent = (from: string, depth: number) => ({
  type: "transfer",
  asset: "ETH_USDT",
  from,
  to: PAYEE,
  amount: usdt(5n),
  depth,
});
const called = (from: string, to: string, depth: number) => ({ type: "call", from, to, depth });

describe("a transaction", () => {
  const fee = (wei: bigint) => ({ type: "fee", asset: "ETH", from: SENDER, amount: eth(wei), depth: 0 });

  it("pays, and costs the most it may", () => {
    expect(effectsOfBytes(unsigned({ to: PAYEE, value: 10n ** 18n }))).toEqual([
      paid(10n ** 18n, SENDER, PAYEE, 0),
      fee(100_000n * 30n),
    ]);
    const legacy = { type: 0, gasPrice: 20, maxFeePerGas: null, maxPriorityFeePerGas: null };
    expect(effectsOfBytes(unsigned({ ...legacy, to: PAYEE }))).toEqual([
      paid(0n, SENDER, PAYEE, 0),
      fee(100_000n * 20n),
    ]);
  });

  it("costs what its blobs may as well", () => {
    const blob = `0x01${"ab".repeat(31)}`;
    const bytes = unsigned({ type: 3, to: PAYEE, maxFeePerBlobGas: 7, blobVersionedHashes: [blob, blob] });
    expect(effectsOfBytes(bytes).at(-1)).toEqual(fee(100_000n * 30n + 2n * 131_072n * 7n));
  });

  it("may cost more than there is: then its amount is not told", () => {
    const bytes = unsigned({ to: PAYEE, gasLimit: 2n ** 64n - 1n, maxFeePerGas: 2n ** 255n });
    expect(effectsOfBytes(bytes).at(-1)).toEqual({ ...fee(0n), amount: { token: "ETH" } });
  });

  it("creates a contract, with what it pays it", () => {
    expect(effectsOfBytes(unsigned({ to: null, data: "0x6000" }))).toEqual([
      { type: "deploy", from: SENDER, depth: 0 },
      fee(100_000n * 30n),
    ]);
    expect(effectsOfBytes(unsigned({ to: null, data: "0x6000", value: 3 })).slice(0, 2)).toEqual([
      { type: "deploy", from: SENDER, depth: 0 },
      { type: "transfer", asset: "ETH", from: SENDER, amount: eth(3n), depth: 0 },
    ]);
  });

  it("lets code run in the name of those who authorize it", () => {
    const signer = new Wallet(`0x${"42".repeat(32)}`);
    const authorizationList = [signer.authorizeSync({ address: OTHER, nonce: 0, chainId: 1 })];
    expect(effectsOfBytes(unsigned({ type: 4, to: PAYEE, authorizationList }))[0]).toEqual({
      type: "admin",
      from: signer.address.toLowerCase(),
      to: OTHER,
      method: "authorization(EIP-7702)",
      depth: 0,
    });
  });

  it("of which nobody knows chain or sender says neither", () => {
    const effects = effectsOfCall(
      { to: PAYEE, value: 1n, data: "0x" },
      { chain: undefined, from: undefined, depth: 0 },
      KNOWLEDGE,
    );
    expect(effects).toEqual([
      { type: "transfer", asset: "native", to: PAYEE, amount: { token: "native" }, depth: 0 },
    ]);
  });

  it("has effects as the document takes them", () => {
    const inner = [packed(0, USDT, 0n, TRANSFER), packed(1, OTHER, 0n, "0x1234"), packed(0, PAYEE, 5n, "0x")];
    const data = execTransaction({ to: MULTISEND, data: multiSend(...inner), operation: 1, gasPrice: 3n });
    const effects = effectsOfBytes(unsigned({ to: SAFE, data }));
    const schema = documentSchema.shape.evidence;
    const evidence = { status: "verified", key: "verified", family: "evm", differences: [], effects };
    expect(schema.parse(evidence)).toEqual(evidence);
  });
});

describe("a call that isn't understood", () => {
  const unknown = (to: string, selector?: string) => [
    { type: "unknown", from: SENDER, to, ...(selector === undefined ? {} : { selector }), depth: 0 },
  ];

  it("has less than a selector", () => {
    for (const data of ["0x12", "0x1234", "0xa9059c"] as const)
      expect(effectsOf(USDT, data)).toEqual(unknown(USDT));
  });

  it("has calldata that is not canonical, though contracts take it", () => {
    const dirty = `0xa9059cbb${"ff".repeat(12)}${TRANSFER.slice(34)}` as const;
    const variants = [
      `${TRANSFER}00`,
      `${TRANSFER}${"00".repeat(32)}`,
      TRANSFER.slice(0, -2),
      "0xa9059cbb",
      dirty,
    ];
    for (const data of variants) {
      expect(effectsOf(USDT, `0x${data.slice(2)}`)).toEqual(unknown(USDT, "0xa9059cbb"));
    }
  });

  it("does what its signer hid: operations of ERC-4337, the hash of a Safe's transaction", () => {
    const operation = "(address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)";
    const operations = calldata(`handleOps(${operation}[],address)`, [], PAYEE);
    expect(effectsOf(OTHER, operations)).toEqual(unknown(OTHER, "0x765e827f"));
    const approval = calldata("approveHash(bytes32)", `0x${"11".repeat(32)}`);
    expect(effectsOf(SAFE, approval)).toEqual(unknown(SAFE, "0xd4d9bdcd"));
    // Whatever a release says of them.
    const methods = { "0xd4d9bdcd": { signature: "approveHash(bytes32)", effect: "call" as const } };
    expect(effectsOfCall({ to: SAFE, value: 0n, data: approval }, PLACE, { ...KNOWLEDGE, methods })).toEqual(
      unknown(SAFE, "0xd4d9bdcd"),
    );
  });

  it.each([
    { to: "0x1234", data: "0x" },
    { to: PAYEE.toUpperCase(), data: "0x" },
    { to: `${PAYEE}\n`, data: "0x" },
    { to: PAYEE, data: "0x123" },
    { to: PAYEE, data: "0xABCD" },
    { to: PAYEE, data: "0xzz" },
    { to: PAYEE, data: `0x${"00".repeat(128 * 1024 + 1)}` },
  ] as const)("is no call at all (%#)", ({ to, data }) => {
    expect(effectsOf(to, data)).toEqual([{ type: "unknown", from: SENDER, depth: 0 }]);
  });
});

describe("what a release knows of methods", () => {
  const DEPOSIT = calldata("deposit(uint256,string)", 5, "hi");
  const selector = DEPOSIT.slice(0, 10);
  const read = (methods: Knowledge["methods"], data = DEPOSIT) =>
    effectsOfCall({ to: OTHER, value: 0n, data }, PLACE, { ...KNOWLEDGE, methods });

  it("is nothing: a call has only its selector", () => {
    expect(read({})).toEqual([{ ...called(SENDER, OTHER, 0), selector }]);
    const wrong = { [selector]: { signature: "deposit(uint256)" } };
    expect(read(wrong)).toEqual([{ ...called(SENDER, OTHER, 0), selector }]);
  });

  it("names method and arguments, where the calldata is canonical", () => {
    const methods = { [selector]: { signature: "deposit(uint256 pool, string)" } };
    expect(read(methods)).toEqual([
      {
        ...called(SENDER, OTHER, 0),
        selector,
        method: "deposit(uint256,string)",
        arguments: [
          { name: "pool", type: "uint256", value: "5" },
          { type: "string", value: "hi" },
        ],
      },
    ]);
    expect(read(methods, `${DEPOSIT}00`)).toEqual([
      { type: "unknown", from: SENDER, to: OTHER, selector, depth: 0 },
    ]);
  });

  it("may make a method an admin's, even one the host reads", () => {
    const admin = { effect: "admin" as const };
    expect(read({ [selector]: { signature: "deposit(uint256,string)", ...admin } })[0]?.type).toBe("admin");
    expect(read({ [selector]: { signature: "nonsense", ...admin } })[0]?.type).toBe("admin");
    const transfer = { "0xa9059cbb": { signature: "transfer(address,uint256)", ...admin } };
    const types = effectsOfCall({ to: USDT, value: 0n, data: TRANSFER }, PLACE, {
      ...KNOWLEDGE,
      methods: transfer,
    });
    expect(types.map(({ type }) => type)).toEqual(["transfer", "admin"]);
  });

  it("can't make an admin's method harmless", () => {
    const data = calldata("transferOwnership(address)", OTHER);
    const methods = { "0xf2fde38b": { signature: "transferOwnership(address)", effect: "call" as const } };
    expect(effectsOfCall({ to: SAFE, value: 0n, data }, PLACE, { ...KNOWLEDGE, methods })).toEqual([
      {
        type: "admin",
        from: SENDER,
        to: SAFE,
        selector: "0xf2fde38b",
        method: "transferOwnership(address)",
        arguments: [{ name: "newOwner", type: "address", value: OTHER }],
        depth: 0,
      },
    ]);
  });

  it("is not found where every object has something", () => {
    expect(readWith("constructor")).toBe("call");
    function readWith(name: string): string | undefined {
      return effectsOfCall({ to: OTHER, value: 0n, data: DEPOSIT }, { ...PLACE, chain: name }, KNOWLEDGE)[0]
        ?.type;
    }
  });
});

describe("value sent along", () => {
  it("is a transfer of its own, before what the call does", () => {
    const deposit = calldata("deposit()");
    expect(effectsOf(OTHER, deposit, { value: 9n })).toEqual([
      { ...paid(9n, SENDER, OTHER, 0), selector: "0xd0e30db0" },
      { ...called(SENDER, OTHER, 0), selector: "0xd0e30db0" },
    ]);
    expect(bare(effectsOf(USDT, TRANSFER, { value: 1n }))).toEqual([
      paid(1n, SENDER, USDT, 0),
      sent(SENDER, 0),
    ]);
  });
});

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
