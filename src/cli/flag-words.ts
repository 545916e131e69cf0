/** Flags in lines for people. */
import { z } from "zod";
import type { FlagItem } from "../ledger/query-types.ts";

const text = z.string().optional();

/** What is shown of a flag; it may have more. */
export const flagShown = z.looseObject({
  id: z.string(),
  at: z.int(),
  state: z.enum(["open", "resolved"]),
  severity: z.string(),
  rule: text,
  code: z.string(),
  message: z.string(),
  values: z.unknown().optional(),
  transaction: z.array(z.string()),
  chain: text,
  token: text,
  marks: z.array(z.looseObject({ value: z.string(), role: z.string() })),
  resolved: z.looseObject({ at: z.int(), by: text, reason: text }).optional(),
});
export type FlagShown = z.infer<typeof flagShown>;

const INDENT = "          ";

export function flagLines(flag: FlagItem | FlagShown): string[] {
  const { id, at, state, severity, rule, code, message, values, transaction, chain, token, marks } = flag;
  const { resolved } = flag;
  const where = [token, chain === undefined ? undefined : `on ${chain}`].filter((part) => part !== undefined);
  return [
    `${severity.padEnd(10)}${code}  ${rule ?? "the host"}  ${state}  ${id}`,
    `${INDENT}${message}`,
    ...(values === undefined ? [] : [`${INDENT}${JSON.stringify(values)}`]),
    `${INDENT}${[transaction.join(", ") || "a transaction without a name", ...where].join(" ")}, ${new Date(at).toISOString()}`,
    ...marks.map(({ value, role }) => `${INDENT}${role.replaceAll("_", " ")} ${value}`),
    ...(resolved === undefined ? [] : [`${INDENT}${resolvedText(resolved)}`]),
  ];
}

function resolvedText({ at, by, reason }: NonNullable<(FlagItem | FlagShown)["resolved"]>): string {
  const why = reason === undefined ? "" : `: ${reason}`;
  return `resolved by ${by ?? "the server itself"} at ${new Date(at).toISOString()}${why}`;
}
