import type { Ledger } from "./ledger.ts";
export interface LedgerOptions {
  readonly directory: string;
  readonly minFreeBytes: number;
  readonly checkpointEvery: number;
  readonly now: () => number;
  readonly onEvent: (event: { readonly type: string; readonly message: string }) => void;
}
export function openLedger(_options: LedgerOptions): Promise<Ledger> {
  throw new Error("not here yet");
}
