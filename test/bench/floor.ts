/** The floor: what one RS256 verification and one RS256 signature cost on this machine, in this run. */
import { generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";

export interface Floor {
  readonly bits: number;
  /** Milliseconds of CPU for one verification and one signature. */
  readonly verifyMs: number;
  readonly signMs: number;
  readonly totalMs: number;
}

const ROUNDS = 5;

/** Median of several rounds of CPU time, both operations on one thread, over a 9 kB token. */
export function measureFloor(bits: number, operations: number): Floor {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const token = randomBytes(9_000);
  const reply = randomBytes(400);
  const signature = sign("sha256", token, privateKey);
  const verifyMs = median(() => verify("sha256", token, publicKey, signature), operations);
  const signMs = median(() => sign("sha256", reply, privateKey), operations);
  return { bits, verifyMs, signMs, totalMs: verifyMs + signMs };
}

/** Milliseconds of CPU for one ECDSA verification on secp256k1, as a push message needs it. */
export function measureSecp256k1(operations: number): number {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
  const message = randomBytes(900);
  const signature = sign("sha256", message, privateKey);
  return median(() => verify("sha256", message, publicKey, signature), operations);
}

/** Two measurements of one machine. */
export function meanOf(one: Floor, other: Floor): Floor {
  const mean = (pick: (floor: Floor) => number) => (pick(one) + pick(other)) / 2;
  return {
    bits: one.bits,
    verifyMs: mean(({ verifyMs }) => verifyMs),
    signMs: mean(({ signMs }) => signMs),
    totalMs: mean(({ totalMs }) => totalMs),
  };
}

function median(operation: () => unknown, operations: number): number {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    for (let count = 0; count < operations; count += 1) operation();
    const used = process.cpuUsage(before);
    rounds.push((used.user + used.system) / 1000 / operations);
  }
  return rounds.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}
