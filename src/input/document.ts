/**
 * The unified input document, version 1: the only thing a rule sees.
 *
 * One rule of absence holds everywhere: a member that could not be established is absent, never `null`,
 * `0`, `""`, `[]` or `{}`. That is why strings and arrays below have a minimal length, and why every object
 * is closed: a misspelt member is refused here and by `opa check`, not silently undefined in Rego.
 *
 * The document is checked against this schema after it was built and before Rego sees it, so that a rule may
 * rely on every type, pattern and enumeration written here.
 */
import { z } from "zod";
import { SEVERITIES } from "../severity.ts";

const text = z.string().min(1);
/** An integer of any size as a decimal string: no sign, no leading zero. */
const digits = z.string().regex(/^(0|[1-9][0-9]*)$/);
/** A non-negative decimal in whole units, in its shortest spelling. */
const wholeUnits = z.string().regex(/^(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/);
/** Milliseconds since the Unix epoch. */
const milliseconds = z.int().min(0);
const hex = z.string().regex(/^0x([0-9a-f]{2})*$/);

/** What `isFilled` asks for, in the words of JSON Schema, which has no refinements. */
const FILLED = { minProperties: 1 };

function isFilled(table: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(table).length > 0;
}

export const KINDS = [
  "transaction_signing",
  "withdrawal_confirmation",
  "message_signing",
  "key_generation",
  "key_reshare",
  "key_share_signing",
  "deposit",
  "withdrawal",
] as const;

export const GROUPS = ["transfer", "message", "key", "deposit", "withdrawal"] as const;

export const CHANNELS = [
  "tss.v2",
  "tss.v1",
  "push.custodial",
  "push.mpc",
  "confirm.waas1",
  "waas2.webhook",
  "waas2.callback",
] as const;

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const curves = ["secp256k1", "ed25519"] as const;

/**
 * An amount of one token. `units` is the exact integer of the smallest unit; it is absent where the token's
 * decimals are unknown. `usd_micros` is absent where no fresh price is known. Neither is ever guessed.
 */
export const amountSchema = z.strictObject({
  token: text,
  units: digits.optional(),
  decimals: z.int().min(0).max(255).optional(),
  text: wholeUnits.optional(),
  usd_micros: digits.optional(),
});

/** The fee that the transaction may cost at most, with the parameters that make it up. Never an estimate. */
const feeSchema = amountSchema.extend({
  type: text.optional(),
  gas_limit: digits.optional(),
  gas_price: digits.optional(),
  max_fee_per_gas: digits.optional(),
  max_priority_fee_per_gas: digits.optional(),
  rate: wholeUnits.optional(),
});

const requestSchema = z.strictObject({ id: text, source: text, received_at: milliseconds });

const nowSchema = z.strictObject({
  ms: milliseconds,
  date: z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/),
  time: z.string().regex(/^[0-9]{2}:[0-9]{2}:[0-9]{2}$/),
  weekday: z.enum(weekdays),
  hour: z.int().min(0).max(23),
  minute: z.int().min(0).max(1439).describe("minute of the day"),
  zone: text,
});

const organizationSchema = z.strictObject({
  id: text,
  name: text.optional(),
  created_at: milliseconds.optional(),
});

const projectSchema = z.strictObject({
  id: text,
  name: text.optional(),
  organization_id: text.optional(),
  participants: z.int().min(1).optional(),
  threshold: z.int().min(1).optional(),
  created_at: milliseconds.optional(),
});

const vaultSchema = z.strictObject({
  id: text,
  name: text.optional(),
  type: text.optional(),
  project_id: text.optional(),
  root_public_keys: z
    .array(z.strictObject({ key: text.optional(), curve: z.enum(curves).optional() }))
    .min(1)
    .optional(),
  created_at: milliseconds.optional(),
});

const walletSchema = z.strictObject({
  id: text,
  name: text.optional(),
  type: text.optional(),
  subtype: text.optional(),
  organization_id: text.optional(),
  project_id: text.optional(),
  project_name: text.optional(),
  vault_id: text.optional(),
  vault_name: text.optional(),
  auto_sweep: z.boolean().optional(),
  created_at: milliseconds.optional(),
});

const initiatorSchema = z.strictObject({
  type: z.enum(["API", "Web", "App", "External"]).optional(),
  id: text.optional(),
  api_key: text.optional(),
});

