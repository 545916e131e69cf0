/** Good tokens around unusable requests, through real HTTP: status 10, the code of what is wrong, the id echoed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, type Callback, callback, callbackText, put } from "../fixtures/callbacks/callbacks.ts";
import {
  Caller,
  claimsOf,
  demoRequest,
  expectApproval,
  expectRefusal,
  fresh,
  readReply,
  requestToken,
  tokenOf,
} from "../support/caller.ts";
import { Installation, type RunningProcess } from "../support/installation.ts";
import { type KeyPair, keyPair } from "../support/key-pairs.ts";

const DEPTH = 10_000;
const LONG = "x".repeat(500_000);
const LISTED = demoRequest("listed-transfer");
const LISTED_ID: string = JSON.parse(LISTED).request_id;

const v1Node: KeyPair = keyPair();
let installation: Installation;
let running: RunningProcess;
let caller: Caller;

beforeAll(async () => {
  installation = new Installation({
    nodes: [
      { name: "node-1", callback_public_keys: ["./node.pub"] },
      { name: "node-v1", callback_public_keys: ["./node-v1.pub"], payload: "v1" },
    ],
  });
  installation.write("node-v1.pub", v1Node.publicPem);
  running = await installation.start();
  caller = new Caller(running.addresses.nodes);
});

afterAll(async () => {
  caller.close();
  await installation.remove();
});

type Payload = "v1" | "v2";
type Body = string | Uint8Array;

async function expectUnusable(body: Body, code: string, id: string, payload: Payload = "v2"): Promise<void> {
  const key = payload === "v1" ? v1Node.privateKey : installation.node.privateKey;
  const answer = await caller.sendToken(requestToken(body, key), { path: `/${payload}/check` });
  expectRefusal(answer, installation.server.publicKey, { status: 10, code, id });
}

/** The listed transfer as a value. */
function listed(): Callback {
  const { request_detail, extra_info, ...rest } = JSON.parse(LISTED);
  return { ...rest, detail: JSON.parse(request_detail), extra: JSON.parse(extra_info) };
}

type Outer = Record<string, unknown>;

/** The listed transfer with members of the request itself set, or with `undefined` removed. */
const outer = (changes: Outer, from = LISTED): string => JSON.stringify({ ...JSON.parse(from), ...changes });

