/** The sample transfer, made another one. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { ulid } from "ulid";
import { z } from "zod";

const callbackSchema = z.looseObject({ request_detail: z.string(), extra_info: z.string() });
const detailSchema = z.looseObject({});
const extraSchema = z.looseObject({
  wallet: z.looseObject({ wallet_id: z.string() }),
  transaction: z.looseObject({
    raw_tx_info: z.looseObject({ unsigned_raw_tx: z.templateLiteral(["0x", z.string()]) }),
  }),
});

/** The id of its wallet. */
export function walletOf(transfer: string): string {
  const { extra_info } = callbackSchema.parse(JSON.parse(transfer));
  return extraSchema.parse(JSON.parse(extra_info)).wallet.wallet_id;
}

/** Where the sample's bytes have their nonce: it is 0, and in RLP 1 to 127 take as many bytes. */
const NONCE_AT = 1;

/**
 * The same transfer as another transaction: ids, nonce and hash of its own.
 *
 * @param nonce - 1 to 127.
 */
export function anotherOf(listed: string, nonce: number): string {
  const callback = callbackSchema.parse(JSON.parse(listed));
  const detail = detailSchema.parse(JSON.parse(callback.request_detail));
  const extra = extraSchema.parse(JSON.parse(callback.extra_info));
  const id = ulid();
  const { raw_tx_info: raw } = extra.transaction;
  const bytes = Buffer.from(raw.unsigned_raw_tx.slice(2), "hex");
  bytes[NONCE_AT] = nonce;
  const hash = `0x${Buffer.from(keccak_256(bytes)).toString("hex")}`;
  return JSON.stringify({
    ...callback,
    request_id: `demo-${id}`,
    request_detail: JSON.stringify({ ...detail, msg_hash_list: [hash], biz_task_id: id }),
    extra_info: JSON.stringify({
      ...extra,
      transaction: {
        ...extra.transaction,
        raw_tx_info: { ...raw, used_nonce: nonce, unsigned_raw_tx: `0x${bytes.toString("hex")}` },
        transaction_id: id,
        cobo_id: `cobo-${id}`,
        request_id: `api-${id}`,
      },
    }),
  });
}
