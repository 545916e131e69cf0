/** Who may ask the admin listener: bearer tokens, known by their digests. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../thrown.ts";

const TOKEN_FILE = "admin.token";
const TOKEN_BYTES = 32;
/** A token of the operator's own making must not be guessable. */
const MIN_TOKEN_LENGTH = 32;

type Role = "read" | "operate";

export interface AdminToken {
  readonly name: string;
  /** Hex digest of the token's text. */
  readonly sha256: string;
  readonly role: Role;
}

/** Who sent a token. */
export interface Operator {
  readonly name: string;
  readonly role: Role;
}

/** The path of the token file. */
export function adminTokenFile(stateDir: string): string {
  return join(stateDir, TOKEN_FILE);
}

/**
 * The token of `state_dir/admin.token`, made where there is none: 32 random bytes in base64url, mode 0600.
 *
 * @throws Error where the file is open to others, too short, or cannot be read or written.
 */
export async function ensureAdminToken(stateDir: string): Promise<string> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const file = adminTokenFile(stateDir);
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(`${randomBytes(TOKEN_BYTES).toString("base64url")}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  return readAdminToken(stateDir);
}

/** The token of `state_dir/admin.token`, which must be there: see {@link ensureAdminToken}. */
export function readAdminToken(stateDir: string): Promise<string> {
  return readTokenFile(adminTokenFile(stateDir));
}

/** The token in a file. @throws Error where it is open to others, too short, or cannot be read. */
export async function readTokenFile(file: string): Promise<string> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new Error(`${file} is open to other users: its mode must be 0600`);
  const token = (await readFile(file, "utf8")).trim();
  if (token.length < MIN_TOKEN_LENGTH)
    throw new Error(`${file} holds no token of ${MIN_TOKEN_LENGTH} characters`);
  return token;
}

/** The token `local` of the file, as an entry of the list. */
export function localToken(token: string): AdminToken {
  return { name: "local", sha256: sha256(token).toString("hex"), role: "operate" };
}

/**
 * Finds whose token it is. Digests are compared, each of them, in constant time: how long it takes tells
 * nothing of the tokens.
 */
export function findOperator(tokens: readonly AdminToken[], presented: string): Operator | undefined {
  const digest = sha256(presented);
  let found: Operator | undefined;
  for (const { name, sha256: known, role } of tokens) {
    const expected = Buffer.from(known, "hex");
    if (expected.length === digest.length && timingSafeEqual(expected, digest)) found ??= { name, role };
  }
  return found;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
