/**
 * What `state_dir/releases` keeps: the last release that went live, so that a server whose source is down or holds
 * nothing good starts with it; which releases are in quarantine; and of the live one, when the source last confirmed it
 * and who promoted it.
 *
 * The release is two files, and no file system replaces two at once. So the archive is named by its digest and written
 * first; the statement, which names the digest, is written last and is what counts. Whenever the process ends, what
 * lies there is the old pair or the new one:
 *
 * 1. `DIGEST.tar.gz.….part` is written and flushed, and takes its name; the folder is flushed;
 * 2. `last.statement.json.….part` likewise: from here on the new pair is the last good one;
 * 3. archives that no statement names, and parts of files, are removed.
 *
 * Nothing here is believed when it is read back: it goes through the same checks as what comes from the source.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { messageOf } from "../thrown.ts";
import { readBounded } from "./bounded-file.ts";
import { KeptState, type QuarantinedFile } from "./kept-state.ts";
import {
  MAX_RELEASE_BYTES,
  PassingReleaseError,
  RELEASE_STEPS,
  type ReleaseError,
  type ReleaseStep,
} from "./release.ts";
import { MAX_STATEMENT_BYTES, readEnvelope, readPayload } from "./statement.ts";

const STATEMENT = "last.statement.json";
const STATE = "state.json";
const MODE = 0o600;

/** An archive that enough keys vouched for and that is no good release. */
export type Quarantined = QuarantinedFile<ReleaseStep>;

/** Where it lies. */
export function releasesFolder(stateDir: string): string {
  return join(stateDir, "releases");
}

/** A release's two files. */
export interface StoredPair {
  readonly archive: Uint8Array;
  readonly statement: Uint8Array;
}

/** Who had a release go live by hand, and why. */
interface Promoter {
  readonly by: string;
  readonly reason: string;
}

/**
 * @property confirmEveryMs - how much of a confirmation's time may be lost with the process.
 * @property failed - is told where the folder or what lies in it can't be used: then nothing is in quarantine, and
 *   nothing was ever confirmed.
 * @property isReadOnly - for a trial: nothing is written.
 */
export interface StoreOptions {
  readonly confirmEveryMs: number;
  readonly failed: (error: ReleaseError) => void;
  readonly isReadOnly?: boolean;
}

export class ReleaseStore {
  readonly #folder: string;
  readonly #options: StoreOptions;
  readonly #state: KeptState<ReleaseStep>;
  /** Of the archive that was kept last, as far as this process knows. */
  #kept: string | undefined;

  private constructor(folder: string, options: StoreOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#state = new KeptState(join(folder, STATE), { ...options, steps: RELEASE_STEPS });
  }

  /** @param folder - made where it is not there. */
  static async open(folder: string, options: StoreOptions): Promise<ReleaseStore> {
    const store = new ReleaseStore(folder, options);
    try {
      await store.#state.read();
    } catch (error) {
      options.failed(storeError(`${folder} can't be used`, error));
    }
    return store;
  }

  /** The newest first. */
  get quarantined(): readonly Quarantined[] {
    return this.#state.quarantined;
  }

  /** Why a release is in quarantine, where it is. A higher sequence lifts it. */
  quarantineOf(digest: string, sequence: number): Quarantined | undefined {
    return this.#state.quarantineOf(digest, sequence);
  }

  /** In force at once; on the disk when it resolves. @throws {ReleaseError} step `store`. */
  async quarantine(entry: Quarantined): Promise<void> {
    await saved(this.#state.quarantine(entry));
  }

  /** When the source last had this archive, as far as is known; 0 for never. Milliseconds since the epoch. */
  confirmedAt(digest: string): number {
    return this.#state.confirmedAt(digest);
  }

  /**
   * The source has this archive. Where another one was kept meanwhile nothing is noted: that one will be asked for.
   *
   * @throws {ReleaseError} step `store`.
   */
  async confirm(digest: string, nowMs: number): Promise<void> {
    if (this.#kept !== undefined && this.#kept !== digest) return;
    await saved(this.#state.confirm(digest, nowMs));
  }

  /** Who had this archive go live by hand, and why; undefined where nobody did, as far as is known. */
  promotionOf(digest: string): Promoter | undefined {
    return this.#state.promotionOf(digest);
  }

  /**
   * The last good release; undefined where there is none. Its bytes are unproven.
   *
   * @throws {ReleaseError} step `store` where it is there and can't be read.
   */
  async last(): Promise<StoredPair | undefined> {
    try {
      const statement = await readBounded(join(this.#folder, STATEMENT), MAX_STATEMENT_BYTES, "store");
      if (statement === undefined) return undefined;
      const digest = readPayload(readEnvelope(statement)).sha256;
      const archive = await readBounded(this.#archive(digest), MAX_RELEASE_BYTES, "store");
      if (archive === undefined) throw new Error("its archive is not there");
      return { statement, archive };
    } catch (error) {
      throw storeError("the last good release can't be read", error);
    }
  }

  /**
   * Keeps a release in the place of the last good one; it is on the disk when this resolves.
   *
   * @param digest - of the archive, in hex; the statement names it. @param promoter - who has it go live by hand.
   * @throws {ReleaseError} step `store`: the one before is still there.
   */
  async keep({ archive, statement }: StoredPair, digest: string, promoter?: Promoter): Promise<void> {
    if (this.#options.isReadOnly === true) return;
    if (promoter !== undefined) await saved(this.#state.promote(digest, promoter));
    try {
      if (!(await this.#has({ archive, statement }))) {
        await writeDurably(this.#archive(digest), archive, MODE);
        await writeDurably(join(this.#folder, STATEMENT), statement, MODE);
      }
    } catch (error) {
      throw storeError("the release can't be stored", error);
    }
    this.#kept = digest;
    await this.#tidy(digest);
  }

  #archive(digest: string): string {
    return join(this.#folder, `${digest}.tar.gz`);
  }

  /** A server that starts with what it ended with writes nothing. */
  async #has({ archive, statement }: StoredPair): Promise<boolean> {
    const there = await this.last().catch(() => undefined);
    if (there === undefined) return false;
    return Buffer.compare(there.statement, statement) === 0 && Buffer.compare(there.archive, archive) === 0;
  }

  /** What can't be removed lies there and does no harm. */
  async #tidy(digest: string): Promise<void> {
    try {
      for (const name of await readdir(this.#folder)) {
        const isOld = /^[0-9a-f]{64}\.tar\.gz$/.test(name) && !name.startsWith(digest);
        if (isOld || name.endsWith(".part")) await rm(join(this.#folder, name), { force: true });
      }
    } catch {}
  }
}

async function saved(writing: Promise<void>): Promise<void> {
  await writing.catch((error: unknown) => {
    throw storeError("what is known of releases can't be written", error);
  });
}

function storeError(what: string, error: unknown): ReleaseError {
  return new PassingReleaseError("store", `${what}: ${messageOf(error)}`, error);
}
