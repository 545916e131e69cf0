/** The bytes that a download brings, and why there are none. */
import { messageOf } from "../thrown.ts";

/** So many pieces may be small; more of them cost more to receive than they bring. */
const MAX_SMALL_PIECES = 1_000;
const SMALL_PIECE_BYTES = 256;

/** Why there is no file. The message is for people: no secret is in it, nor anything that the host said. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  /** What the host answered; undefined where that is not what was wrong. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

/** What came could not be written here: no fault of the host. */
export class UnwrittenError extends DownloadError {}

/** Takes what comes, piece by piece. @throws the system's error. */
export type Sink = (chunk: Buffer) => void;

/** The bytes of a body so far. All that may come has its place at once: memory is used where something is written. */
export class Body {
  readonly #name: string;
  readonly #limit: number;
  readonly #announced: number | undefined;
  readonly #sink: Sink | undefined;
  readonly #buffer: Buffer<ArrayBuffer>;
  #length = 0;
  #pieces = 0;

  /** @param sink - is given the bytes; absent: they are kept here. */
  constructor(name: string, limit: number, announced: number | undefined, sink?: Sink) {
    this.#name = name;
    this.#limit = limit;
    this.#announced = announced;
    this.#sink = sink;
    this.#buffer = Buffer.allocUnsafeSlow(sink === undefined ? (announced ?? limit) : 0);
  }

  /** @returns why that is not taken; undefined where it is. */
  add(chunk: Buffer): DownloadError | undefined {
    const length = this.#length + chunk.length;
    if (length > (this.#announced ?? this.#limit)) {
      return new DownloadError(`${this.#name}: more than ${this.#limit} bytes`);
    }
    this.#pieces += 1;
    if (this.#pieces > MAX_SMALL_PIECES + length / SMALL_PIECE_BYTES) {
      return new DownloadError(`${this.#name}: comes in pieces of a few bytes`);
    }
    try {
      if (this.#sink === undefined) chunk.copy(this.#buffer, this.#length);
      else this.#sink(chunk);
    } catch (error) {
      const why = messageOf(error);
      return new UnwrittenError(`${this.#name}: it can't be written: ${why}`, undefined, error);
    }
    this.#length = length;
    return undefined;
  }

  /** In memory of their own, nothing behind them; none where something else was given them. */
  bytes(): Buffer<ArrayBuffer> {
    if (this.#sink !== undefined || this.#length === this.#buffer.length) return this.#buffer;
    const exact = Buffer.allocUnsafeSlow(this.#length);
    this.#buffer.copy(exact, 0, 0, this.#length);
    return exact;
  }

  endedEarly(): DownloadError {
    const of = this.#announced === undefined ? "" : ` of ${this.#announced}`;
    return new DownloadError(`${this.#name}: ended after ${this.#length}${of} bytes`);
  }
}
