/**
 * A signed list on a web server or an object store: the file at its URL, the statement beside it. Each look asks for the
 * statement alone, with its ETag or its time; the file is fetched only where the statement is new and believed, so that
 * a list of a million addresses costs nothing while it does not change.
 */
import { open } from "node:fs/promises";
import { digestOf } from "../policy/activate.ts";
import { DownloadError, Downloader, type DownloadSettings, type Known } from "../policy/download.ts";
import { ListError, listStoreError } from "../policy/list-error.ts";
import { statementUrl } from "../policy/source-url.ts";
import { MAX_STATEMENT_BYTES } from "../policy/statement.ts";
import type { ListPlace, ListSight } from "./list-place.ts";
import { MAX_LIST_BYTES } from "./read-list.ts";

/** Instances that were started at once don't ask at once for ever. It only shortens a wait. */
const JITTER = 0.2;
const MODE = 0o600;

/** @property timeoutMs - for the statement and the file together. */
export interface UrlListPlaceOptions extends DownloadSettings {
  readonly timeoutMs: number;
}

interface Statement extends Known {
  readonly sight: ListSight;
}

export class UrlListPlace implements ListPlace {
  readonly rereadMs = 1_000;
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #downloader: Downloader;
  #statement: Statement | undefined;
  /** When the last look began, by `performance.now()`. */
  #since = 0;

  constructor(url: URL, { timeoutMs, ...settings }: UrlListPlaceOptions) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#downloader = new Downloader(settings);
  }

  /** @throws {ListError} step `download`, which passes. */
  async look(known: ListSight | undefined): Promise<ListSight> {
    this.#since = performance.now();
    const before = known !== undefined && known === this.#statement?.sight ? this.#statement : undefined;
    const got = await this.#downloader
      .get(statementUrl(this.#url), {
        limit: MAX_STATEMENT_BYTES,
        timeoutMs: this.#timeoutMs,
        since: this.#since,
        known: before,
      })
      .catch((error: unknown) => absenceOf(error));
    if (got instanceof ListError) {
      return known?.mark === got.message ? known : { mark: got.message, statement: got };
    }
    if ("sight" in got) return got.sight;
    const mark = await digestOf(got.bytes);
    const sight = known?.mark === mark ? known : { mark, statement: got.bytes };
    this.#statement = { validators: got.validators, sight };
    return sight;
  }

  async copy(to: string): Promise<string> {
    const { bytes } = await this.#downloader
      .get(this.#url, { limit: MAX_LIST_BYTES, timeoutMs: this.#timeoutMs, since: this.#since })
      .catch((error: unknown) => {
        throw downloadError(error);
      });
    try {
      const file = await open(to, "w", MODE);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw listStoreError("the list can't be copied", error);
    }
    return await digestOf(bytes);
  }

  /** It would have to be fetched. */
  async digest(): Promise<undefined> {}

  waitMs(ms: number): number {
    return ms * (1 - JITTER * Math.random());
  }

  close(): void {
    this.#downloader.close();
  }
}

/** A statement that is not there is the list's fault, not the way's. */
function absenceOf(error: unknown): ListError {
  const isAbsent = error instanceof DownloadError && (error.status === 404 || error.status === 410);
  if (!isAbsent) throw downloadError(error);
  return new ListError("statement", `there is no statement beside the list: ${error.message}`);
}

function downloadError(error: unknown): unknown {
  if (!(error instanceof DownloadError)) return error;
  return new ListError("download", error.message, { isPassing: true, cause: error });
}
