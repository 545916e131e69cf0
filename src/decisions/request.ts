/** A request whose sender is proven and whose document is finished: all that `decide` may work from. */
import { hash } from "node:crypto";
import { type InputDocument, serialize, spliceRaw } from "../input/document.ts";

/**
 * Made by a channel once the token's signature, its claims and the wire shape have been checked, and by the
 * command line for a dry run that answers nobody.
 *
 * @property participant - the configured node's own id, where the config names one.
 * @property participants - the node ids that the request names: the own one must be among them.
 * @property startedAt - `performance.now()` when the request arrived, for the timings.
 * @property normalizeMs - what parsing and normalizing cost, in milliseconds.
 */
export class VerifiedRequest {
  readonly input: InputDocument;
  readonly participant: string | undefined;
  readonly participants: readonly string[];
  readonly startedAt: number;
  readonly normalizeMs: number;
  /** The document as JSON text, without the original; written once, whatever is done with it later. */
  readonly text: string;

  constructor(members: {
    input: InputDocument;
    participant?: string | undefined;
    participants: readonly string[];
    startedAt: number;
    normalizeMs: number;
  }) {
    this.input = members.input;
    this.participant = members.participant;
    this.participants = members.participants;
    this.startedAt = members.startedAt;
    this.normalizeMs = members.normalizeMs;
    this.text = serialize(members.input, false);
  }

  /** The same with the original spliced in. */
  textWithRaw(): string {
    return spliceRaw(this.text, this.input.raw);
  }

  /** SHA-256 in hex over the whole text, the original included. */
  inputDigest(): string {
    return hash("sha256", this.textWithRaw(), "hex");
  }
}
