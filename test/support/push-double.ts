/** Cobo as it pushes: messages of both shapes with everything in them, signed and sent as it documents. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpResponse } from "../../src/cli/http-request.ts";
import { type PushOptions, postPush } from "../../src/cli/push-client.ts";

/** A key for tests; what it signs verifies with `COBO.point` among `push.keys`. */
export const COBO = {
  privateKey: "204b6ccb1088ae140fed36e2c622c212ff61dc09dabc2391912699db4675f436",
  point: "03353b3e51527dd260ef7ec248acf76e1f742575166686fb3303ebde2eefe3b800",
} as const;

export type Message = Readonly<Record<string, unknown>>;

const T = 1_700_000_000_000;
const OURS = "0xbb4b8d6ad5ef2d3e9f4eca9ed0bd5e4a0ea2de37";
const THEIRS = "0x5be0e3c63d7f28e5e8f66b8b0c3a1a3c1f2d9a10";
const HASH = "0x5f2b1a1f0a4b7d1c1e6b1b1c7ad9b6d0f6e8a8a4f0ce2f3a51b7b2f6a1de0c11";
const BLOCK = "0x9e1c7a52f3b04f0bb8f6f2c1f3a8e7d6c5b4a39281706f5e4d3c2b1a0f9e8d7c";

/** A deposit into a custodial wallet: 25 ETH_USDT, final. `changes` replace members, `undefined` takes one away. */
export function custodialDeposit(changes: Message = {}): Message {
  return merged(
    {
      id: "20231114221320000100000000000001",
      coin: "ETH_USDT",
      display_code: "USDT",
      description: "Tether USD",
      decimal: 6,
      address: OURS,
      source_address: THEIRS,
      side: "deposit",
      amount: "25000000",
      abs_amount: "25",
      txid: HASH,
      vout_n: 0,
      request_id: null,
      status: "success",
      abs_cobo_fee: "0",
      created_time: T,
      last_time: T + 180_000,
      request_created_time: T,
      confirmed_num: 12,
      tx_detail: { txid: HASH, blocknum: 18_572_000, blockhash: BLOCK, fee: 0, hexstr: "" },
      source_address_detail: THEIRS,
      memo: "",
      confirming_threshold: 12,
      fee_coin: "ETH",
      fee_amount: 0,
      fee_decimal: 18,
      type: "external",
    },
    changes,
  );
}

/** A withdrawal from a custodial wallet: 10 ETH_USDT, final. */
export function custodialWithdrawal(changes: Message = {}): Message {
  return merged(
    custodialDeposit({
      id: "20231114221320000100000000000002",
      side: "withdraw",
      address: THEIRS,
      source_address: OURS,
      source_address_detail: OURS,
      amount: "10000000",
      abs_amount: "10",
      request_id: "w-1",
      abs_cobo_fee: "0.5",
      fee_amount: "2100000000000000",
      waiting_audit: false,
      tx_request_type: 200,
      remark: "an invoice",
    }),
    changes,
  );
}

/** What Cobo asks before such a withdrawal. */
export function custodialConfirmation(changes: Message = {}): Message {
  return merged(
    custodialWithdrawal({
      id: "",
      txid: "",
      tx_detail: undefined,
      source_address_detail: undefined,
      status: "pending",
      confirmed_num: 0,
      request_created_time: undefined,
    }),
    changes,
  );
}

/** A coin as MPC messages describe it. */
export function coinDetail(coin: string, chain: string, decimal: number): Message {
  return {
    coin,
    chain_code: chain,
    display_code: coin,
    description: coin,
    decimal,
    can_deposit: true,
    can_withdraw: true,
    confirming_threshold: 12,
  };
}

const NO_NFT = { nft_code: "", token_id: null, chain_code: "", contract_address: "" } as const;

/** A deposit into an MPC wallet: 1.5 ETH, final. Members of its objects are replaced one by one. */
export function mpcDeposit(changes: Message = {}): Message {
  return merged(
    {
      cobo_id: "20231114221320000200000000000001",
      request_id: "",
      status: 900,
      coin_detail: coinDetail("ETH", "ETH", 18),
      nft_detail: NO_NFT,
      amount_detail: { amount: "1500000000000000000", abs_amount: "1.5", nft_amount: 0 },
      fee_detail: {
        fee_coin_detail: coinDetail("ETH", "ETH", 18),
        gas_price: 30_000_000_000,
        gas_limit: 21_000,
        fee_used: 630_000_000_000_000,
        fee: 0,
      },
      source_addresses: null,
      from_address: THEIRS,
      to_address: OURS,
      memo: "",
      tx_hash: HASH,
      vout_n: 0,
      nonce: 0,
      confirmed_number: 12,
      replace_cobo_id: "",
      transaction_type: 1000,
      block_detail: { block_hash: BLOCK, block_height: 18_572_000, block_time: T + 12_000 },
      tx_detail: { tx_hash: HASH },
      extra_parameters: "",
      created_time: T,
      updated_time: T + 180_000,
      failed_reason: "",
      to_address_details: "",
    },
    changes,
  );
}