/** The listed transfer with texts replaced; each has to be there. */
function replaced(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${from} is not in the request`);
    return text.replace(from, () => to);
  }, LISTED);
}

/** The same inside `request_detail` or `extra_info`, whose text stands in the request as a JSON string. */
function inside(member: "request_detail" | "extra_info", from: string, to: string): string {
  const request: Outer = JSON.parse(LISTED);
  const text = String(request[member]);
  if (!text.includes(from)) throw new Error(`${from} is not in ${member}`);
  return outer({ [member]: text.replace(from, () => to) });
}

/** The listed transfer with one member of detail or extra set. */
function changed(place: "detail" | "extra", path: string, value: unknown): Uint8Array {
  const made = listed();
  put(made[place], path, value);
  return bytesOf(made);
}

/** Under an id that was not asked before: what is judged, and not only read, is asked once. */
const ownRequest = (body: Body) => fresh(Buffer.from(body).toString());

const deep = (open: string, close: string, core = ""): string =>
  open.repeat(DEPTH) + core + close.repeat(DEPTH);

describe("the listed transfer itself", () => {
  test("is approved: each refusal below is of its one change", async () => {
    for (const body of [LISTED, outer({}), bytesOf(listed())]) {
      const { text, id } = ownRequest(body);
      const answer = await caller.sendToken(requestToken(text, installation.node.privateKey));
      expectApproval(answer, installation.server.publicKey, id);
    }
  });
});

describe("package_data", () => {
  test.each<[string, unknown]>([
    ["missing", undefined],
    ["null", null],
    ["empty", ""],
    ["a number", 7],
    ["an object", JSON.parse(LISTED)],
    ["an array", [Buffer.from(LISTED).toString("base64")]],
    ["the request itself", LISTED],
    ["%%%", "%%%"],
    ["base64 with white space", `${Buffer.from(LISTED).toString("base64").slice(0, 76)}\n`],
    ["base64 without padding", Buffer.from(`${LISTED}  `).toString("base64").replace(/=+$/, "").slice(0, -1)],
    ["base64url", Buffer.from("\u00bf\u00be?>~").toString("base64url")],
    ["base64 with another spelling of its last byte", "e31="],
    ["base64 with a NUL byte", `\0${Buffer.from(LISTED).toString("base64")}`],
  ])("%s", async (_title, value) => {
    const token = tokenOf(claimsOf("", { package_data: value }), installation.node.privateKey);
    const refusal = { status: 10, code: "REQUEST_ENCODING", id: "" } as const;
    expectRefusal(await caller.sendToken(token), installation.server.publicKey, refusal);
  });

  test.each<[string, Body]>([
    ["not UTF-8", new Uint8Array([0xff, 0xfe, 0x7b, 0x7d])],
    [
      "a cut UTF-8 character",
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe2, 0x82]), Buffer.from('"}')]),
    ],
    ["overlong UTF-8", Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0x80]), Buffer.from('"}')])],
    [
      "a raw lone surrogate",
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ],
    ["a byte order mark", `\ufeff${LISTED}`],
  ])("%s", async (_title, body) => {
    await expectUnusable(body, "REQUEST_ENCODING", "");
  });

  test.each<[string, Body]>([
    ["white space only", "  "],
    ["a word", "request"],
    ["cut off", LISTED.slice(0, -1)],
    ["text after it", `${LISTED}x`],
    ["two requests", LISTED + LISTED],
    ["a comma at the end", LISTED.replace(/\}$/, ",}")],
    ["a comment", `/* */${LISTED}`],
    ["single quotes", "{'request_id':'a'}"],
    ["a key without quotes", '{request_id:"a"}'],
    ["NaN", replaced(['"request_type":2', '"request_type":NaN'])],
    ["Infinity", replaced(['"request_type":2', '"request_type":Infinity'])],
    ["hex", replaced(['"request_type":2', '"request_type":0x2'])],
    ["a leading zero", replaced(['"request_type":2', '"request_type":02'])],
    ["a plus sign", replaced(['"request_type":2', '"request_type":+2'])],
    ["2.", replaced(['"request_type":2', '"request_type":2.'])],
    ["an unknown escape", replaced(["20231213", "\\x0020231213"])],
    ["a raw NUL byte in a string", replaced(["20231213", "\u000020231213"])],
    ["a raw NUL byte between", replaced(['{"request_id"', '{\u0000"request_id"'])],
    ["NUL bytes only", new Uint8Array(1_000)],
    ["UTF-16", Buffer.from(LISTED, "utf16le")],
    ["a raw line break in a string", replaced(["20231213", "\n20231213"])],
    ["a no-break space between", replaced(['"request_type":2', '"request_type":\u00a02'])],
    ["a lone surrogate", replaced(["20231213", "\\ud80020231213"])],
    ["a lone low surrogate in a key", replaced(['{"request_id"', '{"\\udc00":1,"request_id"'])],
    ["surrogates the wrong way round", replaced(["20231213", "\\udc00\\ud80020231213"])],
  ])("not JSON: %s", async (_title, body) => {
    await expectUnusable(body, "REQUEST_JSON", "");
  });

  test.each(["[]", "null", "7", '"text"', "true", `[${LISTED}]`])(
    "JSON, but no object: %.20s",
    async (body) => {
      await expectUnusable(body, "REQUEST_SCHEMA", "");
    },
  );
});

describe("JSON in strings is read as strictly as the request", () => {
  test.each<[string, string, string]>([
    [
      "a key twice in detail",
      "REQUEST_DUPLICATE_KEY",
      inside("request_detail", '"task_id"', '"task_id":"a","task_id"'),
    ],
    [
      "a key twice in extra",
      "REQUEST_DUPLICATE_KEY",
      inside("extra_info", '"type":"Withdrawal"', '"type":"Withdrawal","type":"Withdrawal"'),
    ],
    [
      "a key twice, once escaped",
      "REQUEST_DUPLICATE_KEY",
      inside("extra_info", '"type":"Withdrawal"', '"type":"Withdrawal","typ\\u0065":"MessageSign"'),
    ],
    [
      "a key twice deep inside",
      "REQUEST_DUPLICATE_KEY",
      inside("extra_info", '"used_nonce":0', '"used_nonce":0,"used_nonce":1'),
    ],
    [
      "a key twice in an unknown member",
      "REQUEST_DUPLICATE_KEY",
      inside("extra_info", '"org":{', '"new":{"a":1,"a":1},"org":{'),
    ],
    [
      "10,000 levels of arrays",
      "REQUEST_TOO_DEEP",
      inside("extra_info", '"org":{', `"new":${deep("[", "]")},"org":{`),
    ],
    [
      "10,000 levels of objects",
      "REQUEST_TOO_DEEP",
      inside("request_detail", '"task_id"', `"new":${deep('{"a":', "}", "1")},"task_id"`),
    ],
    [
      "10,000 levels instead of a list",
      "REQUEST_TOO_DEEP",
      inside("request_detail", '["m/44/60/0/0/0"]', deep("[", "]")),
    ],
    ["10,000 levels, open", "REQUEST_TOO_DEEP", outer({ extra_info: "[".repeat(DEPTH) })],
    [
      "10,000 levels in a JSON text in it",
      "REQUEST_TOO_DEEP",
      inside("extra_info", '"extra":[]', `"extra":["${deep("[", "]")}"]`),
    ],
    ["a lone surrogate in detail", "REQUEST_JSON", inside("request_detail", "m/44", "\\ud800m/44")],
    [
      "a lone surrogate in extra",
      "REQUEST_JSON",
      inside("extra_info", '"description":""', '"description":"\\udfff"'),
    ],
    ["a lone surrogate in a key", "REQUEST_JSON", inside("extra_info", '"org":{', '"\\ud800":1,"org":{')],
    [
      "half a surrogate pair in each of two places",
      "REQUEST_JSON",
      inside("extra_info", '"description":""', '"description":"\\ud83d","x":"\\ude00"'),
    ],
    ["a NUL byte in detail", "REQUEST_JSON", inside("request_detail", "m/44", "\u0000m/44")],
    [
      "a NUL byte in extra",
      "REQUEST_JSON",
      inside("extra_info", '"description":""', '"description":"\u0000"'),
    ],
    ["a leading zero", "REQUEST_JSON", inside("extra_info", '"used_nonce":0', '"used_nonce":00')],
    ["a comment", "REQUEST_JSON", inside("extra_info", '"used_nonce":0', '"used_nonce":0/**/')],
    ["text after it", "REQUEST_JSON", outer({ request_detail: `${JSON.parse(LISTED).request_detail}}` })],
    ["a broken JSON text in it", "REQUEST_JSON", inside("extra_info", '"extra":[]', '"extra":["{"]')],
    [
      "a key twice in a JSON text in it",
      "REQUEST_DUPLICATE_KEY",
      inside("extra_info", '"extra":[]', '"extra":["{\\"a\\":1,\\"a\\":2}"]'),
    ],
  ])("%s", async (_title, code, body) => {
    await expectUnusable(body, code, LISTED_ID);
  });

  test.each<[string, string, string]>([
    [
      "a key twice",
      "REQUEST_DUPLICATE_KEY",
      replaced(['"request_type":2', '"request_type":2,"request_type":2']),
    ],
    [
      "a type twice, a ping first",
      "REQUEST_DUPLICATE_KEY",
      replaced(['"request_type":2', '"request_type":0,"request_type":2']),
    ],
    [
      "an id twice, once escaped",
      "REQUEST_DUPLICATE_KEY",
      replaced(['{"request_id"', '{"request\\u005fid":"a","request_id"']),
    ],
    [
      "a key twice in an unknown member",
      "REQUEST_DUPLICATE_KEY",
      replaced(['{"request_id"', '{"a":{"b":1,"b":1},"request_id"']),
    ],
    [
      "__proto__ twice",
      "REQUEST_DUPLICATE_KEY",
      replaced(['{"request_id"', '{"__proto__":1,"__proto__":1,"request_id"']),
    ],
    ["10,000 levels", "REQUEST_TOO_DEEP", deep("[", "]")],
    [
      "10,000 levels in a member",
      "REQUEST_TOO_DEEP",
      replaced(['{"request_id"', `{"a":${deep('{"a":', "}", "1")},"request_id"`]),
    ],
    [
      "65 levels",
      "REQUEST_TOO_DEEP",
      replaced(['{"request_id"', `{"a":${"[".repeat(64)}${"]".repeat(64)},"request_id"`]),
    ],
  ])("in the request itself: %s", async (_title, code, body) => {
    await expectUnusable(body, code, "");
  });
});

describe("request_id", () => {
  test.each<[string, unknown]>([
    ["missing", undefined],
    ["null", null],
    ["empty", ""],
    ["10 KB", "x".repeat(10_240)],
    ["129 characters", "x".repeat(129)],
    ["500 KB", LONG],
    ["an array", [LISTED_ID]],
    ["an object", {}],
    ["a number", 7],
    ["true", true],
    ["with a NUL byte", `${LISTED_ID}\0`],
    ["with a line break", `${LISTED_ID}\n`],
    ["with a letter that is not ASCII", `${LISTED_ID}é`],
    ["with a right-to-left mark", `\u202e${LISTED_ID}`],
  ])("%s", async (_title, request_id) => {
    await expectUnusable(outer({ request_id }), "REQUEST_SCHEMA", "");
    await expectUnusable(outer({ request_id, request_type: 4 }), "REQUEST_TYPE_UNKNOWN", "");
  });

  test("of a ping is not echoed where it can't be", async () => {
    for (const request_id of ["x".repeat(10_240), ["a"], 7, "\0"]) {
      await expectUnusable(JSON.stringify({ request_id, request_type: 0 }), "REQUEST_SCHEMA", "");
    }
  });

  test("of 128 characters is echoed", async () => {
    const id = "~ ".repeat(64);
    const answer = await caller.sendToken(
      requestToken(outer({ request_id: id }), installation.node.privateKey),
    );
    expectApproval(answer, installation.server.publicKey, id);
  });
});

describe("request_type", () => {
  test.each([
    ["null", "REQUEST_SCHEMA"],
    ["0", "REQUEST_SCHEMA"],
    ["4", "REQUEST_TYPE_UNKNOWN"],
    ["99", "REQUEST_TYPE_UNKNOWN"],
    ["-1", "REQUEST_TYPE_UNKNOWN"],
    ["-2", "REQUEST_TYPE_UNKNOWN"],
    ['"2"', "REQUEST_SCHEMA"],
    ['""', "REQUEST_SCHEMA"],
    ['"KeySign"', "REQUEST_SCHEMA"],
    ["-0", "REQUEST_SCHEMA"],
    ["0.0", "REQUEST_SCHEMA"],
    ["2.0", "REQUEST_SCHEMA"],
    ["2.5", "REQUEST_SCHEMA"],
    ["2e0", "REQUEST_SCHEMA"],
    ["20E-1", "REQUEST_SCHEMA"],
    ["1e400", "REQUEST_SCHEMA"],
    ["-1e400", "REQUEST_SCHEMA"],
    ["4294967298", "REQUEST_TYPE_UNKNOWN"],
    ["9007199254740993", "REQUEST_SCHEMA"],
    ["18446744073709551618", "REQUEST_SCHEMA"],
    ["true", "REQUEST_SCHEMA"],
    ["[2]", "REQUEST_SCHEMA"],
    ["{}", "REQUEST_SCHEMA"],
  ])("%s with a detail", async (spelled, code) => {
    await expectUnusable(replaced(['"request_type":2', `"request_type":${spelled}`]), code, LISTED_ID);
  });

  test("missing with a detail", async () => {
    await expectUnusable(outer({ request_type: undefined }), "REQUEST_SCHEMA", LISTED_ID);
    await expectUnusable(outer({ request_type: undefined, extra_info: "" }), "REQUEST_SCHEMA", LISTED_ID);
    await expectUnusable(outer({ request_type: undefined, request_detail: "" }), "REQUEST_SCHEMA", LISTED_ID);
    await expectUnusable(replaced(['"request_type"', '"Request_Type"']), "REQUEST_SCHEMA", LISTED_ID);
  });

  test.each(["[]", "[{}]", "null", "0", "x", " ", "{ }"])("0 with the detail %j", async (text) => {
    for (const member of ["request_detail", "extra_info"]) {
      const ping = { request_id: "p", request_type: 0, [member]: text };
      await expectUnusable(JSON.stringify(ping), "REQUEST_SCHEMA", "p");
    }
  });

  test.each([1, 3, 5])("%i around a transaction", async (request_type) => {
    await expectUnusable(outer({ request_type }), "REQUEST_SCHEMA", LISTED_ID);
  });
});

/** One example of each type and payload. */
const EXAMPLES: readonly (readonly [string, Payload, string])[] = [
  ["KeyGen v2", "v2", callbackText("v2-keygen-secp256k1")],
  ["KeySign v2", "v2", LISTED],
  ["KeyReshare v2", "v2", callbackText("v2-keyreshare-recovery")],
  ["KeyShareSign v2", "v2", callbackText("v2-keysharesign-one-group")],
  ["KeyGen v1", "v1", callbackText("v1-keygen-secp256k1")],
  ["KeySign v1", "v1", callbackText("v1-keysign-erc20")],
  ["KeyReshare v1", "v1", callbackText("v1-keyreshare-secp256k1")],
];

/** What stands in place of one of the two texts, and its code. */
const TEXTS: readonly (readonly [string, unknown, string])[] = [
  ["missing", undefined, "REQUEST_SCHEMA"],
  ["empty", "", "REQUEST_SCHEMA"],
  ["white space", "  ", "REQUEST_JSON"],
  ["{}", "{}", "REQUEST_SCHEMA"],
  ["the text null", "null", "REQUEST_SCHEMA"],
  ["null", null, "REQUEST_SCHEMA"],
  ["an array's text", "[]", "REQUEST_SCHEMA"],
  ["a text in an array", ["{}"], "REQUEST_SCHEMA"],
  ["an array's text around an object", "[{}]", "REQUEST_SCHEMA"],
  ["a string's text", '"{}"', "REQUEST_SCHEMA"],
  ["a number", 7, "REQUEST_SCHEMA"],
  ["true", true, "REQUEST_SCHEMA"],
  ["an empty object", {}, "REQUEST_SCHEMA"],
  ["not JSON", "not json", "REQUEST_JSON"],
  ["500 KB that are not JSON", LONG, "REQUEST_JSON"],
  ["an unknown object", '{"a":1}', "REQUEST_SCHEMA"],
];

describe.each(EXAMPLES)("%s", (_name, payload, text) => {
  const example: Outer = JSON.parse(text);
  const id = String(example["request_id"]);

  test.each(TEXTS)("request_detail or extra_info is %s", async (_title, value, code) => {
    for (const member of ["request_detail", "extra_info"]) {
      await expectUnusable(outer({ [member]: value }, text), code, id, payload);
    }
    if (value === LONG) return;
    await expectUnusable(outer({ request_detail: value, extra_info: value }, text), code, id, payload);
  });

  test("the texts as objects, and changed for each other", async () => {
    const { request_detail, extra_info } = example;
    const asObject = { request_detail: JSON.parse(String(request_detail)) };
    await expectUnusable(outer(asObject, text), "REQUEST_SCHEMA", id, payload);
    const swapped = { request_detail: extra_info, extra_info: request_detail };
    await expectUnusable(outer(swapped, text), "REQUEST_SCHEMA", id, payload);
  });

  test("the other payload's node", async () => {
    await expectUnusable(text, "PAYLOAD_VERSION", id, payload === "v1" ? "v2" : "v1");
  });
});

describe("lists", () => {
  const PATH = "m/44/60/0/0/0";
  const HASH = "0x1acf0342f77d22389a9cf6524a2af14dc420928d2942efe0dc0764be2ea5321b";
  test.each<[string, string, Record<string, unknown>]>([
    ["no hashes", "REQUEST_LIST_LENGTHS", { msg_hash_list: [] }],
    ["hashes missing", "REQUEST_LIST_LENGTHS", { msg_hash_list: undefined }],
    ["hashes null", "REQUEST_LIST_LENGTHS", { msg_hash_list: null }],
    ["no paths", "REQUEST_LIST_LENGTHS", { bip32_path_list: [] }],
    ["paths missing", "REQUEST_LIST_LENGTHS", { bip32_path_list: undefined }],
    ["no lists at all", "REQUEST_LIST_LENGTHS", { bip32_path_list: [], msg_hash_list: [], tweak_list: [] }],
    ["two hashes, one path", "REQUEST_LIST_LENGTHS", { msg_hash_list: [HASH, HASH] }],
    ["two paths, one hash", "REQUEST_LIST_LENGTHS", { bip32_path_list: [PATH, PATH] }],
    ["two tweaks, one hash", "REQUEST_LIST_LENGTHS", { tweak_list: ["", ""] }],
    [
      "one tweak, two hashes",
      "REQUEST_LIST_LENGTHS",
      { bip32_path_list: [PATH, PATH], msg_hash_list: [HASH, HASH] },
    ],
    ["10,000 paths, one hash", "REQUEST_LIST_LENGTHS", { bip32_path_list: Array(10_000).fill(PATH) }],
    ["a list as string", "REQUEST_SCHEMA", { msg_hash_list: HASH }],
    ["a list as object", "REQUEST_SCHEMA", { msg_hash_list: { 0: HASH } }],
    ["a list as JSON text", "REQUEST_SCHEMA", { bip32_path_list: `["${PATH}"]` }],
    ["a list in a list", "REQUEST_SCHEMA", { msg_hash_list: [[HASH]] }],
    ["null in a list", "REQUEST_SCHEMA", { msg_hash_list: [null] }],
    ["a number in a list", "REQUEST_SCHEMA", { msg_hash_list: [7] }],
    ["an empty hash", "REQUEST_SCHEMA", { msg_hash_list: [""] }],
    ["a hash of no bytes", "REQUEST_SCHEMA", { msg_hash_list: ["0x"] }],
    ["a hash of half a byte", "REQUEST_SCHEMA", { msg_hash_list: ["0xabc"] }],
    ["a hash that is not hex", "REQUEST_SCHEMA", { msg_hash_list: [`${HASH.slice(0, -1)}g`] }],
    ["a hash with a NUL byte", "REQUEST_SCHEMA", { msg_hash_list: [`${HASH}\0\0`] }],
    ["a hash of 500 KB that is not hex", "REQUEST_SCHEMA", { msg_hash_list: [LONG] }],
    ["an empty path", "REQUEST_SCHEMA", { bip32_path_list: [""] }],
    ["no nodes", "REQUEST_SCHEMA", { used_node_ids: [] }],
    ["nodes missing", "REQUEST_SCHEMA", { used_node_ids: undefined }],
    ["an empty node", "REQUEST_SCHEMA", { used_node_ids: [""] }],
    ["a node twice", "REQUEST_SCHEMA", { used_node_ids: ["a", "a"] }],
    ["no root key", "REQUEST_SCHEMA", { root_pub_key: "" }],
  ])("KeySign: %s", async (_title, code, changes) => {
    for (const [name, payload] of [
      ["", "v2"],
      ["v1-keysign-erc20", "v1"],
    ] as const) {
      const made = payload === "v2" ? listed() : callback(name);
      for (const [path, value] of Object.entries(changes)) put(made.detail, path, value);
      await expectUnusable(bytesOf(made), code, String(made.request_id), payload);
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ["no nodes", { node_ids: [] }],
    ["nodes missing", { node_ids: undefined }],
    ["a node twice", { node_ids: ["a", "a", "b"] }],
    ["threshold above the number of nodes", { threshold: 4 }],
    ["threshold 0", { threshold: 0 }],
    ["threshold negative", { threshold: -2 }],
    ["threshold a string", { threshold: "2" }],
    ["threshold a fraction", { threshold: 1.5 }],
    ["an unknown curve", { curve: 1 }],
    ["no curve", { curve: undefined }],
  ])("KeyGen: %s", async (_title, changes) => {
    for (const payload of ["v2", "v1"] as const) {
      const made = callback(`${payload}-keygen-secp256k1`);
      for (const [path, value] of Object.entries(changes)) put(made.detail, path, value);
      await expectUnusable(bytesOf(made), "REQUEST_SCHEMA", String(made.request_id), payload);
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ["no new nodes", { new_node_ids: [] }],
    ["no used nodes", { used_node_ids: [] }],
    ["a new node twice", { new_node_ids: ["a", "a", "b"] }],
    ["new threshold above the number of nodes", { new_threshold: 9 }],
    ["old threshold 0", { old_threshold: 0 }],
  ])("KeyReshare: %s", async (_title, changes) => {
    for (const name of ["v2-keyreshare-recovery", "v1-keyreshare-secp256k1"]) {
      const made = callback(name);
      for (const [path, value] of Object.entries(changes)) put(made.detail, path, value);
      const payload = name.startsWith("v1") ? "v1" : "v2";
      await expectUnusable(bytesOf(made), "REQUEST_SCHEMA", String(made.request_id), payload);
    }
  });

  test.each<[string, unknown]>([
    ["empty", []],
    ["missing", undefined],
    ["without a group", [{ message: "00" }]],
    ["without a message", [{ group_id: "a" }]],
    ["an object", { group_id: "a", message: "00" }],
  ])("KeyShareSign: details %s", async (_title, details) => {
    const made = callback("v2-keysharesign-one-group");
    put(made.detail, "details", details);
    await expectUnusable(bytesOf(made), "REQUEST_SCHEMA", String(made.request_id));
  });
});

describe("biz_task_id", () => {
  const names = ["v2-keysign-eth", "v2-keygen-secp256k1", "v2-keyreshare-recovery"];

  test.each(names)("of %s is another one", async (name) => {
    const own = String(callback(name).detail["biz_task_id"]);
    for (const other of ["x", ` ${own}`, `${own} `, `${own}\0`, own.replace(/^./, "Z"), own.slice(1), LONG]) {
      const made = callback(name);
      put(made.detail, "biz_task_id", other);
      await expectUnusable(bytesOf(made), "REQUEST_TASK_MISMATCH", String(made.request_id));
    }
  });

  test.each(names)("of %s is no text", async (name) => {
    for (const value of [undefined, null, "", 7, [], {}, ["a"]]) {
      const made = callback(name);
      put(made.detail, "biz_task_id", value);
      await expectUnusable(bytesOf(made), "REQUEST_SCHEMA", String(made.request_id));
    }
  });

  test("is right and the transaction is another one", async () => {
    await expectUnusable(
      demoRequest("other-transaction-shown"),
      "REQUEST_TASK_MISMATCH",
      JSON.parse(demoRequest("other-transaction-shown")).request_id,
    );
    await expectUnusable(
      changed("extra", "transaction.transaction_id", "AFF0E1CB-15B2-4E1F-9B9D-A9133715986F"),
      "REQUEST_TASK_MISMATCH",
      LISTED_ID,
    );
  });
});

describe("numbers", () => {
  test.each(["1e400", "-1e400", "1e1", "1.0", "-0", "1E-1", "9007199254740993", "1".repeat(500)])(
    "%.20s in a member that is known",
    async (spelled) => {
      for (const [member, from, to] of [
        ["request_detail", '"signature_type":1', `"signature_type":${spelled}`],
        ["request_detail", '"tss_protocol":2', `"tss_protocol":${spelled}`],
        ["extra_info", '"used_nonce":0', `"used_nonce":${spelled}`],
        ["extra_info", '"biz_org_id":1024', `"biz_org_id":${spelled}`],
        ["extra_info", '"confirmed_num":0', `"confirmed_num":${spelled}`],
        ["extra_info", '"threshold":2', `"threshold":${spelled}`],
        ["extra_info", '"updated_timestamp":1756953990112', `"updated_timestamp":${spelled}`],
        ["extra_info", '"amount":"0.0001"', `"amount":${spelled}`],
        ["extra_info", '"transaction_id":"', `"token":${spelled},"transaction_id":7,"x":"`],
      ] as const) {
        await expectUnusable(inside(member, from, to), "REQUEST_SCHEMA", LISTED_ID);
      }
    },
  );

  test.each([
    "1e400",
    "1e3",
    "-1",
    "+1",
    "01",
    ".5",
    "1.",
    "0x1",
    "1,000",
    " 1",
    "1 ",
    "1\0",
    "Infinity",
    "NaN",
    "１",
    "٠.١",
    "1_0",
    "0.0000000000000000001",
    "9".repeat(79),
    LONG,
    "9".repeat(500_000),
  ])("the amount %.30j", async (amount) => {
    const path = "transaction.destination.account_output.amount";
    await expectUnusable(changed("extra", path, amount), "REQUEST_SCHEMA", LISTED_ID);
  });
});

