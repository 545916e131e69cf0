/** Signed messages, from the request to the evidence: what is signed is what is shown, and never a transaction. */
import { encodeBase64, hashMessage, Transaction, toUtf8Bytes } from "ethers";
import { describe, expect, it } from "vitest";
import type { Callback } from "../fixtures/callbacks/callbacks.ts";
import { demoCallback, evidenceOf, LISTED, withWords } from "../support/evidence.ts";

const SAFE = () => demoCallback("message-signing-safe");

function typedOf(callback: Callback): Record<string, Record<string, unknown>> {
  return JSON.parse(JSON.stringify(Reflect.get(callback.extra["transaction"] as object, "destination")))
    .structured_data;
}

function personal(bytes: Uint8Array, hash: string): Callback {
  const callback = withWords(SAFE(), {
    destination: { destination_type: "EVM_EIP_191_Signature", message: encodeBase64(bytes) },
  });
  callback.detail["msg_hash_list"] = [hash];
  return callback;
}

const UNSIGNED = Transaction.from({
  type: 0,
  chainId: 1,
  nonce: 0,
  gasPrice: 1n,
  gasLimit: 21_000,
  to: LISTED,
  value: 1n,
});

describe("a text", () => {
  it("mismatch: another text's hash", () => {
    const evidence = evidenceOf(personal(toUtf8Bytes("hello"), hashMessage("hullo")));
    expect(evidence).toMatchObject({ status: "mismatch", differences: [{ field: "signing.hashes.0" }] });
  });

  it("mismatch: the hash of a transaction, beside it or as the text itself", () => {
    const beside = withWords(personal(toUtf8Bytes("hello"), UNSIGNED.unsignedHash), {
      raw_tx_info: { unsigned_raw_tx: UNSIGNED.unsignedSerialized },
    });
    expect(evidenceOf(beside).differences).toContainEqual({
      field: "signing.hashes.0",
      declared: "of a message",
      decoded: `${UNSIGNED.unsignedHash}, of a transaction`,
    });
    const bytes = Buffer.from(UNSIGNED.unsignedSerialized.slice(2), "hex");
    expect(evidenceOf(personal(bytes, hashMessage(bytes)))).toMatchObject({
      status: "mismatch",
      differences: [{ field: "transaction.message", decoded: "an unsigned transaction" }],
    });
  });

  it("undecodable: no base64", () => {
    const callback = withWords(personal(toUtf8Bytes("hello"), hashMessage("hello")), {
      "destination.message": "hello!",
    });
    expect(evidenceOf(callback).status).toBe("undecodable");
  });

  it("verified, with the text; what looks like a hash is none", () => {
    expect(evidenceOf(personal(toUtf8Bytes("hello"), hashMessage("hello")))).toMatchObject({
      status: "verified",
      text: "hello",
    });
    const hash = UNSIGNED.unsignedHash;
    const evidence = evidenceOf(personal(toUtf8Bytes(hash), hashMessage(hash)));
    expect(evidence.status).toBe("verified");
    expect(evidence).not.toHaveProperty("text");
  });
});

describe("a bare hash", () => {
  it("is unsupported, and a mismatch where it is that of the transaction beside it", () => {
    const bare = withWords(SAFE(), {
      destination: { destination_type: "Raw_Message_Signature", msg_hash: UNSIGNED.unsignedHash },
    });
    bare.detail["msg_hash_list"] = [UNSIGNED.unsignedHash];
    expect(evidenceOf(bare)).toMatchObject({ status: "unsupported" });
    withWords(bare, { raw_tx_info: { unsigned_raw_tx: UNSIGNED.unsignedSerialized } });
    expect(evidenceOf(bare).differences).toMatchObject([{ field: "signing.hashes.0" }]);
  });
});

describe("typed data", () => {
  it("mismatch: another chain's domain", () => {
    const evidence = evidenceOf(withWords(SAFE(), { chain_id: "ETH" }));
    expect(evidence.differences).toContainEqual({
      field: "transaction.chain",
      declared: "ETH (chain id 1)",
      decoded: "chain id 5000",
    });
  });

  it("mismatch: two forms that differ", () => {
    const callback = SAFE();
    const other = typedOf(callback);
    other["message"] = { ...other["message"], nonce: "10" };
    withWords(callback, { "destination.raw_structured_data": JSON.stringify(other) });
    expect(evidenceOf(callback)).toMatchObject({
      status: "mismatch",
      differences: [
        {
          field: "transaction.message.message.nonce",
          declared: expect.stringContaining("10"),
          decoded: expect.stringContaining("9"),
        },
      ],
    });
  });

  it("mismatch: an approver was shown another Safe transaction", () => {
    const shown = {
      to: LISTED,
      value: "0",
      data: "0x",
      domain_hash: `0x${"11".repeat(32)}`,
      message_hash: `0x${"22".repeat(32)}`,
      safe_address: LISTED,
      safe_tx_hash: `0x${"33".repeat(32)}`,
      safe_nonce: 9,
      operation: "0",
    };
    const { differences = [] } = evidenceOf(withWords(SAFE(), { "destination.safe_tx_extra_data": shown }));
    expect(differences.map(({ declared }) => declared)).toEqual([
      `domain hash ${shown.domain_hash}`,
      `message hash ${shown.message_hash}`,
      `Safe transaction's hash ${shown.safe_tx_hash}`,
      `Safe ${LISTED}`,
      `callee ${LISTED}`,
      "calldata 0x",
    ]);
    expect(new Set(differences.map(({ field }) => field))).toEqual(new Set(["transaction.message"]));
  });

  it("verified, and read to what the Safe pays", () => {
    const evidence = evidenceOf(SAFE());
    expect(evidence).toMatchObject({
      status: "verified",
      typed_data: { primary_type: "SafeTx", chain_id: "5000" },
    });
    expect(evidence.effects?.map(({ type, to }) => [type, to])).toContainEqual([
      "transfer",
      "0x5393209fc04e4df32c023d9487fed571dd0b09b2",
    ]);
  });

  it("the transaction by which Bybit was robbed: code of a stranger runs as the Safe", () => {
    expect(evidenceOf(demoCallback("bybit-safe-transaction"))).toMatchObject({
      status: "verified",
      effects: [
        {
          type: "delegatecall",
          from: "0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4",
          to: "0x96221423681a6d52e184d440a8efcebb105c7242",
        },
      ],
    });
  });
});
