/**
 * The co-signers' listener: `POST /v2/check` and `/v1/check`, `GET /ping`.
 *
 * The checks of one callback stand in the order in which a request meets them: room, content type, size, token,
 * wire, document, decision. Each refusal has its answer in design 3.3; an answer that reaches a node is signed
 * and HTTP 200, whatever it says, because what a node does with another status is not documented.
 */
import type { KeyObject } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import type { Approval } from "../../decisions/approval.ts";
import type { Decided } from "../../decisions/decide.ts";
import type { Decision } from "../../decisions/decision.ts";
import { decisionId } from "../../decisions/decision-id.ts";
import type { DecisionDesk } from "../../decisions/desk.ts";
import { VerifiedRequest } from "../../decisions/request.ts";
import type { EvidenceReader } from "../../evidence/evidence-reader.ts";
import { nowMembers } from "../../input/clock.ts";
import type { Document, Enriched } from "../../input/document.ts";
import { extended } from "../../input/extended.ts";
import { HOST_CODES, Refusal, statusOf } from "../../input/refusal.ts";
import { LedgerError } from "../../ledger/ledger.ts";
import { knowledgeOf } from "../../policy/assets.ts";
import type { LiveRelease } from "../../policy/live.ts";
import { leavingOf } from "../leaving.ts";
import { type ChannelEnvironment, Room } from "../room.ts";
import { normalize, participantsOf } from "./normalize.ts";
import { RefusedTokenReplies } from "./refused-token-replies.ts";
import {
  createReplier,
  type Rejection,
  type Replier,
  type ReplySettings,
  type ReplySigner,
} from "./reply.ts";
import { fieldOf, TokenRefusal, type VerifiedToken, verifyToken } from "./token.ts";
import { type ParsedTask, type Ping, parseCallback, UnusableRequest } from "./wire.ts";

const FORM = "application/x-www-form-urlencoded";
const REFUSED_TOKEN_LIFETIME_MS = 120_000;
const CHECK_PATHS = ["/v2/check", "/v1/check"];

/** One configured TSS Node. */
export interface TssNode {
  readonly name: string;
  readonly nodeId: string | undefined;
  readonly payload: "v1" | "v2";
  readonly publicKeys: readonly KeyObject[];
  /** Signs the answers to this node. */
  readonly signingKey: KeyObject;
}

/** What happens on this channel, for log and metrics. */
export interface TssEvents {
  decided(decided: Decided): void;
  /** A good token around an unusable request: `id` stands in the answer too. */
  unusable(refusal: Refusal, node: string, id: string): void;
  tokenRefused(code: string, remote: string): void;
  pinged(node: string): void;
  phase(phase: "verify" | "sign", ms: number): void;
  rejected(status: number): void;
  failed(error: unknown, id: string): void;
}

export interface TssOptions {
  readonly nodes: readonly TssNode[];
  /** Signs the answers to whoever could not prove to be a node. */
  readonly signingKey: KeyObject;
  readonly signer: ReplySigner;
  readonly reply: ReplySettings & { readonly quoted: boolean };
  readonly leewayMs: number;
  readonly limits: { readonly bodyBytes: number; readonly inFlight: number };
  readonly desk: DecisionDesk;
  readonly evidence: EvidenceReader;
  /** Puts prices and list hits into a finished document. */
  readonly enrich: (document: Document) => Enriched;
  readonly zone: string;
  readonly live: () => LiveRelease | undefined;
  /** The step at which the newest release was refused, if it was. */
  readonly refusedStep: () => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Callbacks being answered now: raised and lowered here, read by the metrics. */
  readonly load: { inFlight: number };
  readonly events: TssEvents;
}

/** One callback whose sender is proven. */
interface Asked {
  readonly node: TssNode;
  readonly token: string;
  readonly startedAt: number;
  readonly outgoing: ServerResponse;
}

