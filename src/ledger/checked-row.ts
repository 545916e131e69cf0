/**
 * Of a row what a verification holds against its columns and the other tables. Read by hand: it is asked of each
 * row of a ledger, and a schema takes longer for it than all the rest of the row's verification.
 */

/** A member of the row by a name that it must have is another, or missing. */
class ShapeFault extends Error {}

type Members = Readonly<Record<string, unknown>>;

interface Head {
  readonly id: string;
  readonly at: number;
}

interface NamedReason {
  readonly rule?: string;
  readonly code: string;
}

/** The members of a movement are only compared. */
export interface CheckedDecision extends Head {
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
  readonly transaction: { readonly organization: string; readonly names: readonly string[] } | undefined;
  readonly signing: string | undefined;
  readonly slot: string | undefined;
  readonly movements: readonly Members[] | undefined;
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
}

interface CheckedOther extends Head {
  readonly type: "freeze" | "unfreeze" | "release" | "alarm" | "mark";
}

export type CheckedRow = CheckedDecision | CheckedRefusal | CheckedAct | CheckedOther;

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
      };
    case "freeze":
    case "unfreeze":
    case "release":
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
    answers: flagOf(row, "answers"),
    wallet: optionalText(row, "wallet"),
    transaction: optional(row["transaction"], namesOf),
    signing: optionalText(row, "signing"),
    slot: optionalText(row, "slot"),
    movements: optional(row["movements"], (list) => listOf(list, "movements", movementOf)),
  };
}

function reasonOf(value: unknown, path: string): NamedReason {
  const reason = membersOf(value, path);
  const code = textOf(reason, "code");
  const rule = optionalText(reason, "rule");
  return rule === undefined ? { code } : { rule, code };
}

function namesOf(value: unknown): { readonly organization: string; readonly names: readonly string[] } {
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

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function membersOf(value: unknown, path: string): Members {
  if (isMembers(value)) return value;
  throw new ShapeFault(path);
}

function listOf<T>(value: unknown, path: string, item: (value: unknown, path: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw new ShapeFault(path);
  return value.map((one: unknown) => item(one, path));
}

function optional<T>(value: unknown, of: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : of(value);
}

function textOf(members: Members, name: string): string {
  return itemOf(members[name], name);
}

function itemOf(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw new ShapeFault(path);
}

function optionalText(members: Members, name: string): string | undefined {
  return members[name] === undefined ? undefined : textOf(members, name);
}

function numberOf(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new ShapeFault(path);
}

function flagOf(members: Members, name: string): boolean {
  const value = members[name];
  if (typeof value === "boolean") return value;
  throw new ShapeFault(name);
}
