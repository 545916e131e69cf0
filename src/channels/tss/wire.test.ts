import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesOf,
  type Callback,
  callback,
  callbackText,
  put,
} from "../../../test/fixtures/callbacks/callbacks.ts";
import {
  echoableId,
  type ParsedCallback,
  type PayloadVersion,
  parseCallback,
  UnusableRequest,
} from "./wire.ts";

interface Refused {
  code: string;
  echoId: string;
  message: string;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(input: string | Uint8Array, payload: PayloadVersion = "v2"): ParsedCallback {
  return parseCallback(typeof input === "string" ? bytes(input) : input, payload);
}

function refused(input: string | Uint8Array, payload: PayloadVersion = "v2"): Refused | undefined {
  try {
    parse(input, payload);
  } catch (error) {
    if (!(error instanceof UnusableRequest)) throw error;
    return { code: error.code, echoId: error.echoId, message: error.message };
  }
  return undefined;
}

const codeOf = (input: string | Uint8Array, payload: PayloadVersion = "v2"): string | undefined =>
  refused(input, payload)?.code;

/** The code for an example with one member of `detail.…` or `extra.…` changed. */
function changed(name: string, path: string, value: unknown): string | undefined {
  const request = callback(name);
  put(request as unknown as Record<string, unknown>, path, value);
  return codeOf(bytesOf(request), name.startsWith("v1") ? "v1" : "v2");
}

const outer = (members: Partial<Callback> & Record<string, unknown>): string =>
  JSON.stringify({ request_id: "r1", request_detail: "{}", extra_info: "{}", ...members });

const ALL = [
  "v2-keygen-secp256k1",
  "v2-keygen-ed25519-user-controlled",
  "v2-keysign-eth",
  "v2-keysign-trc20",
  "v2-keysign-spl",
  "v2-keysign-eip712",
  "v2-keyreshare-signing-group",
  "v2-keyreshare-recovery",
  "v2-keysharesign-one-group",
  "v2-keysharesign-two-groups",
  "v1-keygen-secp256k1",
  "v1-keygen-ed25519",
  "v1-keysign-erc20",
  "v1-keysign-utxo",
  "v1-keyreshare-secp256k1",
  "v1-keyreshare-ed25519",
];

describe("text", () => {
  it.each([
    ["REQUEST_ENCODING", Uint8Array.from([0x7b, 0xff, 0x7d])],
    ["REQUEST_ENCODING", "\ufeff{}"],
    ["REQUEST_JSON", ""],
    ["REQUEST_JSON", "not JSON"],
    ["REQUEST_JSON", '{"request_id":"\\ud800"}'],
    ["REQUEST_JSON", '{"request_id":"a\u0000"}'],
    ["REQUEST_DUPLICATE_KEY", '{"request_type":0,"request_type":2}'],
    ["REQUEST_TOO_DEEP", `{"request_type":0,"x":${"[".repeat(10_000)}`],
    ["REQUEST_SCHEMA", "[]"],
    ["REQUEST_SCHEMA", "null"],
    ["REQUEST_SCHEMA", '"{}"'],
    ["REQUEST_SCHEMA", "0"],
  ])("answers %s to %j", (code, input) => {
    expect(refused(input)).toMatchObject({ code, echoId: "" });
  });
});

describe("pings", () => {
  it.each([
    '{"request_type":0,"request_detail":"x"}',
    '{"request_type":0,"extra_info":"{\\"a\\":1}"}',
    '{"request_type":0,"extra_info":{"a":1}}',
    '{"request_type":0,"request_detail":[]}',
    '{"request_type":0,"request_detail":"null"}',
    '{"request_detail":"{\\"threshold\\":2}","extra_info":"{}"}',
    '{"request_type":null,"request_detail":"x"}',
    '{"request_type":-0}',
    '{"request_type":0.0}',
    '{"request_type":0e0}',
    '{"request_type":"0"}',
    '{"request_type":false}',
    '{"request_type":[]}',
    '{"request_type":{}}',
    '{"request_type":0,"request_id":7}',
    '{"request_type":0,"request_id":["x"]}',
    '{"request_type":0,"request_id":{"x":1}}',
    '{"request_type":0,"request_id":"a\\nb"}',
    `{"request_type":0,"request_id":"${"x".repeat(129)}"}`,
  ])("refuses %s", (text) => {
    expect(codeOf(text)).toBe("REQUEST_SCHEMA");
  });

  const empty = [undefined, null, "", "{}", {}];

  it.each([undefined, null, 0])("takes every spelling of nothing with request_type %j", (request_type) => {
    for (const request_detail of empty) {
      for (const extra_info of empty) {
        for (const request_id of [undefined, null, "", {}]) {
          const text = JSON.stringify({ request_id, request_type, request_detail, extra_info });
          expect(parse(text), text).toEqual({ type: "ping" });
        }
      }
    }
  });

  it.each(["v2-ping-with-id", "v2-ping-empty-objects", "v1-ping-with-id"])("takes %s with its id", (name) => {
    const text = callbackText(name);
    expect(parse(text)).toEqual({ type: "ping", id: JSON.parse(text).request_id });
  });

  it("takes v1-ping-empty", () => {
    expect(parse(callbackText("v1-ping-empty"), "v1")).toEqual({ type: "ping" });
  });
});

describe("request_type", () => {
  it.each([
    ["REQUEST_TYPE_UNKNOWN", "4"],
    ["REQUEST_TYPE_UNKNOWN", "6"],
    ["REQUEST_TYPE_UNKNOWN", "99"],
    ["REQUEST_TYPE_UNKNOWN", "-1"],
    ["REQUEST_SCHEMA", '"2"'],
    ["REQUEST_SCHEMA", "2.0"],
    ["REQUEST_SCHEMA", "2.5"],
    ["REQUEST_SCHEMA", "-0"],
    ["REQUEST_SCHEMA", "2e0"],
    ["REQUEST_SCHEMA", "1e400"],
    ["REQUEST_SCHEMA", "[2]"],
    ["REQUEST_SCHEMA", "true"],
  ])("answers %s to %s, and echoes the id", (code, spelled) => {
    const text = callbackText("v2-keysign-eth").replace('"request_type":2', `"request_type":${spelled}`);
    expect(refused(text)).toMatchObject({ code, echoId: "20231213122855000000000000000011:1" });
  });
});

describe("request_id", () => {
  it.each([undefined, null, "", 5, ["r1"], {}, "x".repeat(129), "x".repeat(10_000), "a\u0000b", "é", "a\n"])(
    "refuses %j and echoes nothing",
    (id) => {
      expect(refused(bytesOf({ ...callback("v2-keysign-eth"), request_id: id }))).toMatchObject({
        code: "REQUEST_SCHEMA",
        echoId: "",
      });
      expect(echoableId(id)).toBe("");
    },
  );

  it("takes 128 printable characters", () => {
    const id = "~ ".repeat(64);
    expect(parse(bytesOf({ ...callback("v2-keysign-eth"), request_id: id }))).toMatchObject({
      requestId: id,
    });
  });
});

describe("request_detail and extra_info", () => {
  const texts = ["", "null", "[]", "5", '""', undefined, null, {}, [], 5];

  it.each(texts)("refuses %j", (text) => {
    const { request_id, request_detail, extra_info } = JSON.parse(callbackText("v2-keysign-eth"));
    expect(codeOf(outer({ request_id, request_type: 2, request_detail: text, extra_info }))).toBe(
      "REQUEST_SCHEMA",
    );
    expect(codeOf(outer({ request_id, request_type: 2, request_detail, extra_info: text }))).toBe(
      "REQUEST_SCHEMA",
    );
  });

  it.each([
    ["REQUEST_JSON", "test_task_detail"],
    ["REQUEST_JSON", "{} " + "x"],
    ["REQUEST_JSON", '{"a":"\\udfff"}'],
    ["REQUEST_DUPLICATE_KEY", '{"a":{"b":1,"b":1}}'],
    ["REQUEST_TOO_DEEP", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`],
    ["REQUEST_SCHEMA", "{}"],
  ])("answers %s to the text %s", (code, text) => {
    const { request_detail, extra_info } = JSON.parse(callbackText("v2-keysign-eth"));
    expect(refused(outer({ request_type: 2, request_detail: text, extra_info }))).toMatchObject({
      code,
      echoId: "r1",
    });
    expect(refused(outer({ request_type: 2, request_detail, extra_info: text }))).toMatchObject({
      code,
      echoId: "r1",
    });
  });
});

describe("the payload's version", () => {
  it.each(ALL)("refuses %s on a node of the other one", (name) => {
    expect(codeOf(callbackText(name), name.startsWith("v1") ? "v2" : "v1")).toBe("PAYLOAD_VERSION");
  });

  it("refuses a v1 extra with objects of v2 in it", () => {
    expect(changed("v1-keysign-erc20", "extra.org", { org_id: "o" })).toBe("PAYLOAD_VERSION");
    expect(changed("v1-keysign-erc20", "extra.transaction", {})).toBe("PAYLOAD_VERSION");
  });

  it.each(ALL)("takes %s on its own", (name) => {
    const parsed = parse(callbackText(name), name.startsWith("v1") ? "v1" : "v2");
    expect(parsed).toMatchObject({ payload: name.slice(0, 2), requestId: callback(name).request_id });
  });
});

describe("required members", () => {
  it.each([
    ["v2-keygen-secp256k1", "extra.org"],
    ["v2-keygen-secp256k1", "extra.org.org_id"],
    ["v2-keygen-secp256k1", "extra.tss_request"],
    ["v2-keygen-secp256k1", "detail.threshold"],
    ["v2-keygen-secp256k1", "detail.node_ids"],
    ["v2-keygen-secp256k1", "detail.curve"],
    ["v2-keygen-secp256k1", "detail.biz_task_id"],
    ["v2-keyreshare-recovery", "extra.tss_request"],
    ["v2-keyreshare-recovery", "detail.biz_task_id"],
    ["v2-keyreshare-recovery", "detail.new_node_ids"],
    ["v2-keyreshare-recovery", "detail.old_threshold"],
    ["v2-keysign-eth", "extra.org"],
    ["v2-keysign-eth", "extra.transaction"],
    ["v2-keysign-eth", "extra.transaction.transaction_id"],
    ["v2-keysign-eth", "extra.transaction.wallet_id"],
    ["v2-keysign-eth", "extra.transaction.destination"],
    ["v2-keysign-eth", "extra.transaction.destination.destination_type"],
    ["v2-keysign-eth", "detail.biz_task_id"],
    ["v2-keysign-eth", "detail.root_pub_key"],
    ["v2-keysign-eth", "detail.used_node_ids"],
    ["v2-keysharesign-one-group", "extra.org"],
    ["v2-keysharesign-one-group", "detail.node_id"],
    ["v2-keysharesign-one-group", "detail.details"],
    ["v1-keygen-secp256k1", "extra.cobo_id"],
    ["v1-keysign-erc20", "extra.cobo_id"],
    ["v1-keyreshare-secp256k1", "extra.cobo_id"],
  ])("refuses %s without %s, null and empty", (name, path) => {
    for (const value of [undefined, null, ""]) expect(changed(name, path, value)).toBe("REQUEST_SCHEMA");
  });

  it.each([
    ["v2-keysign-eth", "detail.task_id"],
    ["v2-keysign-eth", "extra.project"],
    ["v2-keysign-eth", "extra.vault"],
    ["v2-keysign-eth", "extra.transaction.fee"],
    ["v2-keysign-eth", "extra.transaction.raw_tx_info"],
    ["v2-keysign-eth", "extra.transaction.raw_tx_info.used_nonce"],
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group"],
    ["v1-keysign-erc20", "detail.group_id"],
    ["v1-keysign-erc20", "detail.tweak_list"],
  ])("takes %s without %s, and null for absent", (name, path) => {
    for (const value of [undefined, null]) expect(changed(name, path, value)).toBeUndefined();
  });

  it.each([
    "extra.transaction.initiator_type",
    "extra.transaction.token_id",
    "extra.project.name",
    "extra.vault.type",
    "detail.group_id",
  ])("takes an empty %s for an absent one", (path) => {
    expect(changed("v2-keysign-eth", path, "")).toBeUndefined();
  });
});

describe("objects that say nothing", () => {
  const fee = { fee_type: "", token_id: "", gas_limit: "" };
  const wallet = { wallet_id: "", wallet_type: "", enable_auto_sweep: false };
  const payee = { address: "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f", amount: "0.0001" };

  it.each<[string, unknown]>([
    ["extra.wallet", {}],
    ["extra.wallet", wallet],
    ["extra.transaction.source", {}],
    ["extra.transaction.source", { source_type: "", wallet_id: "", included_utxos: [] }],
    ["extra.transaction.fee", {}],
    ["extra.transaction.fee", { fee_type: null }],
    ["extra.transaction.fee", fee],
    ["extra.transaction.result", {}],
    ["extra.transaction.result", { result_type: "", signature: "" }],
    [
      "extra.transaction.destination",
      { destination_type: "Address", account_output: {}, utxo_outputs: [payee] },
    ],
    [
      "extra.transaction.destination",
      {
        destination_type: "Address",
        account_output: { address: "", memo: "", amount: "" },
        utxo_outputs: [payee],
      },
    ],
    ["extra.transaction.destination.contract_param", { contract_type: "" }],
  ])("are absent: %s %j", (path, value) => {
    expect(changed("v2-keysign-eth", path, value)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["extra.wallet", { ...wallet, name: "x" }],
    ["extra.wallet", ""],
    ["extra.transaction.source", { source_type: "", address: "0x00" }],
    ["extra.transaction.fee", { ...fee, gas_limit: "21000" }],
    ["extra.transaction.fee", { fee_type: "", gas_used: 0 }],
    ["extra.transaction.fee", []],
    ["extra.transaction.fee", false],
    ["extra.transaction.destination", {}],
    ["extra.transaction.destination", { destination_type: "" }],
    ["extra.org", {}],
  ])("refuse where they say something, are no objects, or have to be there: %s %j", (path, value) => {
    expect(changed("v2-keysign-eth", path, value)).toBe("REQUEST_SCHEMA");
  });
});

describe("types and enumerations", () => {
  it.each([
    ["v2-keysign-eth", "detail.used_node_ids", "coboA"],
    ["v2-keysign-eth", "detail.used_node_ids", []],
    ["v2-keysign-eth", "detail.used_node_ids", [""]],
    ["v2-keysign-eth", "detail.used_node_ids", [null]],
    ["v2-keysign-eth", "detail.bip32_path_list", "m/44/60/0/0/0"],
    ["v2-keysign-eth", "detail.bip32_path_list", [""]],
    ["v2-keysign-eth", "detail.msg_hash_list", [7]],
    ["v2-keysign-eth", "detail.signature_type", 4],
    ["v2-keysign-eth", "detail.signature_type", 0],
    ["v2-keysign-eth", "detail.signature_type", "1"],
    ["v2-keysign-eth", "detail.tss_protocol", 0],
    ["v2-keysign-eth", "detail.tss_protocol", 2.5],
    ["v2-keysign-eth", "extra.org", []],
    ["v2-keysign-eth", "extra.vault", "v"],
    ["v2-keysign-eth", "extra.vault", 2.5],
    ["v2-keysign-eth", "extra.vault", ""],
    ["v2-keysign-eth", "extra.project.threshold", "2"],
    ["v2-keysign-eth", "extra.project.created_timestamp", 1e20],
    ["v2-keysign-eth", "extra.vault.type", "Cobo-Controlled"],
    ["v2-keysign-eth", "extra.wallet.enable_auto_sweep", "true"],
    ["v2-keysign-eth", "extra.wallet.wallet_type", "Paper"],
    ["v2-keysign-eth", "extra.source_addresses", {}],
    ["v2-keysign-eth", "extra.source_addresses", [null]],
    ["v2-keysign-eth", "extra.source_addresses.0.encoding", "ENCODING_NEW"],
    ["v2-keysign-eth", "extra.signer_key_share_holder_group.status", "Old"],
    ["v2-keysign-eth", "extra.signer_key_share_holder_group.key_share_holders.0.type", "Bank"],
    ["v2-keysign-eth", "extra.signer_key_share_holder_group.tss_key_share_groups.0.curve", "SECP256R1"],
    ["v2-keysign-eth", "extra.transaction.type", "Mint"],
    ["v2-keysign-eth", "extra.transaction.status", "Sleeping"],
    ["v2-keysign-eth", "extra.transaction.is_loop", 0],
    ["v2-keysign-eth", "extra.transaction.category", "x"],
    ["v2-keysign-eth", "extra.transaction.initiator_type", "Robot"],
    ["v2-keysign-eth", "extra.transaction.destination.destination_type", "Moon"],
    ["v2-keysign-eth", "extra.transaction.destination.account_output.amount", 0.0001],
    ["v2-keysign-eth", "extra.transaction.destination.account_output", "x"],
    ["v2-keysign-eth", "extra.transaction.source.source_type", "Vault"],
    ["v2-keysign-eth", "extra.transaction.fee.fee_type", "EVM_EIP_4844"],
    ["v2-keysign-eth", "extra.transaction.fee.gas_limit", 21_000],
    ["v2-keysign-eth", "extra.transaction.raw_tx_info.used_nonce", -1],
    ["v2-keysign-eth", "extra.transaction.raw_tx_info.used_nonce", "0"],
    ["v2-keysign-eth", "extra.transaction.transaction_process_type", "Auto"],
    ["v2-keysign-eth", "extra.transaction.replacement", { replaced_type: "Undo" }],
    ["v2-keysign-eip712", "extra.transaction.destination.structured_data", "x"],
    ["v2-keysign-eip712", "extra.transaction.destination.structured_data", 2.5],
    ["v2-keygen-secp256k1", "detail.curve", 1],
    ["v2-keygen-secp256k1", "detail.curve", "0"],
    ["v2-keygen-secp256k1", "extra.tss_request.type", "KeyLoss"],
    ["v2-keysharesign-one-group", "detail.details", []],
    ["v2-keysharesign-one-group", "detail.details", [{ group_id: "g" }]],
    ["v1-keysign-erc20", "extra.operation", 101],
    ["v1-keysign-erc20", "extra.operation", "100"],
    ["v1-keysign-erc20", "extra.transaction_type", 108],
    ["v1-keysign-erc20", "extra.amount", 50_000_000],
    ["v1-keysign-erc20", "extra.decimal", "6"],
    ["v1-keysign-erc20", "extra.gas_price", 5.5],
    ["v1-keysign-erc20", "extra.to_address_details", []],
    ["v1-keysign-erc20", "extra.extra_parameters", "[]"],
    ["v1-keysign-utxo", "extra.to_address_details", "{}"],
    ["v1-keysign-utxo", "extra.to_address_details", '[{"to_address":"a"}]'],
    ["v1-keysign-utxo", "extra.to_address_details", '[{"to_address":"a","amount":5}]'],
    ["v1-keysign-utxo", "extra.extra_parameters", '{"inputs_to_spend":[{"vout_n":"1"}]}'],
  ])("refuses %s with %s = %j", (name, path, value) => {
    expect(changed(name, path, value)).toBe("REQUEST_SCHEMA");
  });

  it.each([
    ["v2-keysign-eth", "extra.transaction.sub_status", "SomethingNew"],
    ["v2-keysign-eth", "extra.transaction.category", ["x"]],
    ["v2-keysign-eth", "extra.transaction.new_member", { deep: [1.5] }],
    ["v2-keysign-eth", "extra.another", null],
    ["v2-keysign-eth", "extra.wallet.wallet_type", "SmartContract"],
    [
      "v2-keysign-eth",
      "extra.transaction.source",
      { source_type: "Safe{Wallet}", wallet_id: "w", address: "0x" },
    ],
    ["v1-keysign-erc20", "detail.tss_protocol", 0],
    ["v1-keysign-erc20", "extra.operation", 0],
    ["v1-keysign-erc20", "extra.raw_tx", [{ raw_tx: "00", derivation_path: "m/0" }]],
  ])("takes %s with %s = %j", (name, path, value) => {
    expect(changed(name, path, value)).toBeUndefined();
  });

  it("names the member and shows no more of its value than is short and printable", () => {
    const request = callback("v2-keysign-eth");
    put(request.extra, "transaction.type", `\u0007${"secret".repeat(100)}`);
    const { message = "" } = refused(bytesOf(request)) ?? {};
    expect(message).toContain("extra_info.transaction.type");
    expect(message.length).toBeLessThan(150);
    expect(message).toMatch(/^[\x20-\x7e]+$/);
  });

  it.each(["2.0", "2e0", "-0", "9007199254740993", "1e400"])("takes %s for no integer", (spelled) => {
    const text = callbackText("v2-keygen-secp256k1").replace(
      '\\"threshold\\":2',
      `\\"threshold\\":${spelled}`,
    );
    expect(codeOf(text)).toBe("REQUEST_SCHEMA");
  });
});

describe("JSON inside strings", () => {
  it.each([
    ["REQUEST_JSON", "v1-keysign-erc20", "extra.extra_parameters", "x"],
    ["REQUEST_DUPLICATE_KEY", "v1-keysign-erc20", "extra.extra_parameters", '{"a":1,"a":2}'],
    ["REQUEST_JSON", "v1-keysign-erc20", "extra.to_address_details", "[{]"],
    ["REQUEST_JSON", "v1-keysign-erc20", "extra.raw_tx_info", '{"a":}'],
    ["REQUEST_JSON", "v1-keysign-erc20", "extra.raw_tx_info", " [1,"],
    ["REQUEST_JSON", "v2-keysign-eth", "extra.transaction.extra", ["{"]],
    ["REQUEST_DUPLICATE_KEY", "v2-keysign-eth", "extra.transaction.extra", ["{}", '{"a":1,"a":1}']],
    ["REQUEST_JSON", "v2-keysign-eip712", "extra.transaction.destination.raw_structured_data", "{"],
    [
      "REQUEST_DUPLICATE_KEY",
      "v2-keysign-eip712",
      "extra.transaction.destination.raw_structured_data",
      '{"a":1,"a":2}',
    ],
  ])("answers %s: %s with %s = %j", (code, name, path, value) => {
    expect(changed(name, path, value)).toBe(code);
  });

  it.each([
    ["v1-keysign-erc20", "extra.raw_tx_info", "0xabcd"],
    ["v2-keysign-eth", "extra.transaction.extra", ["", '{"extra_type":"FeePayer"}']],
  ])("takes %s with %s = %j", (name, path, value) => {
    expect(changed(name, path, value)).toBeUndefined();
  });
});

describe("list lengths", () => {
  it.each([
    ["detail.bip32_path_list", []],
    ["detail.bip32_path_list", undefined],
    ["detail.bip32_path_list", ["m/0", "m/1"]],
    ["detail.msg_hash_list", []],
    ["detail.msg_hash_list", null],
    ["detail.msg_hash_list", ["0x01", "0x02"]],
    ["detail.tweak_list", ["", ""]],
  ])("refuses %s = %j", (path, value) => {
    expect(changed("v2-keysign-eth", path, value)).toBe("REQUEST_LIST_LENGTHS");
    expect(changed("v1-keysign-erc20", path, value)).toBe("REQUEST_LIST_LENGTHS");
  });

  it("refuses two empty lists, and takes no tweaks at all", () => {
    const request = callback("v2-keysign-eth");
    put(request.detail, "bip32_path_list", []);
    put(request.detail, "msg_hash_list", []);
    expect(codeOf(bytesOf(request))).toBe("REQUEST_LIST_LENGTHS");
    expect(changed("v2-keysign-eth", "detail.tweak_list", [])).toBeUndefined();
  });
});

describe("one task", () => {
  it.each(["v2-keysign-eth", "v2-keygen-secp256k1", "v2-keyreshare-recovery"])(
    "refuses %s of two",
    (name) => {
      expect(changed(name, "detail.biz_task_id", "another")).toBe("REQUEST_TASK_MISMATCH");
    },
  );
});

describe("the shape of a key", () => {
  const nodes = (n: number): string[] => Array.from({ length: n }, (_, index) => `cobo${index}`);

  it.each([
    ["v1-keygen-secp256k1", "detail.threshold", 0],
    ["v1-keygen-secp256k1", "detail.threshold", -1],
    ["v1-keygen-secp256k1", "detail.threshold", 4],
    ["v1-keygen-secp256k1", "detail.node_ids", []],
    ["v1-keygen-secp256k1", "detail.node_ids", ["a", "a", "b"]],
    ["v1-keygen-secp256k1", "detail.node_ids", ["a", "", "b"]],
    ["v1-keyreshare-secp256k1", "detail.new_threshold", 4],
    ["v1-keyreshare-secp256k1", "detail.new_threshold", 0],
    ["v1-keyreshare-secp256k1", "detail.old_threshold", 3],
    ["v1-keyreshare-secp256k1", "detail.new_node_ids", ["a", "b", "b"]],
    ["v1-keyreshare-secp256k1", "detail.used_node_ids", ["a", "a"]],
    ["v1-keysign-erc20", "detail.used_node_ids", ["a", "a"]],
  ])("refuses %s with %s = %j", (name, path, value) => {
    expect(changed(name, path, value)).toBe("REQUEST_SCHEMA");
  });

  it("takes n of n", () => {
    expect(changed("v1-keygen-ed25519", "detail.node_ids", nodes(3))).toBeUndefined();
  });
});

describe("contradictions", () => {
  it.each([
    ["v2-keysign-eth", "extra.wallet.wallet_id", "another"],
    ["v2-keysign-eth", "extra.wallet.org_id", "another"],
    ["v2-keysign-eth", "extra.wallet.vault_id", "another"],
    ["v2-keysign-eth", "extra.wallet.project_id", "another"],
    ["v2-keysign-eth", "extra.vault.project_id", "another"],
    ["v2-keysign-eth", "extra.project.org_id", "another"],
    ["v2-keysign-eth", "extra.transaction.source.wallet_id", "another"],
    ["v2-keysign-eth", "extra.transaction.source.signer_key_share_holder_group_id", "another"],
    [
      "v2-keysign-eth",
      "extra.signer_key_share_holder_group.key_share_holders",
      [{ tss_node_id: "a" }, { tss_node_id: "a" }],
    ],
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group.threshold", 3],
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group.participants", 2],
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group.key_share_holders.0.tss_node_id", "another"],
    [
      "v2-keygen-secp256k1",
      "extra.target_key_share_holder_group.key_share_holders",
      [{ tss_node_id: "another" }],
    ],
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group.key_share_holder_group_id", "another"],
    ["v2-keyreshare-recovery", "extra.target_key_share_holder_group.threshold", 1],
    ["v2-keyreshare-recovery", "extra.tss_request.target_key_share_holder_group_id", "another"],
    ["v2-keyreshare-recovery", "extra.source_key_share_holder_group.key_share_holder_group_id", "another"],
  ])("refuses %s with %s = %j", (name, path, value) => {
    expect(changed(name, path, value)).toBe("REQUEST_SCHEMA");
  });

  it.each([
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group.key_share_holders", []],
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group.threshold", 0],
    ["v2-keygen-secp256k1", "extra.target_key_share_holder_group.key_share_holders.0.tss_node_id", ""],
    ["v2-keysign-eth", "extra.wallet.project_id", ""],
  ])("takes what states nothing: %s with %s = %j", (name, path, value) => {
    expect(changed(name, path, value)).toBeUndefined();
  });
});

describe("the original", () => {
  it.each(ALL)("of %s is one JSON text with the strings' JSON in place", (name) => {
    const text = callbackText(name);
    const parsed = parse(text, name.startsWith("v1") ? "v1" : "v2");
    const { request_detail, extra_info, ...rest } = JSON.parse(text);
    expect(JSON.parse("rawText" in parsed ? parsed.rawText : "")).toEqual({
      ...rest,
      request_detail: JSON.parse(request_detail),
      extra_info: JSON.parse(extra_info),
    });
  });

  it("keeps numbers as they were spelled, nulls and unknown members", () => {
    const text = callbackText("v2-keysign-eth")
      .replace('"request_type":2', '"request_type":2,"new":[1.50,1e300,null]')
      .replace('\\"biz_org_id\\":1024', '\\"biz_org_id\\":1024,\\"rate\\":0.10,\\"gone\\":null');
    const parsed = parse(text);
    const raw = "rawText" in parsed ? parsed.rawText : "";
    expect(raw).toContain('"new":[1.50,1e300,null]');
    expect(raw).toContain('"biz_org_id":1024,"rate":0.10,"gone":null');
  });
});

it("refuses strings of 500 KB, and reads the largest transaction that a chain relays", () => {
  const raw = `0x${"00".repeat(128 * 1024)}`;
  expect(changed("v2-keysign-eth", "extra.transaction.description", raw)).toBeUndefined();
  expect(changed("v2-keysign-eth", "extra.transaction.description", "x".repeat(500_000))).toBe(
    "REQUEST_SCHEMA",
  );
  expect(changed("v2-keysign-eth", "extra.transaction.type", '\\"'.repeat(250_000))).toBe("REQUEST_SCHEMA");
});

it("names what can't be read in a few words, however long the names are", () => {
  const request = callback("v2-keysign-eth");
  put(request as unknown as Record<string, unknown>, "extra.junk", {
    ["k".repeat(200_000)]: { ["l".repeat(200_000)]: "\u0000" },
  });
  const found = refused(bytesOf(request));
  expect(found?.code).toBe("REQUEST_SCHEMA");
  expect(found?.message.length).toBeLessThan(1_000);
});

it("throws nothing but UnusableRequest, whatever the bytes", () => {
  const text = callbackText("v2-keysign-eth");
  fc.assert(
    fc.property(fc.nat(text.length), fc.string({ maxLength: 4 }), fc.nat(8), (at, inserted, cut) => {
      refused(text.slice(0, at) + inserted + text.slice(at + cut));
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (random) => {
      refused(random);
    }),
  );
});
