/**
 * Of a row what a verification holds against its columns and the other tables. Read by hand: it is asked of each
 * row of a ledger, and a schema takes longer for it than all the rest of the row's verification.
 */

import { type CheckedFlag, checkedFlag } from "./checked-flag.ts";
import { MOVEMENT_STATES, type MovementState } from "./ledger.ts";
import {
  booleanOf,
  itemOf,
  listOf,
  type Members,
  membersOf,
  numberOf,
  oneOf,
  optional,
  optionalText,
  ShapeFault,
  textOf,
} from "./row-members.ts";

interface Head {
  readonly id: string;
  readonly at: number;
}

interface NamedReason {
  readonly rule?: string;
  readonly code: string;
}

/** By which an entry is joined to others. */
interface CheckedNames {
  readonly organization: string;
  readonly names: readonly string[];
}

/** What an entry adds to the movements, whose members are only compared. */
export interface CheckedMoves {
  readonly signing: string | undefined;
  readonly slot: string | undefined;
  /** In which they begin. */
  readonly state: MovementState;
  readonly movements: readonly Members[] | undefined;
}

/** A state that movements enter by an entry. */
export interface CheckedTransition {
  readonly movements: readonly number[];
  readonly state: MovementState;
}

export interface CheckedDecision extends Head, CheckedMoves {
  readonly type: "decision";
  readonly source: string;
  readonly request_id: string;
  readonly outcome: string;
  readonly reasons: readonly NamedReason[];
  readonly alerts: readonly NamedReason[];
  readonly input_sha256: string;
  readonly token_sha256: string | undefined;
  readonly identity: string;
  readonly answers: boolean;
  readonly wallet: string | undefined;
  readonly transaction: CheckedNames | undefined;
  readonly takes_over: readonly number[] | undefined;
  readonly sources: readonly string[] | undefined;
}

/** What was found of a push, be it at once or later. */
interface CheckedJudged {
  readonly flags: readonly CheckedFlag[];
  readonly resolves: readonly string[];
  readonly input_sha256: string | undefined;
  readonly transaction: CheckedNames | undefined;
}

interface CheckedPush extends Head, CheckedMoves, CheckedJudged {
  readonly type: "push";
  readonly source: string;
  readonly message_sha256: string;
  readonly token_sha256: string;
  readonly transition: CheckedTransition | undefined;
}

interface CheckedJudgement extends Head, CheckedJudged {
  readonly type: "judgement";
}

interface CheckedRefusal extends Head {
  readonly type: "refusal";
  readonly source: string;
  readonly request_id: string;
  readonly code: string;
  readonly token_sha256: string;
}

interface CheckedAct extends Head {
  readonly type: "act";
  readonly act: string;
  readonly movements: readonly number[] | undefined;
  readonly flag: string | undefined;
}

interface CheckedOther extends Head {
  readonly type: "freeze" | "unfreeze" | "release" | "list" | "alarm" | "mark";
}

export type CheckedRow =
  | CheckedDecision
  | CheckedPush
  | CheckedJudgement
  | CheckedRefusal
  | CheckedAct
  | CheckedOther;

/** The names of its transaction; undefined where it is of none, or of a type that has none. */
export function transactionOf(row: CheckedRow): CheckedNames | undefined {
  return "transaction" in row ? row.transaction : undefined;
}

/** The state that movements enter by it: what an act releases, what an approval takes over, what a push tells. */
export function transitionOf(row: CheckedRow): CheckedTransition | undefined {
  if (row.type === "push") return row.transition;
  const released = row.type === "decision" ? row.takes_over : releasedBy(row);
  return released && { movements: released, state: "released" };
}

function releasedBy(row: CheckedRow): readonly number[] | undefined {
  return row.type === "act" && row.act === "release" ? row.movements : undefined;
}

/** The flags that it resolves, by id. */
export function resolvedBy(row: CheckedRow): readonly string[] {
  if (row.type === "push" || row.type === "judgement") return row.resolves;
  return row.type === "act" && row.act === "resolve_flag" && row.flag !== undefined ? [row.flag] : [];
}

