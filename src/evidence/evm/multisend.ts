/**
 * Safe's MultiSend: calls packed one behind the other. A Safe delegates to it, so that they are made in the Safe's name;
 * called directly it makes them in its own.
 */
import { Undecodable } from "../undecodable.ts";
import type { Hex } from "./call.ts";
import { type Arguments, type InnerCall, plainCall, type Readings } from "./reading.ts";

export const MULTI_SEND = "0x8d80ff0a";

/** In hex digits: the operation, the receiver, the value, the length of the data. */
const OPERATION = 2;
const ADDRESS = 40;
const WORD = 64;
const HEADER = OPERATION + ADDRESS + WORD + WORD;

const ZERO_ADDRESS = `0x${"0".repeat(ADDRESS)}`;

export const MULTISEND_READINGS: Readings = [
  [
    MULTI_SEND,
    {
      signature: "multiSend(bytes transactions)",
      read: (values, site) => ({
        effects: [plainCall(site)],
        calls: packedCalls(values, site.contract),
      }),
    },
  ],
];

/**
 * The calls of `multiSend(bytes transactions)`.
 *
 * @param from - in whose name they are made.
 * @throws Undecodable where the bytes are not exactly calls.
 */
export function packedCalls(values: Arguments, from: string | undefined): readonly InnerCall[] {
  const packed = values.bytes(0);
  const calls: InnerCall[] = [];
  for (let at = 2; at < packed.length; ) {
    const header = packed.slice(at, at + HEADER);
    if (header.length < HEADER) throw new Undecodable("a packed call is cut off");
    const length = Number(BigInt(`0x${header.slice(HEADER - WORD)}`));
    const start = at + HEADER;
    if (!(2 * length <= packed.length - start)) throw new Undecodable("a packed call is cut off");
    const end = start + 2 * length;
    calls.push({ ...readHeader(header), data: `0x${packed.slice(start, end)}`, from });
    at = end;
  }
  return calls;
}

function readHeader(header: Hex | string): Omit<InnerCall, "data" | "from"> {
  const operation = header.slice(0, OPERATION);
  if (operation !== "00" && operation !== "01") throw new Undecodable("a packed call of no known operation");
  const to = `0x${header.slice(OPERATION, OPERATION + ADDRESS)}`;
  // From version 1.5.0 on the zero address means the caller itself; before, nobody.
  if (to === ZERO_ADDRESS) throw new Undecodable("a packed call to the zero address");
  const value = BigInt(`0x${header.slice(OPERATION + ADDRESS, OPERATION + ADDRESS + WORD)}`);
  return { to, value, delegated: operation === "01" };
}
