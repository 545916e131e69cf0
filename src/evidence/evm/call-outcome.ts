/** What one call does, by what is known of its method; the calls in it are named, not read. */
import { contractOf, type Knowledge, methodOf } from "../../policy/assets.ts";
import { Undecodable } from "../undecodable.ts";
import type { Signature } from "./abi-type.ts";
import { OPAQUE_SELECTORS } from "./admin-methods.ts";
import type { EvmCall, Hex, Place } from "./call.ts";
import { type AbiValue, decodeArguments, selectorOf } from "./calldata.ts";
import { coins } from "./holdings.ts";
import { readingOf, signatureOf, statedSignature } from "./methods.ts";
import { MULTI_SEND, packedCalls } from "./multisend.ts";
import { Arguments, type InnerCall, type OwnEffect } from "./reading.ts";

/**
 * @property effects - never empty.
 * @property signature, values - of the method, where its calldata was read.
 * @property calls - present for what wraps calls, even if there are none.
 */
export interface CallOutcome {
  readonly effects: readonly OwnEffect[];
  readonly selector?: Hex | undefined;
  readonly signature?: Signature;
  readonly values?: readonly AbiValue[];
  readonly calls?: readonly InnerCall[] | undefined;
}

/** @param call - of addresses and bytes in lower case. */
export function outcomeOf(call: EvmCall, place: Place, knowledge: Knowledge): CallOutcome {
  const { to, value, data } = call;
  const sent: OwnEffect = { type: "transfer", from: place.from, to, ...coins(knowledge, place.chain, value) };
  if (to === undefined) {
    const deploy = { type: "deploy", from: place.from } as const;
    return { effects: value > 0n ? [deploy, sent] : [deploy] };
  }
  if (place.delegated === true) return delegatecallOutcome(to, data, place, knowledge);
  if (data === "0x") return { effects: [sent] };
  const outcome = methodOutcome(to, data, place, knowledge);
  return value > 0n ? { ...outcome, effects: [sent, ...outcome.effects] } : outcome;
}

function methodOutcome(to: string, data: Hex, place: Place, knowledge: Knowledge): CallOutcome {
  const selector = selectorOf(data);
  const unknown: CallOutcome = { effects: [{ type: "unknown", from: place.from, to }], selector };
  if (selector === undefined || OPAQUE_SELECTORS.has(selector)) return unknown;
  const reading = readingOf(selector);
  const stated = methodOf(knowledge, selector);
  const isAdmin = stated?.effect === "admin";
  const call = { type: isAdmin ? "admin" : "call", from: place.from, to } as const;
  const signature =
    reading === undefined ? stated && statedSignature(selector, stated) : signatureOf(reading);
  if (signature === undefined) return { effects: [call], selector };
  return readable(unknown, () => {
    const values = decodeArguments(signature.parameters, data);
    const site = { contract: to, place, knowledge };
    const { effects, calls } = reading?.read(new Arguments(values), site) ?? { effects: [call] };
    const addsAdmin = isAdmin && effects.every(({ type }) => type !== "admin");
    return { effects: addsAdmin ? [...effects, call] : effects, selector, signature, values, calls };
  });
}

/** The code of `to` may do anything in the name of `from`. Only of a multisend is it known what. */
function delegatecallOutcome(to: string, data: Hex, place: Place, knowledge: Knowledge): CallOutcome {
  const selector = selectorOf(data);
  const delegatecall = { type: "delegatecall", from: place.from, to } as const;
  if (contractOf(knowledge, place.chain, to)?.kind !== "multisend")
    return { effects: [delegatecall], selector };
  const unknown: CallOutcome = {
    effects: [delegatecall, { type: "unknown", from: place.from, to }],
    selector,
  };
  const reading = selector === MULTI_SEND ? readingOf(selector) : undefined;
  if (reading === undefined) return unknown;
  return readable(unknown, () => {
    const signature = signatureOf(reading);
    const values = decodeArguments(signature.parameters, data);
    const calls = packedCalls(new Arguments(values), place.from);
    return { effects: [delegatecall], selector, signature, values, calls };
  });
}

function readable(otherwise: CallOutcome, read: () => CallOutcome): CallOutcome {
  try {
    return read();
  } catch (error) {
    if (error instanceof Undecodable) return otherwise;
    throw error;
  }
}
