/**
 * A signed list on a web server or an object store: the file at its URL, the statement beside it. Each look asks for the
 * statement alone, with the ETag or the time of the one in force; the file is fetched only where the statement is new and
 * believed, so that a list of a million addresses costs nothing while it does not change. What was refused is asked for
 * whole, and now and then what is in force: whoever sat on the line once may have sent the ETag of what the host is going
 * to have.
 */
import {
  DownloadError,
  Downloader,
  type DownloadSettings,
  isAbsent,
  jittered,
  type Known,
  UnwrittenError,
  WHOLE_EVERY_MS,
} from "../policy/download.ts";
import { ListError, listStoreError } from "../policy/list-error.ts";
import { statementUrl } from "../policy/source-url.ts";
import { MAX_STATEMENT_BYTES } from "../policy/statement.ts";
import type { ListPlace, ListSight } from "./list-place.ts";
import { MAX_LIST_BYTES } from "./read-list.ts";

/**
 * @property timeoutMs - for the statement and the file together.
 * @property wholeEveryMs - how long a host is believed that nothing changed.
 */
export interface UrlListPlaceOptions extends DownloadSettings {
  readonly timeoutMs: number;
  readonly wholeEveryMs?: number;
}

interface Statement extends Known {
  readonly sight: ListSight;
}

export class UrlListPlace implements ListPlace {
  readonly rereadMs = 1_000;
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #wholeEveryMs: number;
  readonly #downloader: Downloader;
  #statement: Statement | undefined;
  /** When the last look began, by `performance.now()`. */
  #since = 0;
  /** When the statement was last asked for whole, likewise. */
  #wholeAt = 0;

  constructor(url: URL, { timeoutMs, wholeEveryMs = WHOLE_EVERY_MS, ...settings }: UrlListPlaceOptions) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#wholeEveryMs = wholeEveryMs;
    this.#downloader = new Downloader(settings);
  }

  /** @throws {ListError} step `download`, which passes. */
  async look(known: ListSight | undefined, isInForce: boolean): Promise<ListSight> {
    this.#since = performance.now();
    const isKnown = isInForce && known !== undefined && known === this.#statement?.sight;
    const before = isKnown && this.#since - this.#wholeAt < this.#wholeEveryMs ? this.#statement : undefined;
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
    this.#wholeAt = this.#since;
    const mark = got.sha256;
    const sight = known?.mark === mark ? known : { mark, statement: got.bytes };
    this.#statement = { validators: got.validators, sight };
    return sight;
  }

  async copy(to: string): Promise<string> {
    const options = { limit: MAX_LIST_BYTES, timeoutMs: this.#timeoutMs, since: this.#since };
    return await this.#downloader.getInto(to, this.#url, options).catch((error: unknown) => {
      throw error instanceof UnwrittenError
        ? listStoreError("the list can't be copied", error)
        : downloadError(error);
    });
  }

  /** It would have to be fetched. */
  async digest(): Promise<undefined> {}

  waitMs(ms: number): number {
    return jittered(ms);
  }

  close(): void {
    this.#downloader.close();
  }
}

/** A statement that is not there is the list's fault, not the way's. */
function absenceOf(error: unknown): ListError {
  if (!isAbsent(error)) throw downloadError(error);
  return new ListError("statement", `there is no statement beside the list: ${error.message}`);
}

function downloadError(error: unknown): unknown {
  if (!(error instanceof DownloadError)) return error;
  return new ListError("download", error.message, { isPassing: true, cause: error });
}
