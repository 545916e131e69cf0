/**
 * For the tests: RSA pairs, as the node's or the server's. Making one takes a tenth of a second, and an installation has
 * three: some are made once, before all tests, and each test file takes its own from the front.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KEPT = join(process.cwd(), "build/test-keys");
const MANY = 24;
const USUAL_BITS = 2048;

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privatePem: string;
  readonly publicPem: string;
}

let taken = 0;

/** A pair that no other call in this test file got. */
export function keyPair(bits = USUAL_BITS): KeyPair {
  const kept = bits === USUAL_BITS ? nextKept() : undefined;
  const privateKey = kept === undefined ? newKey(bits) : createPrivateKey(kept);
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey,
    publicKey,
    privatePem: pemOf(privateKey),
    publicPem: String(publicKey.export({ type: "spki", format: "pem" })),
  };
}

/** For the next file of this process. */
export function startKeyPairsAnew(): void {
  taken = 0;
}

/** Makes those that are not there yet. */
export function keepKeyPairs(): void {
  mkdirSync(KEPT, { recursive: true });
  for (let at = 0; at < MANY; at += 1) {
    if (existsSync(fileOf(at))) continue;
    const half = `${fileOf(at)}.${process.pid}`;
    writeFileSync(half, pemOf(newKey(USUAL_BITS)), { mode: 0o600 });
    renameSync(half, fileOf(at));
  }
}

/** Without the tests' set-up, as in the benchmarks, there are none. */
function nextKept(): string | undefined {
  const file = fileOf(taken);
  if (!existsSync(file)) return undefined;
  taken += 1;
  return readFileSync(file, "utf8");
}

function newKey(bits: number): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength: bits }).privateKey;
}

function pemOf(privateKey: KeyObject): string {
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}

function fileOf(at: number): string {
  return join(KEPT, `${at}.pem`);
}
