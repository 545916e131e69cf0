/**
 * The story of one transaction, as its push messages tell it: out of order, many times, by both generations at once.
 *
 * A **message** says in which of six states a transaction is:
 *
 * - `pending`: it waits for an approval, a signature or its broadcast, or was broadcast and is in no block;
 * - `confirming`: it is in a block that others must follow;
 * - `success`: it is final, as far as anything is;
 * - `failed`: it will never move anything;
 * - `reverting`: its execution failed, and it will be `failed`;
 * - `reorganized`: the block that it was in is gone (deposits only); what was booked for it has to be taken back.
 *
 * The **story** is the newest message, and all that earlier ones said which can't change. Of two messages of one
 * generation that one is newer which was made later, where both say when and not at the same time; else, and where one
 * generation may mean another time than the other, the one that is further on the way `pending`, `confirming`,
 * `reverting`, `success` or `failed`, `reorganized`; else the one with more confirmations. An older one is **late**: it
 * moves nothing. It may still say what nobody said before (a hash), and it may contradict. One that names a sender or a
 * recipient whom no message named before has to be judged all the same.
 *
 * From `pending` and `confirming` a transaction goes to every other state, in any order: messages on the way are sent
 * once and may be lost. `reverting` goes to `failed` and nowhere else, `failed` nowhere. `success` goes to
 * `reorganized`, and `reorganized` to every other state, since the transaction may be confirmed again. Any state stays
 * itself, in the same block where it is `success`. A withdrawal is never `reorganized`.
 *
 * All other moves are **illegal**. They are no errors: the newer message is believed, and what is wrong with it is a
 * problem, for people. One of them may have an explanation that is still on its way: what left `success`, or is
 * `success` in another block, may have been reorganized in between. The story keeps that as a **gap**, and the late
 * `reorganized` that falls into it explains the problem away. So the story and what is wrong with it come out the same,
 * in whatever order and however often its messages come.
 */
import { z } from "zod";
import { CHANNELS, type Channel, type Document, PUSH_STATUSES, type PushStatus } from "../input/document.ts";
import type { MovementState } from "../ledger/ledger.ts";
import { type Claims, claimsOf, claimsSchema, contradictions, joinClaims } from "./push-claims.ts";

/**
 * What one message says.
 *
 * @property by - the generation that it is of. @property at - when it was made, milliseconds since the epoch.
 * @property block - its hash.
 */
export interface Statement {
  readonly status: PushStatus;
  readonly by: Channel;
  readonly at?: number | undefined;
  readonly confirmations?: number | undefined;
  readonly block?: string | undefined;
  readonly claims: Claims;
}

/** @property problem - the key of what it would explain; @property after, before - milliseconds: in between. */
const gapSchema = z.object({ problem: z.string(), after: z.int(), before: z.int() });

export const storySchema = z.object({
  status: z.enum(PUSH_STATUSES),
  by: z.enum(CHANNELS),
  at: z.int().optional(),
  confirmations: z.int().optional(),
  block: z.string().optional(),
  claims: claimsSchema,
  gaps: z.array(gapSchema).min(1).optional(),
});
export type Story = z.infer<typeof storySchema>;

/**
 * What is wrong with a message.
 *
 * @property key - its own: the message's id, and what it is about.
 */
