/** Methods of a Safe that make a call in its name. */
import type { Knowledge } from "../../policy/assets.ts";
import { Undecodable } from "../undecodable.ts";
import type { Hex, Place } from "./call.ts";
import { coins, tokens } from "./holdings.ts";
import {
  type Arguments,
  type InnerCall,
  type OwnEffect,
  plainCall,
  type Reading,
  type Readings,
} from "./reading.ts";

/** What a Safe's owners sign, as far as effects go. Addresses are in lower case. */
export interface SafeTransaction {
  readonly to: string;
  readonly value: bigint;
  readonly data: Hex;
  readonly operation: bigint;
  readonly baseGas: bigint;
  readonly gasPrice: bigint;
  readonly gasToken: string;
  readonly refundReceiver: string;
}

/** The last of a Safe's operations: CALL is 0, and there is no other. */
export const DELEGATECALL = 1n;

const ZERO_ADDRESS = `0x${"0".repeat(40)}`;

/**
 * What a Safe pays for the gas of whoever has its transaction mined; absent where it pays nothing.
 *
 * It pays for `baseGas` and the gas it measures, at `gasPrice`. What it measures is more than `safeTxGas`, which
 * bounds the inner call but not what calling costs; it is less than the gas of the whole transaction. Where that isn't
 * known, as with a signed message, the bytes set no bound.
 */
export function safeRefund(
  transaction: Pick<SafeTransaction, "baseGas" | "gasPrice" | "gasToken" | "refundReceiver">,
  safe: string,
  { chain, transaction: outer }: Place,
  knowledge: Knowledge,
): OwnEffect | undefined {
  const { baseGas, gasPrice, gasToken, refundReceiver } = transaction;
  if (gasPrice === 0n) return undefined;
  const most = (baseGas + (outer?.gasLimit ?? 0n)) * gasPrice;
  const { asset, amount } =
    gasToken === ZERO_ADDRESS ? coins(knowledge, chain, most) : tokens(knowledge, chain, gasToken, most);
  const to = refundReceiver === ZERO_ADDRESS ? outer?.sender : refundReceiver;
  const effect = { type: "fee", asset, from: safe, to } as const;
  return outer === undefined ? effect : { ...effect, amount };
}

const CALL = "address to,uint256 value,bytes data,uint8 operation";
const GAS = "uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver";

/** The call that the Safe makes, from the arguments that all its methods have first. */
function callOf(values: Arguments, safe: string): InnerCall {
  const operation = values.uint(3);
  if (operation > DELEGATECALL) throw new Undecodable("a Safe has no such operation");
  return {
    to: values.address(0),
    value: values.uint(1),
    data: values.bytes(2),
    from: safe,
    delegated: operation === DELEGATECALL,
  };
}

const FROM_MODULE: Reading["read"] = (values, site) => ({
  effects: [plainCall(site)],
  calls: [callOf(values, site.contract)],
});

export const SAFE_READINGS: Readings = [
  [
    "0x6a761202",
    {
      signature: `execTransaction(${CALL},${GAS},bytes signatures)`,
      read: (values, site) => {
        const refund = safeRefund(
          {
            baseGas: values.uint(5),
            gasPrice: values.uint(6),
            gasToken: values.address(7),
            refundReceiver: values.address(8),
          },
          site.contract,
          site.place,
          site.knowledge,
        );
        const call = plainCall(site);
        return {
          effects: refund === undefined ? [call] : [call, refund],
          calls: [callOf(values, site.contract)],
        };
      },
    },
  ],
  ["0x468721a7", { signature: `execTransactionFromModule(${CALL})`, read: FROM_MODULE }],
  ["0x5229073f", { signature: `execTransactionFromModuleReturnData(${CALL})`, read: FROM_MODULE }],
];
