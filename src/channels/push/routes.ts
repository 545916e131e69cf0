/**
 * Cobo's listener: `POST /push`, `/push/custodial` and `/push/mpc`, each of which takes both shapes, and
 * `/confirm/withdrawal`.
 *
 * The checks of one message stand in the order in which it meets them: size, room, signature, window; then it is read
 * and kept. A message that Cobo did not sign leaves nothing behind but a counter: 401, without a body. One that Cobo
 * did sign is never lost: it is answered with exactly `ok` once it is on the disk, whatever the policy thinks of it and
 * whether anybody could read it, and with 503 where that can't be done, so that Cobo sends it again. What a
 * confirmation is answered stands in `confirm.ts`.
 *
 * The content type is not looked at: Cobo documents none.
 */
import { hash } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Decided } from "../../decisions/decide.ts";
import type { Bench, DecisionDesk } from "../../decisions/desk.ts";
import type { PushDesk } from "../../decisions/push-desk.ts";
import type { Push } from "../../decisions/push-message.ts";
import type { Document, Enriched } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { LedgerError } from "../../ledger/ledger.ts";
import { encodeSignedMessage } from "../../ledger/signed-message.ts";
import type { LiveRelease } from "../../policy/live.ts";
import { type ChannelEnvironment, Room } from "../room.ts";
import { type Answer, Confirmations } from "./confirm.ts";
import type { PushKey } from "./keys.ts";
import { normalizePush } from "./normalize.ts";
import {
  isOutsideWarning,
  PushRefusal,
  type PushRefusalCode,
  type PushWindow,
  type VerifiedMessage,
  verifyPush,
} from "./signature.ts";
import { contextOf, type Signed } from "./signed.ts";
import { type PushShape, parsePush, UnreadablePush } from "./wire.ts";

const PUSH_PATHS: ReadonlyMap<string, PushShape | "either"> = new Map([
  ["/push", "either"],
  ["/push/custodial", "custodial"],
  ["/push/mpc", "mpc"],
] as const);
const CONFIRM_PATH = "/confirm/withdrawal";

/** What happens on this channel, for log and metrics. */
export interface PushEvents {
  decided(decided: Decided): void;
  /** A well signed confirmation that nobody can decide on. */
  unusable(refusal: Refusal, source: string, id: string): void;
  refused(code: PushRefusalCode, remote: string): void;
  /** Its time is far from ours. @param apartMs - ours less its. */
  oddlyTimed(source: string, apartMs: number): void;
  /** Not kept, by our own fault. */
  unkept(code: string): void;
  rejected(status: number): void;
  failed(error: unknown): void;
}

export interface PushOptions {
  readonly keys: readonly PushKey[];
  readonly window: PushWindow;
  readonly limits: { readonly bodyBytes: number; readonly inFlight: number };
  readonly pushes: Pick<PushDesk, "take">;
  readonly desk: DecisionDesk;
  /** Puts prices and list hits into a finished document. */
  readonly enrich: (document: Document) => Enriched;
  readonly zone: string;
  readonly live: () => LiveRelease | undefined;
  /** The step at which the newest release was refused, if it was. */
  readonly refusedStep: () => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Messages being answered now: raised and lowered here, read by the metrics. */
  readonly load: { inFlight: number };
  readonly events: PushEvents;
}

/** Builds the app of the `push` listener. */
export function createPushApp(options: PushOptions): Hono<ChannelEnvironment> {
  const app = new Hono<ChannelEnvironment>();
  const channel = new PushChannel(options);
  for (const [path, shape] of PUSH_PATHS) app.post(path, (context) => channel.take(context, shape));
  app.post(CONFIRM_PATH, (context) => channel.confirm(context));
  app.notFound((context) => {
    const { path } = context.req;
    const isKnown = PUSH_PATHS.has(path) || path === CONFIRM_PATH;
    return isKnown ? context.body(null, 405, { allow: "POST" }) : context.body(null, 404);
  });
  app.onError((error, context) => {
    options.events.failed(error);
    return context.body(null, 503);
  });
  return app;
}

