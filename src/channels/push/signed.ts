/** A message that Cobo signed, before anybody has read it, and what reading it goes by. */
import { nowMembers } from "../../input/clock.ts";
import { extended } from "../../input/extended.ts";
import { knowledgeOf } from "../../policy/assets.ts";
import type { LiveRelease } from "../../policy/live.ts";
import type { PushContext } from "./normalize.ts";

/**
 * @property source - the name of the key. @property identity - SHA-256 in hex over the body's bytes.
 * @property envelope - as it is kept: see `ledger/signed-message.ts`.
 * @property startedAt - `performance.now()` when it arrived.
 */
export interface Signed {
  readonly body: Uint8Array;
  readonly source: string;
  readonly identity: string;
  readonly envelope: string;
  readonly startedAt: number;
}

/** @param at - of the decision's clock, milliseconds since the epoch. @param live - what it is read with, and judged by. */
export function contextOf(
  { source, identity }: Signed,
  at: number,
  zone: string,
  live: LiveRelease | undefined,
): PushContext {
  const members = { source, identity, receivedAt: at, now: nowMembers(at, zone) };
  return extended(members, knowledgeOf(live?.hostData));
}
