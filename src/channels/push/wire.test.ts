import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEEDS, vector } from "../../../test/fixtures/pushes/pushes.ts";
import { anyJson, anyPush } from "../../../test/support/push-arbitrary.ts";
import {
  bodyOf,
  custodialConfirmation,
  custodialDeposit,
  custodialWithdrawal,
  type Message,
  mpcConfirmation,
  mpcDeposit,
  mpcWithdrawal,
} from "../../../test/support/push-double.ts";
import { type ParsedPush, type PushShape, parsePush, UnreadablePush } from "./wire.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

type Shape = PushShape | "either";
type Body = Message | string | Uint8Array;

function read(body: Body, shape: Shape = "either"): ParsedPush {
  if (body instanceof Uint8Array) return parsePush(body, shape);
  return parsePush(bytes(typeof body === "string" ? body : bodyOf(body)), shape);
}

function unreadable(body: Body, shape: Shape = "either"): UnreadablePush {
  try {
    read(body, shape);
  } catch (error) {
    if (error instanceof UnreadablePush) return error;
    throw error;
  }
  throw new Error("it was read");
}

const problemOf = (body: Body, shape: Shape = "either"): string => unreadable(body, shape).problem;
const codeOf = (body: Body, shape: Shape = "either"): string => unreadable(body, shape).refusal.code;

/** A body with texts replaced; each has to be there. */
function replaced(message: Message, from: string, to: string): string {
  const text = bodyOf(message);
  if (!text.includes(from)) throw new Error(`${from} is not in the message`);
  return text.replace(from, () => to);
}

describe("bytes that are no message", () => {
  const deposit = custodialDeposit();

  it.each([
    ["nothing", "", "REQUEST_JSON"],
    ["half of one", SEEDS.mpc.slice(0, 500), "REQUEST_JSON"],
    ["text after it", `${SEEDS.custodial}x`, "REQUEST_JSON"],
    ["a byte order mark", `\ufeff${SEEDS.custodial}`, "REQUEST_ENCODING"],
    ["Latin-1", Uint8Array.of(...bytes('{"remark":"'), 0xe9, ...bytes('"}')), "REQUEST_ENCODING"],
    ["a half of a pair", replaced(deposit, '"memo": ""', '"memo": "\\ud800"'), "REQUEST_JSON"],
    ["a key twice", replaced(deposit, '"memo": ""', '"memo": "", "amount": "1"'), "REQUEST_DUPLICATE_KEY"],
    [
      "a key twice, escaped once",
      replaced(deposit, '"memo": ""', '"\\u0061mount": "1"'),
      "REQUEST_DUPLICATE_KEY",
    ],
    ["depth", replaced(deposit, '"memo": ""', `"memo": ${"[".repeat(10_000)}`), "REQUEST_TOO_DEEP"],
    ["Python's own words", replaced(mpcConfirmation(), "true", "True"), "REQUEST_JSON"],
    ["a comma at the end", replaced(deposit, '"type": "external"}', '"type": "external",}'), "REQUEST_JSON"],
    ["a list", `[${bodyOf(deposit)}]`, "REQUEST_SCHEMA"],
    ["a text", JSON.stringify(bodyOf(deposit)), "REQUEST_SCHEMA"],
    ["null", "null", "REQUEST_SCHEMA"],
    ["a number beyond a double", replaced(deposit, '"fee": 0', '"fee": 1e400'), "REQUEST_SCHEMA"],
    ["a NUL where nobody looks", replaced(deposit, '"hexstr": ""', '"hexstr": "\\u0000"'), "REQUEST_SCHEMA"],
    ["a text of half a megabyte", bodyOf({ ...deposit, x: "y".repeat(500_000) }), "REQUEST_SCHEMA"],
  ])("%s", (_what, body, code) => {
    expect(codeOf(body)).toBe(code);
  });
});

