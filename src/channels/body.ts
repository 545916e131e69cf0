/**
 * Request bodies, read from Node's own stream, within limits of size, time and room.
 *
 * A sender that has proven nothing yet can hold a place by sending slowly. So a body has a deadline of its own,
 * and all bodies being read share one budget of memory; whoever is over either goes away without having taken
 * a place among the requests that are answered.
 */
import type { IncomingMessage } from "node:http";

/**
 * A body that cannot be taken; `status` is the answer: 413 too large, 400 cut off by the peer, 408 too slow,
 * 503 no room for it now.
 */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly status: 400 | 408 | 413 | 503;

  constructor(status: 400 | 408 | 413 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

/** The memory that bodies being read may take together, in bytes. */
export interface BodyBudget {
  readonly bytes: number;
  used: number;
}

/**
 * @property limitBytes - an announced length above it is refused unread, any other body where it exceeds it.
 * @property deadlineMs - how long the whole body may take.
 * @property budget - shared by all bodies of a listener; absent: none.
 */
export interface BodyLimits {
  readonly limitBytes: number;
  readonly deadlineMs: number;
  readonly budget?: BodyBudget;
}

/**
 * Reads a request's body, which costs a fraction of reading a web stream.
 *
 * @throws BodyError
 */
export function readBody(incoming: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const { limitBytes, deadlineMs, budget } = limits;
  return new Promise((resolve, reject) => {
    // A transfer coding overrides the announced length (RFC 9112, 6.3): then only counting tells.
    const announced =
      incoming.headers["transfer-encoding"] === undefined
        ? Number(incoming.headers["content-length"] ?? 0)
        : 0;
    if (announced > limitBytes) {
      reject(new BodyError(413, `body over ${limitBytes} bytes`));
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (error?: BodyError): void => {
      clearTimeout(deadline);
      if (budget !== undefined) budget.used -= length;
      incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      if (error !== undefined) {
        incoming.pause();
        reject(error);
      } else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length));
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (budget !== undefined) budget.used += chunk.length;
      if (length > limitBytes) finish(new BodyError(413, `body over ${limitBytes} bytes`));
      else if (budget !== undefined && budget.used > budget.bytes) {
        finish(new BodyError(503, "no room for more bodies"));
      } else chunks.push(chunk);
    };
    const onEnd = (): void => finish();
    const onClose = (): void => finish(new BodyError(400, "the peer closed before its body was complete"));
    const deadline = setTimeout(() => {
      finish(new BodyError(408, `the body took longer than ${deadlineMs} ms`));
    }, deadlineMs);
    if (incoming.destroyed && !incoming.readableEnded) {
      onClose();
      return;
    }
    incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}
