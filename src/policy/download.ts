/**
 * Downloading beside a server that answers: TLS, the parsing of what a hostile host may send, and hashing are done in a
 * thread, and the bytes come over as they are. One request is under way at a time. The thread is kept: it is asked at
 * each poll.
 */
import type { Worker } from "node:worker_threads";
import { startThread } from "../thread.ts";
import { messageOf } from "../thrown.ts";
import { Turns } from "../turns.ts";
import { DownloadError, UnwrittenError } from "./download-body.ts";
import {
  type DownloadOptions,
  type DownloadSettings,
  type Known,
  shownUrl,
  type Validators,
} from "./download-request.ts";

export type { DownloadSettings, Known };
export { DownloadError, shownUrl, UnwrittenError };

/** @property spentMs - how much of the time is over. @property file - where it is written; absent: it comes over. */
export interface DownloadOrder {
  readonly url: string;
  readonly settings: DownloadSettings;
  readonly limit: number;
  readonly timeoutMs: number;
  readonly spentMs: number;
  readonly validators: Validators | undefined;
  readonly file: string | undefined;
}

export type DownloadOutcome =
  | {
      readonly type: "file";
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly sha256: string;
      readonly validators: Validators | undefined;
    }
  | { readonly type: "known" }
  | {
      readonly type: "error";
      readonly message: string;
      readonly status: number | undefined;
      readonly isUnwritten: boolean;
    };

/** @property sha256 - in hex. @property validators - undefined where the host gave none that can be relied on. */
export interface Downloaded extends Known {
  readonly bytes: Buffer;
  readonly sha256: string;
}

const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };
/** So long a host is believed that what is known is what it still has. */
export const WHOLE_EVERY_MS = 3_600_000;
/** A thread that does not even find the time to give up is ended. */
const GRACE_MS = 2_000;

/** Instances that were started at once don't ask at once for ever. It only shortens a wait. */
const JITTER = 0.2;

/** How long to wait before a host is asked again, milliseconds, never longer than `ms`. */
export function jittered(ms: number): number {
  return ms * (1 - JITTER * Math.random());
}

/** Whether the host says that there is no such file. */
export function isAbsent(error: unknown): error is DownloadError {
  return error instanceof DownloadError && (error.status === 404 || error.status === 410);
}

export class Downloader {
  readonly #settings: DownloadSettings;
  #worker: Worker | undefined;
  readonly #turns = new Turns();
  /** Who waits for what is under way. */
  #asked:
    | { readonly resolve: (outcome: DownloadOutcome) => void; readonly reject: (why: Error) => void }
    | undefined;
  #closed = false;

  constructor(settings: DownloadSettings = {}) {
    this.#settings = settings;
  }

  /**
   * As `requestFile`, after what was asked for before.
   *
   * @throws DownloadError
   */
  get<K extends Known = never>(url: URL, options: Omit<DownloadOptions<K>, "sink">): Promise<Downloaded | K> {
    return this.#turns.run(() => this.#get(url, options));
  }

  /**
   * As {@link Downloader.get}, into a file, which is on the disk when this resolves: for what is too large to be in memory.
   *
   * @returns its digest, hex.
   * @throws DownloadError, an UnwrittenError where it was this machine's fault. What was written so far lies there.
   */
  async getInto(
    file: string,
    url: URL,
    options: Omit<DownloadOptions<never>, "known" | "sink">,
  ): Promise<string> {
    return (await this.#turns.run(() => this.#get<never>(url, options, file))).sha256;
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed = true;
    this.#asked?.reject(new DownloadError("the server stops"));
    this.#end();
  }

  async #get<K extends Known>(
    url: URL,
    options: Omit<DownloadOptions<K>, "sink">,
    file?: string,
  ): Promise<Downloaded | K> {
    if (this.#closed) throw new DownloadError("the server stops");
    const { limit, timeoutMs, since = performance.now(), known } = options;
    const spentMs = performance.now() - since;
    const order: DownloadOrder = {
      ...{ url: url.href, settings: this.#settings, limit, timeoutMs, spentMs },
      ...{ validators: known?.validators, file },
    };
    const outcome = await this.#ask(order, shownUrl(url));
    if (outcome.type === "file") {
      const { bytes, sha256, validators } = outcome;
      return { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), sha256, validators };
    }
    if (outcome.type === "error") {
      throw new (outcome.isUnwritten ? UnwrittenError : DownloadError)(outcome.message, outcome.status);
    }
    if (known === undefined) throw new DownloadError(`${shownUrl(url)}: nothing was known`);
    return known;
  }

  /** @throws DownloadError where the thread fails; the next one is another's. */
  async #ask(order: DownloadOrder, name: string): Promise<DownloadOutcome> {
    let deadline: NodeJS.Timeout | undefined;
    try {
      this.#worker ??= this.#start();
      const worker = this.#worker;
      return await new Promise<DownloadOutcome>((resolve, reject) => {
        this.#asked = { resolve, reject };
        deadline = setTimeout(
          () => reject(new DownloadError(`${name}: not there whole within ${order.timeoutMs} ms`)),
          order.timeoutMs - order.spentMs + GRACE_MS,
        );
        worker.postMessage(order);
      });
    } catch (error) {
      this.#end();
      if (error instanceof DownloadError) throw error;
      const why = messageOf(error);
      throw new DownloadError(`${name}: it could not be downloaded: ${why}`, undefined, error);
    } finally {
      clearTimeout(deadline);
      this.#asked = undefined;
    }
  }

  /** Nothing that is under way, and nothing else, keeps the process alive by it. */
  #start(): Worker {
    const worker = startThread("#download-worker", { name: "download", resourceLimits: RESOURCE_LIMITS });
    const failed = (why: Error): void => {
      if (this.#worker === worker) this.#asked?.reject(why);
    };
    worker.on("message", (outcome: DownloadOutcome) => {
      if (this.#worker === worker) this.#asked?.resolve(outcome);
    });
    worker.on("error", failed);
    worker.on("exit", () => failed(new Error("the thread ended")));
    worker.unref();
    return worker;
  }

  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }
}
