/** What one request says twice, hides, or says under another name: refused, or seen by the rules. */
import { describe, expect, it } from "vitest";
import { bytesOf, type Callback, callback, put } from "../../../test/fixtures/callbacks/callbacks.ts";
import { nowMembers } from "../../input/clock.ts";
import type { Document } from "../../input/document.ts";
import { normalize } from "./normalize.ts";
import { parseCallback, UnusableRequest } from "./wire.ts";

const tokens = { ETH: { chain: "ETH", decimals: 18 }, BTC: { chain: "BTC", decimals: 8 } };
const chains = { ETH: { family: "evm" }, BTC: { family: "bitcoin" } } as const;

type Changes = Record<string, unknown>;

function changed(name: string, changes: Changes): Callback {
  const request = callback(name);
  for (const [path, value] of Object.entries(changes)) put(request as unknown as Changes, path, value);
  return request;
}

function documentOf(name: string, changes: Changes = {}): Document {
  const parsed = parseCallback(bytesOf(changed(name, changes)), name.startsWith("v1") ? "v1" : "v2");
  if (parsed.type === "ping") throw new Error("a ping");
  return normalize(parsed, { source: "n", receivedAt: 0, now: nowMembers(0, "UTC"), tokens, chains })
    .document;
}

function codeOf(name: string, changes: Changes): string | undefined {
  try {
    documentOf(name, changes);
  } catch (error) {
    if (error instanceof UnusableRequest) return error.code;
    throw error;
  }
  return undefined;
}

const tx = "extra.transaction";
const payees = (document: Document) =>
  document.transaction?.destinations?.map(({ address, amount }) => [address, amount?.units]);

const BITCOIN: Changes = {
  [`${tx}.chain_id`]: "BTC",
  [`${tx}.token_id`]: "BTC",
  [`${tx}.fee`]: undefined,
  [`${tx}.destination`]: {
    destination_type: "Address",
    utxo_outputs: [{ address: "payee", amount: "0.01" }],
  },
  [`${tx}.raw_tx_info`]: { selected_utxos: [{ tx_hash: "aa", vout_n: 0, address: "input", value: "100" }] },
  [`${tx}.source.address`]: undefined,
  "extra.source_addresses": [{ address: "own" }],
};

describe("change", () => {
  it.each<[string, Changes, unknown]>([
    [
      "of utxo_changes",
      { [`${tx}.raw_tx_info.utxo_changes`]: [{ address: "x", value: "99.9" }] },
      ["x", "9990000000"],
    ],
    [
      "of utxo_change",
      { [`${tx}.raw_tx_info.utxo_change`]: { address: "x", value: "99.9" } },
      ["x", "9990000000"],
    ],
    ["of an unknown amount", { [`${tx}.raw_tx_info.utxo_changes`]: [{ address: "x" }] }, ["x", undefined]],
    ["to nobody", { [`${tx}.raw_tx_info.utxo_changes`]: [{ value: "99.9" }] }, [undefined, "9990000000"]],
    ["as the caller wished it", { [`${tx}.destination.change_address`]: "x" }, ["x", undefined]],
  ])("%s to an address that is no source is a destination", (_, changes, destination) => {
    const document = documentOf("v2-keysign-eth", { ...BITCOIN, ...changes });
    expect(payees(document)).toEqual([["payee", "1000000"], destination]);
  });

  it("counts in the totals, and once where it is stated twice", () => {
    const change = { address: "x", value: "1" };
    const { transaction } = documentOf("v2-keysign-eth", {
      ...BITCOIN,
      [`${tx}.destination.change_address`]: "x",
      [`${tx}.raw_tx_info.utxo_change`]: change,
      [`${tx}.raw_tx_info.utxo_changes`]: [change],
    });
    expect(transaction?.totals?.["BTC"]?.units).toBe("101000000");
  });

  it.each(["0", "0.00", ""])("of %j to nobody is none", (value) => {
    const document = documentOf("v2-keysign-eth", {
      ...BITCOIN,
      [`${tx}.raw_tx_info.utxo_change`]: { address: "", value },
    });
    expect(payees(document)).toEqual([["payee", "1000000"]]);
  });

  it("to an input that is none of the stated source addresses is a destination", () => {
    const document = documentOf("v2-keysign-eth", {
      ...BITCOIN,
      [`${tx}.raw_tx_info.utxo_changes`]: [{ address: "input", value: "99.9" }],
    });
    expect(payees(document)).toEqual([
      ["payee", "1000000"],
      ["input", "9990000000"],
    ]);
  });

  it.each([
    ["input", { "extra.source_addresses": undefined }],
    ["own", {}],
  ])("to %s is none", (address, changes) => {
    const document = documentOf("v2-keysign-eth", {
      ...BITCOIN,
      ...changes,
      [`${tx}.destination.change_address`]: address,
      [`${tx}.raw_tx_info.utxo_changes`]: [{ address, value: "99.9" }],
    });
    expect(payees(document)).toEqual([["payee", "1000000"]]);
  });
});

