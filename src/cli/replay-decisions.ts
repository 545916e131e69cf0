/**
 * Stored decisions through another release: documents, facts and lists as they were seen then, so that the release
 * is all that differs. Nothing is written, and nobody is answered.
 */
import { parseCallback } from "../channels/tss/wire.ts";
import { decide } from "../decisions/decide.ts";
import { VerifiedRequest } from "../decisions/request.ts";
import { documentSchema } from "../input/document.ts";
import { decodeBody } from "../ledger/body-encoding.ts";
import { blob, integer, orNull, text, utf8Of } from "../ledger/paged-rows.ts";
import type { Connection } from "../ledger/read-connection.ts";
import { type DecisionRow, parseRow } from "../ledger/rows.ts";
import { firstSince, lastSeq } from "../ledger/seek.ts";
import type { LiveRelease } from "../policy/live.ts";
import { ChangeCounter, type Changes } from "./replay-changes.ts";

const PAGE = 64;
const DECISION_MS = 30_000;

/** What the host says where a policy was asked: all its other codes refuse before. */
const POLICY_OUTCOMES = new Set(["HELD", "NO_RULE_APPROVES"]);

/**
 * @property replayed - decisions that the other release judged.
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

export interface ReplayOptions {
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** At most so many decisions, the newest. */
  readonly limit: number;
  readonly progress?: (done: number, total: number) => void;
}

interface Stored {
  readonly row: DecisionRow;
  readonly token: Uint8Array | undefined;
  readonly document: Uint8Array | undefined;
}

/** @param live - the other release; the caller closes it. */
export async function replayDecisions(
  database: Connection,
  live: LiveRelease,
  { since, limit, progress }: ReplayOptions,
): Promise<Replay> {
  const counter = new ChangeCounter();
  const skipped = { failed_then: 0, refused_by_host: 0, pruned: 0, unreadable: 0 };
  let replayed = 0;
  let seen = 0;
  const { total, pages } = storedDecisions(database, since, limit);
  for (const page of pages) {
    await Promise.all(
      page.map(async (stored) => {
        const skip = skipOf(stored);
        const request = skip === undefined ? requestOf(stored, live) : undefined;
        if (request === undefined) skipped[skip ?? "unreadable"] += 1;
        else {
          const { decision } = await decide(request, { live, scope: {}, decisionMs: DECISION_MS });
          counter.add(stored.row, decision);
          replayed += 1;
        }
      }),
    );
    seen += page.length;
    progress?.(Math.min(seen, total), total);
  }
  progress?.(total, total);
  return { replayed, ...counter.changes, ...skipped };
}

function skipOf({ row, document }: Stored): "failed_then" | "refused_by_host" | "pruned" | undefined {
  if (row.outcome === "failed") return "failed_then";
  const byHost = row.reasons.some(({ rule, code }) => rule === undefined && !POLICY_OUTCOMES.has(code));
  if (byHost) return "refused_by_host";
  return document === undefined ? "pruned" : undefined;
}

/** The request as `decide` takes it; undefined where it cannot be had any more. */
function requestOf({ row, token, document: bytes }: Stored, live: LiveRelease): VerifiedRequest | undefined {
  const document = documentSchema.safeParse(parseJson(utf8(bytes)));
  const raw = live.index.reads_raw ? rawOf(row, utf8(token)) : "{}";
  if (!document.success || raw === undefined) return undefined;
  return new VerifiedRequest({
    input: { document: document.data, raw },
    identity: row.identity,
    participants: [],
    startedAt: performance.now(),
    normalizeMs: 0,
  });
}

/** The original, from the token that it came in: only a release whose rules read it needs it. */
function rawOf({ channel }: DecisionRow, token: string): string | undefined {
  const claims = parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  const packageData: unknown =
    typeof claims === "object" && claims !== null ? Reflect.get(claims, "package_data") : "";
  if (typeof packageData !== "string" || (channel !== "tss.v1" && channel !== "tss.v2")) return undefined;
  try {
    const parsed = parseCallback(Buffer.from(packageData, "base64"), channel === "tss.v1" ? "v1" : "v2");
    return parsed.type === "ping" ? undefined : parsed.rawText;
  } catch {
    return undefined;
  }
}

/** Pages of decisions, newest first, and how many there can be at most. */
function storedDecisions(
  database: Connection,
  since: number | undefined,
  limit: number,
): { readonly total: number; readonly pages: Generator<Stored[]> } {
  const first = since === undefined ? 1 : firstSince(database, since);
  const end = lastSeq(database) + 1;
  const page = database
    .prepare(
      `SELECT e.seq, e.row, b.encoding, b.token, b.document FROM entries e LEFT JOIN bodies b ON b.seq = e.seq
       WHERE e.seq < ? AND e.seq >= ? AND e.type = 'decision' ORDER BY e.seq DESC LIMIT ?`,
    )
    .raw(true);
  function* read(): Generator<Stored[]> {
    let before = end;
    for (let left = limit; left > 0; ) {
      const rows = page.all(before, first, Math.min(PAGE, left));
      if (rows.length === 0) return;
      const stored = rows.flatMap((columns) => {
        if (!Array.isArray(columns)) return [];
        before = integer(columns[0]);
        return storedOf(columns);
      });
      left -= rows.length;
      yield stored;
    }
  }
  return { total: Math.min(limit, end - first), pages: read() };
}

function storedOf(columns: readonly unknown[]): Stored[] {
  const row = parseRow(text(columns[1]));
  if (row.type !== "decision") return [];
  const encoding = orNull(columns[2], integer);
  const body =
    encoding === null ? {} : decodeBody(encoding, orNull(columns[3], blob), orNull(columns[4], blob));
  return [{ row, token: body.token, document: body.document }];
}

function utf8(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : utf8Of(bytes);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
