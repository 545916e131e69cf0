/**
 * What lasts of a release that goes live: archive and statement in `state_dir/releases`, when its source last had it, and
 * its entry in the ledger. Where releases are not signed, the entry alone.
 */
import { digestOf } from "./activate.ts";
import type { Admission, Admitted, Candidate, Promotion, ReleaseHistory } from "./admission.ts";
import type { LivePolicy, LiveRelease } from "./live.ts";
import type { ReleaseError } from "./release.ts";
import type { ReleaseStore, StoredPair } from "./release-store.ts";
import { asked, entered, tried } from "./signed-past.ts";

/**
 * @property store - absent where nothing is kept on the disk. @property history - absent where nothing is written down.
 * @property now - never before the ledger's newest entry, milliseconds since the epoch.
 * @property onProblem - what could not be kept, and is lost with the process.
 */
export interface KeepingOptions {
  readonly admission: Admission;
  readonly live: Pick<LivePolicy, "current">;
  readonly store: ReleaseStore | undefined;
  readonly history: ReleaseHistory | undefined;
  readonly now: () => number;
  readonly onProblem: (error: ReleaseError) => void;
}

export class Keeping {
  readonly #options: KeepingOptions;
  /** Absent where releases are not signed: nobody could vouch for what is read back. */
  readonly #store: ReleaseStore | undefined;

  constructor(options: KeepingOptions) {
    this.#options = options;
    this.#store = options.admission.isSigned ? options.store : undefined;
  }

  /** The last good release; undefined where there is none. @throws {ReleaseError} step `store`. */
  async last(): Promise<StoredPair | undefined> {
    return await this.#store?.last();
  }

  /** The archive that was live last, in this process or the one before. @throws {ReleaseError} step `ledger`. */
  liveLast(): string | undefined {
    return this.#options.live.current?.identity.sha256 ?? this.#lastEntry()?.sha256;
  }

  /**
   * Who promoted what was kept. The ledger says it, but where the process ended before its entry was written.
   *
   * @throws {ReleaseError} step `ledger`.
   */
  promotionOf(sha256: string): Promotion | undefined {
    const last = this.#lastEntry();
    return last?.sha256 === sha256 ? last.promotion : this.#store?.promotionOf(sha256);
  }

  /**
   * Keeps what is about to go live, and then writes its entry: both are on the disk when this resolves.
   *
   * @throws {ReleaseError} step `store` or `ledger`: the one before is kept as it was.
   */
  async keep({ archive, statement }: Candidate, next: LiveRelease, promotion?: Promotion): Promise<void> {
    const store = this.#store;
    const { sha256 } = next.identity;
    if (statement === undefined || store === undefined) {
      await this.record(next, promotion);
      return;
    }
    const before = await store.last().catch(() => undefined);
    await store.keep({ archive, statement }, sha256, promotion);
    try {
      await store.confirm(sha256, this.#options.now());
      await this.record(next, promotion);
    } catch (error) {
      if (before !== undefined) await this.#tried(this.#keepAgain(before, store));
      throw error;
    }
  }

  /**
   * What was live before has its entry already: one more is a note. A release that raises the sequence decides nothing
   * before that is on the disk, and what somebody did by hand is on the disk before it counts, as all that operators do.
   *
   * @throws {ReleaseError} step `ledger`.
   */
  async record({ identity, statement }: LiveRelease, promotion?: Promotion): Promise<void> {
    const { history, admission } = this.#options;
    const written = history?.record(identity, statement, promotion) ?? Promise.resolve();
    const isAct = promotion !== undefined;
    if (admission.past !== undefined && statement !== undefined) {
      await admission.past.record(statement, written, isAct);
    } else if (isAct) await entered(written);
    else written.catch(() => {});
  }

  /** One key more signed what is live: when another key is removed, it is still vouched for. */
  async signatures({ archive, statement: bytes }: Candidate, { statement, sha256 }: Admitted): Promise<void> {
    const before = this.#options.live.current?.statement?.signedBy ?? [];
    if (this.#store === undefined || statement === undefined || bytes === undefined) return;
    if (statement.signedBy.length <= before.length) return;
    await this.#tried(this.#store.keep({ archive, statement: bytes }, sha256));
  }

  /** Its source has it: without that a restart finds it older than it is. */
  async confirmation(sha256: string): Promise<void> {
    if (this.#store !== undefined) await this.#tried(this.#store.confirm(sha256, this.#options.now()));
  }

  /** Who was told that nothing has changed does not find another one live after a restart. */
  async #keepAgain(before: StoredPair, store: ReleaseStore): Promise<void> {
    const sha256 = await digestOf(before.archive);
    await store.keep(before, sha256);
    const { current } = this.#options.live;
    if (current?.identity.sha256 === sha256) await store.confirm(sha256, current.age.confirmedAt);
  }

  #lastEntry(): ReturnType<ReleaseHistory["last"]> {
    return asked("the ledger can't say which release was live last", () => this.#options.history?.last());
  }

  async #tried(kept: Promise<void>): Promise<void> {
    await tried(kept, this.#options.onProblem);
  }
}
