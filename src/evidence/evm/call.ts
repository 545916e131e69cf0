/** A call on an EVM chain, and where it is made: what effects are read from. */

/** Bytes as `0x` and lower-case hex digits, two a byte. */
export type Hex = `0x${string}`;

/**
 * @property to - in lower case; absent where a contract is created.
 * @property value - of the chain's coin, in wei.
 */
export interface EvmCall {
  readonly to?: string | undefined;
  readonly value: bigint;
  readonly data: Hex;
}

/**
 * Where a call is made.
 *
 * @property chain - the chain's id as the document has it.
 * @property from - in whose name; absent where it isn't known.
 * @property depth - how many calls wrap it.
 * @property delegated - it runs the code of `to` as `from`'s own (DELEGATECALL), and so sends no value.
 * @property transaction - the transaction that carries it; absent where any other may, as with a signed message.
 */
export interface Place {
  readonly chain: string | undefined;
  readonly from: string | undefined;
  readonly depth: number;
  readonly delegated?: boolean | undefined;
  readonly transaction?: { readonly sender: string | undefined; readonly gasLimit: bigint } | undefined;
}
