/**
 * Whom to believe about releases, or about one list, and what was believed so far. After the trust store of tuf-js: it does nothing but
 * check, and whatever it returns has passed every check up to there. It reads no file and no clock; what is on the
 * disk goes through the same checks as what comes from outside.
 *
 * A statement is admitted in this order, each step with a name of its own, and the first that fails is the one that is
 * named (design 3.10):
 *
 * 1. `statement`: it is a statement at all;
 * 2. `signatures`: enough keys of the installation signed exactly this payload, each counted once. A signature by a key
 *    that is not trusted counts nothing and harms nothing: that is what rotation looks like from the other side.
 *    One that contradicts itself refuses the whole statement: an algorithm that is none of ours or not its key's, a
 *    header with anything else in it, a trusted key named by a signature that is not its, one key twice;
 * 3. `payload`: what was signed is about a release, or about a list: each store takes one of both. Nothing of it is
 *    looked at before;
 * 4. `audience`: it is for this installation;
 * 5. `sequence`: it is newer than whatever was live here, or the very same;
 * 6. `time`: made before now, not over, and not longer than a statement may last;
 * 7. `digest`: the file at hand is the one that it speaks of.
 *
 * Of a list it is looked between 4 and 5 whether the statement is about this very list (`list-trust.ts`).
 */
import { errors, flattenedVerify } from "jose";
import { PassingReleaseError, ReleaseError } from "./release.ts";
import type { VerifyingKey } from "./release-keys.ts";
import {
  type ReleaseStatement,
  readEnvelope,
  readHeader,
  readPayload,
  type Statement,
  type StatementEnvelope,
  type StatementSignature,
} from "./statement.ts";

/** How far the clocks of whoever signs and of this machine may differ. */
export const MAX_AHEAD_MS = 60_000;

/** A release that was live, or a list that was in force: none older ever is again. */
export interface Precedent {
  readonly sequence: number;
  /** Of its file, hex. */
  readonly sha256: string;
}

/** @property maxLifetimeMs - from a statement's making to its expiry. */
export interface TrustOptions {
  readonly keys: readonly VerifyingKey[];
  readonly threshold: number;
  readonly audience: string;
  readonly maxLifetimeMs: number;
}

/**
 * What was admitted besides what it says. @property payload - as it was signed, base64url.
 * @property signedBy - the thumbprints of the trusted keys that signed it, in the order of its signatures.
 */
interface Vouched {
  readonly payload: string;
  readonly signedBy: readonly string[];
}

/** A statement that was admitted. */
export type Trusted<S extends Statement> = Readonly<S> & Vouched;
export type TrustedStatement = Trusted<ReleaseStatement>;

/**
 * What a store's statements are about.
 *
 * @property name, file - what it and its file are called in messages.
 * @property read - a payload, as `readPayload` does.
 * @property assertMeant - looks further at what is signed and for this installation; throws where it is not meant here.
 */
export interface Subject<S extends Statement> {
  readonly name: string;
  readonly file: string;
  readonly read: (envelope: StatementEnvelope) => S;
  readonly assertMeant?: (says: S) => void;
}

const RELEASE: Subject<ReleaseStatement> = { name: "release", file: "archive", read: readPayload };

export class StatementTrust<S extends Statement> {
  readonly keys: readonly VerifyingKey[];
  readonly threshold: number;
  readonly audience: string;
  readonly #maxLifetimeMs: number;
  readonly #subject: Subject<S>;
  #highest: Precedent | undefined;

