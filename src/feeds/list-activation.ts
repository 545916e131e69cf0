/**
 * How a signed list comes into force. A candidate is a statement and, beside it, the file that it speaks of. It is
 *
 * - **seen**: the statement's bytes are in memory. All that follows is about these bytes: what lies at the source a
 *   moment later is another candidate;
 * - **admitted**: enough of this list's own keys signed it, it is about a list, for this installation, about this very
 *   list; a rule of the live release reads a list of this name; it is newer than what was in force, or the very same,
 *   and its time is now. Up to here nothing was looked at but the statement, so that nobody without keys can have a
 *   file read;
 * - **matched**: the file is not in quarantine and, where looking costs no download, its digest is the one that was
 *   signed. A statement that is in force already ends here: the list is **confirmed**, and its age begins anew;
 * - **copied**: the file lies in `state_dir/lists/NAME` within the limits, and the copy's digest is the one that was
 *   signed. From here on the copy counts, whatever lies at the source. What is in force, under another statement, needs no
 *   copy;
 * - **read**: a thread made a table of the copy. It has one list, of addresses: there is no way for it to say anything of
 *   limits, modes, or another list;
 * - **kept**: copy and statement are the last good list, and the ledger has the entry that says that it is in force,
 *   both on the disk. From here on nothing older is ever admitted again, whenever the process ends;
 * - **in force**: one assignment puts it in the place of the one before. Who looked into that one goes on with it.
 *
 * From each state the way out is **refused**, with the step that failed. Nothing has changed then but this: a file that
 * was copied with the digest that was signed, and that is no such list, is in **quarantine**, and not looked at again
 * before somebody with keys signs a higher sequence. What failed before says nothing of the file, and what fails after
 * is the machine's fault, as may be that reading took too long. Nor is what was in force last put there.
 *
 * What is in force is **absent** from documents, and what reads it refuses, while it has expired, while its source has
 * not confirmed it for too long, and while no rule of the live release reads it. The first is for good; the others end
 * when what they wait for comes.
 *
 * When the server starts, the last list that was kept goes the same way before its source is looked at, and is as old as
 * it is: what its source last confirmed.
 */
import { rm } from "node:fs/promises";
import type { ListVersion } from "../input/document.ts";
import { Age } from "../policy/age.ts";
import { ListError, type ListStep, listStoreError } from "../policy/list-error.ts";
import type { ListTrust, TrustedList } from "../policy/list-trust.ts";
import { ReleaseError } from "../policy/release.ts";
import { SignedPast } from "../policy/signed-past.ts";
import type { ListStatement } from "../policy/statement.ts";
import type { Precedent } from "../policy/trust-store.ts";
import type { Turns } from "../turns.ts";
import { FeedError, UnreadFeedError } from "./feed-error.ts";
import type { ListPlace } from "./list-place.ts";
import { type ListContent, readListAside } from "./list-reader.ts";
import type { ListStore, QuarantinedList } from "./list-store.ts";
import type { ListTable } from "./list-table.ts";

/** What the ledger knows of lists. */
export interface ListHistory {
  /** The time of decisions: it never runs back. Milliseconds since the epoch. */
  now(): number;
  /** The newest that was ever in force under this name for an audience. @throws where that can't be told. */
  highest(list: string, audience: string): Precedent | undefined;
  /** Resolves when it is on the disk. @throws where it never will be. */
  record(statement: TrustedList, entries: number): Promise<void>;
}

/** A list that is in force, as far as its age allows. @property loadedAt - milliseconds since the epoch. */
export interface ListInForce {
  readonly table: ListTable;
  readonly version: ListVersion;
  readonly statement: TrustedList;
  readonly loadedAt: number;
  readonly age: Age;
}

