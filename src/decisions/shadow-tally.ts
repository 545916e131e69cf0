/** What a candidate would have decided otherwise, added up while it judges in the shadow. In memory alone. */
import type { PushOutcome } from "../ledger/rows.ts";
import type { Outcome, Reason } from "../policy/verdict.ts";
import {
  type Change,
  ChangeCounter,
  type ChangeName,
  type Changes,
  changesIn,
  type Difference,
  type KeptExamples,
  type PushChangeName,
} from "./changes.ts";

/**
 * Why a decision was not judged; a closed list.
 *
 * - `behind`: too many waited already;
 * - `refused_by_host`: an invariant refused, and no release has a say in it;
 * - `failed_then`: the live release failed, and there is nothing to compare with;
 * - `expired`: the candidate's statement was over.
 */
export const SHADOW_SKIPS = ["behind", "refused_by_host", "failed_then", "expired"] as const;
export type ShadowSkip = (typeof SHADOW_SKIPS)[number];

/** @property message - in the words of its rule. */
interface ShownReason {
  readonly rule?: string;
  readonly code: string;
  readonly message: string;
}

interface Shown {
  readonly outcome: Outcome | PushOutcome;
  readonly reasons: readonly ShownReason[];
}

/** @property id - of the decision or push. @property at - milliseconds since the epoch. */
export interface ShadowExample {
  readonly id: string;
  readonly at: number;
  readonly live: Shown;
  readonly candidate: Shown;
}

/** How often the one said this where the other said that. */
export interface OutcomePair {
  readonly live: Outcome | PushOutcome;
  readonly candidate: Outcome | PushOutcome;
  readonly count: number;
}

/** Differences about pushes; of those that are the same only how many. */
export interface PushChanges {
  readonly same: number;
  readonly no_longer_flagged: Change<ShadowExample>;
  readonly newly_flagged: Change<ShadowExample>;
  readonly other_reasons: Change<ShadowExample>;
  readonly failed: Change<ShadowExample>;
}

const EXAMPLES: KeptExamples = { most: 5, oldestFirst: true };
/** A reason more is one that a person looks up by the id. */
const MAX_REASONS = 8;

export class ShadowTally {
  readonly #decisions = new ChangeCounter<ChangeName, ShadowExample>(EXAMPLES);
  readonly #pushes = new ChangeCounter<PushChangeName, ShadowExample>(EXAMPLES);
  readonly #pairs = new Map<string, { -readonly [Member in keyof OutcomePair]: OutcomePair[Member] }>();
  readonly #skipped: Record<ShadowSkip, number> = {
    behind: 0,
    refused_by_host: 0,
    failed_then: 0,
    expired: 0,
  };

  decision(difference: Difference, example: ShadowExample): void {
    this.#pair(example);
    this.#decisions.add(difference, example);
  }

  push(difference: Difference<PushChangeName>, example: ShadowExample): void {
    this.#pair(example);
    this.#pushes.add(difference, example);
  }

  skip(why: ShadowSkip): void {
    this.#skipped[why] += 1;
  }

  get skipped(): Readonly<Record<ShadowSkip, number>> {
    return { ...this.#skipped };
  }

  get decisions(): Changes<ShadowExample> {
    return changesIn(this.#decisions);
  }

  get pushes(): PushChanges {
    return {
      same: this.#pushes.count("same"),
      no_longer_flagged: this.#pushes.change("no_longer_flagged"),
      newly_flagged: this.#pushes.change("newly_flagged"),
      other_reasons: this.#pushes.change("other_reasons"),
      failed: this.#pushes.change("failed"),
    };
  }

  /** The most frequent first. */
  get pairs(): readonly OutcomePair[] {
    return [...this.#pairs.values()].map((pair) => ({ ...pair })).sort((a, b) => b.count - a.count);
  }

  #pair({ live, candidate }: ShadowExample): void {
    const key = `${live.outcome} ${candidate.outcome}`;
    const pair = this.#pairs.get(key) ?? { live: live.outcome, candidate: candidate.outcome, count: 0 };
    pair.count += 1;
    this.#pairs.set(key, pair);
  }
}

/** A side of an example: without what was compared, which may be large. */
export function shown(outcome: Shown["outcome"], reasons: readonly Reason[]): Shown {
  return {
    outcome,
    reasons: reasons.slice(0, MAX_REASONS).map(({ rule, code, message }) => ({
      ...(rule === undefined ? {} : { rule }),
      code,
      message,
    })),
  };
}
