import { Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import {
  bare,
  calldata,
  called,
  effectsOf,
  effectsOfBytes,
  eth,
  execTransaction,
  KNOWLEDGE,
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
} from "../../../test/support/evm.ts";
import { documentSchema } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import { effectsOfCall } from "./effects.ts";

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
    expect(effectsOfBytes(bytes)).toEqual([
      paid(0n, SENDER, PAYEE, 0),
      { type: "unknown", from: SENDER, method: "blobs(EIP-4844)", depth: 0 },
      fee(100_000n * 30n + 2n * 131_072n * 7n),
    ]);
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