describe("unusable or refused by a rule, never approved", () => {
  const DESTINATION = "transaction.destination.account_output.address";
  test.each<[string, 0 | 10, string, string, unknown]>([
    ["an address of 500 KB", 10, "REQUEST_SCHEMA", DESTINATION, `0x${LONG}`],
    ["an address of 200 KB", 0, "EVIDENCE_MISMATCH", DESTINATION, `0x${LONG.slice(0, 200_000)}`],
    [
      "an address with a NUL byte",
      10,
      "REQUEST_SCHEMA",
      DESTINATION,
      "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f\0",
    ],
    [
      "an address with a space",
      0,
      "EVIDENCE_MISMATCH",
      DESTINATION,
      " 0x0f76f604fd7762bd94b48ca2523f69ab9665c97f",
    ],
    ["an address with 0X", 0, "EVIDENCE_MISMATCH", DESTINATION, "0X0f76f604fd7762bd94b48ca2523f69ab9665c97f"],
    [
      "an address of wide digits",
      0,
      "EVIDENCE_MISMATCH",
      DESTINATION,
      "0x０f76f604fd7762bd94b48ca2523f69ab9665c97f",
    ],
    ["the address __proto__", 0, "EVIDENCE_MISMATCH", DESTINATION, "__proto__"],
    ["the address constructor", 0, "EVIDENCE_MISMATCH", DESTINATION, "constructor"],
    ["an empty address", 0, "DESTINATION_ALLOWLIST", DESTINATION, ""],
    [
      "an address in an array",
      10,
      "REQUEST_SCHEMA",
      DESTINATION,
      ["0x0f76f604fd7762bd94b48ca2523f69ab9665c97f"],
    ],
    ["the chain __proto__", 10, "REQUEST_SCHEMA", "transaction.chain_id", "__proto__"],
    ["a chain of 500 KB", 10, "REQUEST_SCHEMA", "transaction.chain_id", LONG],
    ["a type of 500 KB", 10, "REQUEST_SCHEMA", "transaction.type", LONG],
    ["an empty type", 10, "KIND_UNKNOWN", "transaction.type", ""],
    ["no type", 10, "KIND_UNKNOWN", "transaction.type", undefined],
    ["a deposit", 10, "KIND_UNKNOWN", "transaction.type", "Deposit"],
    ["a transfer called message", 10, "KIND_UNKNOWN", "transaction.type", "MessageSign"],
    ["a status with a NUL byte", 10, "REQUEST_SCHEMA", "transaction.status", "Completed\0"],
    [
      "an unknown destination type",
      10,
      "REQUEST_SCHEMA",
      "transaction.destination.destination_type",
      "address",
    ],
    ["no destination", 10, "REQUEST_SCHEMA", "transaction.destination", undefined],
    ["an array of destinations", 10, "REQUEST_SCHEMA", "transaction.destination", []],
    ["no organization", 10, "REQUEST_SCHEMA", "org", undefined],
    ["another wallet's transaction", 10, "REQUEST_SCHEMA", "transaction.wallet_id", "other"],
    ["a wallet of 500 KB", 10, "REQUEST_SCHEMA", "wallet.wallet_id", LONG],
    ["transaction null", 10, "REQUEST_SCHEMA", "transaction", null],
    [
      "both kinds of outputs",
      10,
      "REQUEST_SCHEMA",
      "transaction.destination.utxo_outputs",
      [{ address: "a", amount: "1" }],
    ],
    ["no amount", 0, "EVIDENCE_VERIFIED", "transaction.destination.account_output.amount", undefined],
  ])("%s", async (_title, status, code, path, value) => {
    const { text, id } = ownRequest(changed("extra", path, value));
    const token = requestToken(text, installation.node.privateKey);
    const refusal = { status, code, id };
    expectRefusal(await caller.sendToken(token), installation.server.publicKey, refusal);
  });

  test.each<[string, string[]]>([
    ["a hash of 1 byte", ["0x1a"]],
    ["a hash of 31 bytes", [`0x${"1a".repeat(31)}`]],
    ["a hash of 33 bytes", [`0x${"1a".repeat(33)}`]],
    ["a hash of 100 KB", [`0x${"1a".repeat(100_000)}`]],
    ["two hashes for one transfer", [`0x${"1a".repeat(32)}`, `0x${"1b".repeat(32)}`]],
  ])("%s", async (_title, hashes) => {
    const made = listed();
    const paths = hashes.map(() => "m/44/60/0/0/0");
    for (const [path, list] of Object.entries({
      msg_hash_list: hashes,
      bip32_path_list: paths,
      tweak_list: [],
    })) {
      put(made.detail, path, list);
    }
    const { text, id } = ownRequest(bytesOf(made));
    const token = requestToken(text, installation.node.privateKey);
    const refusal = { status: 0, code: "SIGNATURE_KIND", id } as const;
    expectRefusal(await caller.sendToken(token), installation.server.publicKey, refusal);
  });

  /** Each of these leaves all that is judged as it was: without the check the transfer would be approved. */
  test.each<[string, string, "outer" | "detail" | "extra", string, unknown]>([
    ["500 KB in an unknown member", "note:", "outer", "note", LONG],
    ["a NUL in an unknown member", "note:", "outer", "note", "a\0"],
    ["a NUL in a member's name", "a member's name", "extra", "note\0", "a"],
    ["a NUL deep in an unknown member", "note.0.x:", "outer", "note", [{ x: "\0" }]],
    [
      "500 KB of description",
      "extra_info.transaction.description:",
      "extra",
      "transaction.description",
      LONG,
    ],
    [
      "a NUL in the description",
      "extra_info.transaction.description:",
      "extra",
      "transaction.description",
      "\0",
    ],
    ["a NUL beside what is signed", "request_detail.note:", "detail", "note", "\0"],
  ])("%s refuses what would be approved", async (_title, where, place, path, value) => {
    const { text, id } = ownRequest(
      place === "outer" ? outer({ [path]: value }) : changed(place, path, value),
    );
    const answer = await caller.sendToken(requestToken(text, installation.node.privateKey));
    const { publicKey } = installation.server;
    expectRefusal(answer, publicKey, { status: 10, code: "REQUEST_SCHEMA", id });
    expect(readReply(answer.body, publicKey).error).toContain(where);
  });

  test.each(["1e400", "-1e999", "9".repeat(400)])("the number %.20s in an unknown member", async (number) => {
    await expectUnusable(LISTED.replace("{", `{"note":${number},`), "REQUEST_SCHEMA", LISTED_ID);
    await expectUnusable(LISTED.replace("{", `{"note":[{"x":${number}}],`), "REQUEST_SCHEMA", LISTED_ID);
  });
});

test("nothing of all this was an exception, a failure or an alarm", () => {
  const lines = running.log.filter(
    ({ msg, outcome }) => msg === "exception" || msg === "alarm" || outcome === "failed",
  );
  expect(lines).toEqual([]);
});
