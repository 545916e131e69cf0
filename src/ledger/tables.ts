/** The tables as `kysely` sees them, as far as people's questions read them: see `schema.ts`. */

/** The driver gives rows as objects with `ArrayBuffer`s in them, and rows as arrays with `Uint8Array`s. */
export type Blob = ArrayBuffer | Uint8Array;

export function bytesOf(blob: Blob): Uint8Array {
  return blob instanceof Uint8Array ? blob : new Uint8Array(blob);
}

export interface Tables {
  readonly entries: {
    readonly seq: number;
    readonly at: number;
    readonly type: string;
    readonly id: string;
    readonly row: string;
    readonly hash: Blob;
    readonly source: string | null;
    readonly request_id: string | null;
    readonly outcome: string | null;
    readonly wallet: string | null;
    readonly tx: number | null;
  };
  readonly bodies: {
    readonly seq: number;
    readonly encoding: number;
    readonly token: Blob | null;
    readonly document: Blob | null;
  };
  readonly entry_rules: { readonly name: string; readonly seq: number };
  readonly transaction_names: { readonly organization: string; readonly name: string; readonly tx: number };
  readonly movements: {
    readonly number: number;
    readonly entry: number;
    readonly tx: number;
    readonly signing: Blob;
    readonly at: number;
    readonly state: string;
    readonly organization: string | null;
    readonly project: string | null;
    readonly vault: string | null;
    readonly wallet: string | null;
    readonly chain: string | null;
    readonly token: string | null;
    readonly sources: string;
    readonly outpoints: string;
    readonly destination: string | null;
    readonly initiator: string | null;
    readonly kind: string;
    readonly direction: string;
    readonly units: string | null;
    readonly usd_micros: string | null;
    readonly nonce: string | null;
  };
  readonly flags: {
    readonly number: number;
    readonly id: string;
    readonly entry: number;
    readonly at: number;
    readonly tx: number;
    readonly code: string;
    readonly severity: string;
    readonly names: string;
    readonly flag: string;
    readonly resolved: number | null;
  };
  readonly flag_marks: { readonly flag: number; readonly value: string };
}