describe("outputs beside an account's that states nothing", () => {
  it.each([{}, { address: "", memo: "", amount: "" }])("are the destinations: %j", (account_output) => {
    const document = documentOf("v2-keysign-eth", {
      ...BITCOIN,
      [`${tx}.destination.account_output`]: account_output,
    });
    expect(payees(document)).toEqual([["payee", "1000000"]]);
  });

  it("are refused where it states something", () => {
    const account_output = { address: "", amount: "0.01" };
    expect(
      codeOf("v2-keysign-eth", { ...BITCOIN, [`${tx}.destination.account_output`]: account_output }),
    ).toBe("REQUEST_SCHEMA");
  });
});

describe("outputs and inputs that state nothing", () => {
  it.each([{}, { address: "", amount: "" }, { addr: "x", value: "9" }])("refuse: %j", (entry) => {
    const outputs = [{ address: "payee", amount: "0.01" }, entry];
    expect(codeOf("v2-keysign-eth", { ...BITCOIN, [`${tx}.destination.utxo_outputs`]: outputs })).toBe(
      "REQUEST_SCHEMA",
    );
  });

  it("refuse as inputs", () => {
    const inputs = { selected_utxos: [{ tx_hash: "aa", vout_n: 0 }, { txid: "bb" }] };
    expect(codeOf("v2-keysign-eth", { ...BITCOIN, [`${tx}.raw_tx_info`]: inputs })).toBe("REQUEST_SCHEMA");
  });
});

describe("members of another destination type", () => {
  it.each([
    ["calldata", "0xa9059cbb"],
    ["address", "0x00"],
    ["value", "1"],
    ["amount", 1.5],
    ["instructions", [{}]],
    ["message", "text"],
  ])("refuse: %s", (member, value) => {
    expect(codeOf("v2-keysign-eth", { [`${tx}.destination.${member}`]: value })).toBe("REQUEST_SCHEMA");
  });

  it.each([
    ["calldata", ""],
    ["calldata", null],
    ["instructions", []],
    ["proxy", true],
    ["new_member", "of a newer version"],
  ])("pass where they say nothing, or belong to none: %s %j", (member, value) => {
    expect(codeOf("v2-keysign-eth", { [`${tx}.destination.${member}`]: value })).toBeUndefined();
  });
});

describe("the key that signs", () => {
  it.each<[string, Changes]>([
    [
      "none of the vault's",
      { "extra.signer_key_share_holder_group": undefined, "detail.root_pub_key": "xpub" },
    ],
    ["none of the group's", { "extra.vault": undefined, "detail.root_pub_key": "xpub" }],
    ["of another group", { "detail.group_id": "other" }],
    ["held by others than those that sign", { "detail.used_node_ids": ["coboX"] }],
  ])("refuses: %s", (_, changes) => {
    expect(codeOf("v2-keysign-eth", changes)).toBe("REQUEST_SCHEMA");
  });

  it("refuses to be reshared: none of the vault's, or by strangers", () => {
    expect(codeOf("v2-keyreshare-recovery", { "detail.root_pub_key": "xpub" })).toBe("REQUEST_SCHEMA");
    const strangers = { "detail.used_node_ids": ["coboX", "coboY"] };
    expect(codeOf("v2-keyreshare-recovery", strangers)).toBe("REQUEST_SCHEMA");
  });

  it("passes where nobody says which keys there are", () => {
    const silent = {
      "detail.root_pub_key": "xpub",
      "extra.vault.root_pubkeys": [],
      "extra.signer_key_share_holder_group": undefined,
      "extra.source_addresses.0.root_pubkey": undefined,
    };
    expect(codeOf("v2-keysign-eth", silent)).toBeUndefined();
    expect(codeOf("v2-keysign-eth", {})).toBeUndefined();
  });
});

