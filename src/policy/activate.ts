/**
 * From an archive's bytes to a release that can judge, in the order of design 3.10: digest, archive, built-ins,
 * entrypoints, index, data, facts, self-tests, guard, warm-up. Each step that fails throws a `ReleaseError` with its name, and
 * nothing of the candidate stays behind. What comes before and after is in `activation.ts`.
 */
import { webcrypto } from "node:crypto";
import { GROUP_OF } from "../input/document.ts";
import { shapeFaults } from "./combine.ts";
import { EarlyEngine } from "./early-engine.ts";
import type { EngineEvent, PolicyEngine } from "./engine.ts";
import { compileFactQueries, type FactQuery } from "./fact-queries.ts";
import { LiveRelease } from "./live.ts";
import { ANSWERS_NOBODY, type Prover } from "./prover.ts";
import { readRelease } from "./read-release.ts";
import { compileReads } from "./reads.ts";
import { LateReleaseError, PassingReleaseError, type Release, ReleaseError } from "./release.ts";
import type { IndexedRule, RuleIndex } from "./rule-index.ts";
import type { TrustedStatement } from "./trust-store.ts";
import { startEarly } from "./worker-thread.ts";

/** `{sha256}` names the one archive, in hex, that may go live: by the config, or by a statement that is trusted. */
export type Trust = "unsigned" | { readonly sha256: string };

/**
 * @property prover - nobody may forget it.
 * @property statement - what was signed about it: its digest is the one that is trusted.
 * @property maxAgeMs - how long it may go unconfirmed; absent: for ever. @property confirmedAt - absent: now.
 * @property now - the time that decisions have, milliseconds since the epoch; absent: the machine's.
 * @property source - where the release came from, for people.
 * @property aside - read and prove it in a thread of its own, since requests are being answered.
 * @property signal - ends a proof aside: nobody waits for it any more.
 * @property wasLate - the very same came too late before: now that thread gives way to no other.
 */
export interface ActivateOptions {
  readonly trust: Trust;
  readonly prover: Prover | typeof ANSWERS_NOBODY;
  readonly statement?: TrustedStatement | undefined;
  readonly maxAgeMs?: number | undefined;
  readonly confirmedAt?: number | undefined;
  readonly now?: () => number;
  readonly aside?: boolean;
  readonly wasLate?: boolean;
  readonly signal?: AbortSignal;
  readonly source: string;
  readonly evaluationMs: number;
  readonly startMs?: number;
  readonly workers?: number;
  readonly onEvent?: (event: EngineEvent) => void;
  /** Makes history ready for what the rules ask of it; the release goes live when it resolves. */
  readonly prepareFacts?: (queries: readonly FactQuery[]) => Promise<void>;
}

/**
 * @param candidate - the archive's bytes.
 * @returns the release with a warm engine; the caller owns it and closes it.
 * @throws ReleaseError
 */
export async function activate(candidate: Uint8Array, options: ActivateOptions): Promise<LiveRelease> {
  const { trust, prover, aside } = options;
  const sha256 = await digestOf(candidate);
  assertTrusted(sha256, trust);
  const early = new EarlyEngine(options);
  try {
    if (prover !== ANSWERS_NOBODY && aside === true) {
      return await activateAside(candidate, sha256, { ...options, prover }, early);
    }
    const release = await readRelease(candidate, sha256, { unpacked: early.load });
    return await activateRelease(vouchedFor(release, options.statement), options, early);
  } finally {
    await early.drop();
  }
}

async function activateAside(
  candidate: Uint8Array,
  sha256: string,
  options: ActivateOptions & { readonly prover: Prover },
  early: EarlyEngine,
): Promise<LiveRelease> {
  const { prover, statement, signal, wasLate = false } = options;
  const proof = prover.aside(candidate, sha256, !wasLate, early.load);
  const end = (): void => {
    void proof.end();
    void early.abandon();
  };
  signal?.addEventListener("abort", end);
  if (signal?.aborted === true) end();
  try {
    startEarly();
    const release = vouchedFor(await proof.release, statement);
    return await activateRelease(release, { ...options, prover: { prepare: () => proof.prove } }, early);
  } finally {
    signal?.removeEventListener("abort", end);
    await proof.end();
  }
}

