/**
 * The statement that goes with a release or with a list: who vouches for which file, for whom, in which order, and for
 * how long (design 3.10). A JWS in its general JSON form, one payload under any number of signatures:
 *
 *     {"payload": "…", "signatures": [{"protected": "…", "signature": "…"}, …]}
 *
 * Here it is read and written; whether it is believed is the trust store's to say. Reading takes one spelling of
 * everything: a member that is not known, a key twice, base64 that does not encode back to itself refuses, since two
 * readers of one statement must not see different ones. A signature's header has `alg` and may have `kid`, nothing
 * else: there is no extension to be understood, and no key comes from the statement itself.
 *
 * What a payload is about is its `type`. Each reader takes the one type that it is for and exactly its members, so that
 * what was signed about a list is never taken for what was signed about a release, nor the other way round.
 */
import { z } from "zod";
import { canonicalJson } from "../input/canonical-json.ts";
import { parseInstant } from "../input/instant.ts";
import { LIST_NAME } from "../input/list-name.ts";
import { decodeUtf8Strict, isJsonObject, type JsonValue, parseStrictJson } from "../input/strict-json.ts";
import { sha256Text } from "../sha256.ts";
import { messageOf } from "../thrown.ts";
import { ReleaseError, type ReleaseStep } from "./release.ts";

const RELEASE_TYPE = "countersign.release/1";
const LIST_TYPE = "countersign.list/1";

/** `EdDSA` and `Ed25519` (RFC 8037, RFC 9864) are two names of one algorithm. */
const STATEMENT_ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "RS256"] as const;
export type StatementAlgorithm = (typeof STATEMENT_ALGORITHMS)[number];

/** A statement of 16 RSA signatures has 25 kB. */
export const MAX_STATEMENT_BYTES = 64 * 1024;
const MAX_SIGNATURES = 16;

/** Whom a release or a list is for: `production`, `staging`. */
export const AUDIENCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;
/** The shortest RFC 3339 time: what is shorter, {@link parseInstant} may take for milliseconds. */
const MIN_TIME_LENGTH = 20;

const base64url = z
  .string()
  .refine((text) => BASE64URL.test(text) && Buffer.from(text, "base64url").toString("base64url") === text);

const envelopeSchema = z.strictObject({
  payload: base64url.min(1),
  signatures: z.array(z.strictObject({ protected: base64url.min(1), signature: base64url })),
});

const headerSchema = z.strictObject({
  alg: z.enum(STATEMENT_ALGORITHMS),
  kid: z.string().min(1).max(256).optional(),
});

const time = z.string().transform((text, context) => {
  const ms = text.length < MIN_TIME_LENGTH ? undefined : parseInstant(text);
  if (ms !== undefined) return ms;
  context.addIssue("not a time of RFC 3339");
  return z.NEVER;
});

/** What every statement says. @property sha256 - of the file's bytes, hex. @property created_at, expires_at - milliseconds since the epoch. */
const common = {
  audience: z.string().regex(AUDIENCE),
  sequence: z.int().min(0),
  sha256: sha256Text,
  created_at: time,
  expires_at: time,
};
const commonSchema = z.strictObject(common);
const releaseSchema = z.strictObject({ ...common, revision: z.string().min(1).max(128) });
const listSchema = z.strictObject({ ...common, list: z.string().regex(LIST_NAME) });

/** What every payload says, whatever it is about. */
export type Statement = z.infer<typeof commonSchema>;
/** What a payload says of a release: {@link Statement} is about its archive. */
export type ReleaseStatement = z.infer<typeof releaseSchema>;
/** What a payload says of a list: {@link Statement} is about its file. @property list - its name. */
export type ListStatement = z.infer<typeof listSchema>;

/** Where the statement of a release or list file lies. */
export function statementFile(file: string): string {
  return `${file}.statement.json`;
}

/** One signature as it stands there, unproven. */
export interface StatementSignature {
  readonly protected: string;
  readonly signature: string;
}

/** A statement as it stands there: nothing in it is proven. @property payload - base64url. */
export interface StatementEnvelope {
  readonly payload: string;
  readonly signatures: readonly StatementSignature[];
}