describe("messages of another kind", () => {
  it.each<[string, Message]>([
    ["an empty object", {}],
    ["an answer of Cobo's API, which is signed alike", { success: true, result: custodialDeposit() }],
    [
      "a webhook of WaaS2",
      { event_id: "e", type: "wallets.transaction.succeeded", data: { transaction_id: "t" } },
    ],
    ["a callback", { request_id: "r", request_type: 2, request_detail: "{}", extra_info: "{}" }],
    ["both shapes at once", { ...mpcDeposit(), ...custodialDeposit() }],
    ["one shape with a member of the other", { ...custodialDeposit(), transaction_type: 1000 }],
  ])("%s", (_what, message) => {
    expect(codeOf(message)).toBe("REQUEST_TYPE_UNKNOWN");
  });

  it("the other path's shape", () => {
    expect(problemOf(custodialDeposit(), "mpc")).toMatch(/shape custodial, sent where mpc is expected/);
    expect(problemOf(mpcDeposit(), "custodial")).toMatch(/shape mpc, sent where custodial is expected/);
  });

  it("each shape where it belongs, and where either may come", () => {
    for (const shape of ["custodial", "either"] as const) {
      expect(read(SEEDS.custodial, shape).shape).toBe("custodial");
      expect(read(custodialWithdrawal(), shape).side).toBe("withdrawal");
    }
    for (const shape of ["mpc", "either"] as const) {
      expect(read(SEEDS.mpc, shape).shape).toBe("mpc");
      expect(read(mpcWithdrawal(), shape).side).toBe("withdrawal");
    }
  });
});

