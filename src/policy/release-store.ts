/**
 * What `state_dir/releases` keeps: the last release that went live, which releases are in quarantine; and of the live one,
 * when the source last confirmed it and who promoted it.
 */
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { readBounded } from "./bounded-file.ts";
import type { QuarantinedFile } from "./kept-state.ts";
import { MAX_RELEASE_BYTES, RELEASE_STEPS, type ReleaseStep } from "./release.ts";
import { KEPT_MODE, SignedStore, type SignedStoreOptions, type StoredKind } from "./signed-store.ts";
import { readPayload } from "./statement.ts";

/** An archive that enough keys vouched for and that is no good release. */
export type Quarantined = QuarantinedFile<ReleaseStep>;

const KIND: StoredKind<ReleaseStep> = {
  name: "release",
  extension: ".tar.gz",
  steps: RELEASE_STEPS,
  read: readPayload,
};

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

export class ReleaseStore extends SignedStore<ReleaseStep> {
  /** Of the archive that was kept last, as far as this process knows. */
  #kept: string | undefined;

  private constructor(folder: string, options: SignedStoreOptions) {
    super(folder, options, KIND);
  }

  /** @param folder - made where it is not there. */
  static async open(folder: string, options: SignedStoreOptions): Promise<ReleaseStore> {
    return await new ReleaseStore(folder, options).opened();
  }

  /**
   * The source has this archive. Where another one was kept meanwhile nothing is noted: that one will be asked for.
   *
   * @throws {ReleaseError} step `store`.
   */
  override async confirm(digest: string, nowMs: number): Promise<void> {
    if (this.#kept !== undefined && this.#kept !== digest) return;
    await super.confirm(digest, nowMs);
  }

  /** Who had this archive go live by hand, and why; undefined where nobody did, as far as is known. */
  promotionOf(digest: string): Promoter | undefined {
    return this.state.promotionOf(digest);
  }

  /**
   * The last good release; undefined where there is none. Its bytes are unproven.
   *
   * @throws {ReleaseError} step `store` where it is there and can't be read.
   */
  async last(): Promise<StoredPair | undefined> {
    const found = await this.lastOf(async (digest) => {
      const archive = await readBounded(this.fileOf(digest), MAX_RELEASE_BYTES, "store");
      if (archive === undefined) throw new Error("its archive is not there");
      return archive;
    });
    return found && { statement: found.statement, archive: found.file };
  }

  /**
   * Keeps a release in the place of the last good one; it is on the disk when this resolves.
   *
   * @param digest - of the archive, in hex; the statement names it. @param promoter - who has it go live by hand.
   * @throws {ReleaseError} step `store`: the one before is still there.
   */
  async keep({ archive, statement }: StoredPair, digest: string, promoter?: Promoter): Promise<void> {
    if (this.isReadOnly) return;
    if (promoter !== undefined) await this.saved(this.state.promote(digest, promoter));
    await this.attempt("the release can't be stored", async () => {
      if (await this.#has({ archive, statement })) return;
      await writeDurably(this.fileOf(digest), archive, KEPT_MODE);
      await this.writeStatement(statement);
    });
    this.#kept = digest;
    await this.tidy(digest);
  }

  /** A server that starts with what it ended with writes nothing. */
  async #has({ archive, statement }: StoredPair): Promise<boolean> {
    const there = await this.last().catch(() => undefined);
    if (there === undefined) return false;
    return Buffer.compare(there.statement, statement) === 0 && Buffer.compare(there.archive, archive) === 0;
  }
}