describe("where a transaction takes from", () => {
  const own = "extra.source_addresses.0";
  const source = `${tx}.source`;
  const mpc = { source_type: "Org-Controlled", wallet_id: "" };
  const address = "0x00000000000000000000000000000000000000aa";

  it.each<[string, Changes]>([
    ["source.address is none of source_addresses", { [`${source}.address`]: address }],
    ["source_addresses lie on a chain of another family", { [`${own}.chain_id`]: "BTC" }],
    ["source_addresses are another root key's", { [`${own}.root_pubkey`]: "xpub" }],
  ])("refuses: %s", (_, changes) => {
    expect(codeOf("v2-keysign-eth", changes)).toBe("REQUEST_SCHEMA");
  });

  it.each<[string, Changes]>([
    [
      "one spelling and another",
      { [source]: { ...mpc, address }, [`${own}.address`]: address.replace("aa", "AA") },
    ],
    ["no source_addresses", { [`${source}.address`]: address, "extra.source_addresses": [] }],
    ["no source.address", { [source]: mpc }],
    ["no root key", { [`${own}.root_pubkey`]: "" }],
    ["a chain that nobody knows", { [`${own}.chain_id`]: "NEW" }],
    ["the Safe and its delegate", { [source]: { source_type: "Safe{Wallet}", address } }],
  ])("passes: %s", (_, changes) => {
    expect(codeOf("v2-keysign-eth", changes)).toBeUndefined();
  });
});

describe("keys of which a part is not stated", () => {
  const group = "extra.signer_key_share_holder_group.tss_key_share_groups";
  const { root_pub_key: root, group_id: id } = callback("v2-keysign-eth").detail;

  it.each<[string, unknown]>([
    [group, [{ tss_key_share_group_id: id, root_pubkey: "" }]],
    [group, [{ root_pubkey: root, curve: "SECP256K1" }]],
    [group, [{ curve: "SECP256K1" }, {}]],
    ["extra.vault.root_pubkeys", [{ root_pubkey: "", curve: "ED25519" }]],
  ])("pass where the others fit: %s %j", (path, value) => {
    expect(codeOf("v2-keysign-eth", { [path]: value })).toBeUndefined();
  });

  it.each<[string, unknown]>([
    [group, [{ tss_key_share_group_id: "other", root_pubkey: "" }]],
    [group, [{ tss_key_share_group_id: id, root_pubkey: "xpub" }]],
    ["extra.vault.root_pubkeys", [{ root_pubkey: "xpub" }, { root_pubkey: "" }]],
  ])("refuse where they don't: %s %j", (path, value) => {
    expect(codeOf("v2-keysign-eth", { [path]: value })).toBe("REQUEST_SCHEMA");
  });
});

describe("members that a node's JSON reader takes for others", () => {
  it.each(["MSG_HASH_LIST", "Msg_hash_list", "m\u017fg_hash_list", "tas\u212a_id", "THRESHOLD"])(
    "refuse in request_detail: %s",
    (member) => {
      expect(codeOf("v2-keysign-eth", { [`detail.${member}`]: ["0x00"] })).toBe("REQUEST_SCHEMA");
    },
  );

  it("refuse in the request", () => {
    const bytes = { ...callback("v2-keysign-eth"), Request_Type: 1 };
    expect(() => parseCallback(bytesOf(bytes), "v2")).toThrow(UnusableRequest);
  });

  it.each([
    { Request_Type: 2, REQUEST_DETAIL: "{}" },
    { request_type: 0, Request_Detail: '{"threshold":1}' },
    { request_type: 0, REQUEST_ID: "r1" },
  ])("refuse in what would be a ping without them: %j", (request) => {
    expect(() => parseCallback(new TextEncoder().encode(JSON.stringify(request)), "v2")).toThrow(
      UnusableRequest,
    );
  });

  it("pass where they mean nothing", () => {
    expect(codeOf("v2-keysign-eth", { "detail.NEW": 1 })).toBeUndefined();
  });
});

describe("version 1", () => {
  const outputs = (...amounts: string[]) =>
    JSON.stringify(amounts.map((amount) => ({ to_address: "payee", amount })));

  it.each([
    ["999", ["1"]],
    ["1", ["1", "1"]],
    ["no amount", ["1"]],
  ])("refuses an amount of %s beside outputs of %j", (amount, amounts) => {
    const changes = { "extra.amount": amount, "extra.to_address_details": outputs(...amounts) };
    expect(codeOf("v1-keysign-utxo", changes)).toBe("REQUEST_SCHEMA");
  });

  it.each(["2", "", "0"])("takes the outputs' sum, or no statement: %j", (amount) => {
    const changes = { "extra.amount": amount, "extra.to_address_details": outputs("1", "1") };
    expect(documentOf("v1-keysign-utxo", changes).transaction?.totals?.["BTC"]?.units).toBe("2");
  });

  it.each(["", "[]", "null"])("pays to_address where it has no outputs: %j", (details) => {
    const changes = { "extra.to_address_details": details, "extra.extra_parameters": "null" };
    const { transaction } = documentOf("v1-keysign-erc20", changes);
    expect(transaction?.destinations).toHaveLength(1);
    expect(transaction?.destinations?.[0]?.address).toBeDefined();
  });

  it("pays nobody where it has neither", () => {
    const { transaction } = documentOf("v1-keysign-utxo", { "extra.to_address_details": "[]" });
    expect(transaction?.destinations?.filter(({ address }) => address !== undefined) ?? []).toEqual([]);
  });

  it.each(['{"calldata":"0xa9059cbb"}', '{"instructions":[{"program_id":"x"}]}'])(
    "refuses a transfer with a call: %s",
    (parameters) => {
      expect(codeOf("v1-keysign-erc20", { "extra.extra_parameters": parameters })).toBe("REQUEST_SCHEMA");
      expect(codeOf("v1-keysign-erc20", { "extra.extra_parameters": '{"calldata":"0x"}' })).toBeUndefined();
    },
  );

  it("shows a call in whatever else brings one", () => {
    const { transaction } = documentOf("v1-keysign-erc20", {
      "extra.operation": 201,
      "extra.extra_parameters": '{"calldata":"0xa9059cbb"}',
    });
    expect(transaction?.contract?.selector).toBe("0xa9059cbb");
  });
});