const tssRequestSchema = z.strictObject({
  id: text,
  type: text.optional(),
  status: text.optional(),
  source_group: z.strictObject({ id: text, nodes: z.array(text).min(1).optional() }).optional(),
  target_group: text.optional(),
  description: text.optional(),
  created_at: milliseconds.optional(),
});

const holderSchema = z.strictObject({
  node: text.optional(),
  name: text.optional(),
  type: text.optional(),
  status: text.optional(),
  signer: z.boolean().optional(),
  online: z.boolean().optional(),
});

const groupSchema = z.strictObject({
  id: text,
  type: text.optional(),
  status: text.optional(),
  threshold: z.int().min(1).optional(),
  participants: z.int().min(1).optional(),
  holders: z.array(holderSchema).min(1).optional(),
  keys: z
    .array(
      z.strictObject({
        group_id: text.optional(),
        curve: z.enum(curves).optional(),
        root_public_key: text.optional(),
      }),
    )
    .min(1)
    .optional(),
  created_at: milliseconds.optional(),
});

const keySchema = z.strictObject({
  group_id: text.optional(),
  old_group_id: text.optional(),
  root_public_key: text.optional(),
  curve: z.enum(curves).optional(),
  threshold: z.int().min(1).optional(),
  old_threshold: z.int().min(1).optional(),
  participants: z
    .array(
      z.strictObject({
        node: text,
        name: text.optional(),
        type: text.optional(),
        status: text.optional(),
      }),
    )
    .min(1)
    .optional(),
  used: z.array(text).min(1).optional(),
  group: groupSchema.optional(),
  old_group: groupSchema.optional(),
  /** Key share signing only: what each share is asked to sign, and the groups Cobo names for it. */
  share_checks: z
    .array(z.strictObject({ group_id: text, message: text }))
    .min(1)
    .optional(),
  share_groups: z.array(groupSchema).min(1).optional(),
});

const signingSchema = z.strictObject({
  hashes: z.array(hex).min(1),
  paths: z.array(text).min(1),
  /** In the order of `hashes`; `0x` where a hash has no tweak; absent where none has. */
  tweaks: z.array(hex).min(1).optional(),
  algorithm: z.enum(["ecdsa", "eddsa", "schnorr"]).optional(),
  protocol: z.enum(["gg18", "lindell", "eddsa_tss"]).optional(),
});

const sourceSchema = z.strictObject({
  address: text.optional(),
  path: text.optional(),
  public_key: text.optional(),
  outpoint: z
    .string()
    .regex(/^[^:]+:[0-9]+$/)
    .optional(),
  amount: amountSchema.optional(),
});

const destinationSchema = z.strictObject({
  address: text.optional(),
  wallet_id: text.optional(),
  memo: text.optional(),
  amount: amountSchema.optional(),
});

const transactionSchema = z.strictObject({
  id: text.optional(),
  cobo_id: text.optional(),
  business_id: text.optional(),
  type: text.optional(),
  destination_type: text.optional(),
  chain: text.optional(),
  token: text.optional(),
  sources: z.array(sourceSchema).min(1).optional(),
  destinations: z.array(destinationSchema).min(1).optional(),
  totals: z.record(z.string(), amountSchema).refine(isFilled, "never empty").meta(FILLED).optional(),
  total_usd_micros: digits.optional(),
  fee: feeSchema.optional(),
  nonce: digits.optional(),
  contract: z
    .strictObject({
      address: text.optional(),
      selector: z
        .string()
        .regex(/^0x[0-9a-f]{8}$/)
        .optional(),
      calldata: hex.optional(),
      method: text.optional(),
      arguments: z.array(text).min(1).optional(),
    })
    .optional(),
  message: text.optional(),
  replaces: z
    .strictObject({
      id: text.optional(),
      hash: text.optional(),
      how: z.enum(["speed_up", "drop", "resend"]).optional(),
    })
    .optional(),
  fuels: z
    .strictObject({
      id: text.optional(),
      request_id: text.optional(),
      transaction_id: text.optional(),
    })
    .optional(),
  sweep: z.boolean().optional(),
  internal: z.boolean().optional(),
  description: text.optional(),
  created_at: milliseconds.optional(),
});

export const EFFECT_TYPES = [
  "transfer",
  "approve",
  "permit",
  "operator_grant",
  "admin",
  "deploy",
  "delegatecall",
  "call",
  "unknown",
  "fee",
] as const;

