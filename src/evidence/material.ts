/**
 * What a request brings to be signed: the bytes that evidence reads, in the request's own spelling. The words of
 * the request, which the bytes are held against, are the document's. Plain values, so that a thread can be handed it.
 */

/**
 * - `transaction`: the unsigned transaction in hex, `0x` optional; absent where the request brings none.
 * - `eip191`: the signed bytes in base64. `bip137`, `bip322`, `adr36`: in hex.
 * - `eip712`: the typed data as JSON text, made from the object that the request brings (`structured`), as it brings
 *   it (`rawStructured`), or both.
 * - `raw_message`: nothing but a hash.
 * - `other`: bytes of a kind that nobody reads yet.
 */
export type Material =
  | { readonly type: "transaction"; readonly unsigned?: string | undefined }
  | ({
      readonly type: "eip191" | "bip137" | "bip322" | "adr36";
      readonly message?: string | undefined;
    } & Beside)
  | ({
      readonly type: "eip712";
      readonly structured?: string | undefined;
      readonly rawStructured?: string | undefined;
      readonly safe?: SafeWords | undefined;
    } & Beside)
  | ({ readonly type: "raw_message" } & Beside)
  | { readonly type: "other" };

/** What the request says of the Safe transaction that its typed data is: hashes, addresses and calldata in hex. */
export interface SafeWords {
  readonly domainHash?: string | undefined;
  readonly messageHash?: string | undefined;
  readonly transactionHash?: string | undefined;
  readonly safe?: string | undefined;
  readonly to?: string | undefined;
  readonly data?: string | undefined;
}

/** A message has no transaction. Where a request brings one all the same, its hash must not be what is signed. */
interface Beside {
  readonly unsigned?: string | undefined;
}

/** Characters of all that would be read: what reading takes grows with them. */
export function sizeOf(material: Material): number {
  let size = 0;
  const texts: unknown[] = Object.values(material);
  if (material.type === "eip712") texts.push(...Object.values(material.safe ?? {}));
  for (const text of texts) if (typeof text === "string") size += text.length;
  return size;
}
