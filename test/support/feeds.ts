/** Doubles and data for the tests of lists and prices. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { AcceptedPrice, PriceStore } from "../../src/feeds/price-store.ts";

/** A store that forgets with the test; `fail` makes the next calls fail. */
export class MemoryPriceStore implements PriceStore {
  readonly acts: AcceptedPrice[] = [];
  fail = false;
  readonly #prices = new Map<string, AcceptedPrice>();

  async load(): Promise<readonly AcceptedPrice[]> {
    if (this.fail) throw new Error("the store is locked");
    return [...this.#prices.values()];
  }

  async save(prices: readonly AcceptedPrice[]): Promise<void> {
    if (this.fail) throw new Error("the store is locked");
    for (const price of prices) {
      this.#prices.set(price.token, price);
      if (price.act !== undefined) this.acts.push(price);
    }
  }
}

/** The address of this number: always the same, spread as real ones are. */
export function numberedAddress(number: number): string {
  return `0x${createHash("sha256").update(String(number)).digest("hex").slice(0, 40)}`;
}

/** Writes a list of so many addresses, from number 0. */
export async function writeLongList(path: string, count: number): Promise<void> {
  const file = createWriteStream(path);
  file.write("address\n");
  for (let from = 0; from < count; from += 10_000) {
    const numbers = Array.from({ length: Math.min(10_000, count - from) }, (_, index) => from + index);
    if (!file.write(`${numbers.map(numberedAddress).join("\n")}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}
