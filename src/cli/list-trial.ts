/** A signed list through every step of coming into force, as an installation would do it. Nothing is written there. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { precedentIn } from "../decisions/list-history.ts";
import { ListActivation, type ListHistory, type ListInForce } from "../feeds/list-activation.ts";
import type { ListPlace } from "../feeds/list-place.ts";
import { ListStore, listsFolder } from "../feeds/list-store.ts";
import { ledgerFiles } from "../ledger/files.ts";
import { readBounded } from "../policy/bounded-file.ts";
import { ListError } from "../policy/list-error.ts";
import type { ListTrust, TrustedList } from "../policy/list-trust.ts";
import { readRelease } from "../policy/read-release.ts";
import { MAX_RELEASE_BYTES } from "../policy/release.ts";
import { ReleaseStore, releasesFolder } from "../policy/release-store.ts";
import { listsOf } from "../policy/rule-index.ts";
import { loadListTrust, type SignedListConfig, trustOf } from "../release-trust.ts";
import { Turns } from "../turns.ts";
import { rowsOf } from "./ledger-rows.ts";

/**
 * @property refusal - undefined where it would come into force. @property inForce - then what would be.
 * @property statement - what enough of the list's keys signed about it, whether it is admitted or not.
 * @property problems - with what `state_dir` keeps of the list.
 */
export interface ListOutcome {
  readonly refusal: ListError | undefined;
  readonly inForce: ListInForce | undefined;
  readonly statement: TrustedList | undefined;
  readonly problems: readonly ListError[];
}

/** @property isReadKnown - whether it is known which lists the live release reads. */
export interface ListTrial {
  readonly trust: ListTrust;
  readonly isReadKnown: boolean;
  offer(place: ListPlace): Promise<ListOutcome>;
}

/** @throws as {@link loadListTrust}. */
export async function openListTrial(
  config: Config,
  name: string,
  { trust: keys, max_age, max_lifetime }: SignedListConfig,
): Promise<ListTrial> {
  const trust = await loadListTrust(name, { trust: keys, max_lifetime });
  const read = await listsReadBy(config);
  const isUnread = read !== undefined && !read.includes(name);
  return {
    trust,
    isReadKnown: read !== undefined,
    offer: async (place) => {
      const problems: ListError[] = [];
      const onProblem = (error: ListError): void => void problems.push(error);
      const staging = await mkdtemp(join(tmpdir(), "countersign-list-"));
      try {
        const store = await ListStore.open(join(listsFolder(config.state_dir), name), {
          ...{ confirmEveryMs: 0, isReadOnly: true, staging },
          failed: (error) => onProblem(ListError.of(error)),
        });
        const history = historyIn(ledgerFiles(config.state_dir).database);
        const activation = new ListActivation({
          ...{ name, trust, store, history, maxAgeMs: max_age, reading: new Turns(), onProblem },
          unread: () => (isUnread ? "no rule of the live release reads it" : undefined),
          onTaken: () => {},
        });
        const { statement: bytes } = await place.look(undefined, false);
        const statement = bytes instanceof Uint8Array ? await recognized(bytes, trust) : undefined;
        const refusal = await refusalOf(async () => {
          if (bytes instanceof ListError) throw bytes;
          await activation.offer(bytes, place);
        });
        return { refusal, inForce: activation.inForce, statement, problems };
      } finally {
        place.close();
        await rm(staging, { recursive: true, force: true });
      }
    },
  };
}

function historyIn(file: string): ListHistory {
  return {
    now: Date.now,
    highest: (list, audience) => precedentIn(rowsOf(file, "list").toReversed(), list, audience),
    record: async () => {},
  };
}

/**
 * The lists that the last good release reads, where releases are signed and one is kept, else the one at its place;
 * undefined where it can't be read.
 */
async function listsReadBy({ state_dir, policy }: Config): Promise<readonly string[] | undefined> {
  const ignored = { confirmEveryMs: 0, failed: () => {}, isReadOnly: true };
  try {
    const isSigned = trustOf(policy) === "keys";
    const kept = isSigned
      ? await (await ReleaseStore.open(releasesFolder(state_dir), ignored)).last()
      : undefined;
    const archive = kept?.archive ?? (await readBounded(policy.release, MAX_RELEASE_BYTES, "archive"));
    return archive === undefined ? undefined : listsOf((await readRelease(archive)).index);
  } catch {
    return undefined;
  }
}

async function recognized(bytes: Uint8Array, trust: ListTrust): Promise<TrustedList | undefined> {
  try {
    return await trust.recognize(bytes);
  } catch {
    return undefined;
  }
}

async function refusalOf(job: () => Promise<unknown>): Promise<ListError | undefined> {
  try {
    await job();
    return undefined;
  } catch (error) {
    if (error instanceof ListError) return error;
    throw error;
  }
}
