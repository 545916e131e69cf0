/** A typed message with all that is known around it, and the words that each of its effects has. */
import type { z } from "zod";
import { amountFromUnits } from "../../input/amounts.ts";
import type { Effect } from "../../input/document.ts";
import { chainNumberOf, familyOf, type Knowledge, tokenAt, tokenOf } from "../../policy/assets.ts";
import type { TypedDataReading } from "./typed-data.ts";
import { type TypedStruct, type TypedValue, textOf } from "./typed-data-values.ts";

/**
 * @property chain - the document's chain, such as `ETH`.
 * @property from - the address that signs, in lower case.
 */
export interface Signing {
  readonly chain?: string | undefined;
  readonly from?: string | undefined;
}

/**
 * @property chain - of the domain, as the release names it; absent where the domain doesn't say, or the release
 *   doesn't know.
 */
export interface SignedMessage {
  readonly reading: TypedDataReading;
  readonly signing: Signing;
  readonly chain: string | undefined;
  readonly knowledge: Knowledge;
}

/**
 * What a message of a known type does; absent where it isn't what it looks like.
 *
 * @param contract - that takes it: the domain's `verifyingContract`.
 */
export type MessageReader = (signed: SignedMessage, contract: string) => readonly Effect[] | undefined;

/** @param schema - the members that the effects come from, as the type has them. */
export function messageReader<T>(
  schema: z.ZodType<T>,
  effects: (message: T, signed: SignedMessage, contract: string) => readonly Effect[] | undefined,
): MessageReader {
  return (signed, contract) => {
    const { success, data } = schema.safeParse(signed.reading.message);
    return success ? effects(data, signed, contract) : undefined;
  };
}

/** The chain of the release that has a number; `declared` where it is that one. */
export function chainWithId(
  id: bigint | undefined,
  declared: string | undefined,
  knowledge: Knowledge,
): string | undefined {
  const hasId = (chain: string | undefined) => {
    const number = familyOf(knowledge, chain) === "evm" ? chainNumberOf(knowledge, chain) : undefined;
    return number !== undefined && BigInt(number) === id;
  };
  return hasId(declared) ? declared : Object.keys(knowledge.chains).find(hasId);
}

/** A token's contract on the message's chain, and an amount in its smallest unit, as an effect has them. */
export function assetOf(
  { chain, knowledge }: SignedMessage,
  contract: string,
  units: bigint,
): Pick<Effect, "asset" | "amount"> {
  const token = tokenAt(knowledge, chain, contract);
  const asset = token ?? contract;
  return {
    asset,
    amount: amountFromUnits(asset, units.toString(), tokenOf(knowledge, token)?.decimals),
  };
}

type Arguments = NonNullable<Effect["arguments"]>;

/** More than that of lists and structs says nothing to anybody. */
const MAX_ARGUMENTS_TEXT = 8192;

/**
 * The members of a struct as the arguments of an effect: its numbers, texts and addresses, not what it holds of
 * lists and structs.
 *
 * @param type - EIP-712's `encodeType` of the struct.
 */
export function argumentsOf(type: string, struct: TypedStruct): Arguments {
  return membersOf(type, struct)
    .filter(({ value }) => typeof value !== "object")
    .map(({ name, type, value }) => ({ name, type, value: textOf(value) }));
}

/** As {@link argumentsOf}, with lists and structs as JSON; none where that would be long. */
export function allArgumentsOf(type: string, struct: TypedStruct): Pick<Effect, "arguments"> {
  const all = membersOf(type, struct).map(({ name, type, value }) => ({ name, type, value: textOf(value) }));
  const length = all.reduce((sum, { value }) => sum + value.length, 0);
  return all.length === 0 || length > MAX_ARGUMENTS_TEXT ? {} : { arguments: all };
}

/** Neither names nor types have a parenthesis, a comma or a space in them, so that the spelling can be taken apart. */
function membersOf(
  type: string,
  struct: TypedStruct,
): readonly { readonly name: string; readonly type: string; readonly value: TypedValue }[] {
  const list = type.slice(type.indexOf("(") + 1, type.indexOf(")"));
  if (list === "") return [];
  return list.split(",").map((member) => {
    const [type = "", name = ""] = member.split(" ");
    return { name, type, value: struct[name] ?? "" };
  });
}
