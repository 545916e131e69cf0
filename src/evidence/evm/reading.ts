/** How the calls of well-known methods are read: by their arguments, into what they do and the calls they make. */
import type { Effect } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import { Undecodable } from "../undecodable.ts";
import type { EvmCall, Hex, Place } from "./call.ts";
import type { AbiValue } from "./calldata.ts";

/** A call whose method is known, and where it is made. */
export interface Site {
  readonly contract: string;
  readonly place: Place;
  readonly knowledge: Knowledge;
}

/** An effect without what it shares with all others of its call. */
export type OwnEffect = Omit<Effect, "selector" | "method" | "arguments" | "depth">;

/** A call that a call makes. @property from - in whose name. */
export interface InnerCall extends EvmCall {
  readonly from: string | undefined;
  readonly delegated?: boolean;
}

/** @property calls - present for what wraps calls, even if there are none. */
export interface Outcome {
  readonly effects: readonly OwnEffect[];
  readonly calls?: readonly InnerCall[];
}

/**
 * A method and what calling it does.
 *
 * @property signature - with names, as effects show them.
 * @property read - may throw Undecodable for arguments that no contract takes.
 */
export interface Reading {
  readonly signature: string;
  readonly read: (values: Arguments, site: Site) => Outcome;
}

/** Readings by selector. */
export type Readings = readonly (readonly [Hex, Reading])[];

/** The call itself, as an effect: the contract must be one that may be called. */
export function plainCall({ contract, place }: Site): OwnEffect {
  return { type: "call", from: place.from, to: contract };
}

/** Decoded values, taken by position. A value of another type than asked for is refused. */
export class Arguments {
  readonly #values: readonly AbiValue[];

  constructor(values: readonly AbiValue[]) {
    this.#values = values;
  }

  address(index: number): string {
    const value = this.#values[index];
    return typeof value === "string" ? value : wrongType();
  }

  uint(index: number): bigint {
    const value = this.#values[index];
    return typeof value === "bigint" ? value : wrongType();
  }

  flag(index: number): boolean {
    const value = this.#values[index];
    return typeof value === "boolean" ? value : wrongType();
  }

  bytes(index: number): Hex {
    const value = this.#values[index];
    return isHex(value) ? value : wrongType();
  }

  tuple(index: number): Arguments {
    const value = this.#values[index];
    return typeof value === "object" ? new Arguments(value) : wrongType();
  }

  /** The elements of an array, each as the value at the position 0. */
  elements(index: number): readonly Arguments[] {
    const value = this.#values[index];
    return typeof value === "object" ? value.map((element) => new Arguments([element])) : wrongType();
  }

  /** The elements of an array of tuples. */
  tuples(index: number): readonly Arguments[] {
    return this.elements(index).map((element) => element.tuple(0));
  }
}

function isHex(value: AbiValue | undefined): value is Hex {
  return typeof value === "string" && value.startsWith("0x");
}

function wrongType(): never {
  throw new Undecodable("an argument of another type");
}