class PushChannel {
  readonly #options: PushOptions;
  readonly #room: Room;
  readonly #confirmations: Confirmations;

  constructor(options: PushOptions) {
    this.#options = options;
    const { limits, load, events } = options;
    this.#room = new Room({ limits, load, rejected: (status) => events.rejected(status) });
    this.#confirmations = new Confirmations(options);
  }

  take(context: Context<ChannelEnvironment>, shape: PushShape | "either"): Promise<Response> {
    return this.#answer(context, async (signed) => {
      const bench = benchOf(this.#options);
      await this.#options.pushes.take(this.#read(signed, shape, bench.live), bench);
      return "ok";
    });
  }

  confirm(context: Context<ChannelEnvironment>): Promise<Response> {
    const { outgoing } = context.env;
    return this.#answer(context, (signed) =>
      this.#confirmations.answer(signed, benchOf(this.#options), outgoing),
    );
  }

  /** @param work - gives the answer to a message that Cobo signed; undefined where it has none. */
  async #answer(
    context: Context<ChannelEnvironment>,
    work: (signed: Signed) => Promise<Answer | undefined>,
  ): Promise<Response> {
    const { events } = this.#options;
    const { incoming } = context.env;
    return await this.#room.admit(context, async (body, startedAt) => {
      try {
        const answer = await work(this.#verify(body, incoming.rawHeaders, startedAt));
        if (answer === undefined) return this.#room.turnAway(context, 503);
        return context.body(answer, 200, { "content-type": "text/plain" });
      } catch (error) {
        if (error instanceof PushRefusal) {
          events.refused(error.code, incoming.socket.remoteAddress ?? "");
          return context.body(null, 401);
        }
        if (error instanceof LedgerError || error instanceof Refusal) events.unkept(error.code);
        else events.failed(error);
        return this.#room.turnAway(context, 503);
      }
    });
  }

  /** @throws PushRefusal */
  #verify(body: Buffer, rawHeaders: readonly string[], startedAt: number): Signed {
    const { keys, window, now, events } = this.#options;
    const message: VerifiedMessage = verifyPush(body, rawHeaders, keys);
    const at = now();
    const { key, timestamp, timestampMs, signature } = message;
    if (isOutsideWarning(message, at, window)) events.oddlyTimed(key.name, at - timestampMs);
    return {
      body,
      source: key.name,
      identity: hash("sha256", body, "hex"),
      envelope: encodeSignedMessage({ timestamp, signature, key: key.name, body }),
      startedAt,
    };
  }

  /**
   * What a message says. The path is not signed, so that a message is what its members say it is: else whoever has seen
   * one could make it unreadable, and hold the address that it pays. Whatever goes wrong here is a message that nobody
   * understands: it is kept all the same.
   *
   * @throws Refusal `CLOCK_BEHIND`
   */
  #read(signed: Signed, shape: PushShape | "either", live: LiveRelease | undefined): Push {
    const { enrich, events, desk, zone } = this.#options;
    const { source, identity, envelope, startedAt } = signed;
    const context = contextOf(signed, desk.now(), zone, live);
    try {
      const { document, raw, names } = normalizePush(parsePush(signed.body, "either"), context);
      const { channel } = document;
      const input = { ...enrich(document), raw };
      return { readable: true, channel, source, identity, envelope, startedAt, input, names };
    } catch (error) {
      const isExpected = error instanceof UnreadablePush || error instanceof Refusal;
      if (!isExpected) events.failed(error);
      const { names, marks } = error instanceof UnreadablePush ? error : { names: undefined, marks: [] };
      const problem = isExpected ? error.message : "it broke the reader: the log has where";
      const channel = shape === "mpc" ? "push.mpc" : "push.custodial";
      const { now } = context;
      return { readable: false, channel, source, identity, envelope, startedAt, now, problem, names, marks };
    }
  }
}

/** The release that a message is read with, and judged by. */
function benchOf({ live, refusedStep }: Pick<PushOptions, "live" | "refusedStep">): Bench {
  return { live: live(), refusedStep: refusedStep() };
}
