/** A shape as it is stored in `fact_shapes`, by its `shapeId`, read back. */
import { FACT_MEMBERS, type FactMember, type FactShape, type FactWhere } from "../input/fact-shape.ts";
import { LedgerError } from "./ledger.ts";

/** @throws LedgerError `LEDGER_CORRUPT` where it is not what `shapeId` writes. */
export function parseShape(text: string): FactShape {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "by" in value && "where" in value) {
      const { by, where } = value;
      if (Array.isArray(by) && by.every(isMember) && isWhere(where)) return { by, where };
    }
  } catch {
    // No JSON: refused as anything else.
  }
  throw new LedgerError("LEDGER_CORRUPT", "a shape of the ledger is not readable");
}

const MEMBERS: ReadonlySet<unknown> = new Set(FACT_MEMBERS);

function isMember(value: unknown): value is FactMember {
  return MEMBERS.has(value);
}

function isWhere(value: unknown): value is FactWhere {
  if (typeof value !== "object" || value === null || !("direction" in value)) return false;
  return Object.entries(value).every(
    ([member, constant]) =>
      typeof constant === "string" && (member === "direction" || member === "state" || MEMBERS.has(member)),
  );
}
