/** Lines that explanations have in common. */
import { z } from "zod";
import type { DecisionRow } from "../ledger/rows.ts";

export const amountSchema = z.looseObject({
  token: z.string(),
  text: z.string().optional(),
  units: z.string().optional(),
});

export function amountText(amount: z.infer<typeof amountSchema> | undefined): string {
  if (amount === undefined) return "an unknown amount";
  return `${amount.text ?? `${amount.units ?? "?"} units`} ${amount.token}`;
}

type Reason = DecisionRow["reasons"][number];

export function reasonLines(
  label: string,
  { rule, code, severity, message, values, absent }: Reason,
): string[] {
  return [
    `${label.padEnd(10)}${code}  ${rule ?? "the host"}  ${severity}`,
    `          ${message}`,
    ...(values === undefined ? [] : [`          ${JSON.stringify(values)}`]),
    ...(absent === undefined ? [] : [`          not in the request: ${absent.join(", ")}`]),
  ];
}

/** The text of lines; no character of a request or a rule may steer a terminal. */
export function plain(lines: readonly string[]): string {
  return lines.map((line) => line.replace(/\p{Cc}/gu, " ").trimEnd()).join("\n");
}

/** Which content of each list was looked into. */
export function listLines(lists: DecisionRow["lists"] = {}): string[] {
  return Object.entries(lists).map(([name, { sequence, sha256 }]) => {
    const signed = sequence === 0 ? "unsigned" : `sequence ${sequence}`;
    return `list      ${name}, ${signed}, ${sha256}`;
  });
}
