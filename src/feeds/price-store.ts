/** Where accepted prices outlive the process: the ledger implements it. */

/**
 * A price that was accepted, as it is stored.
 *
 * @property usd - US dollars for one whole unit, a plain decimal.
 * @property at - of the price itself, milliseconds since the epoch.
 * @property act - who accepted it and why, where it was a step.
 */
export interface AcceptedPrice {
  readonly token: string;
  readonly usd: string;
  readonly at: number;
  readonly act?: { readonly who: string; readonly reason: string };
}

export interface PriceStore {
  /** The last accepted price of each token. */
  load(): Promise<readonly AcceptedPrice[]>;
  /** Resolves when all of them are durable. */
  save(prices: readonly AcceptedPrice[]): Promise<void>;
}
