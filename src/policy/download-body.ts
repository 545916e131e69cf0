/** The bytes that a download brings, and why there are none. */

const FIRST_BUFFER_BYTES = 64 * 1024;
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

/** The bytes of a body so far. They grow by copying, twice as much each time: no copy is worth noticing. */
export class Body {
  readonly #name: string;
  readonly #limit: number;
  readonly #announced: number | undefined;
  #buffer: Buffer;
  #length = 0;
  #pieces = 0;

  constructor(name: string, limit: number, announced: number | undefined) {
    this.#name = name;
    this.#limit = limit;
    this.#announced = announced;
    this.#buffer = Buffer.allocUnsafeSlow(announced ?? Math.min(limit, FIRST_BUFFER_BYTES));
  }

  /** @returns why that is more than is taken; undefined where it is not. */
  add(chunk: Buffer): DownloadError | undefined {
    const length = this.#length + chunk.length;
    if (length > this.#limit) return new DownloadError(`${this.#name}: more than ${this.#limit} bytes`);
    this.#pieces += 1;
    if (this.#pieces > MAX_SMALL_PIECES + length / SMALL_PIECE_BYTES) {
      return new DownloadError(`${this.#name}: comes in pieces of a few bytes`);
    }
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(length, this.#buffer.length * 2)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
    return undefined;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  endedEarly(): DownloadError {
    const of = this.#announced === undefined ? "" : ` of ${this.#announced}`;
    return new DownloadError(`${this.#name}: ended after ${this.#length}${of} bytes`);
  }
}