/** A withdrawal from an MPC wallet: 0.5 ETH, final. */
export function mpcWithdrawal(changes: Message = {}): Message {
  return merged(
    mpcDeposit({
      cobo_id: "20231114221320000200000000000002",
      request_id: "w-2",
      amount_detail: { amount: "500000000000000000", abs_amount: "0.5" },
      from_address: OURS,
      to_address: THEIRS,
      nonce: 7,
      transaction_type: 102,
      operation: 100,
    }),
    changes,
  );
}

/** What Cobo asks before such a withdrawal, as far as the printed sample has it. */
export function mpcConfirmation(changes: Message = {}): Message {
  return merged(
    mpcWithdrawal({
      status: 101,
      tx_hash: "",
      tx_detail: { tx_hash: "" },
      block_detail: { block_hash: "", block_height: 0, block_time: 0 },
      confirmed_number: 0,
      nonce: null,
      source_addresses: "",
      nft_detail: undefined,
      fee_detail: { fee_used: 0 },
    }),
    changes,
  );
}

function isObject(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A message with changes: objects are merged, all else is replaced; `undefined` takes a member away. */
export function merged(base: Message, changes: Message): Message {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key];
    if (value === undefined) delete result[key];
    else result[key] = isObject(before) && isObject(value) ? merged(before, value) : value;
  }
  return result;
}

/** JSON as Python writes it, as in the published messages: put together anew by anybody else, it has other bytes. */
export function bodyOf(message: unknown): string {
  if (Array.isArray(message)) return `[${message.map(bodyOf).join(", ")}]`;
  if (!isObject(message)) return JSON.stringify(message);
  const members = Object.entries(message).map(([key, value]) => `${JSON.stringify(key)}: ${bodyOf(value)}`);
  return `{${members.join(", ")}}`;
}

/** How often Cobo tries, the first time included. */
const ATTEMPTS = 14;

export interface PushDoubleOptions {
  /** The listener's, without a path. */
  readonly url: string;
  readonly privateKey?: string;
  readonly spelling?: PushOptions["spelling"];
  readonly tls?: PushOptions["tls"];
  /** Between two attempts; Cobo's own are minutes and hours. */
  readonly pauseMs?: number;
}

export interface SendOptions {
  readonly path?: string;
  readonly timestampMs?: number;
  readonly spelling?: PushOptions["spelling"];
}

/** @property delivered - an answer of 200 with `ok` came, to one of the attempts. */
export interface Delivery {
  readonly delivered: boolean;
  readonly attempts: number;
  readonly last: HttpResponse | undefined;
}

export class PushDouble {
  readonly #options: PushDoubleOptions;
  #newest: { readonly body: string; readonly options: SendOptions } | undefined;

  constructor(options: PushDoubleOptions) {
    this.#options = options;
  }

  /**
   * Signs and sends a message once, as Cobo does for one that is pending.
   *
   * @param message - as text it is sent as it is.
   * @throws Error where no complete response came.
   */
  send(message: Message | string, options: SendOptions = {}): Promise<HttpResponse> {
    const { url, privateKey = COBO.privateKey, tls } = this.#options;
    const { path = "/push", timestampMs, spelling = this.#options.spelling } = options;
    const body = typeof message === "string" ? message : bodyOf(message);
    this.#newest = { body, options };
    return postPush({ url: `${url}${path}`, body, privateKey, timestampMs, spelling, tls });
  }

  /** Sends a message until it is answered with `ok`, as Cobo does for one that is final. */
  async deliver(message: Message | string, options: SendOptions = {}): Promise<Delivery> {
    let last: HttpResponse | undefined;
    for (let attempts = 1; attempts <= ATTEMPTS; attempts += 1) {
      if (attempts > 1) await sleep(this.#options.pauseMs ?? 0);
      last = await this.send(message, options).catch(() => undefined);
      if (last?.status === 200 && last.body === "ok") return { delivered: true, attempts, last };
    }
    return { delivered: false, attempts: ATTEMPTS, last };
  }

  /** The newest message once more, with the same bytes and another time: the "Resend" of Cobo's web console. */
  resend(): Promise<HttpResponse> {
    if (this.#newest === undefined) throw new Error("nothing was sent yet");
    const { body, options } = this.#newest;
    return this.send(body, { ...options, timestampMs: Date.now() });
  }
}