/** Builds the app of the `nodes` listener. */
export function createTssApp(options: TssOptions): Hono<ChannelEnvironment> {
  const app = new Hono<ChannelEnvironment>();
  const channel = new TssChannel(options);
  for (const path of CHECK_PATHS) app.post(path, (context) => channel.answer(context));
  app.get("/ping", (context) => context.json({ server: "countersign", timestamp: String(options.now()) }));

  const methods = new Map([
    ...CHECK_PATHS.map((path) => [path, "POST"] as const),
    ["/ping", "GET, HEAD"] as const,
  ]);
  app.notFound((context) => {
    const allow = methods.get(context.req.path);
    return allow === undefined ? context.body(null, 404) : context.body(null, 405, { allow });
  });
  app.onError((error, context) => {
    options.events.failed(error, "");
    return context.body(null, 500);
  });
  return app;
}

class TssChannel {
  readonly #options: TssOptions;
  readonly #refusedTokens: RefusedTokenReplies;
  readonly #repliers = new Map<KeyObject, Replier>();
  readonly #refusedTokenRepliers = new Map<KeyObject, Replier>();
  readonly #room: Room;

  constructor(options: TssOptions) {
    this.#options = options;
    const { limits, load, events } = options;
    this.#room = new Room({ limits, load, rejected: (status) => events.rejected(status) });
    this.#refusedTokens = new RefusedTokenReplies(options.now);
  }