describe("a call's value", () => {
  const CALL: Changes = {
    [`${tx}.type`]: "ContractCall",
    [`${tx}.chain_id`]: "BASE_ETH",
    [`${tx}.token_id`]: "BASE_ETH",
    [`${tx}.destination`]: {
      destination_type: "EVM_Contract",
      address: "0x00",
      value: "5",
      calldata: "0x00",
    },
  };
  const amountPaid = (token: string) =>
    documentOf("v2-keysign-eth", { ...CALL, [`${tx}.fee`]: { fee_type: "EVM_Legacy", token_id: token } })
      .transaction?.destinations?.[0]?.amount;

  it("is not in another chain's coin, whatever the fee is said to be paid in", () => {
    expect(() => amountPaid("ETH")).toThrow("another chain");
    expect(amountPaid("BASE_ETH")).toEqual({ token: "BASE_ETH", text: "5" });
  });
});

describe("tokens of another chain", () => {
  const fee = { fee_type: "EVM_Legacy", gas_limit: "21000", gas_price: "1" };

  it.each<[string, Changes]>([
    ["the fee's", { [`${tx}.fee`]: { ...fee, token_id: "BTC" } }],
    ["that of a fee of another type", { [`${tx}.fee`]: { fee_type: "Fixed", token_id: "BTC" } }],
    [
      "the change's",
      { ...BITCOIN, [`${tx}.raw_tx_info.utxo_change`]: { address: "x", value: "1", token_id: "ETH" } },
    ],
    [
      "one of several changes'",
      { ...BITCOIN, [`${tx}.raw_tx_info.utxo_changes`]: [{ address: "own", token_id: "ETH" }] },
    ],
  ])("refuse: %s", (_, changes) => {
    expect(codeOf("v2-keysign-eth", changes)).toBe("REQUEST_SCHEMA");
  });

  it.each(["ETH", "NEW", ""])("pass on the same one, unknown or not stated: %j", (token_id) => {
    expect(codeOf("v2-keysign-eth", { [`${tx}.fee`]: { ...fee, token_id } })).toBeUndefined();
  });
});

describe("long lists", () => {
  it("of inputs and addresses, or of nodes, are not gone through once for each of the other", () => {
    const many = <T>(one: (index: number) => T): T[] =>
      Array.from({ length: 15_000 }, (_, index) => one(index));
    const before = process.cpuUsage();
    documentOf("v2-keysign-eth", {
      ...BITCOIN,
      [`${tx}.raw_tx_info.selected_utxos`]: many(() => ({ address: "a" })),
      "extra.source_addresses": many(() => ({ address: "a" })),
    });
    documentOf("v2-keysign-eth", {
      "detail.used_node_ids": many((index) => `node-${index}`).reverse(),
      "extra.signer_key_share_holder_group.key_share_holders": many((index) => ({
        tss_node_id: `node-${index}`,
      })),
    });
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2_500);
  });
});

describe("a transaction of many inputs and outputs", () => {
  const many = <T>(count: number, one: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => one(index));
  const of = (inputs: number, outputs: number) => () =>
    documentOf("v2-keysign-eth", {
      ...BITCOIN,
      [`${tx}.raw_tx_info.selected_utxos`]: many(inputs, (index) => ({ address: `a${index}` })),
      [`${tx}.destination.utxo_outputs`]: many(outputs, (index) => ({ address: `b${index}`, amount: "0.1" })),
    });

  it("is refused where each input with each output can't be counted", () => {
    expect(of(501, 500)).toThrow(/501 sources and 500 destinations/);
    expect(of(500, 500)).not.toThrow();
  });
});