describe("members of a custodial message", () => {
  it.each<[Message, string]>([
    [{ side: undefined }, "side: missing"],
    [{ side: "Deposit" }, 'side: neither deposit nor withdraw: "Deposit"'],
    [{ side: 1 }, "side: neither deposit nor withdraw: 1"],
    [{ status: undefined }, "status: missing"],
    [{ status: "confirmed" }, 'status: no status that is known: "confirmed"'],
    [{ status: 900 }, "status: no status that is known: 900"],
    [{ coin: "" }, "coin: missing"],
    [{ coin: 5 }, "coin: not text: 5"],
    [{ id: 20201207150724 }, "id: not text: 20201207150724"],
    [{ id: "a\nb" }, 'id: no id: control characters, or longer than 256: "a?b"'],
    [{ id: "x".repeat(257) }, `id: no id: control characters, or longer than 256: "${"x".repeat(40)}..."`],
    [{ address: ["a"] }, "address: not text: an array"],
    [{ amount: "-25000000" }, 'amount: not a plain integer: "-25000000"'],
    [{ amount: -25_000_000 }, "amount: not a plain integer: -25000000"],
    [{ amount: "25000000.0" }, 'amount: not a plain integer: "25000000.0"'],
    [{ amount: "025000000" }, 'amount: not a plain integer: "025000000"'],
    [{ amount: " 25000000" }, 'amount: not a plain integer: " 25000000"'],
    [{ amount: "٢" }, 'amount: not a plain integer: "?"'],
    [{ amount: "1".repeat(79) }, `amount: not a plain integer: "${"1".repeat(40)}..."`],
    [{ abs_amount: "-25" }, 'abs_amount: not a plain decimal: "-25"'],
    [{ abs_amount: "2.5e1" }, 'abs_amount: not a plain decimal: "2.5e1"'],
    [{ abs_amount: ".5" }, 'abs_amount: not a plain decimal: ".5"'],
    [{ abs_amount: "25,0" }, 'abs_amount: not a plain decimal: "25,0"'],
    [
      { abs_amount: "25.000001" },
      'amount with 6 decimals and abs_amount contradict each other: "25", "25.000001"',
    ],
    [{ decimal: 8 }, 'amount with 8 decimals and abs_amount contradict each other: "0.25", "25"'],
    [{ decimal: 256 }, "decimal: more than 255: 256"],
    [{ decimal: -1 }, "decimal: not a plain integer: -1"],
    [{ decimal: null }, "amount: of a coin whose decimals are missing"],
    [{ amount: undefined, abs_amount: undefined }, "amount: missing"],
    [{ amount: "", abs_amount: null }, "amount: missing"],
    [{ amount: undefined, abs_amount: "0.0000001" }, 'abs_amount: more than 6 fraction digits: "0.0000001"'],
    [{ vout_n: "first" }, 'vout_n: not a plain integer: "first"'],
    [{ vout_n: -1 }, "vout_n: not a plain integer: -1"],
    [{ vout_n: true }, "vout_n: neither a number nor text: true"],
    [{ confirmed_num: "1e3" }, 'confirmed_num: not a plain integer: "1e3"'],
    [{ created_time: "2023-11-14" }, 'created_time: not a plain integer: "2023-11-14"'],
    [{ waiting_audit: "true" }, 'waiting_audit: neither true nor false: "true"'],
    [{ type: "unknown" }, 'type: neither external nor internal: "unknown"'],
    [{ tx_detail: "x" }, 'tx_detail: no object: "x"'],
    [{ tx_detail: { txid: "0xother" } }, "txid and tx_detail.txid contradict each other"],
    [{ address: "rAddress|1", memo: "2" }, 'the memo in address and memo contradict each other: "1", "2"'],
    [{ address: "|1" }, "address: a memo without an address"],
  ])("%o", (changes, problem) => {
    expect(problemOf(custodialDeposit(changes))).toContain(problem);
  });

  it("numbers that JSON spells otherwise", () => {
    const spelled = (number: string): string =>
      replaced(custodialDeposit({ confirmed_num: 12 }), '"confirmed_num": 12', `"confirmed_num": ${number}`);
    for (const number of ["12.0", "-0", "1.2e1", "1e999", "9007199254740993", "NaN"])
      unreadable(spelled(number));
    expect(read(spelled("12")).confirmations).toBe(12);
  });

  it("reads texts where numbers are usual, and the other way round", () => {
    const usual = read(custodialWithdrawal());
    const other = read(
      custodialWithdrawal({
        decimal: "6",
        amount: 10_000_000,
        abs_amount: 10,
        vout_n: "0",
        created_time: "1700000000000",
        confirmed_num: "12",
        confirming_threshold: "12",
        fee_amount: 2_100_000_000_000_000,
        fee_decimal: "18",
        abs_cobo_fee: 0.5,
        tx_request_type: "200",
      }),
    );
    expect({ ...other, rawText: "" }).toEqual({ ...usual, rawText: "" });
  });

  it("reads what is missing, null and empty alike", () => {
    const names = [
      "memo",
      "source_address",
      "source_address_detail",
      "request_id",
      "fee_coin",
      "remark",
      "type",
    ];
    const [none, empty, nothing] = [undefined, "", null].map((value) =>
      read(custodialDeposit(Object.fromEntries(names.map((name) => [name, value])))),
    );
    expect({ ...empty, rawText: "" }).toEqual({ ...none, rawText: "" });
    expect({ ...nothing, rawText: "" }).toEqual({ ...none, rawText: "" });
    expect(none).toMatchObject({ inputs: [], fee: undefined, requestId: undefined, internal: undefined });
  });

  it("reads a message without any id, and 0 confirmations of 0", () => {
    const parsed = read(custodialDeposit({ id: "", confirmed_num: 0, confirming_threshold: 0 }));
    expect(parsed).toMatchObject({ coboId: undefined, requestId: undefined, confirmations: 0, threshold: 0 });
  });

  it.each<[Message, ParsedPush["status"]]>([
    [{ status: "success" }, "success"],
    [{ status: "failed" }, "failed"],
    [{ status: "pending", confirmed_num: 0 }, "pending"],
    [{ status: "pending", confirmed_num: undefined }, "pending"],
    [{ status: "pending", confirmed_num: 1 }, "confirming"],
  ])("%o is %s", (changes, status) => {
    expect(read(custodialDeposit(changes)).status).toBe(status);
  });

  it("splits addresses, memos and lists of senders", () => {
    const memo = (changes: Message): unknown => read(custodialDeposit(changes)).outputs[0];
    expect(memo({ address: "rA|1175609358" })).toMatchObject({ address: "rA", memo: "1175609358" });
    expect(memo({ address: "rA|7", memo: "7" })).toMatchObject({ address: "rA", memo: "7" });
    expect(memo({ address: "rA", memo: "7|8" })).toMatchObject({ address: "rA", memo: "7|8" });
    expect(memo({ address: "rA|7|8" })).toMatchObject({ address: "rA", memo: "7|8" });
    expect(memo({ address: "rA|" })).toMatchObject({ address: "rA", memo: undefined });
    expect(memo({ address: "rA", memo: 7 })).toMatchObject({ address: "rA", memo: "7" });
    const { inputs } = read(custodialDeposit({ source_address: "b|9", source_address_detail: "a, b,,c,a" }));
    expect(inputs.map(({ address }) => address)).toEqual(["b", "a", "c"]);
  });
});

