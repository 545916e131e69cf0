/**
 * The admin listener's app (design 3.3): health, readiness and metrics for monitors; status, history and the
 * operators' acts for people with a token.
 */
import { Hono } from "hono";
import type { Freezes } from "../decisions/freeze.ts";
import type { Operations } from "../decisions/operations.ts";
import { createRateLimit } from "../rate-limit.ts";
import { decisionRoutes } from "./decisions.ts";
import { type AdminEnvironment, mayOperate } from "./environment.ts";
import { flagRoutes, openFlags } from "./flags.ts";
import { freezeRoutes } from "./freezes.ts";
import type { History } from "./history.ts";
import { type AcceptPrice, priceRoutes } from "./prices.ts";
import { ProblemError, problem } from "./problem.ts";
import { type Promote, promoteRoutes } from "./promote.ts";
import { type ShadowReport, shadowRoutes } from "./shadow.ts";
import { type ServerState, statusOf } from "./status.ts";
import { type AdminToken, findOperator, type Operator } from "./tokens.ts";
import { transactionRoutes } from "./transactions.ts";

/** After so many wrong tokens an address gets 429, and one more try in each six seconds. */
const WRONG_TOKENS = 10;
const WRONG_TOKENS_PER_SECOND = 1 / 6;
/** Longer than any token. */
const MAX_AUTHORIZATION_LENGTH = 1_024;

export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** @property live - the release in force after the attempt; absent (on the wire: null) where there is none. */
export interface ReloadResult {
  readonly live?: { readonly revision: string; readonly sequence: number; readonly sha256: string };
  readonly changed: boolean;
  readonly error?: string;
}

/** What the admin app asks the server for. */
export interface StatusSource {
  /** Every check, whether it passes or not. Ready is where all do. */
  checks(): readonly ReadinessCheck[] | Promise<readonly ReadinessCheck[]>;
  state(): ServerState;
  reload(): Promise<ReloadResult>;
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>;
  /** An operator's call that changed something. */
  operated(who: string, what: string): void;
  /** An exception in one of these functions; the caller gets 500. */
  failed(error: unknown): void;
}

export interface AdminOptions {
  readonly source: StatusSource;
  readonly tokens: readonly AdminToken[];
  readonly freezes: Freezes;
  readonly operations: Operations;
  readonly history: History;
  readonly acceptPrice: AcceptPrice;
  readonly promote: Promote;
  /** What the candidate judged; undefined where none judges. */
  readonly shadow: () => ShadowReport | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Builds the app. */
export function createAdminApp(options: AdminOptions): Hono<AdminEnvironment> {
  const { source, tokens, freezes, operations, history, acceptPrice, now = Date.now } = options;
  const { promote, shadow } = options;
  const operated = (who: string, what: string): void => source.operated(who, what);
  const app = new Hono<AdminEnvironment>();
  const wrong = createRateLimit(WRONG_TOKENS_PER_SECOND, WRONG_TOKENS);

  app.use(async (context, next) => {
    await next();
    context.res.headers.set("cache-control", "no-store");
    context.res.headers.set("x-content-type-options", "nosniff");
  });

  app.get("/healthz", (context) => context.json({ ok: true }));

  app.get("/readyz", async (context) => {
    const checks = await source.checks();
    const ready = checks.every((check) => check.ok);
    return context.json({ ready, checks }, ready ? 200 : 503);
  });

  app.get("/metrics", async (context) => {
    const { text, contentType } = await source.metrics();
    return context.body(text, 200, { "content-type": contentType });
  });

  app.use("/v1/*", async function authenticate(context, next) {
    const remote = context.env.incoming.socket.remoteAddress ?? "";
    if (!wrong.has(remote)) {
      return problem(429, "Too many wrong tokens from this address.", { "retry-after": "6" });
    }
    const operator = operatorOf(tokens, context.req.header("authorization"));
    if (operator === undefined) {
      wrong.take(remote);
      return problem(401, "A bearer token is required.", { "www-authenticate": "Bearer" });
    }
    context.set("operator", operator);
    return next();
  });

  app.get("/v1/status", async (context) => {
    const [checks, flags] = await Promise.all([source.checks(), openFlags(history)]);
    const ready = checks.every((check) => check.ok);
    return context.json(statusOf(source.state(), { ready, flags }, now()));
  });

  app.post("/v1/reload", mayOperate, async (context) => {
    source.operated(context.get("operator").name, "reload");
    const { live = null, changed, error } = await source.reload();
    return context.json({ live, changed, ...(error === undefined ? {} : { error }) });
  });

  app.route("/", freezeRoutes({ freezes, operations, operated }));
  app.route("/", decisionRoutes(history));
  app.route("/", flagRoutes({ history, operations, operated }));
  app.route("/", transactionRoutes({ history, operations, operated }));
  app.route("/", priceRoutes({ acceptPrice, operated }));
  app.route("/", promoteRoutes({ promote, operated }));
  app.route("/", shadowRoutes(shadow));

  const allowedAt = methodsOf(app);
  app.notFound((context) => {
    const allowed = allowedAt(context.req.path);
    if (allowed.length === 0) return problem(404, "Nothing answers at this path.");
    return problem(405, `This path takes ${allowed.join(", ")}.`, { allow: allowed.join(", ") });
  });
  app.onError((error) => {
    if (error instanceof ProblemError) {
      const { status, message, members } = error;
      return problem(status, message, status === 408 ? { connection: "close" } : {}, members);
    }
    source.failed(error);
    return problem(500, "The server failed; its log has the place.");
  });
  return app;
}

/** Which methods the routes of an app take at a path; none where there is no such path. */
function methodsOf(app: Hono<AdminEnvironment>): (path: string) => readonly string[] {
  const routes = app.routes
    .filter(({ method }) => method === "GET" || method === "POST")
    .map(({ method, path }) => ({
      methods: method === "GET" ? ["GET", "HEAD"] : [method],
      pattern: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`),
    }));
  return (path) => [
    ...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)),
  ];
}

function operatorOf(tokens: readonly AdminToken[], header: string | undefined): Operator | undefined {
  if (header === undefined || header.length > MAX_AUTHORIZATION_LENGTH) return undefined;
  const [, presented] = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header) ?? [];
  return presented === undefined ? undefined : findOperator(tokens, presented);
}
