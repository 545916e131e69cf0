/** Reads a transaction out of an answer of Cobo's: it has the shape of a push, and is read as one. */
import { nowMembers } from "../../input/clock.ts";
import type { Channel } from "../../input/document.ts";
import { type JsonObject, stringifyJson } from "../../input/strict-json.ts";
import { knowledgeOf } from "../../policy/assets.ts";
import { normalizePush, type PushContext } from "./normalize.ts";
import { UnreadableAnswer } from "./query-client.ts";
import { type Particulars, particularsOf } from "./query-compare.ts";
import { parsePush, UnreadablePush } from "./wire.ts";

/** Nothing that is compared depends on when it is read, or on what a release knows. */
const CONTEXT: PushContext = {
  source: "query",
  receivedAt: 0,
  now: nowMembers(0, "UTC"),
  identity: "0".repeat(64),
  ...knowledgeOf(undefined),
};

/**
 * @param channel - of the push that is asked about.
 * @throws UnreadableAnswer where it is no transaction of that shape.
 */
export function readTransaction(channel: Channel, transaction: JsonObject): Particulars {
  const shape = channel === "push.mpc" ? "mpc" : "custodial";
  const body = Buffer.from(stringifyJson(transaction));
  try {
    const particulars = particularsOf(normalizePush(parsePush(body, shape), CONTEXT).document);
    if (particulars !== undefined) return particulars;
  } catch (error) {
    if (!(error instanceof UnreadablePush)) throw error;
    throw new UnreadableAnswer(`a signed answer that is no transaction: ${error.problem}`);
  }
  throw new UnreadableAnswer("a signed answer that states no status");
}