/** @returns the row, or in words what is wrong with it. */
export function checkRow(row: string): CheckedRow | string {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch {
    return "its row is not JSON";
  }
  try {
    return read(membersOf(value, ""));
  } catch (error) {
    if (error instanceof ShapeFault) return `its row is not of its type's shape at ${error.message}`;
    throw error;
  }
}

function read(row: Members): CheckedRow {
  const head = { id: textOf(row, "id"), at: numberOf(row["at"], "at") };
  const type = row["type"];
  switch (type) {
    case "decision":
      return { type, ...head, ...readDecision(row) };
    case "refusal":
      return {
        type,
        ...head,
        source: textOf(row, "source"),
        request_id: textOf(row, "request_id"),
        code: textOf(row, "code"),
        token_sha256: textOf(row, "token_sha256"),
      };
    case "act":
      return {
        type,
        ...head,
        act: textOf(row, "act"),
        movements: optional(row["movements"], (list) => listOf(list, "movements", numberOf)),
        flag: optionalText(row, "flag"),
      };
    case "push":
      return {
        type,
        ...head,
        source: textOf(row, "source"),
        message_sha256: textOf(row, "message_sha256"),
        token_sha256: textOf(row, "token_sha256"),
        ...readMoves(row),
        ...readJudged(row),
        transition: optional(row["transition"], transitionIn),
      };
    case "judgement":
      return { type, ...head, ...readJudged(row) };
    case "freeze":
    case "unfreeze":
    case "release":
    case "list":
    case "alarm":
    case "mark":
      return { type, ...head };
    default:
      throw new ShapeFault("type");
  }
}

function readDecision(row: Members): Omit<CheckedDecision, "type" | keyof Head> {
  return {
    source: textOf(row, "source"),
    request_id: textOf(row, "request_id"),
    outcome: textOf(row, "outcome"),
    reasons: listOf(row["reasons"], "reasons", reasonOf),
    alerts: listOf(row["alerts"], "alerts", reasonOf),
    input_sha256: textOf(row, "input_sha256"),
    token_sha256: optionalText(row, "token_sha256"),
    identity: textOf(row, "identity"),
    answers: booleanOf(row, "answers"),
    wallet: optionalText(row, "wallet"),
    transaction: optional(row["transaction"], namesOf),
    ...readMoves(row),
    takes_over: optional(row["takes_over"], (list) => listOf(list, "takes_over", numberOf)),
    sources: optional(row["sources"], (list) => listOf(list, "sources", itemOf)),
  };
}

function readMoves(row: Members): CheckedMoves {
  return {
    signing: optionalText(row, "signing"),
    slot: optionalText(row, "slot"),
    state: row["state"] === undefined ? "reserved" : stateOf(row["state"]),
    movements: optional(row["movements"], (list) => listOf(list, "movements", movementOf)),
  };
}

function readJudged(row: Members): CheckedJudged {
  return {
    flags: listOf(row["flags"], "flags", checkedFlag),
    resolves: listOf(row["resolves"], "resolves", itemOf),
    input_sha256: optionalText(row, "input_sha256"),
    transaction: optional(row["transaction"], namesOf),
  };
}

function transitionIn(value: unknown): CheckedTransition {
  const transition = membersOf(value, "transition");
  return {
    movements: listOf(transition["movements"], "transition.movements", numberOf),
    state: stateOf(transition["state"]),
  };
}

function stateOf(value: unknown): MovementState {
  return oneOf(value, "state", MOVEMENT_STATES);
}

function reasonOf(value: unknown, path: string): NamedReason {
  const reason = membersOf(value, path);
  const code = textOf(reason, "code");
  const rule = optionalText(reason, "rule");
  return rule === undefined ? { code } : { rule, code };
}

function namesOf(value: unknown): CheckedNames {
  const transaction = membersOf(value, "transaction");
  return {
    organization: textOf(transaction, "organization"),
    names: listOf(transaction["names"], "transaction.names", itemOf),
  };
}

function movementOf(value: unknown, path: string): Members {
  const movement = membersOf(value, path);
  const { direction } = movement;
  if (direction !== "in" && direction !== "out") throw new ShapeFault("movements.direction");
  textOf(movement, "kind");
  listOf(movement["sources"], "movements.sources", itemOf);
  listOf(movement["outpoints"], "movements.outpoints", itemOf);
  return movement;
}
