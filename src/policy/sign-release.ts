/** Signing a release or a list: a new statement for its file, or one signature more under the statement that is there. */
import { FlattenedSign } from "jose";
import { ReleaseError } from "./release.ts";
import type { SigningKey } from "./release-keys.ts";
import {
  type ListStatement,
  type ReleaseStatement,
  readEnvelope,
  readHeader,
  readListPayload,
  readPayload,
  type Statement,
  type StatementEnvelope,
  writeListPayload,
  writePayload,
} from "./statement.ts";
import { MAX_AHEAD_MS } from "./trust-store.ts";

type Times = Pick<Statement, "created_at" | "expires_at">;

/** What whoever signs means, without looking at what others said. */
type Meaning = Omit<Statement, keyof Times>;

/** @property lifetimeMs - whole seconds. */
interface SigningBy {
  readonly lifetimeMs: number;
  readonly key: SigningKey;
}

/** @property revision, sha256 - of the archive at hand. */
export type Signing = Omit<ReleaseStatement, keyof Times> & SigningBy;

/** @property list - its name. @property sha256 - of the file at hand. */
export type ListSigning = Omit<ListStatement, keyof Times> & SigningBy;

/** @property kids - whose signatures the statement has, as far as they say. */
export interface Signed<S extends Statement> {
  readonly envelope: StatementEnvelope;
  readonly says: S;
  readonly kids: readonly (string | undefined)[];
}

/** How a statement is read and written, and which members say what it is about. */
interface Kind<M extends Meaning> {
  readonly read: (envelope: StatementEnvelope) => M & Times;
  readonly write: (says: M & Times) => string;
  readonly members: readonly (keyof M & string)[];
}

const RELEASE: Kind<Omit<ReleaseStatement, keyof Times>> = {
  read: readPayload,
  write: writePayload,
  members: ["sha256", "revision", "audience", "sequence"],
};

const LIST: Kind<Omit<ListStatement, keyof Times>> = {
  read: readListPayload,
  write: writeListPayload,
  members: ["list", "sha256", "audience", "sequence"],
};

/**
 * @param existing - the statement that lies beside the archive, where there is one.
 * @param nowMs - milliseconds since the epoch.
 * @throws {ReleaseError} step `statement`, `signatures` or `payload` where what is there is no statement, `payload`
 *   where it says something else than this signer means, `time` where it is over or ahead, `signatures` where this key has
 *   signed it already.
 */
export async function signRelease(
  { lifetimeMs, key, ...meaning }: Signing,
  existing: Uint8Array | undefined,
  nowMs: number,
): Promise<Signed<ReleaseStatement>> {
  return await sign(RELEASE, meaning, { lifetimeMs, key }, existing, nowMs);
}

/** As {@link signRelease}, of a list's file. */
export async function signList(
  { lifetimeMs, key, ...meaning }: ListSigning,
  existing: Uint8Array | undefined,
  nowMs: number,
): Promise<Signed<ListStatement>> {
  return await sign(LIST, meaning, { lifetimeMs, key }, existing, nowMs);
}

async function sign<M extends Meaning>(
  kind: Kind<M>,
  meaning: M,
  { lifetimeMs, key }: SigningBy,
  existing: Uint8Array | undefined,
  nowMs: number,
): Promise<Signed<M & Times>> {
  const before = existing === undefined ? undefined : readEnvelope(existing);
  if (before !== undefined) assertSame(kind, kind.read(before), meaning, lifetimeMs, nowMs);
  const kids = before === undefined ? [] : kidsOf(before);
  if (kids.includes(key.kid)) {
    throw new ReleaseError("signatures", `${key.kid} has signed this statement already`);
  }
  const envelope = await withSignature(before ?? unsigned(kind, meaning, lifetimeMs, nowMs), key);
  return { envelope, says: kind.read(envelope), kids: kidsOf(envelope) };
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

function unsigned<M extends Meaning>(
  { write }: Kind<M>,
  meaning: M,
  lifetimeMs: number,
  nowMs: number,
): StatementEnvelope {
  const created_at = Math.floor(nowMs / 1_000) * 1_000;
  return {
    payload: write({ ...meaning, created_at, expires_at: created_at + lifetimeMs }),
    signatures: [],
  };
}

function kidsOf({ signatures }: StatementEnvelope): readonly (string | undefined)[] {
  return signatures.map((signature, at) => readHeader(signature, `signature ${at + 1}`).kid);
}

/** Whoever adds a signature says again what is signed: a key must not go under what its owner did not mean. */
function assertSame<M extends Meaning>(
  { members }: Kind<M>,
  there: M & Times,
  meaning: M,
  lifetimeMs: number,
  nowMs: number,
): void {
  const lasts = there.expires_at - there.created_at;
  const differences = [
    ...members.flatMap((member) =>
      there[member] === meaning[member] ? [] : [`${member} is ${there[member]}, not ${meaning[member]}`],
    ),
    ...(lasts === lifetimeMs ? [] : [`it lasts ${lasts / 1_000} s, not ${lifetimeMs / 1_000} s`]),
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