  async answer(context: Context<ChannelEnvironment>): Promise<Response> {
    const { reply } = this.#options;
    const { incoming, outgoing } = context.env;
    if (mediaType(incoming.headers["content-type"]) !== FORM) return this.#room.turnAway(context, 415);
    return await this.#room.admit(context, async (body, startedAt) => {
      const remote = incoming.socket.remoteAddress ?? "";
      const token = await this.#reply(body.toString("utf8"), startedAt, remote, outgoing);
      return reply.quoted
        ? context.body(JSON.stringify(token), 200, { "content-type": "application/json" })
        : context.body(token, 200, { "content-type": "text/plain; charset=utf-8" });
    });
  }

  /** The signed answer to a form body. */
  async #reply(body: string, startedAt: number, remote: string, outgoing: ServerResponse): Promise<string> {
    const { nodes, now, leewayMs, events } = this.#options;
    let token: string;
    let verified: VerifiedToken<TssNode>;
    try {
      token = fieldOf(body);
      verified = verifyToken(token, nodes, now(), leewayMs);
    } catch (error) {
      if (!(error instanceof TokenRefusal)) throw error;
      events.tokenRefused(error.code, remote);
      const key = nodes.find((node) => node === error.node)?.signingKey ?? this.#options.signingKey;
      return await this.#refusedTokens.reply(error, key, this.#refusedTokenReplier(key));
    }
    events.phase("verify", performance.now() - startedAt);
    const asked = { node: verified.node, token, startedAt, outgoing };
    if (verified.refusal !== undefined) return await this.#unusable(asked, verified.refusal, "");
    return await this.#judge(asked, verified.packageData);
  }

  async #judge(asked: Asked, packageData: Uint8Array): Promise<string> {
    const { node } = asked;
    let requestId = "";
    try {
      const parsed = parseCallback(packageData, node.payload);
      if (parsed.type === "ping") return await this.#pong(node, parsed);
      requestId = parsed.requestId;
      return await this.#decide(asked, parsed);
    } catch (error) {
      if (error instanceof UnusableRequest) return await this.#unusable(asked, error, error.echoId);
      if (error instanceof Refusal) return await this.#unusable(asked, error, requestId);
      const id = decisionId();
      this.#options.events.failed(error, id);
      const internal = new Refusal("INTERNAL", "the request could not be judged");
      return await this.#refuse(node, internal, requestId, id);
    }
  }

  #pong(node: TssNode, ping: Ping): Promise<string> {
    this.#options.events.pinged(node.name);
    const replier = this.#replier(node.signingKey);
    return ping.id === undefined ? replier.pong() : replier.pongWithId(ping.id);
  }

  async #decide({ node, token, startedAt, outgoing }: Asked, parsed: ParsedTask): Promise<string> {
    const { desk, enrich, evidence, zone } = this.#options;
    const live = this.#options.live();
    const bench = { live, refusedStep: this.#options.refusedStep() };
    const now = desk.now();
    const knowledge = knowledgeOf(live?.hostData);
    const members = { source: node.name, receivedAt: now, now: nowMembers(now, zone) };
    const normalized = normalize(parsed, extended(members, knowledge));
    const seen = evidence.see(normalized, knowledge);
    const document = seen instanceof Promise ? await whileLive(live, seen) : seen;
    const { raw } = normalized;
    const request = new VerifiedRequest({
      input: { raw, ...enrich(document) },
      identity: parsed.identity,
      token,
      participant: node.nodeId,
      participants: participantsOf(parsed),
      startedAt,
      normalizeMs: performance.now() - startedAt,
    });
    const decided = await desk.answer(request, bench);
    this.#options.events.decided(decided);
    if (decided.approval === undefined) return await this.#reject(node, decided.decision);
    const approve = await this.#approve(node, decided.approval);
    const frozen = desk.letLeave(request, leavingOf(outgoing));
    if (frozen === undefined) return approve;
    const refused = await desk.refuseLate(request, frozen, bench);
    this.#options.events.decided(refused);
    return await this.#reject(node, refused.decision);
  }

  #approve(node: TssNode, approval: Approval): Promise<string> {
    return this.#signing(this.#replier(node.signingKey).approve(approval));
  }

  #reject(node: TssNode, decision: Decision): Promise<string> {
    return this.#signing(this.#replier(node.signingKey).reject(rejectionOf(decision)));
  }

  async #signing(reply: Promise<string>): Promise<string> {
    const from = performance.now();
    try {
      return await reply;
    } finally {
      this.#options.events.phase("sign", performance.now() - from);
    }
  }

  /** Refused before there was a document. It is written down as well, and where that fails, that is the answer. */
  async #unusable({ node, token }: Asked, refusal: Refusal, requestId: string): Promise<string> {
    const { desk, events } = this.#options;
    const id = decisionId();
    events.unusable(refusal, node.name, id);
    try {
      await desk.unusable(id, refusal, { source: node.name, requestId, token });
    } catch (error) {
      if (!(error instanceof LedgerError) && !(error instanceof Refusal)) throw error;
      return await this.#refuse(node, error, requestId, id);
    }
    return await this.#refuse(node, refusal, requestId, id);
  }

  #refuse(
    node: TssNode,
    { code, message }: Pick<Refusal, "code" | "message">,
    requestId: string,
    id: string,
  ): Promise<string> {
    return this.#replier(node.signingKey).reject({
      status: statusOf(code),
      requestId,
      code,
      message,
      decisionId: id,
    });
  }

  #replier(key: KeyObject): Replier {
    return this.#kept(this.#repliers, key, this.#options.reply);
  }

  /** Its answers are used for a minute, so they live for two, however short the others' life is. */
  #refusedTokenReplier(key: KeyObject): Replier {
    const { reply } = this.#options;
    const lifetimeMs = Math.max(reply.lifetimeMs, REFUSED_TOKEN_LIFETIME_MS);
    return this.#kept(this.#refusedTokenRepliers, key, { ...reply, lifetimeMs });
  }

  #kept(repliers: Map<KeyObject, Replier>, key: KeyObject, settings: ReplySettings): Replier {
    let replier = repliers.get(key);
    if (replier === undefined) {
      replier = createReplier(key, settings, this.#options.now, this.#options.signer);
      repliers.set(key, replier);
    }
    return replier;
  }
}

/** The release that the bytes are read with is the one that will judge them, however long that takes. */
function whileLive<T>(live: LiveRelease | undefined, seen: Promise<T>): Promise<T> {
  return live === undefined ? seen : live.during(() => seen);
}

function mediaType(header: string | undefined): string {
  return (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** The first reason answers: the host's where it refused, else the most severe rule's. */
function rejectionOf(decision: Decision): Rejection {
  const [first] = decision.reasons;
  const code = first?.code ?? "INTERNAL";
  const hostCode = HOST_CODES.find((known) => known === code);
  return {
    status: hostCode === undefined ? 0 : statusOf(hostCode),
    requestId: decision.request_id,
    code,
    message: first?.message ?? "",
    decisionId: decision.id,
  };
}