describe("members of an MPC message", () => {
  const targets = [
    { address: "bc1qone", value: 30, is_change: false },
    { address: "bc1qtwo", value: "70", is_change: null },
    { address: "bc1qours", value: 5, is_change: true },
  ];
  const many: Message = {
    coin_detail: { decimal: 0 },
    amount_detail: { amount: "100", abs_amount: "100" },
    to_address: "",
    target_destinations: targets,
  };

  it.each<[Message, string]>([
    [{ transaction_type: undefined }, "transaction_type: missing"],
    [{ transaction_type: 0 }, "transaction_type: missing"],
    [{ transaction_type: "deposit" }, 'transaction_type: not a plain integer: "deposit"'],
    [{ status: undefined }, "status: missing"],
    [{ status: 0 }, "status: no status that is known: 0"],
    [{ status: 903 }, "status: no status that is known: 903"],
    [{ status: "success" }, 'status: not a plain integer: "success"'],
    [{ status: -900 }, "status: not a plain integer: -900"],
    [{ coin_detail: null }, "amount_detail.amount: of a coin whose decimals are missing"],
    [{ coin_detail: { coin: "" } }, "coin_detail.coin: missing"],
    [{ coin_detail: "ETH" }, 'coin_detail: no object: "ETH"'],
    [{ coin_detail: { decimal: 6 } }, "contradict each other"],
    [{ coin_detail: { can_deposit: 1 } }, "coin_detail.can_deposit: neither true nor false: 1"],
    [{ amount_detail: null }, "amount_detail.amount: missing"],
    [{ amount_detail: { amount: "-1" } }, 'amount_detail.amount: not a plain integer: "-1"'],
    [{ amount_detail: { abs_amount: "1.50000000000000000001" } }, "contradict each other"],
    [{ amount_detail: { nft_amount: 1 } }, "amount_detail.nft_amount: of no nft_detail"],
    [{ nft_detail: { nft_code: "APE" } }, "an amount of a coin and an NFT"],
    [{ nft_detail: { chain_code: "BSC" } }, "nft_detail.chain_code contradict each other"],
    [{ fee_detail: { fee_used: -1 } }, "fee_detail.fee_used: not a plain integer: -1"],
    [{ fee_detail: { fee: "five" } }, 'fee_detail.fee: not a decimal: "five"'],
    [{ fee_detail: { fee: -5.5 } }, "fee_detail.fee: not a decimal: -5.5"],
    [{ source_addresses: 5 }, "source_addresses: no list of addresses: 5"],
    [{ source_addresses: [5] }, "source_addresses: no list of addresses: an array"],
    [{ nonce: -1 }, "nonce: not a plain integer: -1"],
    [{ tx_detail: { tx_hash: "0xother" } }, "tx_hash and tx_detail.tx_hash contradict each other"],
    [{ block_detail: { block_height: "high" } }, 'block_detail.block_height: not a plain integer: "high"'],
    [{ target_destinations: {} }, "target_destinations: no list: an object"],
    [{ selected_utxos: [{ vout_n: -1 }] }, "selected_utxos.0.vout_n: not a plain integer: -1"],
    [{ ...many, to_address: "bc1qours" }, "to_address: not among the 2 that are paid"],
    [
      { ...many, amount_detail: { amount: "105", abs_amount: "105" } },
      "the sum of the 2 that are paid contradict",
    ],
    [{ ...many, memo: "7" }, "memo: with several destinations"],
    [{ ...many, target_destinations: [{ address: "bc1qone" }] }, "target_destinations.0: no amount"],
  ])("%o", (changes, problem) => {
    expect(problemOf(mpcWithdrawal(changes))).toContain(problem);
  });

  it.each<[number | string, ParsedPush["status"]]>([
    [101, "pending"],
    [201, "pending"],
    [301, "pending"],
    [401, "pending"],
    [402, "pending"],
    [403, "pending"],
    [501, "confirming"],
    [502, "reverting"],
    [900, "success"],
    [901, "failed"],
    [902, "reorganized"],
    ["900", "success"],
  ])("%s is %s", (status, expected) => {
    expect(read(mpcDeposit({ status })).status).toBe(expected);
  });

  it("takes every type but 1000 for a withdrawal, and names what it knows", () => {
    const told = (changes: Message): unknown => {
      const { side, type, initiator, replaces } = read(mpcWithdrawal(changes));
      return { side, type, initiator, replaces };
    };
    const withdrawal = { side: "withdrawal", type: "Withdrawal", replaces: undefined };
    expect(told({ transaction_type: 1000, operation: "" })).toMatchObject({
      side: "deposit",
      type: "Deposit",
    });
    expect(told({ transaction_type: "102" })).toEqual({ ...withdrawal, initiator: "API" });
    expect(told({ transaction_type: 100 })).toEqual({ ...withdrawal, initiator: "Web" });
    expect(told({ transaction_type: 4711 })).toEqual({ ...withdrawal, initiator: undefined });
    expect(told({ operation: 200 })).toMatchObject({ type: "ContractCall" });
    expect(told({ operation: 999 })).toMatchObject({ side: "withdrawal", type: undefined });
    expect(told({ transaction_type: 500, operation: "" })).toMatchObject({ type: "Stake" });
    expect(told({ transaction_type: 103, replace_cobo_id: "2023" })).toMatchObject({
      replaces: { id: "2023", how: "speed_up" },
    });
    expect(told({ transaction_type: 108, replace_cobo_id: "2023" })).toMatchObject({
      initiator: "Web",
      replaces: { id: "2023", how: "resend" },
    });
  });

  it.each([
    ["5.0", "5"],
    ["0.10", "0.1"],
    ["1e-05", "0.00001"],
    ["2.5E+3", "2500"],
    ["12e1", "120"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["0.0", undefined],
  ])("a fee of %s", (spelled, rate) => {
    const body = replaced(mpcDeposit({ fee_detail: { fee: 4711 } }), '"fee": 4711', `"fee": ${spelled}`);
    expect(read(body).fee?.rate).toBe(rate);
  });

  it("takes the outputs of a withdrawal that are no change", () => {
    const { outputs } = read(mpcWithdrawal(many));
    expect(outputs).toEqual([
      { address: "bc1qone", memo: undefined, amount: { text: "30", units: "30", decimals: 0 } },
      { address: "bc1qtwo", memo: undefined, amount: { text: "70", units: "70", decimals: 0 } },
    ]);
    const details = [
      { to_address: "bc1qone", amount: "30" },
      { to_address: "bc1qtwo", amount: "70" },
    ];
    const held = { ...many, target_destinations: undefined, to_address_details: JSON.stringify(details) };
    expect(read(mpcWithdrawal(held)).outputs).toEqual(outputs);
    // A deposit's transaction pays others, too.
    expect(read(mpcDeposit({ ...many, to_address: "bc1qme" })).outputs).toMatchObject([
      { address: "bc1qme" },
    ]);
    for (const odd of ["[", "{}", '[{"to": 1}]', '"x"']) {
      const changes = { to_address: "bc1qme", to_address_details: odd };
      expect(read(mpcWithdrawal(changes)).outputs).toMatchObject([{ address: "bc1qme" }]);
    }
  });

  it("takes the inputs that it names, and the addresses besides", () => {
    const { inputs } = read(
      mpcWithdrawal({
        coin_detail: { decimal: 8 },
        amount_detail: { amount: "50000000" },
        selected_utxos: [{ address: "bc1qa", tx_hash: "AB".repeat(32), vout_n: "1", value: 60_000_000 }],
        source_addresses: ["bc1qa", "bc1qb"],
        from_address: "bc1qc",
      }),
    );
    expect(inputs).toEqual([
      {
        address: "bc1qa",
        txHash: "AB".repeat(32),
        index: 1,
        amount: { text: "0.6", units: "60000000", decimals: 8 },
      },
      { address: "bc1qc" },
      { address: "bc1qb" },
    ]);
  });

  it("reads an NFT with its coin, or without one", () => {
    const nft = { nft_code: "ETH_APE", token_id: 4711, chain_code: "ETH", contract_address: "0xape" };
    const amounts = { amount: "0", abs_amount: "0", nft_amount: 2 };
    for (const coin_detail of [coinless(), null, { coin: "ETH" }]) {
      const parsed = read(mpcDeposit({ coin_detail, nft_detail: nft, amount_detail: amounts }));
      expect(parsed.nft).toEqual({ code: "ETH_APE", tokenId: "4711", contract: "0xape", amount: "2" });
      expect(parsed.outputs[0]?.amount).toEqual({ text: "2" });
      expect(parsed.chain).toBe("ETH");
    }
  });
});

const coinless = (): Message => ({ coin: "", chain_code: "", decimal: 0 });

describe("what asks for a confirmation", () => {
  it.each<[boolean, Message]>([
    [false, custodialWithdrawal()],
    [false, custodialConfirmation({ confirmed_num: 1 })],
    [false, mpcConfirmation({ status: 201 })],
    [true, custodialConfirmation()],
    [true, mpcConfirmation()],
  ])("%s: %o", (expected, message) => {
    expect(read(message).awaitsApproval).toBe(expected);
  });

  it("is the published one", () => {
    expect(read(vector("P1").body)).toMatchObject({
      awaitsApproval: true,
      side: "withdrawal",
      txHash: undefined,
    });
  });
});

describe("what is found in an unreadable message", () => {
  it("nothing where there is nothing", () => {
    for (const body of ["", "[]", "{", '{"id": {}}', '{"id": null, "address": false}']) {
      expect(unreadable(body)).toMatchObject({ names: undefined, marks: [] });
    }
  });

  it("ids and addresses, whatever is wrong with it", () => {
    const found = {
      names: { organization: "", names: ["cobo:20231114221320000100000000000001", "request:r-1"] },
      marks: [
        { kind: "address", value: "0xbb4b8d6ad5ef2d3e9f4eca9ed0bd5e4a0ea2de37", role: "paid_into" },
        { kind: "outpoint", value: `${"ab".repeat(32)}:1`, role: "paid_into" },
        { kind: "address", value: "a", role: "sender" },
        { kind: "address", value: "b", role: "sender" },
      ],
    };
    const message = custodialDeposit({
      request_id: "r-1",
      status: "new",
      address: "0xBB4B8D6AD5EF2D3E9F4ECA9ED0BD5E4A0EA2DE37".replace("0X", "0x"),
      txid: "AB".repeat(32),
      tx_detail: undefined,
      vout_n: 1,
      source_address: "a",
      source_address_detail: "a, b|7",
    });
    expect(unreadable(message)).toMatchObject(found);
    expect(unreadable(`\ufeff${bodyOf(message)}`)).toMatchObject(found);
    expect(unreadable(replaced(message, '"memo": ""', '"memo": "1", "memo": "2"'))).toMatchObject(found);
    expect(unreadable(replaced(message, '"memo": ""', '"memo": "\\udfff"'))).toMatchObject(found);
  });

  it("of an MPC message", () => {
    const message = mpcDeposit({
      status: 1,
      source_addresses: ["c", 5, null, ["d"]],
      tx_hash: "",
      cobo_id: "",
    });
    expect(unreadable({ ...message, request_id: 5 })).toMatchObject({
      names: { names: ["request:5"] },
      marks: [
        { value: "0xbb4b8d6ad5ef2d3e9f4eca9ed0bd5e4a0ea2de37", role: "paid_into" },
        { value: "0x5be0e3c63d7f28e5e8f66b8b0c3a1a3c1f2d9a10", role: "sender" },
        { value: "c", role: "sender" },
        { value: "5", role: "sender" },
      ],
    });
    // The published deposit of P3, which says hardly anything.
    expect(unreadable(vector("P3").body)).toMatchObject({
      problem: "coin: missing",
      names: { names: ["cobo:20201207150724000192033000003701"] },
    });
  });

  it("no more of it than a flag can hold, and nothing that is too long to be an address", () => {
    const addresses = Array.from({ length: 10_000 }, (_, index) => `a${index}`).join(",");
    expect(unreadable(custodialDeposit({ status: "", source_address_detail: addresses })).marks).toHaveLength(
      256,
    );
    const long = "x".repeat(257);
    const found = unreadable(
      custodialDeposit({ id: long, txid: long, status: "", address: long, source_address_detail: long }),
    );
    expect(found.names).toBeUndefined();
    expect(found.marks.map(({ role }) => role)).toEqual(["sender"]);
  });
});

it("keeps the message as it was spelled", () => {
  for (const body of [SEEDS.custodial, SEEDS.mpc, vector("P2").body]) {
    expect(read(body).rawText).toBe(body);
    expect(JSON.stringify(JSON.parse(body))).not.toBe(body);
  }
});

describe("for any JSON", () => {
  it("it is read, or unreadable, and nothing else", () => {
    const check = (body: string | Uint8Array): void => {
      try {
        read(body);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadablePush);
      }
    };
    fc.assert(fc.property(anyPush, check), { numRuns: 1_500 });
    fc.assert(fc.property(anyJson, check), { numRuns: 300 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 300 });
  });

  it("amounts are taken exactly where their two spellings agree, and only there", () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 40n });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 36 }), fc.nat({ max: 3 }), (units, decimal, zeros) => {
        const padded = units.toString().padStart(decimal + 1, "0");
        const whole = padded.slice(0, padded.length - decimal);
        const fraction = padded.slice(padded.length - decimal);
        const spelled = decimal === 0 ? whole : `${whole}.${fraction}${"0".repeat(zeros)}`;
        const message = (amount: bigint, abs_amount: string): Message =>
          custodialDeposit({ decimal, amount: amount.toString(), abs_amount });
        expect(codeOf(message(units + 1n, spelled))).toBe("REQUEST_SCHEMA");
        const { amount } = read(message(units, spelled)).outputs[0] ?? {};
        expect(amount).toMatchObject({ units: units.toString(), decimals: decimal });
        const [left = "", right = ""] = (amount?.text ?? "").split(".");
        expect(BigInt(left + right.padEnd(decimal, "0"))).toBe(units);
        expect(amount?.text).not.toMatch(/\.$|\.[0-9]*0$/);
      }),
    );
  });
});
