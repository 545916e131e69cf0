/** The parts put together: keys, policy, listeners and the Hono apps behind them. */
import type { KeyObject } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { ReloadResult } from "./admin/app.ts";
import { type AdminToken, ensureAdminToken, localToken } from "./admin/tokens.ts";
import type { PushQueries } from "./channels/push/push-queries.ts";
import { createTssApp, type TssEvents, type TssNode } from "./channels/tss/routes.ts";
import { Signer } from "./channels/tss/signer.ts";
import type { Config } from "./config.ts";
import type { PushBacklog } from "./decisions/push-backlog.ts";
import { EvidenceReader } from "./evidence/evidence-reader.ts";
import type { Feeds } from "./feeds/feeds.ts";
import { type HttpApp, type Listener, startListener } from "./listener.ts";
import { type Keys, loadKeys } from "./node-keys.ts";
import { shownPlace } from "./release-place.ts";
import { loadTrust } from "./release-trust.ts";
import { adminApp } from "./server-admin.ts";
import { loadListTrusts, openFeeds } from "./server-lists.ts";
import { Memory } from "./server-memory.ts";
import { type PushParts, pushAgain, pushApp, pushBacklog } from "./server-push.ts";
import { askAgain, pushQueries } from "./server-queries.ts";
import { Releases } from "./server-releases.ts";
import { createTelemetry, type Telemetry, tellOfDecision, tellOfUnusable } from "./server-telemetry.ts";
import type { ListenerAddresses } from "./telemetry/log.ts";
import { messageOf } from "./thrown.ts";
import { VERSION } from "./version.ts";

export type ReloadOutcome = ReloadResult;

/** One server of one config. `create`, then `listen`, then `close`: each once. */
export class CountersignServer {
  readonly #config: Config;
  readonly #telemetry: Telemetry;
  readonly #memory: Memory;
  readonly #feeds: Feeds;
  readonly #releases: Releases;
  readonly #nodes: readonly TssNode[];
  readonly #signingKey: KeyObject;
  readonly #signer = new Signer();
  readonly #evidence = new EvidenceReader();
  readonly #backlog: PushBacklog;
  readonly #queries: PushQueries | undefined;
  readonly #startedAt = Date.now();
  #listeners: Listener[] = [];

  private constructor(
    config: Config,
    telemetry: Telemetry,
    keys: Keys,
    memory: Memory,
    feeds: Feeds,
    releases: Releases,
  ) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.#memory = memory;
    this.#feeds = feeds;
    this.#releases = releases;
    this.#nodes = keys.nodes;
    this.#signingKey = keys.own;
    const again = pushAgain(this.#pushParts());
    this.#backlog = pushBacklog(this.#pushParts(), again);
    this.#queries = pushQueries(this.#pushParts(), again, keys.query);
  }

  /** Reads the keys and opens the ledger; nothing answers yet. */
  static async create(config: Config): Promise<CountersignServer> {
    const [keys, trust, lists] = await Promise.all([
      loadKeys(config),
      loadTrust(config.policy),
      loadListTrusts(config),
    ]);
    const telemetry = createTelemetry();
    await mkdir(config.state_dir, { recursive: true, mode: 0o700 });
    const memory = await Memory.open(config, telemetry);
    const feeds = await openFeeds(config, lists, memory, telemetry);
    const releases = await Releases.open(config, trust, memory, telemetry);
    return new CountersignServer(config, telemetry, keys, memory, feeds, releases);
  }

