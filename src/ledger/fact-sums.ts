/** What movements add up to, in memory and in the five columns that `fact_log` and `fact_late` share. */
import type { Row, Value } from "./database.ts";
import type { FactTotals, Movement } from "./ledger.ts";

export const NOTHING: FactTotals = { count: 0, usdMicros: 0n, unpriced: 0, units: 0n, unmeasured: 0 };

/** @throws SyntaxError where an amount is no integer. */
export function sumsOf({ usd_micros, units }: Movement): FactTotals {
  return {
    count: 1,
    usdMicros: usd_micros === undefined ? 0n : BigInt(usd_micros),
    unpriced: usd_micros === undefined ? 1 : 0,
    units: units === undefined ? 0n : BigInt(units),
    unmeasured: units === undefined ? 1 : 0,
  };
}

export function plus(a: FactTotals, b: FactTotals): FactTotals {
  return {
    count: a.count + b.count,
    usdMicros: a.usdMicros + b.usdMicros,
    unpriced: a.unpriced + b.unpriced,
    units: a.units + b.units,
    unmeasured: a.unmeasured + b.unmeasured,
  };
}

/** What is added up without a sum for each on the way: there may be one for each request in flight. */
export class RunningSum {
  #count = 0;
  #usdMicros = 0n;
  #unpriced = 0;
  #units = 0n;
  #unmeasured = 0;

  add({ count, usdMicros, unpriced, units, unmeasured }: FactTotals): void {
    this.#count += count;
    this.#usdMicros += usdMicros;
    this.#unpriced += unpriced;
    this.#units += units;
    this.#unmeasured += unmeasured;
  }

  get totals(): FactTotals {
    return {
      count: this.#count,
      usdMicros: this.#usdMicros,
      unpriced: this.#unpriced,
      units: this.#units,
      unmeasured: this.#unmeasured,
    };
  }
}

export function minus(a: FactTotals, b: FactTotals): FactTotals {
  return {
    count: a.count - b.count,
    usdMicros: a.usdMicros - b.usdMicros,
    unpriced: a.unpriced - b.unpriced,
    units: a.units - b.units,
    unmeasured: a.unmeasured - b.unmeasured,
  };
}

export function isNothing({ count, usdMicros, unpriced, units, unmeasured }: FactTotals): boolean {
  return count === 0 && usdMicros === 0n && unpriced === 0 && units === 0n && unmeasured === 0;
}

export const SUM_COLUMNS = "count, usd_micros, unpriced, units, unmeasured";

/** In the order of {@link SUM_COLUMNS}. */
export function valuesOfSums(sums: FactTotals): [number, string, number, string, number] {
  return [sums.count, String(sums.usdMicros), sums.unpriced, String(sums.units), sums.unmeasured];
}

/** @param at - the column where {@link SUM_COLUMNS} begin. */
export function sumsIn(row: Row, at: number): FactTotals {
  return {
    count: row.integer(at),
    usdMicros: BigInt(row.text(at + 1)),
    unpriced: row.integer(at + 2),
    units: BigInt(row.text(at + 3)),
    unmeasured: row.integer(at + 4),
  };
}

/** A key as it is stored: 16 bytes. */
export function storedKey(key: string): Value {
  return Buffer.from(key, "hex");
}
