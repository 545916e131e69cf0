/**
 * Runs the cases that a release carries in its own engine, each through the whole decision (design 3.10).
 *
 * A case says everything that its decision depends on: a server's clock, prices, lists and ledger don't come into it, so
 * that what passed once passes always. What it leaves open is nothing: no price, nobody on a list, no history.
 */
import { setImmediate as turn } from "node:timers/promises";
import { decide, reasonOf } from "../decisions/decide.ts";
import { judgeAsked } from "../decisions/push-judge.ts";
import { EvidenceReader } from "../evidence/evidence-reader.ts";
import type { Document } from "../input/document.ts";
import { parsePrice, priceDocument } from "../input/pricing.ts";
import { Refusal } from "../input/refusal.ts";
import type { LiveRelease } from "../policy/live.ts";
import { LateReleaseError, ReleaseError } from "../policy/release.ts";
import { isTold, quoted, type SelfTest } from "../policy/self-tests.ts";
import type { Reason } from "../policy/verdict.ts";
import { messageOf } from "../thrown.ts";
import { dryRequest } from "./dry-run.ts";
import { NO_HISTORY, withEmptyLists, withHistory } from "./history.ts";

/** All cases together. A thousand take a second or two. */
export const SELF_TEST_BUDGET_MS = 20_000;
/** One refused release names so many of its cases, and of each so many codes. */
const MAX_NAMED = 3;
const MAX_CODES = 8;

/** @property problem - why the case as such can't be what its author means; absent where it can. */
export interface CaseResult {
  readonly test: SelfTest;
  readonly ok: boolean;
  readonly outcome: string;
  readonly reasons: readonly Pick<Reason, "code" | "rule" | "message">[];
  readonly problem?: string;
}

/**
 * @param budgetMs - how long all of them may take.
 * @throws ReleaseError step `self_test`, naming each case that failed, what was expected and what came of it; a
 *   LateReleaseError where one, or all together, took too long.
 */
export async function proveSelfTests(
  live: LiveRelease,
  cases: readonly SelfTest[],
  budgetMs: number = SELF_TEST_BUDGET_MS,
): Promise<void> {
  const failed = (await runSelfTests(live, cases, budgetMs)).filter(({ ok }) => !ok);
  if (failed.length === 0) return;
  const named = failed.slice(0, MAX_NAMED).map(resultText);
  const more = failed.length > MAX_NAMED ? `; and ${failed.length - MAX_NAMED} more` : "";
  throw new ReleaseError(
    "self_test",
    `${failed.length} of ${cases.length} failed: ${named.join("; ")}${more}`,
  );
}

/**
 * Runs all cases, one after the other, giving way to other work after each.
 *
 * @throws LateReleaseError step `self_test`
 */
export async function runSelfTests(
  live: LiveRelease,
  cases: readonly SelfTest[],
  budgetMs: number = SELF_TEST_BUDGET_MS,
): Promise<readonly CaseResult[]> {
  const until = performance.now() + budgetMs;
  const reader = new EvidenceReader();
  const results: CaseResult[] = [];
  try {
    for (const test of cases) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) {
        const done = `${results.length} of ${cases.length}`;
        throw new LateReleaseError("self_test", `the cases take longer than ${budgetMs} ms: ${done} ran`);
      }
      results.push(await runSelfTest(test, live, reader, leftMs));
      await turn();
    }
    return results;
  } finally {
    await reader.close();
  }
}

async function runSelfTest(
  test: SelfTest,
  live: LiveRelease,
  reader: EvidenceReader,
  limitMs: number,
): Promise<CaseResult> {
  const { outcome, reasons, alerts } = await judged(test, live, reader, limitMs);
  const late = reasons.find(({ code }) => code === "POLICY_TIMEOUT" || code === "OVERLOADED");
  if (late !== undefined) {
    throw new LateReleaseError("self_test", `${nameOf(test)}: ${late.code}: ${late.message}`);
  }
  const found = [...reasons, ...alerts];
  const problem = problemOf(test, live);
  const { expect } = test;
  const isAsExpected =
    outcome === expect.outcome &&
    (expect.codes ?? []).every((wanted) => found.some(({ code }) => code === wanted));
  return {
    test,
    ok: isAsExpected && problem === undefined,
    outcome,
    reasons: found,
    ...(problem === undefined ? {} : { problem }),
  };
}

interface Judged {
  readonly outcome: string;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
}

async function judged(
  test: SelfTest,
  live: LiveRelease,
  reader: EvidenceReader,
  limitMs: number,
): Promise<Judged> {
  try {
    const body = Buffer.from(test.request);
    const request = await dryRequest(body, test.channel, live, {
      nowMs: test.now,
      source: "self-test",
      complete: (document) => completed(document, test, live),
      see: (unseen, knowledge) => reader.see(unseen, knowledge),
    });
    if (request === undefined) throw new Refusal("KIND_UNKNOWN", "a ping is answered without a policy");
    const asked = withHistory(request, live, NO_HISTORY, test.facts);
    if (isTold(test.channel)) return await judgeAsked(asked, { live, refusedStep: undefined }, limitMs);
    return (await decide(asked, { live, scope: {}, decisionMs: limitMs })).decision;
  } catch (error) {
    if (!(error instanceof Refusal)) {
      const why = messageOf(error);
      throw new LateReleaseError("self_test", `${nameOf(test)}: ${why}`, error);
    }
    return { outcome: "unusable", reasons: [reasonOf(error)], alerts: [] };
  }
}

function completed(document: Document, { prices, lists }: SelfTest, live: LiveRelease): Document {
  const priced = priceDocument(document, (token) => {
    const usd = prices !== undefined && Object.hasOwn(prices, token) ? prices[token] : undefined;
    return usd === undefined ? undefined : parsePrice(usd);
  });
  const { lists: none } = withEmptyLists(priced, live);
  return { ...priced, lists: { ...none, ...lists } };
}

/** What is stated and nobody asks for is misspelt, or about a rule that is gone: the case shows less than it seems to. */
function problemOf({ facts = {}, lists = {} }: SelfTest, live: LiveRelease): string | undefined {
  const asked = new Set(live.queries.map(({ rule, name }) => `${rule}.${name}`));
  const stated = Object.entries(facts).flatMap(([rule, named]) =>
    Object.keys(named).map((name) => `${rule}.${name}`),
  );
  const fact = stated.find((each) => !asked.has(each));
  if (fact !== undefined) return `no rule asks history for ${fact}`;
  const list = Object.keys(lists).find((name) => !live.lists.includes(name));
  return list === undefined ? undefined : `no rule reads the list ${list}`;
}

function nameOf({ title, place }: SelfTest): string {
  return `case ${quoted(title)} (${place})`;
}

/** One line: which case, what was expected, what came of it. */
export function resultText(result: CaseResult): string {
  return `${nameOf(result.test)}: ${outcomeText(result)}`;
}

/** What was expected of a case, and what came of it. */
export function outcomeText({ test, outcome, reasons, problem }: CaseResult): string {
  const { expect } = test;
  const codes = expect.codes ?? [];
  const expected = `${expect.outcome}${codes.length === 0 ? "" : ` with ${codes.join(", ")}`}`;
  const isFailure = outcome === "failed";
  const found = reasons
    .slice(0, MAX_CODES)
    .map(({ code, rule, message }) => `${code} (${rule ?? "host"})${isFailure ? `: ${message}` : ""}`);
  const came = `${outcome}${found.length === 0 ? "" : ` with ${found.join(", ")}`}`;
  return problem ?? `expected ${expected}, found ${came}`;
}
