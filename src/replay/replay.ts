/**
 * Stored decisions through another release: documents, facts and lists as they were seen then, so that the release
 * is all that differs. Nothing is written, and nobody is answered.
 *
 * They are read, decoded and checked in the ledger's reading thread, a page at a time, and judged in the release's own
 * engine: the calling thread has each page in hand for a moment only.
 */
import { parseCallback } from "../channels/tss/wire.ts";
import {
  ChangeCounter,
  type ChangeName,
  type Changes,
  changesIn,
  differenceOf,
  isByHost,
} from "../decisions/changes.ts";
import { judgeQuietly } from "../decisions/judge-quietly.ts";
import { VerifiedRequest } from "../decisions/request.ts";
import type { LedgerQueries } from "../ledger/ledger-queries.ts";
import type { StoredDecision } from "../ledger/stored-decisions.ts";
import type { LiveRelease } from "../policy/live.ts";

/** A page is judged at once: more would hold the calling thread longer. */
const PAGE = 16;
const EXAMPLES = 3;

/**
 * @property replayed - decisions that the other release judged; examples are their ids.
 * @property failed_then - failures of ours: there is nothing to compare with.
 * @property refused_by_host - an invariant refused: no release has a say in it.
 * @property pruned - their documents are gone. @property unreadable - of another version of the document.
 */
export interface Replay extends Changes {
  readonly replayed: number;
  readonly failed_then: number;
  readonly refused_by_host: number;
  readonly pruned: number;
  readonly unreadable: number;
}

/** @property signal - ends it, with its reason. */
export interface ReplayOptions {
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** At most so many decisions, the newest; absent: all of them. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** Reads the ledger for people, in a thread of its own. */
export type DecisionHistory = Pick<LedgerQueries, "storedRange" | "storedDecisions">;

type Skip = "failed_then" | "refused_by_host" | "pruned" | "unreadable";

/**
 * @param release - the other release; the caller closes it.
 * @throws LedgerError where the ledger can't be read, and what the signal says.
 */
export async function replayDecisions(
  history: DecisionHistory,
  release: LiveRelease,
  { since, limit = Number.MAX_SAFE_INTEGER, signal, progress }: ReplayOptions = {},
): Promise<Replay> {
  const counter = new ChangeCounter<ChangeName, string>({ most: EXAMPLES, oldestFirst: false });
  const skipped = { failed_then: 0, refused_by_host: 0, pruned: 0, unreadable: 0 };
  let replayed = 0;
  const judge = async (stored: StoredDecision): Promise<void> => {
    const request = requestOf(stored, release);
    if (typeof request === "string") {
      skipped[request] += 1;
      return;
    }
    counter.add(differenceOf(stored, await judgeQuietly(request, release)), stored.id);
    replayed += 1;
  };
  const { first, end } = await history.storedRange(since);
  const total = Math.min(limit, end - first);
  const tokens = release.index.reads_raw;
  const pageBefore = (before: number, left: number) =>
    history.storedDecisions({ first, end: before, limit: Math.min(PAGE, left), tokens });
  let left = limit;
  for (let page = await pageBefore(end, left); ; ) {
    signal?.throwIfAborted();
    left -= page.items.length;
    // The next one is read while this one is judged.
    const following = page.next === undefined || left === 0 ? undefined : pageBefore(page.next, left);
    following?.catch(() => {});
    await Promise.all(page.items.map(judge));
    progress?.(Math.min(limit - left, total), total);
    if (following === undefined) break;
    page = await following;
  }
  progress?.(total, total);
  return { replayed, ...changesIn(counter), ...skipped };
}

/** The stored document, to be judged as it stands; else why it can't be. */
function requestOf(stored: StoredDecision, { index }: LiveRelease): VerifiedRequest | Skip {
  const { outcome, reasons, isPruned, document, identity } = stored;
  if (outcome === "failed") return "failed_then";
  if (isByHost(reasons)) return "refused_by_host";
  if (isPruned) return "pruned";
  const raw = index.reads_raw ? rawOf(stored) : "{}";
  if (document === undefined || raw === undefined) return "unreadable";
  const members = {
    ...{ input: { document: document.value, raw }, identity, participants: [] },
    ...{ startedAt: performance.now(), normalizeMs: 0 },
  };
  return new VerifiedRequest(members, document.text);
}

/** The original, from the token that it came in: only a release whose rules read it needs it. */
function rawOf({ channel, token }: StoredDecision): string | undefined {
  if (channel !== "tss.v1" && channel !== "tss.v2") return undefined;
  const claims = parseJson(Buffer.from(token?.split(".")[1] ?? "", "base64url").toString("utf8"));
  const packageData: unknown =
    typeof claims === "object" && claims !== null ? Reflect.get(claims, "package_data") : "";
  if (typeof packageData !== "string") return undefined;
  try {
    const parsed = parseCallback(Buffer.from(packageData, "base64"), channel === "tss.v1" ? "v1" : "v2");
    return parsed.type === "ping" ? undefined : parsed.rawText;
  } catch {
    return undefined;
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