  /** Brings the policy up, then the listeners, and says `listening` when all answer. */
  async listen(): Promise<ListenerAddresses> {
    const { listen, state_dir, admin_tokens } = this.#config;
    const token = await ensureAdminToken(state_dir);
    this.#warnOfOpenDoors();
    await Promise.all([this.#startPolicy(), this.#feeds.start()]);
    if (this.#queries !== undefined) askAgain(this.#queries, this.#pushParts());

    const nodes = await this.#start("nodes", listen.nodes, this.#tssApp());
    const push = listen.push && (await this.#start("push", listen.push, pushApp(this.#pushParts())));
    const admin = await this.#start(
      "admin",
      listen.admin,
      this.#adminApp([localToken(token), ...admin_tokens]),
    );
    const addresses = {
      nodes: nodes.address,
      admin: admin.address,
      ...(push === undefined ? {} : { push: push.address }),
    };
    this.#telemetry.log.listening(addresses, VERSION);
    return addresses;
  }

  /**
   * A release, then the signed lists that it reads (of those that it does not, none comes into force), then what waits to
   * be judged by both.
   */
  async #startPolicy(): Promise<void> {
    let areListsStarted = false;
    await this.#releases.start(() => {
      const { current } = this.#releases.live;
      const read = current === undefined ? Promise.resolve() : this.#feeds.setRead(current.lists);
      if (areListsStarted) void read.then(() => this.#backlog.run());
    });
    await this.#feeds.startSigned();
    areListsStarted = true;
    void this.#backlog.run();
  }

  /** Looks for a new release and reads lists, prices and TLS files again. What fails stays as it was. */
  async reload(): Promise<ReloadOutcome> {
    const [result, tlsErrors, feedErrors] = await Promise.all([
      this.#releases.check(),
      this.#reloadTls(),
      this.#feeds.reload(),
    ]);
    const errors = [...(result.error === undefined ? [] : [result.error]), ...tlsErrors, ...feedErrors];
    const live = this.#releases.live.current?.identity;
    this.#telemetry.log.reloaded("release", result.changed);
    return {
      changed: result.changed,
      ...(live === undefined ? {} : { live }),
      ...(errors.length === 0 ? {} : { error: errors.join("\n") }),
    };
  }

  async close(signal?: string): Promise<void> {
    this.#telemetry.log.stopping(signal);
    this.#releases.endGate();
    await Promise.all(this.#listeners.map((listener) => listener.drain()));
    await this.#queries?.close();
    await Promise.all([this.#releases.close(), this.#feeds.close(), this.#backlog.close()]);
    await Promise.all([this.#signer.close(), this.#evidence.close()]);
    await this.#memory.close();
    this.#telemetry.eventLoop.stop();
    this.#telemetry.log.stopped();
    this.#telemetry.log.flush();
  }

  #tssApp(): HttpApp {
    const { config, telemetry } = { config: this.#config, telemetry: this.#telemetry };
    return createTssApp({
      nodes: this.#nodes,
      signingKey: this.#signingKey,
      signer: this.#signer,
      reply: {
        detail: config.reply.detail,
        quoted: config.reply.quoted,
        issuer: config.reply.issuer,
        lifetimeMs: config.reply.lifetime,
      },
      leewayMs: config.token.leeway,
      limits: {
        bodyBytes: config.limits.body,
        inFlight: config.limits.in_flight,
      },
      desk: this.#memory.desk,
      evidence: this.#evidence,
      enrich: (document) => this.#feeds.enrich(document),
      zone: config.zone,
      live: () => this.#releases.live.current,
      refusedStep: () => this.#releases.live.lastError?.step,
      now: Date.now,
      load: telemetry.load.nodes,
      events: this.#tssEvents(),
    });
  }

  #pushParts(): PushParts {
    return {
      config: this.#config,
      telemetry: this.#telemetry,
      memory: this.#memory,
      feeds: this.#feeds,
      live: this.#releases.live,
    };
  }

  #tssEvents(): TssEvents {
    const { log, metrics } = this.#telemetry;
    return {
      decided: (decided) => tellOfDecision(this.#telemetry, decided),
      tokenRefused: (code, remote) => {
        metrics.tokenRefused(code);
        log.refusedToken(code, "nodes", remote);
      },
      unusable: (refusal, node, id) => tellOfUnusable(this.#telemetry, refusal, node, id),
      pinged: (node) => metrics.ping(node),
      phase: (phase, ms) => metrics.phase(phase, ms),
      rejected: (status) => metrics.httpRejected("nodes", String(status)),
      failed: (error) => log.exception("nodes", error),
    };
  }

  async #start(
    name: keyof ListenerAddresses,
    listen: Config["listen"]["nodes"],
    app: HttpApp,
  ): Promise<Listener> {
    const listener = await startListener(listen, app, {
      onRejected: (rejection) =>
        this.#telemetry.metrics.httpRejected(name, rejection === "rate" ? "429" : rejection),
    }).catch((error: unknown) => {
      const why = messageOf(error);
      throw new Error(`listen.${name}: ${why}`, { cause: error });
    });
    this.#listeners.push(listener);
    return listener;
  }

  /** What is wrong with the files, a line for each listener. */
  async #reloadTls(): Promise<string[]> {
    const { alarms, log } = this.#telemetry;
    const problems = await Promise.all(
      this.#listeners.map(async (listener) => {
        try {
          await listener.reloadTls();
          return [];
        } catch (error) {
          const problem = `${listener.address} keeps its certificate: the new files cannot be read`;
          alarms.raise("TLS_RELOAD", problem);
          log.exception("tls", error);
          return [`tls: ${problem}`];
        }
      }),
    );
    return problems.flat();
  }

  #warnOfOpenDoors(): void {
    const { log } = this.#telemetry;
    const { trust, release } = this.#config.policy;
    if (trust === "unsigned") {
      const place = shownPlace(release);
      log.warning("UNSIGNED", `policy.trust is unsigned: whoever can write ${place} makes the policy`);
    }
    if (Object.values(this.#config.scope).every((list) => list === undefined)) {
      log.warning("OPEN_SCOPE", "scope is open: any organization, vault and wallet is judged");
    }
  }

  #adminApp(tokens: readonly AdminToken[]): HttpApp {
    return adminApp({
      config: this.#config,
      telemetry: this.#telemetry,
      releases: this.#releases,
      memory: this.#memory,
      feeds: this.#feeds,
      nodes: this.#nodes,
      startedAt: this.#startedAt,
      reload: () => this.reload(),
      tokens,
    });
  }
}