/**
 * One thing that the bytes do.
 *
 * - `asset`: a token's id where the release knows the contract (or the chain's coin), else the contract's address;
 *   `native` for a coin without an id; `<contract>/<token id>` for a single token (ERC-721, ERC-1155).
 * - `from`: whose it is; `to`: who gets it, may take it (`approve`, `permit`, `operator_grant`), or is called.
 * - `amount`: at most that much. Absent where the bytes set no bound.
 * - `selector`, `method`, `arguments`: of the call that does it; the latter two where an ABI is known.
 * - `depth`: 0 for the transaction's own call, one more for each call that wraps it.
 */
const effectSchema = z.strictObject({
  type: z.enum(EFFECT_TYPES),
  asset: text.optional(),
  from: text.optional(),
  to: text.optional(),
  amount: amountSchema.optional(),
  selector: z
    .string()
    .regex(/^0x[0-9a-f]{8}$/)
    .optional(),
  method: text.optional(),
  arguments: z
    .array(z.strictObject({ name: text.optional(), type: text, value: z.string() }))
    .min(1)
    .optional(),
  depth: z.int().min(0).optional(),
});

/** What EIP-712 data is for: its domain, and the type of what is signed. */
const typedDataSchema = z.strictObject({
  primary_type: text,
  name: text.optional(),
  version: text.optional(),
  chain_id: digits.optional(),
  verifying_contract: text.optional(),
  salt: hex.optional(),
});

/**
 * What the bytes say. `differences` is present, empty if need be, wherever bytes were compared. `text` is a signed
 * message where it is readable text, `problem` why bytes could not be read, or compared.
 */
const evidenceSchema = z.strictObject({
  status: z.enum(["verified", "mismatch", "undecodable", "unsupported", "absent"]),
  key: z.enum(["verified", "mismatch", "unsupported", "absent"]),
  family: z.enum(["evm", "bitcoin", "tron", "solana", "cosmos", "stellar"]).optional(),
  differences: z
    .array(z.strictObject({ field: text, declared: text.optional(), decoded: text.optional() }))
    .optional(),
  effects: z.array(effectSchema).min(1).optional(),
  typed_data: typedDataSchema.optional(),
  text: text.optional(),
  problem: text.optional(),
});

/** What a push message may say of its transaction, in the words of both generations. */
export const PUSH_STATUSES = [
  "pending",
  "confirming",
  "success",
  "failed",
  "reverting",
  "reorganized",
] as const;

/**
 * What a push message says of a deposit or a withdrawal on its chain; of withdrawals too.
 *
 * - `previously`: what the ledger had last been told of the same transaction; absent at the first message.
 * - `coin`: as the message describes it. `decimals` are the sender's word: amounts go by the release's `data.tokens`.
 * - `fee`: what the chain took; `service_fee`: what Cobo took.
 */
const depositSchema = z.strictObject({
  status: z.enum(PUSH_STATUSES).optional(),
  previously: z.enum(PUSH_STATUSES).optional(),
  waiting_audit: z.boolean().optional(),
  internal: z.boolean().optional(),
  outpoint: z.strictObject({ hash: text, index: z.int().min(0).optional() }).optional(),
  block: z
    .strictObject({ hash: text.optional(), height: z.int().min(0).optional(), at: milliseconds.optional() })
    .optional(),
  confirmations: z.int().min(0).optional(),
  threshold: z.int().min(0).optional(),
  sources: z
    .array(z.strictObject({ address: text }))
    .min(1)
    .optional(),
  coin: z
    .strictObject({
      code: text,
      chain: text.optional(),
      name: text.optional(),
      description: text.optional(),
      decimals: z.int().min(0).max(255).optional(),
      can_deposit: z.boolean().optional(),
      can_withdraw: z.boolean().optional(),
      threshold: z.int().min(0).optional(),
      dust_threshold: digits.optional(),
    })
    .optional(),
  nft: z
    .strictObject({
      code: text.optional(),
      token_id: text.optional(),
      contract: text.optional(),
      amount: digits.optional(),
    })
    .optional(),
  fee: feeSchema.optional(),
  service_fee: amountSchema.optional(),
  failed_reason: text.optional(),
  created_at: milliseconds.optional(),
  updated_at: milliseconds.optional(),
  confirmed_by_query: z.boolean().optional(),
});

const flagsSchema = z.strictObject({
  known: z.boolean(),
  open: z.array(
    z.strictObject({
      id: text,
      severity: z.enum(SEVERITIES),
      rule: text,
      role: z.enum(["paid_into", "sender"]),
      transaction: text,
      amount: amountSchema.optional(),
    }),
  ),
});