export interface Problem {
  readonly key: string;
  readonly severity: "high" | "critical";
  readonly message: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * @property late - whether the message is older than the story.
 * @property informs - whether it names somebody whom no message before it named.
 * @property previously - the state before it; absent where it is the first.
 * @property explained - keys of problems of earlier messages that are none any more.
 */
export interface Told {
  readonly story: Story;
  readonly late: boolean;
  readonly informs: boolean;
  readonly previously?: PushStatus;
  readonly problems: readonly Problem[];
  readonly explained: readonly string[];
}

const RANK: Readonly<Record<PushStatus, number>> = {
  pending: 0,
  confirming: 1,
  reverting: 2,
  success: 3,
  failed: 3,
  reorganized: 4,
};

const ANYWHERE: ReadonlySet<PushStatus> = new Set(PUSH_STATUSES);
const MOVES: Readonly<Record<PushStatus, ReadonlySet<PushStatus>>> = {
  pending: ANYWHERE,
  confirming: ANYWHERE,
  reverting: new Set(["reverting", "failed"]),
  success: new Set(["success", "reorganized"]),
  failed: new Set(["failed"]),
  reorganized: ANYWHERE,
};

/** @returns undefined where the document states no status: then it tells nothing. */
export function statementOf(document: Document): Statement | undefined {
  const { status, updated_at, confirmations, block } = document.deposit ?? {};
  if (status === undefined) return undefined;
  const by = document.channel;
  return { status, by, at: updated_at, confirmations, block: block?.hash, claims: claimsOf(document) };
}

/**
 * One message more.
 *
 * @param story - absent before the first message.
 * @param id - of the message: no two have the same.
 */
export function tell(story: Story | undefined, statement: Statement, id: string): Told {
  if (story === undefined) {
    return {
      story: storyOf(statement, statement.claims, []),
      late: false,
      informs: true,
      problems: reorganizedWithdrawal(statement, id),
      explained: [],
    };
  }
  const previously = story.status;
  const late = isOlder(statement, story);
  const informs = namesMore(statement.claims, story.claims);
  const claims = joinClaims(story.claims, statement.claims, !late);
  const problems = contradictions(story.claims, statement.claims).map(
    ({ member, before, now }): Problem => ({
      key: `${id} ${member}`,
      severity: "critical",
      message: `what cannot change did: ${member} was ${before}, and is said to be ${now}`,
      values: { member, before, now },
    }),
  );
  if (late) {
    const explained = explainedBy(statement, story);
    const gaps = (story.gaps ?? []).filter(({ problem }) => !explained.includes(problem));
    return { story: storyOf(story, claims, gaps), late, informs, previously, problems, explained };
  }
  const wrong = wrongMove(story, statement, id);
  const gap = wrong === undefined ? undefined : gapOf(story, statement, wrong);
  const gaps = [...(story.gaps ?? []), ...(gap === undefined ? [] : [gap])];
  return {
    story: storyOf(newest(story, statement), claims, gaps),
    late,
    informs,
    previously,
    problems: [...reorganizedWithdrawal(statement, id), ...(wrong === undefined ? [] : [wrong]), ...problems],
    explained: [],
  };
}

/**
 * The state of what the transaction moves, by its story so far.
 *
 * @returns undefined where it says nothing of that: a withdrawal that was not broadcast, as far as is known. That it
 *   failed gives nothing back: its signature may still be good.
 */
export function movementStateOf({ status, claims }: Story): MovementState | undefined {
  if (claims.side === "deposit") return DEPOSIT_STATES[status];
  if (status === "success") return "settled";
  return claims.hash === undefined ? undefined : "broadcast";
}

const DEPOSIT_STATES: Readonly<Record<PushStatus, MovementState>> = {
  pending: "reserved",
  confirming: "broadcast",
  reverting: "broadcast",
  reorganized: "broadcast",
  success: "settled",
  failed: "released",
};

function storyOf(
  { status, by, at, confirmations, block }: Omit<Statement, "claims">,
  claims: Claims,
  gaps: readonly Readonly<z.infer<typeof gapSchema>>[],
): Story {
  return {
    status,
    by,
    claims,
    ...(at === undefined ? {} : { at }),
    ...(confirmations === undefined ? {} : { confirmations }),
    ...(block === undefined ? {} : { block }),
    ...(gaps.length === 0 ? {} : { gaps: [...gaps] }),
  };
}

function namesMore(stated: Claims, known: Claims): boolean {
  const named = new Set(partiesOf(known));
  return partiesOf(stated).some((party) => !named.has(party));
}

function partiesOf({ sources = [], destinations = [] }: Claims): string[] {
  return [
    ...sources.map((address) => `from ${address}`),
    ...destinations.map(({ address }) => `to ${address}`),
  ];
}

function isOlder(statement: Statement, story: Story): boolean {
  const { by, at } = statement;
  if (by === story.by && at !== undefined && story.at !== undefined && at !== story.at) return at < story.at;
  const further = RANK[statement.status] - RANK[story.status];
  return further < 0 || (further === 0 && (statement.confirmations ?? 0) < (story.confirmations ?? 0));
}

/** What says the same, but not when or in which block, leaves these as they are known. */
function newest(story: Story, statement: Statement): Omit<Statement, "claims"> {
  if (statement.status !== story.status) return statement;
  const isSame = statement.confirmations === story.confirmations;
  const when = statement.at === undefined && isSame ? story : statement;
  return {
    status: statement.status,
    by: when.by,
    at: when.at,
    confirmations: statement.confirmations ?? story.confirmations,
    block: statement.block ?? story.block,
  };
}

function wrongMove(story: Story, { status, block }: Statement, id: string): Problem | undefined {
  const values = { before: story.status, now: status };
  if (!MOVES[story.status].has(status)) {
    const message = `${story.status} became ${status}: no transaction does that`;
    return { key: `${id} move`, severity: "high", message, values };
  }
  const isMoved = status === "success" && story.status === "success" && story.block !== block;
  if (!isMoved || story.block === undefined || block === undefined) return undefined;
  return {
    key: `${id} block`,
    severity: "critical",
    message: `it was final in block ${story.block}, and is in block ${block} now`,
    values: { member: "block", before: story.block, now: block },
  };
}

function reorganizedWithdrawal({ status, claims }: Statement, id: string): Problem[] {
  if (status !== "reorganized" || claims.side === "deposit") return [];
  const message = "a withdrawal is said to be reorganized: only deposits are";
  return [{ key: `${id} reorganized`, severity: "high", message, values: { now: status } }];
}

/** What a reorganization in between would explain; nothing does where nobody knows when. */
function gapOf(story: Story, statement: Statement, { key }: Problem): z.infer<typeof gapSchema> | undefined {
  if (story.status !== "success" || story.claims.side !== "deposit") return undefined;
  if (story.at === undefined || statement.at === undefined || story.by !== statement.by) return undefined;
  return { problem: key, after: story.at, before: statement.at };
}

/** At one time a reorganization is later than a success, and what follows it is later than it. */
function explainedBy({ status, at }: Statement, { gaps = [] }: Story): string[] {
  if (status !== "reorganized" || at === undefined) return [];
  return gaps.filter(({ after, before }) => after <= at && at < before).map(({ problem }) => problem);
}
