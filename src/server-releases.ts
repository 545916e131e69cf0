/** The release that decides, where it comes from, and what is said of both. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ReadinessCheck } from "./admin/app.ts";
import type { Config } from "./config.ts";
import { Activation, type ReleaseTrust } from "./policy/activation.ts";
import type { Promotion } from "./policy/admission.ts";
import { type Meant, type Promoted, PromoteError } from "./policy/candidate.ts";
import type { EngineEvent } from "./policy/engine.ts";
import { type LiveEvent, LivePolicy } from "./policy/live.ts";
import type { ReleaseError } from "./policy/release.ts";
import { ReleaseStore, releasesFolder } from "./policy/release-store.ts";
import { confirmEvery } from "./policy/signed-store.ts";
import { type CheckResult, PolicySource } from "./policy/source.ts";
import { guardContextOf, proverOf } from "./proof/prove.ts";
import { placeOf, shownPlace } from "./release-place.ts";
import { loadTrust, trustOf } from "./release-trust.ts";
import { Reminder } from "./reminder.ts";
import { type GateRun, ReplayGate } from "./replay/gate.ts";
import { CandidateSeat } from "./server-candidate.ts";
import type { Memory } from "./server-memory.ts";
import type { Telemetry } from "./server-telemetry.ts";

/** How often it is looked whether the live release has become too old. Decisions look by themselves. */
const LOOK_MS = 1_000;
/** Where nothing is live, a start waits for the gate so long, and then refuses what comes meanwhile. */
const GATE_WAIT_MS = 5_000;
export class Releases {
  readonly live: LivePolicy;
  readonly activation: Activation;
  /** Absent where none is configured, as is the gate. */
  readonly candidate: CandidateSeat | undefined;
  readonly gate: ReplayGate | undefined;
  readonly #source: PolicySource;
  readonly #config: Config;
  readonly #memory: Memory;
  readonly #telemetry: Telemetry;
  readonly #closing = new AbortController();
  #look: NodeJS.Timeout | undefined;
  #onLive = (): void => {};
  /** A gate is at work: until it is done, what was live last decides. */
  #onGate = (): void => {};
  readonly #reminder = new Reminder();

