/** Flags as rows of their tables: by what they are found, which is told of first, and how they are read back. */
import { SEVERITIES } from "../severity.ts";
import type { Row } from "./database.ts";
import { LedgerError, type NewFlag, type StoredFlag } from "./ledger.ts";
import { flagSchema } from "./rows.ts";

/** In the order of {@link storedFlag}. */
export const FLAG_COLUMNS = "flags.entry, flags.at, flags.tx, flags.names, flags.flag, flags.resolved";

/** There is one flag of a key. @param transaction - the ledger's number. */
export function flagKey({ key, rule = "", code }: NewFlag, transaction: number): string {
  return key ?? `${transaction} ${rule} ${code}`;
}

/** What a flag is told of as: its rule, or its code where the host raised it. */
export function ruleOfFlag({ rule, code }: NewFlag): string {
  return rule ?? code;
}

/** Micro-dollars: what nobody knows the worth of may be worth this, and what is worth more is told of no sooner. */
const UNKNOWN_WORTH = 2n ** 51n - 1n;

/**
 * Of many flags of one address the heaviest are told of: by worth, then by severity. An integer that JavaScript has.
 *
 * @throws SyntaxError where the worth is no integer.
 */
export function flagWeight({ usd_micros, severity }: NewFlag): number {
  const worth = usd_micros === undefined ? UNKNOWN_WORTH : BigInt(usd_micros);
  const known = worth < UNKNOWN_WORTH ? worth : UNKNOWN_WORTH;
  return Number(known * BigInt(SEVERITIES.length)) + SEVERITIES.indexOf(severity);
}

/**
 * @param upTo - the newest entry that is looked at: what a later one resolved is open.
 * @throws LedgerError `LEDGER_CORRUPT`
 */
export function storedFlag(row: Row, upTo: number): StoredFlag {
  const resolved = row.optionalInteger(5);
  return {
    entry: row.integer(0),
    at: row.integer(1),
    transaction: row.integer(2),
    names: namesOf(row.text(3)),
    ...(resolved === undefined || resolved > upTo ? {} : { resolved }),
    ...flagOf(row.text(4)),
  };
}

function flagOf(text: string): NewFlag {
  return flagSchema.safeParse(parsed(text)).data ?? unreadable();
}

function namesOf(text: string): readonly string[] {
  const names = parsed(text);
  return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : unreadable();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return unreadable();
  }
}

function unreadable(): never {
  throw new LedgerError("LEDGER_CORRUPT", "a flag of the ledger is not readable");
}
