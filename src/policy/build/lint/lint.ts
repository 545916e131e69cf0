/** Runs all checks over what the follower shows, and gathers what they find. */
import type { Term } from "../ast.ts";
import { brokenPatterns } from "../opa.ts";
import type { Problem } from "../problem.ts";
import { walkExpression, walkTerm } from "../walk.ts";
import type { Body, Watch } from "../watch.ts";
import { allOrNothing, collectsNothing } from "./all-or-nothing.ts";
import { amountInt, amountUnits, sumOfSet } from "./amounts.ts";
import type { Check, Report, Site } from "./check.ts";
import type { LintName } from "./checks.ts";
import { closedListPositive } from "./closed-list-positive.ts";
import { compareAmounts, compareTypes } from "./comparisons.ts";
import { defaultOnlyFalse, elseWithoutCondition } from "./defaults.ts";
import { everyNotSome } from "./every-not-some.ts";
import { indexConstant } from "./index-constant.ts";
import { needleFromInput } from "./needle-from-input.ts";
import { notOwnRule, partialUnderNot } from "./negation.ts";
import {
  type FoundPattern,
  globDelimiters,
  patternAnchored,
  patternLiteral,
  patternsIn,
} from "./patterns.ts";
import { templatePart } from "./template-part.ts";

/** The checks that need nothing but what the follower shows. The others of `LINT_CHECKS` are found where their form is read. */
const CHECKS: readonly (readonly [LintName, Check])[] = [
  ["all-or-nothing", allOrNothing],
  ["amount-int", amountInt],
  ["amount-units", amountUnits],
  ["closed-list-positive", closedListPositive],
  ["collects-nothing", collectsNothing],
  ["compare-amounts", compareAmounts],
  ["compare-types", compareTypes],
  ["default-only-false", defaultOnlyFalse],
  ["else-without-condition", elseWithoutCondition],
  ["every-not-some", everyNotSome],
  ["glob-delimiters", globDelimiters],
  ["index-constant", indexConstant],
  ["needle-from-input", needleFromInput],
  ["not-own-rule", notOwnRule],
  ["partial-under-not", partialUnderNot],
  ["pattern-anchored", patternAnchored],
  ["pattern-literal", patternLiteral],
  ["sum-of-set", sumOfSet],
  ["template-part", templatePart],
];

export class Linter implements Watch {
  readonly #problems: Problem[] = [];
  readonly #patterns: FoundPattern[] = [];
  readonly #checks: readonly (readonly [Check, Report])[];

  constructor() {
    this.#checks = CHECKS.map(([name, check]) => [
      check,
      ({ file, line }, message) => this.#problems.push({ file, line, message: `${name}: ${message}` }),
    ]);
  }

  rule(rule: Parameters<Watch["rule"]>[0]): void {
    for (const [check, report] of this.#checks) check.rule?.(rule, report);
  }

  body(body: Body): void {
    const { view, expressions, heads } = body;
    for (const [check, report] of this.#checks) {
      check.body?.(body, report);
      for (const expression of expressions) check.expression?.(expression, view, report);
    }
    for (const expression of expressions) {
      walkExpression(expression, (term) => this.#term(term, { view, isNegated: expression.negated }));
    }
    for (const head of heads) walkTerm(head, (term) => this.#term(term, { view, isNegated: false }));
  }

  /**
   * All that was found.
   *
   * @throws {ReleaseError} where OPA, which is asked about patterns, doesn't answer.
   */
  async findings(): Promise<readonly Problem[]> {
    const patterns = new Set(this.#patterns.map(({ pattern }) => pattern));
    const broken = patterns.size === 0 ? [] : await brokenPatterns([...patterns]);
    const found = this.#patterns.filter(({ pattern }) => broken.includes(pattern));
    return [...this.#problems, ...found.map(brokenPattern)];
  }

  #term(term: Term, site: Site): void {
    this.#patterns.push(...patternsIn(term, site.view));
    for (const [check, report] of this.#checks) check.term?.(term, site, report);
  }
}

function brokenPattern({ place: { file, line }, pattern }: FoundPattern): Problem {
  return {
    file,
    line,
    message: `pattern-valid: ${JSON.stringify(pattern)} is no regular expression (RE2): it matches nothing, and under \`not\` everything`,
  };
}
