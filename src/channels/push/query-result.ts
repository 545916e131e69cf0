/** What an answer of Cobo's means for the push that was asked about: how it is judged again. */
import type { Again } from "../../decisions/push-again.ts";
import type { HostFinding } from "../../decisions/push-flags.ts";
import type { QueryResult } from "./push-queries.ts";
import type { QueryDifference } from "./query-compare.ts";

/** More of them are in the values. */
const MAX_IN_WORDS = 3;

/**
 * Each push has flags of its own: one that somebody resolved says nothing of the next push of its transaction.
 *
 * @param push - its id.
 */
export function judgementOf(push: string, result: QueryResult): Again {
  if ("unanswered" in result) return { why: "query", findings: [unanswered(push, result.unanswered)] };
  return result.confirmed
    ? { why: "query", changes: { confirmed_by_query: true }, settles: "QUERY_UNANSWERED" }
    : {
        why: "query",
        changes: { confirmed_by_query: false },
        findings: [mismatch(push, result.differences)],
        settles: "QUERY_UNANSWERED",
      };
}

function unanswered(push: string, problem: string): HostFinding {
  return {
    code: "QUERY_UNANSWERED",
    severity: "medium",
    message: `Cobo did not say in time whether this is so: ${problem}`,
    key: `QUERY_UNANSWERED ${push}`,
    values: { problem },
  };
}

function mismatch(push: string, differences: readonly QueryDifference[]): HostFinding {
  const words = differences.slice(0, MAX_IN_WORDS).map(inWords);
  const left = differences.length - words.length;
  const all = left > 0 ? [...words, `${left} more`] : words;
  return {
    code: "QUERY_MISMATCH",
    severity: "critical",
    message: `Cobo, asked about it, says otherwise: ${all.join("; ")}`,
    key: `QUERY_MISMATCH ${push}`,
    values: { differences },
  };
}

function inWords({ field, pushed = "absent", answered = "absent" }: QueryDifference): string {
  return field === "transaction.cobo_id" && answered === "absent"
    ? `it does not know ${pushed}`
    : `${field} was pushed as ${pushed}, and is ${answered}`;
}
