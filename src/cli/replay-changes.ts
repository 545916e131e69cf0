/** What another release would have changed: counts, by rule, with examples. */
import type { Decision } from "../decisions/decision.ts";
import type { DecisionRow } from "../ledger/rows.ts";

const EXAMPLES = 3;

/** @property rule - absent where the host itself speaks. @property examples - ids of the newest such decisions. */
interface RuleChange {
  readonly rule?: string;
  readonly code: string;
  readonly count: number;
  readonly examples: readonly string[];
}

/** @property by_rule - a decision counts under each of its reasons; the most frequent first. */
export interface Change {
  readonly count: number;
  readonly by_rule: readonly RuleChange[];
}

interface NamedReason {
  readonly rule?: string | undefined;
  readonly code: string;
}

/** Adds up one kind of change. */
class Tally {
  #count = 0;
  readonly #rules = new Map<string, { rule?: string; code: string; count: number; examples: string[] }>();

  add(id: string, reasons: readonly NamedReason[]): void {
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
      if (known.examples.length < EXAMPLES) known.examples.push(id);
      this.#rules.set(key, known);
    }
  }

  get change(): Change {
    const rules = [...this.#rules.values()].sort(
      (a, b) => b.count - a.count || (keyOf(a) < keyOf(b) ? -1 : 1),
    );
    return { count: this.#count, by_rule: rules };
  }
}

/**
 * @property newly_approved - by the reasons that are gone. @property newly_refused - by the reasons that came.
 * @property other_reasons - refused both times: by the reasons that came or went.
 * @property failed - the other release failed on them, by its reasons.
 */
export interface Changes {
  readonly same: number;
  readonly newly_approved: Change;
  readonly newly_refused: Change;
  readonly other_reasons: Change;
  readonly failed: Change;
}

export class ChangeCounter {
  #same = 0;
  readonly #approved = new Tally();
  readonly #refused = new Tally();
  readonly #reasons = new Tally();
  readonly #failed = new Tally();

  add(before: DecisionRow, after: Pick<Decision, "outcome" | "reasons">): void {
    const was = before.outcome === "approved";
    const is = after.outcome === "approved";
    if (after.outcome === "failed") this.#failed.add(before.id, after.reasons);
    else if (is && !was) this.#approved.add(before.id, before.reasons);
    else if (was && !is) this.#refused.add(before.id, after.reasons);
    else {
      const changed = difference(before.reasons, after.reasons);
      if (changed.length > 0) this.#reasons.add(before.id, changed);
      else this.#same += 1;
    }
  }

  get changes(): Changes {
    return {
      same: this.#same,
      newly_approved: this.#approved.change,
      newly_refused: this.#refused.change,
      other_reasons: this.#reasons.change,
      failed: this.#failed.change,
    };
  }
}

/** The reasons that only one of both has. */
function difference(before: readonly NamedReason[], after: readonly NamedReason[]): NamedReason[] {
  const missingIn = (others: readonly NamedReason[]) => {
    const keys = new Set(others.map(keyOf));
    return (reason: NamedReason) => !keys.has(keyOf(reason));
  };
  return [...before.filter(missingIn(after)), ...after.filter(missingIn(before))];
}

function keyOf({ rule, code }: NamedReason): string {
  return `${rule ?? ""} ${code}`;
}