/** A release is called by the number that was signed, and by the name that stands in both. */
function vouchedFor(release: Release, statement: TrustedStatement | undefined): Release {
  if (statement === undefined) return release;
  const { identity } = release;
  const { revision, sequence } = statement;
  if (identity.revision === revision) return { ...release, identity: { ...identity, sequence } };
  throw new ReleaseError(
    "archive",
    `its revision is ${identity.revision}, the statement is about ${revision}`,
  );
}

/** SHA-256 in hex, computed off the event loop. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

/**
 * The steps after the archive was read.
 *
 * @param release - from `readRelease`, which held its data against the index.
 * @param early - where its engine was started before.
 */
export async function activateRelease(
  release: Release,
  options: Omit<ActivateOptions, "trust" | "aside" | "prover"> & {
    readonly prover: Pick<Prover, "prepare"> | typeof ANSWERS_NOBODY;
  },
  early = new EarlyEngine(options),
): Promise<LiveRelease> {
  assertIndexConsistent(release.index);
  const { source, prover } = options;
  const prove = prover === ANSWERS_NOBODY ? undefined : prover.prepare(release.hostData);
  const engine = await early.take(release);
  try {
    await assertIndexFits(release.index, engine);
    const queries = compileFactQueries(engine.facts);
    const parts = { release, reads: compileReads(release.index), engine, queries, source };
    const activatedAt = options.now?.() ?? Date.now();
    await prove?.(new LiveRelease({ ...parts, activatedAt }), release.cases);
    await options.prepareFacts?.(queries);
    // Abandoned meanwhile, it would refuse everything.
    if (engine.closed) throw new LateReleaseError("warm_up", "nobody waits for its engine any more");
    engine.grow(options.workers);
    const { statement, maxAgeMs, confirmedAt } = options;
    return new LiveRelease({ ...parts, activatedAt, statement, maxAgeMs, confirmedAt });
  } catch (error) {
    await engine.abandon();
    throw engine.wasForsaken && error instanceof ReleaseError
      ? new PassingReleaseError(error.step, error.message, error)
      : error;
  }
}

function assertTrusted(sha256: string, trust: Trust): void {
  if (trust === "unsigned") return;
  if (sha256 !== trust.sha256.toLowerCase()) {
    throw new ReleaseError("digest", `the archive's digest is ${sha256}, not the one that is trusted`);
  }
}

/** What the index's own schema can't say. */
function assertIndexConsistent(index: RuleIndex): void {
  const names = new Set<string>();
  for (const rule of index.rules) {
    if (names.has(rule.name)) throw new ReleaseError("index", `${rule.name} stands in the index twice`);
    names.add(rule.name);
    if (!rule.name.startsWith(`${rule.group}/`)) {
      throw new ReleaseError("index", `${rule.name} is not in its group ${rule.group}`);
    }
    const stray = rule.kinds.find((kind) => GROUP_OF[kind] !== rule.group);
    if (stray !== undefined) {
      throw new ReleaseError("index", `${rule.name} is to judge ${stray}, which its group never has`);
    }
    assertChecksConsistent(rule);
  }
}

function assertChecksConsistent(rule: IndexedRule): void {
  const codes = new Set<string>();
  for (const { code, part, consequence } of rule.checks) {
    if (codes.has(code)) throw new ReleaseError("index", `${rule.name}: ${code} stands in the index twice`);
    codes.add(code);
    if ((part === "require") !== (consequence !== undefined)) {
      throw new ReleaseError("index", `${rule.name}: ${code} in ${part} has the wrong consequence`);
    }
  }
}

/**
 * Index and module have the same rules, parts and codes. A rule that throws on a document with nothing but its
 * group says nothing about that; each decision looks again.
 */
async function assertIndexFits(index: RuleIndex, engine: PolicyEngine): Promise<void> {
  for (const group of new Set(index.rules.map((rule) => rule.group))) {
    const answer = await engine.evaluate("countersign/decision", JSON.stringify({ group }));
    if (!answer.ok) continue;
    const fault = shapeFaults(index, group, answer.result)[0];
    if (fault !== undefined) throw new ReleaseError("index", fault.message);
  }
}
