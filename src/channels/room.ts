/**
 * The room that a listener has: for bodies that are half read, and for requests that are answered.
 *
 * A place among those being answered is taken by a whole request only: a slow sender holds none.
 */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { BodyError, type BodyLimits, readBody } from "./body.ts";

/** What is sent here is some kilobytes, and what is late is sent again. */
const BODY_DEADLINE_MS = 5_000;
/** As many bodies of the largest size may be half read at once. */
const BODIES_IN_MEMORY = 64;

export interface ChannelEnvironment {
  Bindings: HttpBindings;
}

/**
 * @property load - requests being answered now: raised and lowered here, read by the metrics.
 * @property rejected - is told of each request that is turned away.
 */
export interface RoomOptions {
  readonly limits: { readonly bodyBytes: number; readonly inFlight: number };
  readonly load: { inFlight: number };
  readonly rejected: (status: number) => void;
}

export class Room {
  readonly #options: RoomOptions;
  readonly #bodyLimits: BodyLimits;

  constructor(options: RoomOptions) {
    this.#options = options;
    const limitBytes = options.limits.bodyBytes;
    const budget = { bytes: limitBytes * BODIES_IN_MEMORY, used: 0 };
    this.#bodyLimits = { limitBytes, deadlineMs: BODY_DEADLINE_MS, budget };
  }

  /**
   * Reads a request's body and, where there is a place for it, answers it.
   *
   * @param answer - `startedAt` is `performance.now()` when the request came.
   */
  async admit(
    context: Context<ChannelEnvironment>,
    answer: (body: Buffer, startedAt: number) => Promise<Response>,
  ): Promise<Response> {
    const { load, limits } = this.#options;
    const startedAt = performance.now();
    let body: Buffer;
    try {
      body = await readBody(context.env.incoming, this.#bodyLimits);
    } catch (error) {
      if (error instanceof BodyError) return this.turnAway(context, error.status);
      throw error;
    }
    if (load.inFlight >= limits.inFlight) return this.turnAway(context, 503);
    load.inFlight += 1;
    try {
      return await answer(body, startedAt);
    } finally {
      load.inFlight -= 1;
    }
  }

  /** Without a body. */
  turnAway(context: Context<ChannelEnvironment>, status: 400 | 408 | 413 | 415 | 503): Response {
    this.#options.rejected(status);
    return context.body(null, status, status === 408 ? { connection: "close" } : {});
  }
}
