/**
 * One push message, from bytes to a checked value.
 *
 * A message is read after its signature was verified, so whatever can't be read is still Cobo's word: it is never
 * refused, but kept as it is and flagged. What is in doubt is unreadable, not guessed. The order is fixed: encoding,
 * JSON, the shape, the schema, then what the message alone can contradict itself in.
 */
import { Refusal } from "../../input/refusal.ts";
import { decodeUtf8Strict, isJsonObject, type JsonObject, readStrictJson } from "../../input/strict-json.ts";
import type { FlagMark, TransactionNames } from "../../ledger/ledger.ts";
import { refuseUnreadable, unreadable } from "../readable.ts";
import { type Found, findLeniently } from "./lenient.ts";
import { type ParsedPush, type PushShape, refuse, type Told } from "./told.ts";
import { custodialSchema, toldByCustodial } from "./wire-custodial.ts";
import { checkMessage } from "./wire-members.ts";
import { mpcSchema, toldByMpc } from "./wire-mpc.ts";

export type { ParsedPush, PushShape } from "./told.ts";

/**
 * A well signed message that nobody understands.
 *
 * @property refusal - why, with its code; @property problem - the same, for people.
 * @property names, marks - what could be found in it all the same.
 */
export class UnreadablePush extends Error {
  override readonly name = "UnreadablePush";
  readonly refusal: Refusal;
  readonly problem: string;
  readonly names: TransactionNames | undefined;
  readonly marks: readonly FlagMark[];

  constructor(refusal: Refusal, { names, marks }: Found) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
    this.problem = refusal.message;
    this.names = names;
    this.marks = marks;
  }
}

/** Members that one shape has, and the other never. */
const ONLY: Readonly<Record<PushShape, readonly string[]>> = {
  custodial: ["side", "coin", "abs_amount", "source_address", "txid", "confirming_threshold"],
  mpc: ["transaction_type", "coin_detail", "amount_detail", "from_address", "to_address", "cobo_id"],
};

/**
 * @param body - the bytes as they were received.
 * @param shape - the one that the path stands for.
 * @throws UnreadablePush with `REQUEST_ENCODING`, `REQUEST_JSON`, `REQUEST_DUPLICATE_KEY`, `REQUEST_TOO_DEEP`,
 *   `REQUEST_TYPE_UNKNOWN` (another shape than the path's, or none) or `REQUEST_SCHEMA`.
 */
export function parsePush(body: Uint8Array, shape: PushShape | "either"): ParsedPush {
  try {
    const rawText = decodeUtf8Strict(body);
    const read = readStrictJson(rawText);
    if (!isJsonObject(read.value)) refuse("the message is no JSON object");
    const found = shapeOf(read.value);
    if (shape !== "either" && shape !== found) {
      throw new Refusal(
        "REQUEST_TYPE_UNKNOWN",
        `a message of the shape ${found}, sent where ${shape} is expected`,
      );
    }
    refuseUnreadable(unreadable(read, "the message"));
    return { rawText, ...toldBy(found, read.value) };
  } catch (error) {
    if (error instanceof Refusal) throw new UnreadablePush(error, findLeniently(body));
    throw error;
  }
}

function shapeOf(message: JsonObject): PushShape {
  const has = (shape: PushShape): boolean => ONLY[shape].some((member) => message[member] !== undefined);
  const custodial = has("custodial");
  if (custodial !== has("mpc")) return custodial ? "custodial" : "mpc";
  throw new Refusal(
    "REQUEST_TYPE_UNKNOWN",
    `a message of ${custodial ? "both shapes" : "no shape that is known"}`,
  );
}

function toldBy(shape: PushShape, message: JsonObject): Told {
  return shape === "custodial"
    ? toldByCustodial(checkMessage(custodialSchema, message))
    : toldByMpc(checkMessage(mpcSchema, message));
}
