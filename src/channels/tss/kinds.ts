/**
 * The closed table from wire types to kinds (design 3.4). What it doesn't hold is `KIND_UNKNOWN`: a new type
 * of Cobo's is refused until somebody has thought about it. `docs/input.md` prints it.
 */

import type { Kind } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { STAKES, TYPE_BY_OPERATION, typeOfOperation } from "../ways.ts";
import type { OPERATIONS_V1, TRANSACTION_TYPES_V1 } from "./wire-v1.ts";
import type { TRANSACTION_TYPES } from "./wire-v2.ts";
import type { DESTINATION_TYPES } from "./wire-v2-transfer.ts";

type TransactionType = (typeof TRANSACTION_TYPES)[number];
type DestinationType = (typeof DESTINATION_TYPES)[number];
type OperationV1 = (typeof OPERATIONS_V1)[number];
type TransactionTypeV1 = (typeof TRANSACTION_TYPES_V1)[number];

/** Requests whose type alone tells the kind. 2 is KeySign, below; 4 is nothing; 5 has a v2 payload only. */
const KEY_REQUESTS = [
  { requestType: 1, name: "KeyGen", kind: "key_generation" },
  { requestType: 3, name: "KeyReshare", kind: "key_reshare" },
  { requestType: 5, name: "KeyShareSign", kind: "key_share_signing" },
] as const satisfies readonly { requestType: number; name: string; kind: Kind }[];

const TRANSFERS = ["Address", "CustodialWallet", "ExchangeWallet"] as const;
const CONTRACTS = [
  "EVM_Contract",
  "SOL_Contract",
  "STELLAR_Contract",
  "COSMOS_Contract",
  "TRON_Contract",
] as const;
const SIGNATURES = [
  "EVM_EIP_191_Signature",
  "EVM_EIP_712_Signature",
  "BTC_BIP_137_Signature",
  "BTC_BIP_322_Signature",
  "COSMOS_ADR_36_Signature",
  "Raw_Message_Signature",
] as const;

interface RowV2 {
  readonly types: readonly TransactionType[];
  readonly destinations: readonly DestinationType[];
  readonly kind: Kind;
}

/** KeySign, version 2. A Deposit is never signed for, so it has no row. */
const ROWS_V2: readonly RowV2[] = [
  { types: ["Withdrawal"], destinations: TRANSFERS, kind: "transaction_signing" },
  { types: ["ContractCall"], destinations: CONTRACTS, kind: "transaction_signing" },
  { types: ["MessageSign"], destinations: SIGNATURES, kind: "message_signing" },
  // A Safe's transaction is sent by the delegate as a call, or confirmed by its owner's signature over it.
  { types: ["ExternalSafeTx"], destinations: ["EVM_Contract"], kind: "transaction_signing" },
  { types: ["ExternalSafeTx"], destinations: ["EVM_EIP_712_Signature"], kind: "message_signing" },
  { types: ["Stake", "Unstake"], destinations: ["Address", ...CONTRACTS], kind: "transaction_signing" },
];

interface RowV1 {
  readonly operations: readonly OperationV1[];
  readonly types: readonly TransactionTypeV1[];
  readonly kind: Kind;
}

/** KeySign, version 1: the operation and the way it came about have to agree. */
const ROWS_V1: readonly RowV1[] = [
  {
    operations: [100, 200, 201, 202],
    types: [100, 101, 102, 103, 104, 105, 106, 107, 300, 301, 303, 307, 308, 309, 310, 311, 500, 501],
    kind: "transaction_signing",
  },
  { operations: [300], types: [302, 304, 305], kind: "message_signing" },
];

function unknown(what: string): never {
  throw new Refusal("KIND_UNKNOWN", `no kind for ${what}`);
}

/**
 * The kind of a version 2 KeySign request.
 *
 * @throws Refusal `KIND_UNKNOWN` for a pair that the table doesn't hold.
 */
export function kindOfV2(type: TransactionType | "" | undefined, destination: DestinationType): Kind {
  const row = ROWS_V2.find(
    ({ types, destinations }) => types.some((known) => known === type) && destinations.includes(destination),
  );
  return row?.kind ?? unknown(`transaction type ${type || "(none)"} with destination type ${destination}`);
}

/** What a version 1 KeySign request is. */
export interface SigningV1 {
  readonly kind: Kind;
  /** The document's `transaction.type`. */
  readonly type: string;
}

/**
 * The kind and the transaction type of a version 1 KeySign request.
 *
 * @throws Refusal `KIND_UNKNOWN` for a pair that the table doesn't hold, and where one of them isn't stated.
 */
export function signingOfV1(
  operation: OperationV1 | 0 | undefined,
  type: TransactionTypeV1 | 0 | undefined,
): SigningV1 {
  const row = ROWS_V1.find(
    ({ operations, types }) =>
      operations.some((known) => known === operation) && types.some((known) => known === type),
  );
  if (row === undefined || !operation || !type) {
    return unknown(`operation ${operation ?? "(none)"} with transaction_type ${type ?? "(none)"}`);
  }
  return { kind: row.kind, type: typeOfOperation(operation, type) ?? unknown(`operation ${operation}`) };
}

const code = (words: readonly (string | number)[]): string => words.map((word) => `\`${word}\``).join(", ");

/** The table as Markdown, for `docs/input.md`. */
export function kindsAsMarkdown(): string {
  const v1Names = [...TYPE_BY_OPERATION].map(([operation, type]) => `${operation} \`${type}\``);
  return [
    "| request type | transaction type | destination type | kind |",
    "|---|---|---|---|",
    ...KEY_REQUESTS.map(({ requestType, name, kind }) => `| ${requestType} ${name} | | | \`${kind}\` |`),
    ...ROWS_V2.map(
      ({ types, destinations, kind }) =>
        `| 2 KeySign | ${code(types)} | ${code(destinations)} | \`${kind}\` |`,
    ),
    "",
    "Version 1 payloads name an operation and a transaction type instead; they have no request type 5:",
    "",
    "| request type | operation | transaction_type | kind |",
    "|---|---|---|---|",
    ...ROWS_V1.map(
      ({ operations, types, kind }) => `| 2 KeySign | ${code(operations)} | ${code(types)} | \`${kind}\` |`,
    ),
    "",
    `The document's \`transaction.type\` is then, by operation, ${v1Names.join(", ")}; with transaction type ${code(STAKES)} it is \`Stake\`.`,
    "",
    "Everything else is refused with `KIND_UNKNOWN`.",
    "",
  ].join("\n");
}
