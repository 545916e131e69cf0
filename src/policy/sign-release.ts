/** Signing a release: a new statement for its archive, or one signature more under the statement that is there. */
import { FlattenedSign } from "jose";
import { ReleaseError } from "./release.ts";
import type { SigningKey } from "./release-keys.ts";
import {
  type ReleaseStatement,
  readEnvelope,
  readHeader,
  readPayload,
  type StatementEnvelope,
  writePayload,
} from "./statement.ts";
import { MAX_AHEAD_MS } from "./trust-store.ts";

/**
 * What whoever signs says, without looking at what others said.
 *
 * @property revision, sha256 - of the archive at hand. @property lifetimeMs - whole seconds.
 */
export interface Signing extends Pick<ReleaseStatement, "audience" | "sequence" | "revision" | "sha256"> {
  readonly lifetimeMs: number;
  readonly key: SigningKey;
}

/** @property kids - whose signatures the statement has, as far as they say. */
export interface Signed {
  readonly envelope: StatementEnvelope;
  readonly says: ReleaseStatement;
  readonly kids: readonly (string | undefined)[];
}

/**
 * @param existing - the statement that lies beside the archive, where there is one.
 * @param nowMs - milliseconds since the epoch.
 * @throws {ReleaseError} step `statement`, `signatures` or `payload` where what is there is no statement, `payload`
 *   where it says something else than this signer means, `time` where it is over or ahead, `signatures` where this key has
 *   signed it already.
 */
export async function signRelease(
  signing: Signing,
  existing: Uint8Array | undefined,
  nowMs: number,
): Promise<Signed> {
  const before = existing === undefined ? undefined : readEnvelope(existing);
  if (before !== undefined) assertSame(readPayload(before), signing, nowMs);
  const kids = before === undefined ? [] : kidsOf(before);
  if (kids.includes(signing.key.kid)) {
    throw new ReleaseError("signatures", `${signing.key.kid} has signed this statement already`);
  }
  const envelope = await withSignature(before ?? unsigned(signing, nowMs), signing.key);
  return { envelope, says: readPayload(envelope), kids: kidsOf(envelope) };
}

/**
 * The statement with one signature more.
 *
 * @param envelope - with no signatures for the first.
 */
export async function withSignature(
  { payload, signatures }: StatementEnvelope,
  { kid, key, algorithm }: SigningKey,
): Promise<StatementEnvelope> {
  const signed = await new FlattenedSign(Buffer.from(payload, "base64url"))
    .setProtectedHeader({ alg: algorithm, kid })
    .sign(key);
  const { protected: header = "", signature } = signed;
  return { payload, signatures: [...signatures, { protected: header, signature }] };
}

function unsigned(
  { audience, sequence, revision, sha256, lifetimeMs }: Signing,
  nowMs: number,
): StatementEnvelope {
  const created_at = Math.floor(nowMs / 1_000) * 1_000;
  const expires_at = created_at + lifetimeMs;
  return {
    payload: writePayload({ audience, sequence, revision, sha256, created_at, expires_at }),
    signatures: [],
  };
}

function kidsOf({ signatures }: StatementEnvelope): readonly (string | undefined)[] {
  return signatures.map((signature, at) => readHeader(signature, `signature ${at + 1}`).kid);
}

/** Whoever adds a signature says again what is signed: a key must not go under what its owner did not mean. */
function assertSame(there: ReleaseStatement, signing: Signing, nowMs: number): void {
  const differences = [
    ...(["sha256", "revision", "audience", "sequence"] as const).flatMap((member) =>
      there[member] === signing[member] ? [] : [`${member} is ${there[member]}, not ${signing[member]}`],
    ),
    ...(there.expires_at - there.created_at === signing.lifetimeMs
      ? []
      : [`it lasts ${(there.expires_at - there.created_at) / 1_000} s, not ${signing.lifetimeMs / 1_000} s`]),
  ];
  if (differences.length > 0) {
    throw new ReleaseError(
      "payload",
      `the statement that is there says something else (${differences.join("; ")}): remove it to begin a new one`,
    );
  }
  if (there.expires_at <= nowMs) {
    throw new ReleaseError("time", "the statement that is there has expired: remove it to begin a new one");
  }
  // It would be in force later, and longer, than whoever says a lifetime now means.
  if (there.created_at > nowMs + MAX_AHEAD_MS) {
    throw new ReleaseError(
      "time",
      `the statement that is there is of ${new Date(there.created_at).toISOString()}, which is ahead: remove it to begin a new one`,
    );
  }
}
