/**
 * The table of `docs/evidence.md`, held to the code: each member that it names makes a difference when it is changed,
 * and no other member of the words does.
 */
import { bech32 } from "@scure/base";
import {
  encodeBase64,
  getBytes,
  hashMessage,
  parseEther,
  ripemd160,
  sha256,
  type TransactionLike,
  toUtf8Bytes,
} from "ethers";
import { describe, expect, it } from "vitest";
import type { Normalized } from "../../src/channels/tss/normalize.ts";
import { CHECKS } from "../../src/evidence/checks.ts";
import { readEvidence } from "../../src/evidence/evidence.ts";
import { readAdr36 } from "../../src/evidence/message/adr36.ts";
import { readBip137 } from "../../src/evidence/message/bip137.ts";
import { readBip322 } from "../../src/evidence/message/bip322.ts";
import type { Document } from "../../src/input/document.ts";
import type { Callback } from "../fixtures/callbacks/callbacks.ts";
import {
  defaultKnowledge,
  demoCallback,
  LISTED,
  normalizedOf,
  USDT,
  withBytes,
  withWords,
} from "../support/evidence.ts";

const RELEASED = defaultKnowledge();
const KNOWLEDGE = { ...RELEASED, chains: { ...RELEASED.chains, COSMOS: { family: "cosmos" as const } } };

/** Named by the table, and no text of the words: what the bytes have and the words don't mention. */
const UNSAID: Readonly<Record<string, readonly string[]>> = {
  evm_coin: ["transaction.contract.calldata"],
  evm_token: ["transaction.contract.calldata"],
  // The words that are shown are the second form of the data: see the typed data's own tests.
  eip712: ["transaction.message"],
};

/** The public keys of the sample's root, by the paths of the demo's requests. */
const PUBLIC_KEYS: Readonly<Record<string, string>> = {
  "m/44/60/0/0/0": "02e9332ce0853a501167fa730d3186e51744b0c69c2f02a0560ef3aa461eeb7d9d",
  "m/44/60/0/0/4": "02b03fcd55aa406e5f7297f9281bb6d06b6bf32c72284b87a361acf3dde575b544",
};

const in1559 = (callback: Callback, transaction: TransactionLike): Callback =>
  withBytes(
    withWords(callback, {
      fee: {
        fee_type: "EVM_EIP_1559",
        token_id: "ETH",
        gas_limit: "60000",
        max_fee_per_gas: "9",
        max_priority_fee_per_gas: "2",
      },
    }),
    { type: 2, gasPrice: null, maxFeePerGas: 9n, maxPriorityFeePerGas: 2n, gasLimit: 60_000, ...transaction },
  );

const COIN = { to: LISTED, value: parseEther("0.0001") };
const TRANSFER = `0xa9059cbb${LISTED.slice(2).padStart(64, "0")}${(50_000_000).toString(16).padStart(64, "0")}`;
const tokenWords = (): Callback =>
  withWords(demoCallback("listed-transfer"), {
    token_id: "ETH_USDT",
    "destination.account_output.amount": "50",
    "fee.gas_limit": "60000",
  });
const TOKEN = { to: USDT, data: TRANSFER, gasLimit: 60_000 };

/** A text on a chain that signs texts another way than EVM, by the sample's key at `m/44/60/0/0/4`. */
function foreignText(
  chain: string,
  address: string,
  destination: Readonly<Record<string, unknown>>,
  digest: string | undefined,
): Callback {
  const callback = withWords(demoCallback("message-signing-safe"), { chain_id: chain, destination });
  withWords(callback, { "source.address": address });
  const [source] = callback.extra["source_addresses"] as [Record<string, unknown>];
  Object.assign(source, { address, chain_id: chain });
  callback.detail["msg_hash_list"] = [digest];
  return callback;
}

const HELLO = "0x68656c6c6f";
const KEY = getBytes(`0x${PUBLIC_KEYS["m/44/60/0/0/4"]}`);
const HASH160 = getBytes(ripemd160(sha256(KEY)));
const SEGWIT = bech32.encode("bc", [0, ...bech32.toWords(HASH160)]);
const COSMOS = bech32.encode("cosmos", bech32.toWords(HASH160));

function text(): Callback {
  const callback = withWords(demoCallback("message-signing-safe"), {
    destination: { destination_type: "EVM_EIP_191_Signature", message: encodeBase64(toUtf8Bytes("hello")) },
  });
  callback.detail["msg_hash_list"] = [hashMessage("hello")];
  return callback;
}