/**
 * @property name - of the list. @property maxAgeMs - how long it may go unconfirmed.
 * @property reading - one table is built at a time, of all lists.
 * @property unread - why the live release does not read it; undefined where it does.
 * @property onProblem - what is wrong besides a candidate: with what is stored.
 * @property onTaken - it is in force, in the place of what was.
 */
export interface ListActivationOptions {
  readonly name: string;
  readonly trust: ListTrust;
  readonly store: ListStore;
  readonly history: ListHistory;
  readonly maxAgeMs: number;
  readonly reading: Turns;
  readonly unread: () => string | undefined;
  readonly onProblem: (error: ListError) => void;
  readonly onTaken: (list: ListInForce, before: ListInForce | undefined) => void;
}

export class ListActivation {
  readonly #options: ListActivationOptions;
  #inForce: ListInForce | undefined;
  readonly #past: SignedPast<ListStatement, ListStep>;
  #isFallBackRefused = false;
  #saidOfFallBack: string | undefined;

  constructor(options: ListActivationOptions) {
    const { name, trust, store, history, onProblem } = options;
    this.#options = options;
    this.#past = new SignedPast({
      ...{ trust, store },
      highest: () => history.highest(name, trust.audience),
      now: () => history.now(),
      onProblem: (error) => onProblem(ListError.of(error)),
    });
  }

  /** Whatever its age, and whether or not it is read. */
  get inForce(): ListInForce | undefined {
    return this.#inForce;
  }

  get quarantined(): readonly QuarantinedList[] {
    return this.#options.store.quarantined;
  }

  /**
   * @param bytes - of the statement; undefined where there is none.
   * @param place - where its file lies.
   * @returns whether it came into force; false where it was already.
   * @throws {ListError} with the step that refused it.
   */
  async offer(bytes: Uint8Array | undefined, place: ListPlace): Promise<boolean> {
    try {
      return await this.#offer(bytes, place);
    } catch (error) {
      throw error instanceof ReleaseError ? ListError.of(error) : error;
    }
  }

  async #offer(bytes: Uint8Array | undefined, place: ListPlace): Promise<boolean> {
    if (bytes === undefined) throw new ListError("statement", "there is no statement beside the list");
    const statement = await this.#admit(bytes);
    const there = await place.digest();
    if (there !== undefined) this.#assertDigest(statement, there);
    if (this.#inForce?.statement.payload === statement.payload) {
      await this.#keepSignatures(bytes, statement);
      await this.confirm();
      return false;
    }
    if (this.#inForce?.statement.sha256 === statement.sha256) {
      const { table } = this.#inForce;
      await this.#options.store.keepStatement(bytes);
      await this.#bringIntoForce({ table, sha256: statement.sha256 }, statement);
      return true;
    }
    await this.#take(bytes, statement, place, there !== undefined);
    return true;
  }

  /** The source was looked at, and has what it had when it came into force or was confirmed. */
  async confirm(): Promise<void> {
    const { store, history } = this.#options;
    if (this.#inForce === undefined) return;
    const now = history.now();
    this.#inForce.age.confirm(now);
    await this.#past.tried(store.confirm(this.#inForce.statement.sha256, now));
  }

  /**
   * Brings the last list that was kept into force, where there is one and nothing is. What was refused for good is not
   * tried again. What is wrong with it is a problem, no error.
   */
  async fallBack(): Promise<void> {
    const { store, onProblem } = this.#options;
    if (this.#inForce !== undefined || this.#isFallBackRefused) return;
    try {
      const kept = await store.last();
      if (kept === undefined) return;
      const statement = await this.#admit(kept.statement);
      const content = await this.#read(kept.path, statement);
      await this.#bringIntoForce(content, statement, this.#past.confirmedAt(statement));
    } catch (thrown) {
      const error = ListError.of(thrown);
      // A release that reads it may come yet.
      if (error.step === "unread") return;
      this.#isFallBackRefused = !error.isPassing;
      const message = `the last good list is refused: ${error.message}`;
      // Each try says the same.
      if (message !== this.#saidOfFallBack) {
        onProblem(new ListError(error.step, message, { cause: error }));
      }
      this.#saidOfFallBack = message;
    }
  }

  async #admit(bytes: Uint8Array): Promise<TrustedList> {
    const { trust, history, unread } = this.#options;
    await this.#past.learn();
    const statement = await trust.recognize(bytes);
    const isInForce = this.#inForce?.statement.payload === statement.payload;
    const why = isInForce ? undefined : unread();
    if (why !== undefined) throw new ListError("unread", why);
    trust.assertCurrent(statement, history.now());
    this.#past.assertNotQuarantined(statement);
    return statement;
  }

  /** @param isSeen - whether a look at the place sees when its file changes. */
  async #take(bytes: Uint8Array, statement: TrustedList, place: ListPlace, isSeen: boolean): Promise<void> {
    const { store, history } = this.#options;
    const next = await store.next();
    try {
      this.#assertDigest(statement, await place.copy(next), !isSeen);
      const content = await this.#proven(next, statement);
      await store.keep(next, bytes, statement.sha256);
      await store.confirm(statement.sha256, history.now());
      await this.#bringIntoForce(content, statement);
    } finally {
      await rm(next, { force: true }).catch((error: unknown) => {
        this.#options.onProblem(listStoreError("a copy can't be removed", error));
      });
    }
  }

  /** What was signed and is no list is put into quarantine. */
  async #proven(path: string, statement: TrustedList): Promise<ListContent> {
    try {
      return await this.#read(path, statement);
    } catch (error) {
      const isBlamed = error instanceof ListError && error.step === "content" && !error.isPassing;
      if (isBlamed) await this.#past.quarantine(statement, error);
      throw error;
    }
  }

  /** @throws {ListError} step `content`, or `digest`: the file was changed since it was looked at. */
  async #read(path: string, statement: TrustedList): Promise<ListContent> {
    const content = await this.#options.reading
      .run(() => readListAside(path))
      .catch((error: unknown): never => {
        if (!(error instanceof FeedError)) throw error;
        const isPassing = error instanceof UnreadFeedError;
        throw new ListError("content", error.message, { isPassing, cause: error });
      });
    this.#assertDigest(statement, content.sha256);
    return content;
  }

  /** @param isPassing - another file may lie there a moment later, and nothing else would tell. */
  #assertDigest(statement: TrustedList, sha256: string, isPassing = false): void {
    try {
      this.#options.trust.assertDigest(statement, sha256);
    } catch (thrown) {
      const { step, message } = ListError.of(thrown);
      throw new ListError(step, message, { isPassing, cause: thrown });
    }
  }

  /**
   * It decides nothing before its entry is on the disk, unless it has one already: then one more is a note.
   *
   * @param confirmedAt - absent: its source has it now.
   */
  async #bringIntoForce(
    { table, sha256 }: ListContent,
    statement: TrustedList,
    confirmedAt?: number,
  ): Promise<void> {
    const { history, maxAgeMs, onTaken } = this.#options;
    await this.#past.record(statement, history.record(statement, table.entries));
    const nowMs = history.now();
    const before = this.#inForce;
    this.#inForce = {
      table,
      version: { sequence: statement.sequence, sha256 },
      statement,
      loadedAt: nowMs,
      age: new Age({ statement, maxAgeMs, confirmedAt: confirmedAt ?? nowMs, nowMs }),
    };
    if (confirmedAt === undefined) await this.confirm();
    onTaken(this.#inForce, before);
  }

  /** One key more signed what is in force: when another key is removed, it is still vouched for. */
  async #keepSignatures(bytes: Uint8Array, statement: TrustedList): Promise<void> {
    const before = this.#inForce?.statement.signedBy ?? [];
    if (statement.signedBy.length <= before.length) return;
    await this.#past.tried(this.#options.store.keepStatement(bytes));
  }
}