  private constructor(
    config: Config,
    memory: Memory,
    telemetry: Telemetry,
    trust: ReleaseTrust,
    store: ReleaseStore | undefined,
  ) {
    this.#config = config;
    this.#memory = memory;
    this.#telemetry = telemetry;
    this.live = new LivePolicy((event) => this.#onLiveEvent(event));
    const { live } = this;
    const { gate, candidate } = config.policy;
    this.gate =
      gate &&
      new ReplayGate({
        history: memory.history,
        replayMs: gate.replay,
        maxNewlyApproved: gate.max_newly_approved,
        limitMs: gate.limit,
        now: () => memory.releases.now(),
        onBegin: () => this.#onGate(),
        onEnd: (run) => this.#onGateEnd(run),
      });
    this.activation = new Activation({
      live,
      gate: this.gate,
      trust,
      store,
      history: memory.releases,
      now: () => memory.releases.now(),
      source: shownPlace(config.policy.release),
      prover: proverOf(guardContextOf(config)),
      maxAgeMs: config.policy.max_age,
      evaluationMs: config.limits.evaluation,
      onEvent: (event) => this.#onEngineEvent(event),
      onProblem: (error) => this.#onProblem(error),
      prepareFacts: (queries) => memory.prepare(queries),
      signal: this.#closing.signal,
    });
    memory.keepPrepared(() => live.current?.queries ?? []);
    this.candidate =
      candidate === undefined
        ? undefined
        : new CandidateSeat(candidate, config, { memory, live, activation: this.activation, telemetry });
    this.#source = new PolicySource({
      place: placeOf(config.policy.release, config.policy.fetch),
      pollMs: config.policy.poll,
      live: this.live,
      taker: this.activation,
    });
  }

  /**
   * Opens what was kept; nothing is live yet.
   *
   * @param trust - from {@link loadTrust}.
   */
  static async open(
    config: Config,
    trust: ReleaseTrust,
    memory: Memory,
    telemetry: Telemetry,
  ): Promise<Releases> {
    const isSigned = trustOf(config.policy) === "keys";
    const store = isSigned
      ? await ReleaseStore.open(releasesFolder(config.state_dir), {
          confirmEveryMs: confirmEvery(config.policy.max_age),
          failed: ({ message }) => telemetry.alarms.raise("RELEASE_STORE", message),
        })
      : undefined;
    return new Releases(config, memory, telemetry, trust, store);
  }

  /**
   * Brings a release up, and keeps looking for the next one.
   *
   * @param onLive - is called whenever one goes live.
   */
  async start(onLive: () => void): Promise<void> {
    this.#onLive = onLive;
    const { metrics } = this.#telemetry;
    metrics.trust(trustOf(this.#config.policy));
    metrics.releases(() => ({
      expiresAt: this.live.current?.statement?.expires_at,
      confirmedAt: this.live.current?.age.confirmedAt,
      quarantined: this.activation.quarantined.length,
    }));
    const begun = new Promise<void>((resolve) => {
      this.#onGate = resolve;
    });
    // Who is refused knows why; who is not answered at all asks again and again.
    const late = begun.then(() =>
      sleep(this.live.current === undefined ? GATE_WAIT_MS : 0, undefined, { ref: false }),
    );
    await Promise.race([this.#source.start(), late]);
    this.candidate?.start();
    this.#look = setInterval(() => this.#lookAtAge(), LOOK_MS);
    this.#look.unref();
  }

  /** Looks for a new release now, and for a new candidate. */
  async check(): Promise<CheckResult> {
    const [result, candidate] = await Promise.all([this.#source.checkNow(), this.candidate?.check()]);
    if (candidate?.error === undefined) return result;
    const errors = [...(result.error === undefined ? [] : [result.error]), `candidate: ${candidate.error}`];
    return { ...result, error: errors.join("\n") };
  }

  /**
   * Has the candidate go live because an operator says so.
   *
   * @param meant - which one; absent: whatever is the candidate.
   * @returns with whether it stays live over a restart.
   * @throws {PromoteError} where it does not.
   */
  async promote(promotion: Promotion, meant: Meant): Promise<Promoted & { readonly isKept: boolean }> {
    const { isSigned, isUnsigned } = this.activation;
    if (!isSigned && !isUnsigned) {
      throw new PromoteError("PINNED", "policy.trust names the one archive that may be live");
    }
    if (this.candidate === undefined) {
      throw new PromoteError("NO_CANDIDATE", "no candidate is configured: policy.candidate");
    }
    return { ...(await this.candidate.release.promote(promotion, meant)), isKept: isSigned };
  }

  /** Nobody waits for past decisions any more. */
  endGate(): void {
    this.gate?.close();
  }

  /** What may keep the live release from deciding, for `/readyz`. */
  ageCheck(): ReadinessCheck {
    const { current } = this.live;
    if (current === undefined) return { name: "release_age", ok: true, detail: "no release is live" };
    const now = this.#memory.releases.now();
    const refusal = current.age.refusalAt(now);
    if (refusal !== undefined) {
      return { name: "release_age", ok: false, detail: `${refusal.code}: ${refusal.message}` };
    }
    const { message } = current.age.warningAt(now) ?? { message: "confirmed lately" };
    return { name: "release_age", ok: true, detail: message };
  }

  /** What is being proven is given up: it is again when the next server starts. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    this.endGate();
    const closed = Promise.all([this.#source.close(), this.candidate?.close()]);
    this.#closing.abort();
    await closed;
    await this.live.close();
  }

  #onLiveEvent(event: LiveEvent): void {
    const { log, metrics, alarms } = this.#telemetry;
    if (event.type === "refused") {
      metrics.releaseFailed(event.refusal.step);
      alarms.raise("RELEASE_REFUSED", `${event.refusal.step}: ${event.refusal.message}`);
      return;
    }
    const { current } = this.live;
    this.#onLive();
    this.#reminder.clear();
    metrics.releaseLive(event.identity);
    const trust = trustOf(this.#config.policy);
    log.releaseLive(event.identity, trust, current?.index.rules.length ?? 0, current?.statement);
    if (current?.hostData.approve_unverified === true) {
      log.warning(
        "APPROVE_UNVERIFIED",
        "transactions are approved by their description, not by what is signed",
      );
    }
    for (const [rule, mode] of Object.entries(unenforcedRules(current?.hostData.modes))) {
      log.warning("NOT_ENFORCED", `${rule} is ${mode}`);
    }
    this.candidate?.onLive();
    this.#lookAtAge();
  }

  #onGateEnd({ release, state, replay, message }: GateRun): void {
    this.#telemetry.log.gate(release, state, {
      ...{ replayed: replay?.replayed, newly_approved: replay?.newly_approved.count },
      ...{ failed: replay?.failed.count, pruned: replay?.pruned, unreadable: replay?.unreadable },
      message,
    });
  }

  #onEngineEvent(event: EngineEvent): void {
    const { metrics, alarms } = this.#telemetry;
    if (event.type === "spare_ready") return;
    metrics.policyRestarted(event.type === "timeout" ? "timeout" : "error");
    alarms.raise(
      event.type === "timeout" ? "POLICY_TIMEOUT" : "POLICY_ERROR",
      event.type === "timeout" ? `${event.entrypoint} ran longer than its limit` : event.message,
    );
  }

  #onProblem({ step, message }: ReleaseError): void {
    this.#telemetry.metrics.releaseFailed(step);
    this.#telemetry.alarms.raise("RELEASE_STORE", `${step}: ${message}`);
  }

  /** Warns before it is too late, and alarms when it is; each once, and a warning once a day. */
  #lookAtAge(): void {
    const { current } = this.live;
    if (current === undefined) return;
    const now = this.#memory.releases.now();
    const refusal = current.age.refusalAt(now);
    const warning = current.age.warningAt(now);
    const what = refusal?.code ?? warning?.code;
    if (what === undefined) {
      this.#reminder.clear();
      return;
    }
    if (!this.#reminder.isDue(what)) return;
    if (refusal !== undefined) this.#telemetry.alarms.raise(refusal.code, refusal.message);
    else if (warning !== undefined) this.#telemetry.log.warning(warning.code, warning.message);
  }
}

/** The rules that `data.modes` keeps from refusing. */
export function unenforcedRules(
  modes: Readonly<Record<string, string>> | undefined,
): Record<string, "warn" | "off"> {
  const found: Record<string, "warn" | "off"> = {};
  for (const [rule, mode] of Object.entries(modes ?? {})) {
    if (mode === "warn" || mode === "off") found[rule] = mode;
  }
  return found;
}
