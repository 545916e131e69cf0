/** What another release would have changed: counts, by rule, with examples. */
import type { PushOutcome } from "../ledger/rows.ts";
import type { Outcome } from "../policy/verdict.ts";

interface NamedReason {
  readonly rule?: string | undefined;
  readonly code: string;
}

/** What was decided, as far as two decisions about one document are held against each other. */
export interface Weighed {
  readonly outcome: Outcome;
  readonly reasons: readonly NamedReason[];
}

/** What the host says where a policy was asked: all its other codes refuse before. */
const POLICY_CODES: ReadonlySet<string> = new Set(["HELD", "NO_RULE_APPROVES"]);

/** Whether an invariant refused: no release has a say in it. */
export function isByHost(reasons: readonly NamedReason[]): boolean {
  return reasons.some(({ rule, code }) => rule === undefined && !POLICY_CODES.has(code));
}

/** How two releases differ about one decision; a closed list, in the order in which it is told. */
export const CHANGES = ["newly_approved", "newly_refused", "other_reasons", "failed", "same"] as const;
export type ChangeName = (typeof CHANGES)[number];

/** @property about - the reasons that the difference is about; none where both say the same. */
export interface Difference<Name extends string = ChangeName> {
  readonly change: Name;
  readonly about: readonly NamedReason[];
}

/**
 * How a second release differs from what was decided.
 *
 * - `newly_approved`: about the reasons that are gone;
 * - `newly_refused`: about those that came;
 * - `other_reasons`: refused both times, about those that came or went;
 * - `failed`: the second one failed, about its reasons.
 */
export function differenceOf(before: Weighed, after: Weighed): Difference {
  const was = before.outcome === "approved";
  const is = after.outcome === "approved";
  if (after.outcome === "failed") return { change: "failed", about: after.reasons };
  if (is && !was) return { change: "newly_approved", about: before.reasons };
  if (was && !is) return { change: "newly_refused", about: after.reasons };
  const about = unshared(before.reasons, after.reasons);
  return about.length > 0 ? { change: "other_reasons", about } : { change: "same", about };
}

/** What was found of a push, likewise. */
export interface WeighedPush {
  readonly outcome: PushOutcome;
  readonly reasons: readonly NamedReason[];
  readonly alerts: readonly NamedReason[];
}

/** How two releases differ about one push; a closed list, in the order in which it is told. */
export const PUSH_CHANGES = [
  "no_longer_flagged",
  "newly_flagged",
  "other_reasons",
  "failed",
  "same",
] as const;
export type PushChangeName = (typeof PUSH_CHANGES)[number];

/** As {@link differenceOf}; what is only noted counts among the reasons. */
export function pushDifferenceOf(before: WeighedPush, after: WeighedPush): Difference<PushChangeName> {
  const was = before.outcome === "flagged";
  const is = after.outcome === "flagged";
  if (after.outcome === "pending") return { change: "failed", about: after.reasons };
  if (was && !is) return { change: "no_longer_flagged", about: before.reasons };
  if (is && !was) return { change: "newly_flagged", about: after.reasons };
  const about = unshared([...before.reasons, ...before.alerts], [...after.reasons, ...after.alerts]);
  return about.length > 0 ? { change: "other_reasons", about } : { change: "same", about };
}

/** The reasons that only one of both has. */
function unshared(before: readonly NamedReason[], after: readonly NamedReason[]): readonly NamedReason[] {
  const missingIn = (others: readonly NamedReason[]) => {
    const keys = new Set(others.map(keyOf));
    return (reason: NamedReason) => !keys.has(keyOf(reason));
  };
  return [...before.filter(missingIn(after)), ...after.filter(missingIn(before))];
}

/** @property rule - absent where the host itself speaks. @property examples - of the newest such decisions. */
export interface RuleChange<Example = string> {
  readonly rule?: string;
  readonly code: string;
  readonly count: number;
  readonly examples: readonly Example[];
}

/** @property by_rule - a decision counts under each of its reasons; the most frequent first. */
export interface Change<Example = string> {
  readonly count: number;
  readonly by_rule: readonly RuleChange<Example>[];
}

interface CountedRule<Example> {
  readonly rule?: string;
  readonly code: string;
  count: number;
  readonly examples: Example[];
}

/**
 * Which examples are kept: so many under each rule and code.
 *
 * @property oldestFirst - whether decisions come in the order in which they were made; the newest ones are kept.
 */
export interface KeptExamples {
  readonly most: number;
  readonly oldestFirst: boolean;
}

/** Adds up one kind of change. */
class Tally<Example> {
  readonly #kept: KeptExamples;
  readonly #rules = new Map<string, CountedRule<Example>>();
  #count = 0;

  constructor(kept: KeptExamples) {
    this.#kept = kept;
  }

  add(example: Example, reasons: readonly NamedReason[]): void {
    this.#count += 1;
    const seen = new Set<string>();
    for (const { rule, code } of reasons) {
      const key = keyOf({ rule, code });
      if (seen.has(key)) continue;
      seen.add(key);
      const known = this.#rules.get(key) ?? {
        ...(rule === undefined ? {} : { rule }),
        code,
        count: 0,
        examples: [],
      };
      known.count += 1;
      this.#keep(known.examples, example);
      this.#rules.set(key, known);
    }
  }

  get count(): number {
    return this.#count;
  }

  get change(): Change<Example> {
    const rules = [...this.#rules.values()]
      .map((each) => ({ ...each, examples: [...each.examples] }))
      .sort((a, b) => b.count - a.count || (keyOf(a) < keyOf(b) ? -1 : 1));
    return { count: this.#count, by_rule: rules };
  }

  #keep(examples: Example[], example: Example): void {
    const { most, oldestFirst } = this.#kept;
    if (oldestFirst) {
      examples.unshift(example);
      examples.splice(most);
    } else if (examples.length < most) examples.push(example);
  }
}

/** Adds up differences of the names that it is made for; of one without reasons it counts how many there are. */
export class ChangeCounter<Name extends string, Example> {
  readonly #kept: KeptExamples;
  readonly #tallies = new Map<Name, Tally<Example>>();

  constructor(kept: KeptExamples) {
    this.#kept = kept;
  }

  add({ change, about }: Difference<Name>, example: Example): void {
    const tally = this.#tallies.get(change) ?? new Tally<Example>(this.#kept);
    tally.add(example, about);
    this.#tallies.set(change, tally);
  }

  count(change: Name): number {
    return this.#tallies.get(change)?.count ?? 0;
  }

  change(change: Name): Change<Example> {
    return this.#tallies.get(change)?.change ?? { count: 0, by_rule: [] };
  }
}

/** What came of many decisions. */
export interface Changes<Example = string> {
  readonly same: number;
  readonly newly_approved: Change<Example>;
  readonly newly_refused: Change<Example>;
  readonly other_reasons: Change<Example>;
  readonly failed: Change<Example>;
}

export function changesIn<Example>(counter: ChangeCounter<ChangeName, Example>): Changes<Example> {
  return {
    same: counter.count("same"),
    newly_approved: counter.change("newly_approved"),
    newly_refused: counter.change("newly_refused"),
    other_reasons: counter.change("other_reasons"),
    failed: counter.change("failed"),
  };
}

function keyOf({ rule, code }: NamedReason): string {
  return `${rule ?? ""} ${code}`;
}
