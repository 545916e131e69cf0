/**
 * Evidence for each request. A plain transfer takes a tenth of a millisecond and is read where the request is; what is
 * large enough to hold up other requests is read in a thread of its own.
 */
import type { Worker } from "node:worker_threads";
import type { Document, Evidence } from "../input/document.ts";
import type { Knowledge } from "../policy/assets.ts";
import { startThread } from "../thread.ts";
import { see, type Unseen, withEvidence } from "./evidence.ts";
import { type Material, sizeOf } from "./material.ts";
import type { EvidenceAnswer, EvidenceOrder } from "./worker-protocol.ts";

/** Characters of material. A multisend of 50 calls has about as many, and takes some two milliseconds. */
const LARGE = 16_384;
/** The largest request takes a twentieth of it on a slow machine. */
const READ_MS = 2_000;
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

interface Pending {
  readonly resolve: (evidence: Evidence) => void;
  readonly reject: (error: Error) => void;
  readonly limit: NodeJS.Timeout;
}

export class EvidenceReader {
  #thread: Worker | undefined;
  /** What the thread was told last. */
  #told: Knowledge | undefined;
  #next = 1;
  readonly #pending = new Map<number, Pending>();

  /**
   * @returns the document with what its bytes say; at once where there is little to read.
   * @throws Error where the thread fails or takes too long: a failure of ours.
   */
  see(unseen: Unseen, knowledge: Knowledge): Document | Promise<Document> {
    const { document, material } = unseen;
    if (material === undefined || sizeOf(material) <= LARGE) return see(unseen, knowledge);
    return this.#readAside(document, material, knowledge).then((evidence) =>
      withEvidence(document, evidence),
    );
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#abandon(new Error("the server is stopping"));
    await thread?.terminate();
  }

  #readAside(document: Document, material: Material, knowledge: Knowledge): Promise<Evidence> {
    const thread = this.#running();
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(
        () => this.#abandon(new Error(`reading the bytes takes longer than ${READ_MS} ms`)),
        READ_MS,
      );
      this.#pending.set(id, { resolve, reject, limit });
      const order: EvidenceOrder = {
        id,
        document,
        material,
        ...(this.#told === knowledge ? {} : { knowledge }),
      };
      thread.postMessage(order);
      this.#told = knowledge;
    });
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = startThread("#evidence-worker", { name: "evidence", resourceLimits: RESOURCE_LIMITS });
    thread.unref();
    thread.on("message", (answer: EvidenceAnswer) => this.#settle(answer));
    const lost = (error: Error) => {
      if (this.#thread === thread) this.#abandon(error);
    };
    thread.on("error", lost).on("exit", () => lost(new Error("the thread that reads the bytes ended")));
    this.#thread = thread;
    return thread;
  }

  #settle(answer: EvidenceAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#pending.delete(answer.id);
    clearTimeout(pending.limit);
    if (answer.ok) pending.resolve(answer.evidence);
    else pending.reject(new Error(`the bytes could not be read: ${answer.problem}`));
  }

  /** Whatever is asked of the thread fails with it; the next one is asked of a new thread. */
  #abandon(error: Error): void {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#told = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, limit } of pending) {
      clearTimeout(limit);
      reject(error);
    }
    void thread?.terminate();
  }
}
