/**
 * What a request brings to be signed: the bytes that evidence reads, in the request's own spelling. The words of
 * the request, which the bytes are held against, are the document's.
 */
import type { JsonObject } from "../input/strict-json.ts";

/**
 * - `transaction`: the unsigned transaction in hex, `0x` optional; absent where the request brings none.
 * - `eip191`: the signed bytes in base64. `bip137`, `bip322`, `adr36`: in hex.
 * - `eip712`: the typed data as an object, as JSON text, or both; what Cobo says of a Safe transaction in it.
 * - `raw_message`: nothing but a hash.
 * - `none`: no bytes are signed, or nothing of a kind that could be read.
 */
export type Material =
  | { readonly type: "transaction"; readonly unsigned?: string | undefined }
  | ({
      readonly type: "eip191" | "bip137" | "bip322" | "adr36";
      readonly message?: string | undefined;
    } & Beside)
  | ({
      readonly type: "eip712";
      readonly structured?: JsonObject | undefined;
      readonly rawStructured?: string | undefined;
    } & Beside)
  | ({ readonly type: "raw_message" } & Beside)
  | { readonly type: "none" };

/** A message has no transaction. Where a request brings one all the same, its hash must not be what is signed. */
interface Beside {
  readonly unsigned?: string | undefined;
}