/** The answer to one fact query: a number, a number by value, flags by value, or the movements replaced. */
const factSchema = z.union([
  digits,
  flagsSchema,
  z
    .array(
      z.strictObject({
        asset: text,
        from: text.optional(),
        to: text.optional(),
        amount: amountSchema.optional(),
        nonce: digits.optional(),
        state: text,
      }),
    )
    .min(1),
  z
    .record(z.string(), z.union([digits, flagsSchema]))
    .refine(isFilled, "never empty")
    .meta(FILLED),
]);

/** What a list says of an address on it. `false` would read as not on it, to `not input.lists.x[address]`. */
const listEntrySchema = z
  .unknown()
  .refine((entry) => entry !== false && entry !== null && entry !== undefined, "an entry says something")
  .meta({ not: { enum: [false, null] } });

/** The document without the untouched original, which travels beside it as text: see `serialize`. */
export const documentSchema = z.strictObject({
  version: z.literal(1),
  kind: z.enum(KINDS),
  group: z.enum(GROUPS),
  channel: z.enum(CHANNELS),
  request: requestSchema,
  task: z.strictObject({ id: text.optional(), business_id: text.optional() }).optional(),
  now: nowSchema,
  organization: organizationSchema.optional(),
  project: projectSchema.optional(),
  vault: vaultSchema.optional(),
  wallet: walletSchema.optional(),
  initiator: initiatorSchema.optional(),
  tss_request: tssRequestSchema.optional(),
  key: keySchema.optional(),
  signing: signingSchema.optional(),
  transaction: transactionSchema.optional(),
  evidence: evidenceSchema.optional(),
  deposit: depositSchema.optional(),
  facts: z.record(z.string(), z.record(z.string(), factSchema)).optional(),
  lists: z.record(z.string(), z.record(z.string(), listEntrySchema)).optional(),
});

export type Document = z.infer<typeof documentSchema>;
export type Kind = (typeof KINDS)[number];
export type Group = (typeof GROUPS)[number];
export type Channel = (typeof CHANNELS)[number];
export type Amount = z.infer<typeof amountSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type Effect = z.infer<typeof effectSchema>;
export type Difference = NonNullable<Evidence["differences"]>[number];
export type TypedData = z.infer<typeof typedDataSchema>;
export type Deposit = z.infer<typeof depositSchema>;
export type PushStatus = (typeof PUSH_STATUSES)[number];
export type FlagsAnswer = z.infer<typeof flagsSchema>;

/** The group of rules that judges a kind. */
export const GROUP_OF: Readonly<Record<Kind, Group>> = {
  transaction_signing: "transfer",
  withdrawal_confirmation: "transfer",
  message_signing: "message",
  key_generation: "key",
  key_reshare: "key",
  key_share_signing: "key",
  deposit: "deposit",
  withdrawal: "withdrawal",
};

/**
 * Which content of a list was looked into.
 *
 * @property sequence - of its statement; 0 where nobody signed it. @property sha256 - of its file, hex.
 */
export interface ListVersion {
  readonly sequence: number;
  readonly sha256: string;
}

/** By the lists' names. */
export type ListVersions = Readonly<Record<string, ListVersion>>;

/**
 * A finished document and the original it was made from.
 *
 * @property raw - the original as JSON text, strictly checked before; its numbers keep their spelling.
 * @property lists - what `document.lists` comes from; absent where no list was looked into.
 */
export interface InputDocument {
  readonly document: Document;
  readonly raw: string;
  readonly lists?: ListVersions | undefined;
}

/** A document with what the host knows besides. */
export type Enriched = Pick<InputDocument, "document" | "lists">;

/**
 * The document as JSON text, with the original spliced in as it was spelled.
 *
 * @param withRaw - leave the original out where no rule of the release reads it: it is half of the bytes.
 */
export function serialize(input: InputDocument, withRaw: boolean): string {
  const text = JSON.stringify(input.document);
  return withRaw ? spliceRaw(text, input.raw) : text;
}

/** A document's text with its original, which is JSON text itself, as the member `raw`. */
export function spliceRaw(text: string, raw: string): string {
  return `${text.slice(0, -1)},"raw":${raw}}`;
}

/** The JSON Schema (draft 7) of the whole document, `raw` included, for `opa check -s`. */
export function documentJsonSchema(): unknown {
  const schema = z.toJSONSchema(documentSchema.extend({ raw: z.unknown().optional() }), {
    target: "draft-7",
    io: "input",
  });
  return { ...schema, title: "Countersign unified input document, version 1" };
}
