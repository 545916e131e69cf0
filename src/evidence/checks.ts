/**
 * What is checked for which kind of bytes, as a table: the docs are made from it, and a test holds the code to it,
 * member by member.
 */

/**
 * @property what - what the request asks to be signed.
 * @property bytes - what is decoded. @property digest - what has to equal `signing.hashes`.
 * @property fields - the paths in the document that the bytes are held against; no other member of the transaction
 *   stands in them.
 */
export interface Check {
  readonly id: string;
  readonly what: string;
  readonly bytes: string;
  readonly digest: string;
  readonly fields: readonly string[];
}

const KEY = [
  "key.root_public_key",
  "key.curve",
  "signing.paths.0",
  "signing.algorithm",
  "transaction.sources.0.address",
  "transaction.sources.0.path",
  "transaction.sources.0.public_key",
];

const EVM = [
  "signing.hashes.0",
  "transaction.chain",
  "transaction.nonce",
  "transaction.fee.gas_limit",
  "transaction.fee.gas_price",
  "transaction.fee.max_fee_per_gas",
  "transaction.fee.max_priority_fee_per_gas",
];

const PAYMENT = ["transaction.destinations.0.address", "transaction.destinations.0.amount.units"];

const UNSIGNED = "`raw_tx_info.unsigned_raw_tx`: legacy, EIP-155, 2930, 1559, 4844, 7702; canonical RLP only";
const KECCAK = "Keccak-256 of exactly these bytes";

export const CHECKS: readonly Check[] = [
  {
    id: "evm_coin",
    what: "EVM, the chain's coin to an address",
    bytes: UNSIGNED,
    digest: KECCAK,
    fields: [...EVM, "transaction.token", ...PAYMENT, "transaction.contract.calldata", ...KEY],
  },
  {
    id: "evm_token",
    what: "EVM, a token of `data.tokens` to an address",
    bytes: UNSIGNED,
    digest: KECCAK,
    fields: [...EVM, "transaction.token", ...PAYMENT, "transaction.contract.calldata", ...KEY],
  },
  {
    id: "evm_call",
    what: "EVM, a contract call",
    bytes: UNSIGNED,
    digest: KECCAK,
    fields: [
      ...EVM,
      "transaction.contract.address",
      "transaction.contract.calldata",
      "transaction.destinations.0.amount.units",
      ...KEY,
    ],
  },
  {
    id: "eip191",
    what: "EIP-191 text",
    bytes: "`destination.message`, base64",
    digest: "Keccak-256 with the prefix of EIP-191",
    fields: ["signing.hashes.0", ...KEY],
  },
  {
    id: "eip712",
    what: "EIP-712 data",
    bytes: "`structured_data` and `raw_structured_data`, which must be equal",
    digest: "the EIP-712 digest",
    fields: ["signing.hashes.0", "transaction.chain", "transaction.message", ...KEY],
  },
  {
    id: "bip137",
    what: "BIP-137 text",
    bytes: "`message_bip137`, hex",
    digest: "double SHA-256 with the prefix of BIP-137",
    fields: ["signing.hashes.0", ...KEY],
  },
  {
    id: "bip322",
    what: "BIP-322 text, simple signatures",
    bytes: "`message_bip322`, hex",
    digest: "the sighash of the virtual transaction for the source's address",
    fields: ["signing.hashes.0", ...KEY],
  },
  {
    id: "adr36",
    what: "ADR-36 text",
    bytes: "`message_cosmos_adr36`, hex",
    digest: "SHA-256 of the sign document of ADR-36",
    fields: ["signing.hashes.0", ...KEY],
  },
];

/** The table as Markdown, for `docs/evidence.md`. */
export function checksAsMarkdown(): string {
  return [
    "| what is signed | bytes | `signing.hashes` is | held against the bytes |",
    "|---|---|---|---|",
    ...CHECKS.map(
      ({ what, bytes, digest, fields }) =>
        `| ${what} | ${bytes} | ${digest} | ${fields.map((field) => `\`${field}\``).join(", ")} |`,
    ),
  ].join("\n");
}