  /** @throws TypeError where a threshold can't be reached, or one key would count as two. */
  constructor({ keys, threshold, audience, maxLifetimeMs }: TrustOptions, subject: Subject<S>) {
    if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new TypeError("the same key twice");
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > keys.length) {
      throw new TypeError(`a threshold of ${threshold} with ${keys.length} keys`);
    }
    this.keys = keys;
    this.threshold = threshold;
    this.audience = audience;
    this.#maxLifetimeMs = maxLifetimeMs;
    this.#subject = subject;
  }

  /** The newest that was ever live, as far as this store was told. */
  get highest(): Precedent | undefined {
    return this.#highest;
  }

  /** It was live, or in force: from now on none older is admitted. It never goes back. */
  raise({ sequence, sha256 }: Precedent): void {
    if (this.#highest === undefined || sequence > this.#highest.sequence) {
      this.#highest = { sequence, sha256 };
    }
  }

  /**
   * Steps 1 to 6.
   *
   * @param bytes - of the statement's file.
   * @param nowMs - the time that it is held against, milliseconds since the epoch.
   * @throws {ReleaseError} with the first step that fails.
   */
  async admit(bytes: Uint8Array, nowMs: number): Promise<Trusted<S>> {
    const statement = await this.recognize(bytes);
    this.assertCurrent(statement, nowMs);
    return statement;
  }

  /**
   * Steps 1 to 4: that it was made by those who are trusted, for this installation, at whatever time.
   *
   * @throws {ReleaseError} with the first step that fails.
   */
  async recognize(bytes: Uint8Array): Promise<Trusted<S>> {
    const { name, read, assertMeant } = this.#subject;
    const envelope = readEnvelope(bytes);
    const signedBy = await this.#signersOf(envelope);
    const says = read(envelope);
    if (says.audience !== this.audience) {
      throw new ReleaseError("audience", `the ${name} is for ${says.audience}, this is ${this.audience}`);
    }
    assertMeant?.(says);
    return { ...says, payload: envelope.payload, signedBy };
  }

  /**
   * Steps 5 and 6, of a statement that was recognized.
   *
   * @param nowMs - the time that it is held against, milliseconds since the epoch.
   * @throws {ReleaseError} with the first step that fails.
   */
  assertCurrent(statement: Trusted<S>, nowMs: number): void {
    this.#assertSequence(statement);
    this.#assertTime(statement, nowMs);
  }

  /**
   * Step 7.
   *
   * @param sha256 - of the file at hand, hex.
   * @throws {ReleaseError} step `digest`.
   */
  assertDigest(statement: Pick<Statement, "sha256">, sha256: string): void {
    if (statement.sha256 === sha256) return;
    throw new ReleaseError(
      "digest",
      `the ${this.#subject.file}'s digest is ${sha256}, the statement is about ${statement.sha256}`,
    );
  }

  async #signersOf({ payload, signatures }: StatementEnvelope): Promise<readonly string[]> {
    const signers: string[] = [];
    let strangers = 0;
    for (const [at, signature] of signatures.entries()) {
      const name = `signature ${at + 1}`;
      const kid = await this.#signerOf(payload, signature, name);
      if (kid === undefined) strangers += 1;
      else if (signers.includes(kid)) throw new ReleaseError("signatures", `${name} is by ${kid} once more`);
      else signers.push(kid);
    }
    if (signers.length >= this.threshold) return signers;
    const others = strangers === 0 ? "" : `; ${strangers} by nobody who is trusted`;
    throw new ReleaseError(
      "signatures",
      `${signers.length} of ${this.threshold} signatures that are needed${others}`,
    );
  }

  /** The trusted key that a signature is by; undefined where it is by none of them. */
  async #signerOf(payload: string, signature: StatementSignature, name: string): Promise<string | undefined> {
    const { alg, kid } = readHeader(signature, name);
    const named = this.keys.find((key) => key.kid === kid);
    if (named !== undefined && !named.algorithms.includes(alg)) {
      throw new ReleaseError(
        "signatures",
        `${name} is by ${named.kid} in ${alg}, which is not its algorithm`,
      );
    }
    const possible = named === undefined ? this.keys : [named];
    for (const key of possible) {
      if (key.algorithms.includes(alg) && (await isBy(key, payload, signature, alg))) return key.kid;
    }
    if (named === undefined) return undefined;
    throw new ReleaseError("signatures", `${name} names ${named.kid} and is not by it`);
  }

  #assertSequence({ sequence, sha256 }: Statement): void {
    const highest = this.#highest;
    if (highest === undefined || sequence > highest.sequence) return;
    if (sequence < highest.sequence) {
      throw new ReleaseError(
        "sequence",
        `the ${this.#subject.name} has sequence ${sequence}, ${highest.sequence} was live: an older one never is again`,
      );
    }
    if (sha256 === highest.sha256) return;
    throw new ReleaseError(
      "sequence",
      `sequence ${sequence} was live with the digest ${highest.sha256}, and now has ${sha256}`,
    );
  }

  #assertTime({ created_at, expires_at }: Statement, nowMs: number): void {
    const refuse = (message: string): never => {
      throw new ReleaseError("time", message);
    };
    const lifetime = expires_at - created_at;
    if (created_at > nowMs + MAX_AHEAD_MS) {
      throw new PassingReleaseError("time", `the statement is of ${timeText(created_at)}, which is ahead`);
    }
    if (expires_at <= nowMs) refuse(`the statement expired at ${timeText(expires_at)}`);
    if (lifetime <= 0) refuse("the statement expires before it was made");
    if (lifetime > this.#maxLifetimeMs) {
      refuse(
        `the statement lasts ${daysText(lifetime)}, at most ${daysText(this.#maxLifetimeMs)} are allowed`,
      );
    }
  }
}

/** Of releases. */
export class TrustStore extends StatementTrust<ReleaseStatement> {
  /** @throws TypeError where a threshold can't be reached, or one key would count as two. */
  constructor(options: TrustOptions) {
    super(options, RELEASE);
  }
}

async function isBy(
  { key }: VerifyingKey,
  payload: string,
  signature: StatementSignature,
  alg: string,
): Promise<boolean> {
  try {
    await flattenedVerify({ payload, ...signature }, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function daysText(ms: number): string {
  return `${Math.ceil(ms / 864_000) / 100} days`;
}
