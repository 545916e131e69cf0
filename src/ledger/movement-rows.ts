/** Movements as rows of their table, and when two lists of them say the same. */
import { canonicalJson } from "../input/canonical-json.ts";
import type { Row, Value } from "./database.ts";
import {
  LedgerError,
  MOVEMENT_STATES,
  type Movement,
  type MovementState,
  type StoredMovement,
} from "./ledger.ts";

/** In the order of {@link storedMovement} and {@link movementValues}. */
export const MOVEMENT_COLUMNS =
  "number, entry, tx, signing, at, state, organization, project, vault, wallet, chain, token, " +
  "sources, outpoints, destination, initiator, kind, direction, units, usd_micros, nonce, slot";
export const MOVEMENT_WIDTH = 22;

export function movementValues(
  of: {
    readonly number: number;
    readonly entry: number;
    readonly transaction: number;
    readonly signing: Uint8Array;
    readonly slot: Uint8Array | null;
    readonly at: number;
    readonly state: string;
  },
  movement: Movement,
): readonly Value[] {
  return [
    of.number,
    of.entry,
    of.transaction,
    of.signing,
    of.at,
    of.state,
    movement.organization ?? null,
    movement.project ?? null,
    movement.vault ?? null,
    movement.wallet ?? null,
    movement.chain ?? null,
    movement.token ?? null,
    JSON.stringify(movement.sources),
    JSON.stringify(movement.outpoints),
    movement.destination ?? null,
    movement.initiator ?? null,
    movement.kind,
    movement.direction,
    movement.units ?? null,
    movement.usd_micros ?? null,
    movement.nonce ?? null,
    of.slot,
  ];
}

/** @throws LedgerError `LEDGER_CORRUPT` */
export function storedMovement(row: Row): StoredMovement {
  return {
    number: row.integer(0),
    entry: row.integer(1),
    transaction: row.integer(2),
    signing: row.bytes(3).toString("hex"),
    at: row.integer(4),
    state: stateOf(row.text(5)),
    ...optional("organization", row.optionalText(6)),
    ...optional("project", row.optionalText(7)),
    ...optional("vault", row.optionalText(8)),
    ...optional("wallet", row.optionalText(9)),
    ...optional("chain", row.optionalText(10)),
    ...optional("token", row.optionalText(11)),
    sources: list(row.text(12)),
    outpoints: list(row.text(13)),
    ...optional("destination", row.optionalText(14)),
    ...optional("initiator", row.optionalText(15)),
    kind: row.text(16),
    direction: directionOf(row.text(17)),
    ...optional("units", row.optionalText(18)),
    ...optional("usd_micros", row.optionalText(19)),
    ...optional("nonce", row.optionalText(20)),
    ...optional("slot", row.optionalBytes(21)?.toString("hex")),
  };
}

function optional<K extends string>(name: K, value: string | undefined): { [member in K]?: string } {
  const member: { [member in K]?: string } = {};
  if (value !== undefined) member[name] = value;
  return member;
}

function stateOf(text: string): MovementState {
  return MOVEMENT_STATES.find((state) => state === text) ?? unreadable();
}

function directionOf(text: string): "in" | "out" {
  return text === "in" || text === "out" ? text : unreadable();
}

function list(text: string): readonly string[] {
  if (text === "[]") return [];
  const values: unknown = JSON.parse(text);
  return Array.isArray(values) && values.every((value) => typeof value === "string") ? values : unreadable();
}

function unreadable(): never {
  throw new LedgerError("LEDGER_CORRUPT", "a movement of the ledger is not readable");
}

/** What the approvals of one signing moved, each by itself, but for what was released since. */
export function heldClaims(movements: readonly StoredMovement[]): readonly (readonly StoredMovement[])[] {
  const byEntry = new Map<number, StoredMovement[]>();
  for (const movement of movements) {
    if (movement.state === "released") continue;
    const list = byEntry.get(movement.entry);
    if (list === undefined) byEntry.set(movement.entry, [movement]);
    else list.push(movement);
  }
  return [...byEntry.values()];
}

/**
 * Whether two lists say the same, in whatever order. What the movements were worth doesn't matter: the same
 * bytes, asked again a minute later, have another price.
 */
export function sameMovements(a: readonly Movement[], b: readonly Movement[]): boolean {
  if (a.length !== b.length) return false;
  const texts = b.map(claimOf).sort();
  return a
    .map(claimOf)
    .sort()
    .every((text, at) => text === texts[at]);
}

/**
 * Whether a claim is counted: whether the movements of one entry say the same, and are not released.
 *
 * @param stored - of the signing that the claim is about, in whatever state.
 */
export function isCounted(stored: readonly StoredMovement[], claim: readonly Movement[]): boolean {
  return heldClaims(stored).some((held) => sameMovements(held, claim));
}

function claimOf(movement: Movement): string {
  const { organization, project, vault, wallet, chain, token, destination, initiator } = movement;
  const { kind, direction, units, nonce } = movement;
  const sources = [...movement.sources].sort();
  const outpoints = [...movement.outpoints].sort();
  return canonicalJson({
    organization,
    project,
    vault,
    wallet,
    chain,
    token,
    sources,
    outpoints,
    destination,
    initiator,
    kind,
    direction,
    units,
    nonce,
  });
}