/** What a signature says of itself. */
export interface SignatureHeader {
  readonly alg: StatementAlgorithm;
  readonly kid?: string | undefined;
}

/**
 * The parts of a statement. Neither its payload nor the headers of its signatures are looked into.
 *
 * @throws {ReleaseError} step `statement`.
 */
export function readEnvelope(bytes: Uint8Array): StatementEnvelope {
  if (bytes.length > MAX_STATEMENT_BYTES) {
    throw new ReleaseError("statement", `the statement has more than ${MAX_STATEMENT_BYTES} bytes`);
  }
  const envelope = envelopeSchema.safeParse(jsonOf(bytes, "statement", "the statement"));
  if (!envelope.success) throw new ReleaseError("statement", `the statement: ${firstIssue(envelope.error)}`);
  if (envelope.data.signatures.length > MAX_SIGNATURES) {
    throw new ReleaseError("statement", `the statement has more than ${MAX_SIGNATURES} signatures`);
  }
  return envelope.data;
}

/**
 * What a signature says of its algorithm and key.
 *
 * @param name - of the signature, for the message.
 * @throws {ReleaseError} step `signatures`.
 */
export function readHeader(signature: StatementSignature, name: string): SignatureHeader {
  const bytes = Buffer.from(signature.protected, "base64url");
  const header = headerSchema.safeParse(jsonOf(bytes, "signatures", `the header of ${name}`));
  if (header.success) return header.data;
  throw new ReleaseError("signatures", `the header of ${name}: ${firstIssue(header.error)}`);
}

/**
 * What a statement says of its release. Call it for a payload whose signatures are proven, or to sign it.
 *
 * @throws {ReleaseError} step `payload`, also where it is about something else.
 */
export function readPayload(envelope: Pick<StatementEnvelope, "payload">): ReleaseStatement {
  return readAs(RELEASE_TYPE, releaseSchema, envelope);
}

/**
 * What a statement says of its list. Call it for a payload whose signatures are proven, or to sign it.
 *
 * @throws {ReleaseError} step `payload`, also where it is about something else.
 */
export function readListPayload(envelope: Pick<StatementEnvelope, "payload">): ListStatement {
  return readAs(LIST_TYPE, listSchema, envelope);
}

/** A payload that says this of a release; times are rounded down to seconds. */
export function writePayload(says: ReleaseStatement): string {
  return written(RELEASE_TYPE, says);
}

/** A payload that says this of a list; times are rounded down to seconds. */
export function writeListPayload(says: ListStatement): string {
  return written(LIST_TYPE, says);
}

function readAs<S>(
  expected: string,
  schema: z.ZodType<S>,
  { payload }: Pick<StatementEnvelope, "payload">,
): S {
  const value = jsonOf(Buffer.from(payload, "base64url"), "payload", "the payload");
  const { type, ...members } = isJsonObject(value) ? value : {};
  if (type !== expected) {
    const found = JSON.stringify(type ?? null).slice(0, 100);
    throw new ReleaseError("payload", `the payload: its type is ${found}, not ${expected}`);
  }
  const statement = schema.safeParse(members);
  if (statement.success) return statement.data;
  throw new ReleaseError("payload", `the payload: ${firstIssue(statement.error)}`);
}

function written(type: string, { created_at, expires_at, ...says }: Statement): string {
  const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const payload = { type, ...says, created_at: seconds(created_at), expires_at: seconds(expires_at) };
  return Buffer.from(canonicalJson(payload)).toString("base64url");
}

/** A statement as its file has it. */
export function writeEnvelope(envelope: StatementEnvelope): string {
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

function jsonOf(bytes: Uint8Array, step: ReleaseStep, name: string): JsonValue {
  try {
    return parseStrictJson(decodeUtf8Strict(bytes));
  } catch (error) {
    const why = messageOf(error);
    throw new ReleaseError(step, `${name} is not strict JSON: ${why}`, error);
  }
}

/** The members' names come from somebody unproven: they are shown as JSON, and not at any length. */
function firstIssue({ issues: [issue] }: z.ZodError): string {
  if (issue?.code === "unrecognized_keys") return `unknown ${JSON.stringify(issue.keys).slice(0, 100)}`;
  return `${issue?.path.join(".") || "it"} is not what it should be`;
}
