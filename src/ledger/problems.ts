/** What a verification finds: the first of it in words, all of it in number. */

/** Enough to see what happened; a ledger that was chained anew has a problem in each row. */
const MAX_PROBLEMS = 100;

/** @property seq - the entry it is about; 0 where it is about none. */
export interface Problem {
  readonly seq: number;
  readonly what: string;
}

export class Problems {
  readonly first: Problem[] = [];
  count = 0;

  add(seq: number, what: string): void {
    this.count += 1;
    if (this.first.length < MAX_PROBLEMS) this.first.push({ seq, what });
  }
}
