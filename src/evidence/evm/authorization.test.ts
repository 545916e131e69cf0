import { type Authorization, Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import { encoded, type Item, PAYEE, unsigned } from "../../../test/support/evm.ts";
import { decodeTransaction } from "./transaction.ts";

const SIGNER = new Wallet(`0x${"42".repeat(32)}`);
const EIP1559: readonly Item[] = ["0x01", "0x07", "0x02", "0x1e", "0x5208", PAYEE, "0x01", "0x", []];

describe("authorizations", () => {
  const authorize = (request: { address: string; nonce: number; chainId: bigint }) =>
    SIGNER.authorizeSync(request);
  const decoded = (authorizationList: Authorization[]) =>
    decodeTransaction(unsigned({ type: 4, to: PAYEE, authorizationList })).authorizations;

  it("name who signed them, for chains of any id", () => {
    for (const chainId of [0n, 1n, 5000n, 2n ** 256n - 1n]) {
      const list = [authorize({ address: PAYEE, nonce: 300, chainId })];
      expect(decoded(list)).toEqual([
        { chainId, address: PAYEE, nonce: 300n, authority: SIGNER.address.toLowerCase() },
      ]);
    }
  });

  it("name nobody where chains would not take the signature", () => {
    const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const hex = (number: bigint) => `0x${number.toString(16)}`;
    const { signature } = authorize({ address: PAYEE, nonce: 1, chainId: 1n });
    const tuple = (parity: string, r: string, s: string): Item => ["0x01", PAYEE, "0x01", parity, r, s];
    const even = signature.yParity === 0;
    const parity = even ? "0x" : "0x01";
    const wrong = [
      tuple(even ? "0x01" : "0x", signature.r, hex(N - BigInt(signature.s))),
      tuple("0x02", signature.r, signature.s),
      tuple(parity, "0x", signature.s),
      tuple(parity, signature.r, "0x"),
      tuple(parity, hex(N), signature.s),
      tuple(parity, `0x${"ff".repeat(32)}`, signature.s),
    ];
    const right = tuple(parity, signature.r, signature.s);
    const { authorizations } = decodeTransaction(encoded(4, [...EIP1559, [...wrong, right]]));
    expect(authorizations.map(({ authority }) => authority)).toEqual([
      ...wrong.map(() => undefined),
      SIGNER.address.toLowerCase(),
    ]);
  });
});
