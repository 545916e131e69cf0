/**
 * A release on a web server or an object store: the archive at its URL, the statement beside it. The statement is
 * fetched first, then the archive, so that what is published in the other order is found as a pair.
 *
 * The marks are digests of what was fetched, so that nothing but the bytes says whether something changed. What is
 * live is asked for with its ETag, or its time: a host that has it still sends nothing. The archive is asked for so
 * only under a statement that is the same, since its bytes are not kept. What was refused is asked for whole, and so is
 * all of it now and then: whoever sat on the line once may have sent the ETag of what the host is going to have.
 */
import type { Candidate, ReleaseTaker } from "./activation.ts";
import {
  DownloadError,
  type Downloaded,
  Downloader,
  type DownloadSettings,
  isAbsent,
  jittered,
  type Known,
  WHOLE_EVERY_MS,
} from "./download.ts";
import type { LookOptions, ReleasePlace, Sight } from "./place.ts";
import { AbsentReleaseError, MAX_RELEASE_BYTES, PassingReleaseError, ReleaseError } from "./release.ts";
import { MAX_STATEMENT_BYTES, statementFile } from "./statement.ts";

/** How long the second half of a pair gets until both are fetched again. */
const REREAD_MS = 1_000;
/** A server that starts has something better to do than to wait for a host that hangs: its last good release. */
const MAX_START_MS = 5_000;

/**
 * @property timeoutMs - for the statement and the archive together.
 * @property wholeEveryMs - how long a host is believed that nothing changed.
 */
export interface UrlPlaceOptions extends DownloadSettings {
  readonly timeoutMs: number;
  readonly wholeEveryMs?: number;
}

type Taker = Pick<ReleaseTaker, "isSigned">;

interface Time {
  readonly timeoutMs: number;
  readonly since: number;
}

/** What a file was, without its bytes. */
interface Fingerprint extends Known {
  readonly sha256: string;
}

interface Seen {
  readonly mark: string;
  readonly statement: Downloaded | undefined;
  readonly archive: Fingerprint;
}

/** The statement of a release's URL: beside the path, under the same query. */
export function statementUrl(release: URL): URL {
  const url = new URL(release);
  url.pathname = statementFile(url.pathname);
  return url;
}

export class UrlPlace implements ReleasePlace {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #wholeEveryMs: number;
  readonly #downloads: Downloader;
  #seen: Seen | undefined;
  /** When all was last asked for, by `performance.now()`. */
  #wholeAt = 0;

  constructor(url: URL, { timeoutMs, wholeEveryMs = WHOLE_EVERY_MS, ...settings }: UrlPlaceOptions) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#wholeEveryMs = wholeEveryMs;
    this.#downloads = new Downloader(settings);
  }

  /** @throws {ReleaseError} step `download`, which passes. */
  async look({ isSigned }: Taker, { known, isLive = false, isStart = false }: LookOptions): Promise<Sight> {
    const time = {
      timeoutMs: isStart ? Math.min(MAX_START_MS, this.#timeoutMs) : this.#timeoutMs,
      since: performance.now(),
    };
    const isKnown = isLive && known !== undefined && known === this.#seen?.mark;
    const seen = isKnown && time.since - this.#wholeAt < this.#wholeEveryMs ? this.#seen : undefined;
    try {
      const statement = isSigned ? await this.#statement(seen?.statement, time) : undefined;
      if (statement instanceof ReleaseError) {
        return { mark: statement.message, read: () => Promise.reject(statement), rereadMs: REREAD_MS };
      }
      const isSame = statement?.sha256 === seen?.statement?.sha256;
      const archive = await this.#downloads.get(this.#url, {
        limit: MAX_RELEASE_BYTES,
        known: isSame ? seen?.archive : undefined,
        ...time,
      });
      const mark = `${statement?.sha256 ?? ""} ${archive.sha256}`;
      const { sha256, validators } = archive;
      this.#seen = { mark, statement, archive: { sha256, validators } };
      if (seen === undefined) this.#wholeAt = time.since;
      return { mark, read: () => this.#candidate(archive, statement), rereadMs: REREAD_MS };
    } catch (error) {
      if (error instanceof DownloadError) throw new PassingReleaseError("download", error.message, error);
      throw error;
    }
  }

  /** What was not sent, since it is known, is sent once more. */
  async #candidate(archive: Fingerprint | Downloaded, statement: Downloaded | undefined): Promise<Candidate> {
    if ("bytes" in archive) return { archive: archive.bytes, statement: statement?.bytes };
    const again = await this.look({ isSigned: statement !== undefined }, {});
    return await again.read();
  }

  /** Nobody tells of a change. */
  watch(): void {}

  waitMs(ms: number): number {
    return jittered(ms);
  }

  close(): void {
    this.#downloads.close();
  }

  /** A statement that is not there is the release's fault, not the way's. */
  async #statement(seen: Downloaded | undefined, time: Time): Promise<Downloaded | ReleaseError> {
    const url = statementUrl(this.#url);
    try {
      return await this.#downloads.get(url, { limit: MAX_STATEMENT_BYTES, known: seen, ...time });
    } catch (error) {
      if (!isAbsent(error)) throw error;
      return new AbsentReleaseError(
        "statement",
        `there is no statement beside the release: ${error.message}`,
      );
    }
  }
}
