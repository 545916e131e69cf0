/** The effects of a call and of the calls in it, within limits. */
import type { Effect } from "../../input/document.ts";
import type { Knowledge } from "../../policy/assets.ts";
import type { EvmCall, Place } from "./call.ts";
import { type CallOutcome, outcomeOf } from "./call-outcome.ts";
import { textOfValue } from "./calldata.ts";
import type { OwnEffect } from "./reading.ts";

/** Wrappers in each other: a Safe that owns a Safe, each by way of a multisend. */
const MAX_DEPTH = 4;
/** Calls in calls, over all of them. */
const MAX_INNER_CALLS = 128;
const MAX_EFFECTS = 512;
/**
 * Of all arguments together, in characters, which grow threefold as text; beyond it effects have none, and calls are not
 * read on.
 */
const MAX_ARGUMENT_TEXT = 64 * 1024;
/** A call with more effects, a batch, shows its arguments with the first one alone. */
const MAX_REPEATS = 2;

type Details = Pick<Effect, "selector" | "method" | "arguments">;

/** Reads calls into {@link effects}. Once a limit is passed one `unknown` effect stands for all the rest. */
export class Unwrapping {
  readonly effects: Effect[] = [];
  readonly #knowledge: Knowledge;
  #innerCalls = 0;
  #argumentText = 0;
  #stopped = false;

  constructor(knowledge: Knowledge) {
    this.#knowledge = knowledge;
  }

  /** @param call - of addresses and bytes in lower case. */
  read(call: EvmCall, place: Place): void {
    const outcome = outcomeOf(call, place, this.#knowledge);
    const details = this.#details(outcome);
    const { arguments: _, ...named } = details;
    outcome.effects.forEach((effect, index) => {
      const shows = index === 0 || outcome.effects.length <= MAX_REPEATS || effect.type === "call";
      this.#push(effect, place.depth, shows ? details : named);
    });
    // What rules can't see of a call may name anybody.
    const calls = outcome.effects.some(({ type }) => type === "call");
    if (calls && this.#argumentText > MAX_ARGUMENT_TEXT) this.#stop(place);
    const { chain, transaction, depth } = place;
    for (const inner of outcome.calls ?? []) {
      this.#innerCalls++;
      if (this.#innerCalls > MAX_INNER_CALLS || depth >= MAX_DEPTH) this.#stop(place);
      if (this.#stopped) return;
      const { from, delegated } = inner;
      this.read(inner, { chain, from, depth: depth + 1, delegated, transaction });
    }
  }

  /** Of a call that wraps others the arguments are not shown: they are those calls. */
  #details({ selector, signature, values, calls }: CallOutcome): Details {
    const named = selector === undefined ? {} : { selector };
    if (signature === undefined || values === undefined) return named;
    const method = { ...named, method: signature.text };
    if (calls !== undefined || values.length === 0) return method;
    const words = values.map((value, index) => {
      const { name, type } = signature.parameters[index] ?? {};
      const word = { type: type?.text ?? "", value: textOfValue(value) };
      this.#argumentText += word.value.length;
      return name === undefined ? word : { name, ...word };
    });
    return this.#argumentText > MAX_ARGUMENT_TEXT ? method : { ...method, arguments: words };
  }

  #push(effect: OwnEffect, depth: number, details: Details): void {
    if (this.effects.length >= MAX_EFFECTS) this.#stop({ from: effect.from, depth });
    if (!this.#stopped) this.effects.push(finished(effect, depth, details));
  }

  #stop({ from, depth }: Pick<Place, "from" | "depth">): void {
    if (!this.#stopped) this.effects.push(finished({ type: "unknown", from }, depth, {}));
    this.#stopped = true;
  }
}

/** Without what is not known: a document has no members that say nothing. */
export function finished(effect: OwnEffect, depth: number, details: Details): Effect {
  const { type, asset, from, to, amount } = effect;
  const { selector, method, arguments: words } = details;
  return {
    type,
    ...(asset === undefined ? {} : { asset }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(amount === undefined ? {} : { amount }),
    ...(selector === undefined ? {} : { selector }),
    ...(method === undefined ? {} : { method }),
    ...(words === undefined ? {} : { arguments: words }),
    depth,
  };
}
