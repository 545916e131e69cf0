/** Methods that make several calls at once. */
import {
  type Arguments,
  type InnerCall,
  plainCall,
  type Reading,
  type Readings,
  type Site,
} from "./reading.ts";

/** Calls of the contract to itself, in the caller's name, by delegating to its own code. @param at - their position. */
function selfCalls(signature: string, at: number): Reading {
  return {
    signature,
    read: (values, site) => ({
      effects: [plainCall(site)],
      calls: values.elements(at).map((data) => ({
        to: site.contract,
        // The value of the outer call is there for all of them and sent once.
        value: 0n,
        data: data.bytes(0),
        from: site.place.from,
      })),
    }),
  };
}

/** Calls in the contract's own name (Multicall3 and its forebears). @param at - the position of the calls' tuples. */
function ownCalls(
  signature: string,
  at: number,
  call: (values: Arguments) => Pick<InnerCall, "to" | "value" | "data">,
): Reading {
  return {
    signature,
    read: (values, site: Site) => ({
      effects: [plainCall(site)],
      calls: values.tuples(at).map((tuple) => ({ ...call(tuple), from: site.contract })),
    }),
  };
}

const CALL = "(address target,bytes callData)";
const CALL3 = "(address target,bool allowFailure,bytes callData)";
const CALL3_VALUE = "(address target,bool allowFailure,uint256 value,bytes callData)";

function plain(tuple: Arguments) {
  return { to: tuple.address(0), value: 0n, data: tuple.bytes(1) };
}

function call3(tuple: Arguments) {
  return { to: tuple.address(0), value: 0n, data: tuple.bytes(2) };
}

function call3Value(tuple: Arguments) {
  return { to: tuple.address(0), value: tuple.uint(2), data: tuple.bytes(3) };
}

export const MULTICALL_READINGS: Readings = [
  ["0xac9650d8", selfCalls("multicall(bytes[] data)", 0)],
  ["0x5ae401dc", selfCalls("multicall(uint256 deadline,bytes[] data)", 1)],
  ["0x1f0464d1", selfCalls("multicall(bytes32 previousBlockhash,bytes[] data)", 1)],
  ["0x252dba42", ownCalls(`aggregate(${CALL}[] calls)`, 0, plain)],
  ["0xc3077fa9", ownCalls(`blockAndAggregate(${CALL}[] calls)`, 0, plain)],
  ["0xbce38bd7", ownCalls(`tryAggregate(bool requireSuccess,${CALL}[] calls)`, 1, plain)],
  ["0x399542e9", ownCalls(`tryBlockAndAggregate(bool requireSuccess,${CALL}[] calls)`, 1, plain)],
  ["0x82ad56cb", ownCalls(`aggregate3(${CALL3}[] calls)`, 0, call3)],
  ["0x174dea71", ownCalls(`aggregate3Value(${CALL3_VALUE}[] calls)`, 0, call3Value)],
];
