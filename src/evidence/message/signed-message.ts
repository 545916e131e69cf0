/** A typed message with all that is known around it, and the words that each of its effects has. */
import type { z } from "zod";
import type { Effect } from "../../input/document.ts";
import { chainNumberOf, familyOf, type Knowledge } from "../../policy/assets.ts";
import { type Holding, tokens } from "../evm/holdings.ts";
import type { TypedDataReading } from "./typed-data.ts";
import { type TypedStruct, textOf } from "./typed-data-values.ts";

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

/** So much of a token on the message's chain. */
export function holdingOf({ chain, knowledge }: SignedMessage, token: string, units: bigint): Holding {
  return tokens(knowledge, chain, token, units);
}

type Arguments = NonNullable<Effect["arguments"]>;

/**
 * The members of a struct as the arguments of an effect; lists and structs as JSON.
 *
 * @param type - how EIP-712's `encodeType` spells it, or some of its members: `Foo(address to,uint256 amount)`.
 */
export function argumentsOf(type: string, struct: TypedStruct): Arguments {
  // Neither names nor types have a parenthesis, a comma or a space in them: the spelling can be taken apart.
  const list = type.slice(type.indexOf("(") + 1, type.indexOf(")"));
  if (list === "") return [];
  return list.split(",").map((member) => {
    const [type = "", name = ""] = member.split(" ");
    return { name, type, value: textOf(struct[name] ?? "") };
  });
}