/** With the public key that signs among the words. */
function withKey(callback: Callback): Callback {
  const [path] = callback.detail["bip32_path_list"] as [string];
  const [source] = callback.extra["source_addresses"] as [Record<string, unknown>];
  source["pubkey"] = PUBLIC_KEYS[path];
  return callback;
}

/** Requests that are verified as they stand, by the row of the table. */
const SAMPLES: Readonly<Record<string, readonly Callback[]>> = {
  evm_coin: [withBytes(demoCallback("listed-transfer"), COIN), in1559(demoCallback("listed-transfer"), COIN)],
  evm_token: [withBytes(tokenWords(), TOKEN), in1559(tokenWords(), TOKEN)],
  evm_call: [
    demoCallback("contract-call-approval"),
    in1559(demoCallback("contract-call-approval"), {
      to: USDT,
      data: String(
        Reflect.get(demoCallback("contract-call-approval").extra["transaction"] as object, "destination")
          ?.calldata,
      ),
    }),
  ],
  eip191: [text()],
  eip712: [demoCallback("message-signing-safe")],
  bip137: [
    foreignText(
      "BTC",
      SEGWIT,
      { destination_type: "BTC_BIP_137_Signature", message_bip137: HELLO },
      readBip137(HELLO).digest,
    ),
  ],
  bip322: [
    foreignText(
      "BTC",
      SEGWIT,
      { destination_type: "BTC_BIP_322_Signature", message_bip322: HELLO },
      readBip322(HELLO, SEGWIT).digests[0],
    ),
  ],
  adr36: [
    foreignText(
      "COSMOS",
      COSMOS,
      { destination_type: "COSMOS_ADR_36_Signature", message_cosmos_adr36: HELLO },
      readAdr36(HELLO, COSMOS).digest,
    ),
  ],
};

/** Words about the signature and what is signed; the others name who holds the key, and the protocol. */
const COMPARED = /^(transaction\.|signing\.(hashes|paths|algorithm)|key\.(root_public_key|curve)$)/;

/** Every text in a value, by its path. */
function* leaves(value: unknown, path: string): Generator<string> {
  if (typeof value === "string") yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value))
    yield* leaves(member, path === "" ? key : `${path}.${key}`);
}

/** The document with another text at a path: another number where it was one, another address, another chain. */
function changed(document: Document, path: string): Document {
  const copy: Record<string, unknown> = structuredClone(document);
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  let holder: unknown = copy;
  for (const step of steps) holder = Reflect.get(holder as object, step);
  const value = String(Reflect.get(holder as object, last));
  Reflect.set(holder as object, last, otherThan(path, value));
  return copy as Document;
}

function otherThan(path: string, value: string): string {
  if (path === "transaction.chain") return value === "MNT" ? "ETH" : value === "ETH" ? "MNT" : "NOBODYS";
  if (path === "transaction.token") return "ETH_USDC";
  if (/^\d+$/.test(value)) return `${value}1`;
  if (/^(0x)?[0-9a-f]+$/.test(value))
    return value.endsWith("1") ? `${value.slice(0, -1)}2` : `${value.slice(0, -1)}1`;
  return `${value}x`;
}

const fieldsOf = ({ document, material }: Normalized): readonly string[] => {
  if (material === undefined) throw new TypeError("nothing is signed");
  const { differences = [] } = readEvidence(document, material, KNOWLEDGE);
  return differences.map(({ field }) => field);
};

describe.each(Object.entries(SAMPLES))("%s", (id, callbacks) => {
  const row = CHECKS.find((check) => check.id === id);
  const samples = callbacks.map((callback) => normalizedOf(withKey(callback), KNOWLEDGE));

  it("is verified as it stands", () => {
    for (const sample of samples) expect(fieldsOf(sample)).toEqual([]);
  });

  it("sees every change of a member in the table, and of no other", () => {
    const fields = row?.fields ?? [];
    const found = new Set<string>(UNSAID[id]);
    for (const { document, material } of samples) {
      for (const path of leaves(document, "")) {
        if (!COMPARED.test(path) || UNSAID[id]?.includes(path)) continue;
        const seen = fieldsOf({
          document: changed(document, path),
          raw: "{}",
          ...(material && { material }),
        });
        if (fields.includes(path)) expect(seen, path).toContain(path);
        else expect(seen, path).toEqual([]);
        if (seen.includes(path)) found.add(path);
      }
    }
    expect([...found].sort()).toEqual([...fields].sort());
  });
});

it("every row of the table has a sample", () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(CHECKS.map(({ id }) => id).sort());
});
