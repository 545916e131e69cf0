/** The steps that `policy verify` shows, of a release or of a list. */
import type { Statement } from "../policy/statement.ts";
import type { StatementTrust, Trusted } from "../policy/trust-store.ts";
import { printable } from "./output.ts";

const SIGNS = { ok: "ok", refused: "REFUSED", "not reached": "-", "not looked at": "?" } as const;

/** @property detail - what it found, or why it refused. */
export interface Step<S extends string> {
  readonly step: S;
  readonly outcome: keyof typeof SIGNS;
  readonly detail?: string;
}

export function ok<S extends string>(step: S, detail?: string): Step<S> {
  return detail === undefined ? { step, outcome: "ok" } : { step, outcome: "ok", detail };
}

export function refused<S extends string>({ step, message }: { step: S; message: string }): Step<S> {
  return { step, outcome: "refused", detail: message };
}

export function notReached<S extends string>(step: S): Step<S> {
  return { step, outcome: "not reached" };
}

/**
 * What a step found in a statement that enough keys signed for this audience; undefined where nothing is to be said.
 *
 * @param trust - whom it was held against.
 */
export function statementDetail<S extends Statement>(
  step: string,
  statement: Trusted<S>,
  { threshold }: Pick<StatementTrust<S>, "threshold">,
): string | undefined {
  switch (step) {
    case "signatures":
      return `${statement.signedBy.length}, ${threshold} needed: ${statement.signedBy.join(", ")}`;
    case "audience":
      return statement.audience;
    case "sequence":
      return String(statement.sequence);
    case "time":
      return `until ${new Date(statement.expires_at).toISOString()}`;
    case "digest":
      return statement.sha256;
    default:
      return undefined;
  }
}

/** For people. @param problems - besides the candidate. @param summary - the last line. */
export function printSteps(
  steps: readonly Step<string>[],
  problems: readonly { readonly message: string }[],
  summary: string,
): void {
  for (const { message } of problems) console.error(printable(`warning: ${message}`));
  for (const { step, outcome, detail = "" } of steps) {
    console.log(printable(`${SIGNS[outcome].padEnd(8)} ${step.padEnd(12)} ${detail}`).trimEnd());
  }
  console.log(printable(summary));
}
