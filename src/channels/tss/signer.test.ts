import { generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import type { Worker } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { Signer } from "./signer.ts";

const system = vi.hoisted(() => ({ outOfThreads: false, refused: 0 }));
vi.mock("node:worker_threads", async (original) => {
  const real = await original<typeof import("node:worker_threads")>();
  class Scarce extends real.Worker {
    constructor(...members: ConstructorParameters<typeof real.Worker>) {
      if (system.outOfThreads) {
        system.refused += 1;
        throw new Error("EAGAIN");
      }
      super(...members);
    }
  }
  return { ...real, Worker: Scarce };
});

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
/** A key of another kind: it can't make the signature that is asked for. */
const wrong = generateKeyPairSync("x25519").privateKey;

function started(): Signer {
  const signer = new Signer();
  onTestFinished(() => signer.close());
  return signer;
}

function isGood(text: string, signature: string, key: KeyObject): boolean {
  return verify("sha256", Buffer.from(text), key, Buffer.from(signature, "base64url"));
}

test("each text gets its own signature by its own key, however many are asked for at once", async () => {
  const signer = started();
  const jobs = Array.from({ length: 200 }, (_, at) => ({
    text: `text ${at}`,
    keys: at % 3 === 0 ? other : pair,
  }));
  const signatures = await Promise.all(jobs.map(({ text, keys }) => signer.sign(text, keys.privateKey)));
  for (const [at, { text, keys }] of jobs.entries()) {
    expect(isGood(text, signatures[at] ?? "", keys.publicKey)).toBe(true);
  }
});

test("a key that can't sign fails its own texts and no other's", async () => {
  const signer = started();
  const answers = await Promise.allSettled(
    Array.from({ length: 40 }, (_, at) => signer.sign(`text ${at}`, at % 2 === 0 ? wrong : pair.privateKey)),
  );
  for (const [at, answer] of answers.entries()) {
    const good = answer.status === "fulfilled" && isGood(`text ${at}`, answer.value, pair.publicKey);
    expect(good).toBe(at % 2 === 1);
  }
});

/** Ends every thread that the signer has, while more waits than they were sent. */
async function loseAll(count: number): Promise<{ signer: Signer; signatures: Promise<string>[] }> {
  const born: Worker[] = [];
  const note = (worker: Worker) => born.push(worker);
  process.on("worker", note);
  const signer = started();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("worker", note);
  const signatures = Array.from({ length: count }, (_, at) => signer.sign(`text ${at}`, pair.privateKey));
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all(born.map((worker) => worker.terminate()));
  return { signer, signatures };
}

test("what waits when the last thread is lost is signed, though nobody asks for more", async () => {
  const { signatures } = await loseAll(400);
  for (const [at, signature] of (await Promise.all(signatures)).entries()) {
    expect(isGood(`text ${at}`, signature, pair.publicKey)).toBe(true);
  }
});

test("threads are lost where the system has no others: the pool signs, and the signer tries again", async () => {
  system.refused = 0;
  const { signer, signatures } = await loseAll(1);
  system.outOfThreads = true;
  onTestFinished(() => {
    system.outOfThreads = false;
  });
  await Promise.all(signatures);
  await vi.waitFor(() => expect(system.refused).toBeGreaterThan(0), 5_000);
  const signature = await signer.sign("text", pair.privateKey);
  expect(isGood("text", signature, pair.publicKey)).toBe(true);
});

test("what is under way when the threads are lost is signed all the same, and so is what comes after", async () => {
  const signer = new Signer();
  const before = Array.from({ length: 50 }, (_, at) => signer.sign(`text ${at}`, pair.privateKey));
  await new Promise((resolve) => setImmediate(resolve));
  await signer.close();
  const after = signer.sign("text 50", pair.privateKey);
  for (const [at, signature] of (await Promise.all([...before, after])).entries()) {
    expect(isGood(`text ${at}`, signature, pair.publicKey)).toBe(true);
  }
});
