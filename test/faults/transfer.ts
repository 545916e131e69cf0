/** Transfers that differ in what counts: the demo's sample transfer with ids, wallet, key, amount and hash of its own. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { demoRequest } from "../support/caller.ts";
import { addressAt, nonceOf, rebuilt } from "../support/sample-transaction.ts";

const SAMPLE = demoRequest("listed-transfer");
/** Dollars for one ETH, as `Installation` writes its prices. */
const ETH_MICROS = 3_000_000_000n;
/** What the demo release lets a wallet pay in a day before a person decides, in millionths of a dollar. */
const DAILY_MICROS = 1_300_000n;

/**
 * @property id - of its transaction; @property wallet - which has one address, of a key of its own.
 * @property tenThousandths - of an ETH: 10,000 is one.
 */
export interface Transfer {
  readonly id: string;
  readonly wallet: string;
  readonly tenThousandths: number;
}

/** How many of such transfers a wallet may pay in a day, by the demo release. */
export function fits(tenThousandths: number): number {
  return Number(DAILY_MICROS / ((ETH_MICROS * BigInt(tenThousandths)) / 10_000n));
}

const sampleSchema = z.looseObject({ request_detail: z.string(), extra_info: z.string() });
const detailSchema = z.looseObject({ root_pub_key: z.string() });
const extraSchema = z.looseObject({
  wallet: z.looseObject({}),
  source_addresses: z.tuple([z.looseObject({})]),
  transaction: z.looseObject({
    source: z.looseObject({}),
    destination: z.looseObject({ account_output: z.looseObject({}) }),
    raw_tx_info: z.looseObject({ unsigned_raw_tx: z.templateLiteral(["0x", z.string()]) }),
  }),
});

/** @property path - below the sample's root key. */
interface Account {
  readonly path: string;
  readonly address: string;
}

const accounts = new Map<string, Account>();

function accountOf(wallet: string, root: string): Account {
  const known = accounts.get(wallet);
  if (known !== undefined) return known;
  // 31 bits: more would be a hardened path.
  const index = createHash("sha256").update(wallet).digest().readUInt32BE() >>> 1;
  const path = `m/44/60/0/0/${index}`;
  const account = { path, address: addressAt(root, path) };
  accounts.set(wallet, account);
  return account;
}

/** The address that a wallet's transfers are paid from; in lower case. */
export function addressOf(wallet: string): string {
  const { request_detail } = sampleSchema.parse(JSON.parse(SAMPLE));
  return accountOf(wallet, detailSchema.parse(JSON.parse(request_detail)).root_pub_key).address;
}

/**
 * The request that a node sends for it.
 *
 * @param requestId - the node's own for this asking: the same bytes may be asked for under several.
 * @param memo - tells bytes apart that are asked for under one request id.
 */
export function transferRequest(transfer: Transfer, requestId: string, memo = ""): string {
  const { id, wallet, tenThousandths } = transfer;
  const sample = sampleSchema.parse(JSON.parse(SAMPLE));
  const detail = detailSchema.parse(JSON.parse(sample.request_detail));
  const extra = extraSchema.parse(JSON.parse(sample.extra_info));
  const { transaction } = extra;
  const { path, address } = accountOf(wallet, detail.root_pub_key);
  const [source] = extra.source_addresses;
  const { destination } = transaction;
  const { raw_tx_info: raw } = transaction;
  const nonce = nonceOf(`${id}${memo}`);
  const value = BigInt(tenThousandths) * 10n ** 14n;
  const { unsigned, hash } = rebuilt(raw.unsigned_raw_tx, { nonce, value });
  const amount = `${Math.trunc(tenThousandths / 10_000)}.${String(tenThousandths % 10_000).padStart(4, "0")}`;
  return JSON.stringify({
    ...sample,
    request_id: requestId,
    request_detail: JSON.stringify({
      ...detail,
      task_id: `task-${id}`,
      biz_task_id: id,
      bip32_path_list: [path],
      msg_hash_list: [hash],
    }),
    extra_info: JSON.stringify({
      ...extra,
      wallet: { ...extra.wallet, wallet_id: wallet },
      source_addresses: [{ ...source, path, address }],
      transaction: {
        ...transaction,
        transaction_id: id,
        cobo_id: `cobo-${id}`,
        request_id: `api-${id}`,
        wallet_id: wallet,
        raw_tx_info: { ...raw, used_nonce: nonce, unsigned_raw_tx: unsigned },
        source: { ...transaction.source, wallet_id: wallet, address },
        destination: { ...destination, account_output: { ...destination.account_output, amount } },
      },
    }),
  });
}
