/** Sums as a verification adds them up, without the store's own arithmetic. */
import { type Columns, integer, text } from "./paged-rows.ts";

export interface Sums {
  readonly count: number;
  readonly usd: bigint;
  readonly unpriced: number;
  readonly units: bigint;
  readonly unmeasured: number;
}

export const NOTHING: Sums = { count: 0, usd: 0n, unpriced: 0, units: 0n, unmeasured: 0 };

/** @param columns - they begin with the five of `fact_log` and `fact_late`. */
export function readSums(columns: Columns): Sums {
  const [count, usd, unpriced, units, unmeasured] = columns;
  return {
    count: integer(count),
    usd: BigInt(text(usd)),
    unpriced: integer(unpriced),
    units: BigInt(text(units)),
    unmeasured: integer(unmeasured),
  };
}

/** What one movement adds by itself. */
export function contribution(usd: string | null, units: string | null): Sums {
  return {
    count: 1,
    usd: BigInt(usd ?? 0),
    unpriced: Number(usd === null),
    units: BigInt(units ?? 0),
    unmeasured: Number(units === null),
  };
}

export function add(a: Sums, b: Sums): Sums {
  return {
    count: a.count + b.count,
    usd: a.usd + b.usd,
    unpriced: a.unpriced + b.unpriced,
    units: a.units + b.units,
    unmeasured: a.unmeasured + b.unmeasured,
  };
}

export function subtract(a: Sums, b: Sums): Sums {
  return {
    count: a.count - b.count,
    usd: a.usd - b.usd,
    unpriced: a.unpriced - b.unpriced,
    units: a.units - b.units,
    unmeasured: a.unmeasured - b.unmeasured,
  };
}

export function isEqual(a: Sums, b: Sums): boolean {
  return (
    a.count === b.count &&
    a.usd === b.usd &&
    a.unpriced === b.unpriced &&
    a.units === b.units &&
    a.unmeasured === b.unmeasured
  );
}
