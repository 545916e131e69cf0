/** A request whose sender is proven and whose document is finished: all that `decide` may work from. */
import { hash } from "node:crypto";
import { type Document, type InputDocument, serialize, spliceRaw } from "../input/document.ts";
import { extended } from "../input/extended.ts";

interface Members {
  readonly input: InputDocument;
  readonly identity: string;
  readonly token?: string | undefined;
  readonly participant?: string | undefined;
  readonly participants: readonly string[];
  readonly startedAt: number;
  readonly normalizeMs: number;
}

/**
 * Made by a channel once the token's signature, its claims and the wire shape have been checked, and by the
 * command line for a dry run that answers nobody.
 *
 * @property identity - SHA-256 in hex over what will be signed: the same for the same request.
 * @property token - the node's own signed token; absent in a dry run.
 * @property participant - the configured node's own id, where the config names one.
 * @property participants - the node ids that the request names: the own one must be among them.
 * @property startedAt - `performance.now()` when the request arrived, for the timings.
 * @property normalizeMs - what parsing and normalizing cost, in milliseconds.
 */
export class VerifiedRequest {
  readonly input: InputDocument;
  readonly identity: string;
  readonly token: string | undefined;
  readonly participant: string | undefined;
  readonly participants: readonly string[];
  readonly startedAt: number;
  readonly normalizeMs: number;
  /** The document as JSON text, without the original; written once, whatever is done with it later. */
  readonly text: string;

  constructor(members: Members, text: string = serialize(members.input, false)) {
    this.input = members.input;
    this.identity = members.identity;
    this.token = members.token;
    this.participant = members.participant;
    this.participants = members.participants;
    this.startedAt = members.startedAt;
    this.normalizeMs = members.normalizeMs;
    this.text = text;
  }

  get document(): Document {
    return this.input.document;
  }

  /** The same request, with what history says of it. */
  withFacts(facts: NonNullable<Document["facts"]>): VerifiedRequest {
    const { document } = this.input;
    const { identity, token, participant, participants, startedAt, normalizeMs } = this;
    const input = extended(this.input, { document: extended(document, { facts }) });
    const members = { input, identity, token, participant, participants, startedAt, normalizeMs };
    if (document.facts !== undefined) return new VerifiedRequest(members);
    const text = `${this.text.slice(0, -1)},"facts":${JSON.stringify(facts)}}`;
    return new VerifiedRequest(members, text);
  }

  /** The text with the original spliced in. */
  textWithRaw(): string {
    return spliceRaw(this.text, this.input.raw);
  }

  /** SHA-256 in hex over the document's text; the original is in the token. */
  inputDigest(): string {
    return hash("sha256", this.text, "hex");
  }
}
