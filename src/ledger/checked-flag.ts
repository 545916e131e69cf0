/** A flag as a row has it, as far as a verification holds it against the tables of flags. */
import { canonicalJson } from "../input/canonical-json.ts";
import { SEVERITIES } from "../severity.ts";
import { FLAG_ROLES, type NewFlag } from "./ledger.ts";
import { listOf, membersOf, oneOf, optionalText, ShapeFault, textOf } from "./row-members.ts";

/** @property flag - by what it is found. @property text - canonical JSON of all of it. */
export interface CheckedFlag {
  readonly flag: NewFlag;
  readonly text: string;
}

export function checkedFlag(value: unknown): CheckedFlag {
  const flag = membersOf(value, "flags");
  const usd_micros = optionalText(flag, "usd_micros");
  if (usd_micros !== undefined && !/^-?[0-9]+$/.test(usd_micros)) throw new ShapeFault("flags.usd_micros");
  return {
    flag: {
      id: textOf(flag, "id"),
      severity: oneOf(flag["severity"], "flags.severity", SEVERITIES),
      rule: optionalText(flag, "rule"),
      code: textOf(flag, "code"),
      message: textOf(flag, "message"),
      key: optionalText(flag, "key"),
      marks: listOf(flag["marks"], "flags.marks", markOf),
      chain: optionalText(flag, "chain"),
      usd_micros,
    },
    text: textFrom(flag),
  };
}

function textFrom(flag: unknown): string {
  try {
    return canonicalJson(flag);
  } catch {
    // A number that is larger than any.
    throw new ShapeFault("flags");
  }
}

function markOf(value: unknown, path: string): NewFlag["marks"][number] {
  const mark = membersOf(value, path);
  return {
    kind: oneOf(mark["kind"], path, ["address", "outpoint"]),
    value: textOf(mark, "value"),
    role: oneOf(mark["role"], path, FLAG_ROLES),
  };
}
