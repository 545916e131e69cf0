/**
 * One callback request, from bytes to a checked and typed value.
 *
 * The order is fixed: encoding, JSON, ping or type, id, detail and extra as JSON, the payload's version, the
 * schemas, and then what the request alone can contradict itself in. Whatever fails is a refusal that carries
 * the id to echo.
 */
import { hash } from "node:crypto";
import type { z } from "zod";
import { canonicalJson } from "../../input/canonical-json.ts";
import { Refusal } from "../../input/refusal.ts";
import {
  decodeUtf8Strict,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ReadJson,
  readStrictJson,
  stringifyJson,
} from "../../input/strict-json.ts";
import { refuseOtherSpellings, refuseUnreadable, unreadable } from "../readable.ts";
import {
  checkDestinationMembers,
  checkKeyGen,
  checkKeyReshare,
  checkKeyShareSign,
  checkKeySign,
  checkSigningTask,
} from "./wire-checks.ts";
import { checkShape, parseHeldJson, readHeldJson } from "./wire-members.ts";
import {
  DETAILS_V1,
  DETAILS_V2,
  type KeyGenDetail,
  type KeyReshareDetail,
  type KeyShareSignDetail,
  type KeySignDetail,
  keyShareSignDetail,
} from "./wire-request.ts";
import {
  EXTRAS_V1,
  extraParameters,
  type KeyExtraV1,
  type KeySignExtraV1,
  toAddressDetails,
} from "./wire-v1.ts";
import {
  EXTRAS_V2,
  type KeyGenExtraV2,
  type KeyReshareExtraV2,
  type KeyShareSignExtraV2,
  type KeySignExtraV2,
} from "./wire-v2.ts";

/** What a node sends is set by the list in its configuration that names this server, not by the path. */
export type PayloadVersion = "v1" | "v2";

export interface Ping {
  readonly type: "ping";
  /** Only where one was sent. */
  readonly id?: string;
}

interface Task<Type extends string, Version extends PayloadVersion, Detail, Extra> {
  readonly type: Type;
  readonly payload: Version;
  readonly requestId: string;
  /** SHA-256 in hex over canonical JSON of what will be signed: the same request has the same (design 3.7). */
  readonly identity: string;
  readonly detail: Detail;
  readonly extra: Extra;
  /** The original as one JSON text: `request_detail` and `extra_info` are the JSON that their strings held. */
  readonly rawText: string;
}

export type KeyGeneration =
  | Task<"key_generation", "v1", KeyGenDetail, KeyExtraV1>
  | Task<"key_generation", "v2", KeyGenDetail, KeyGenExtraV2>;
export type KeySignV1 = Task<"key_sign", "v1", KeySignDetail, KeySignExtraV1>;
export type KeySignV2 = Task<"key_sign", "v2", KeySignDetail, KeySignExtraV2>;
export type KeyReshare =
  | Task<"key_reshare", "v1", KeyReshareDetail, KeyExtraV1>
  | Task<"key_reshare", "v2", KeyReshareDetail, KeyReshareExtraV2>;
export type KeyShareSign = Task<"key_share_sign", "v2", KeyShareSignDetail, KeyShareSignExtraV2>;

/** A request that asks for something to be done with a key. */
export type ParsedTask = KeyGeneration | KeySignV1 | KeySignV2 | KeyReshare | KeyShareSign;
export type ParsedCallback = Ping | ParsedTask;

/**
 * A request of a good token that can't be used.
 *
 * @property refusal - what was wrong.
 * @property echoId - the request's id where it may be echoed, else `""`.
 */
export class UnusableRequest extends Refusal {
  readonly refusal: Refusal;
  readonly echoId: string;

  constructor(refusal: Refusal, echoId: string) {
    super(refusal.code, refusal.message, refusal.values, refusal);
    this.refusal = refusal;
    this.echoId = echoId;
  }
}

const ECHOABLE = /^[\x20-\x7e]{1,128}$/;

/** The request id as an answer may repeat it: printable ASCII, at most 128 characters; else `""`. */
export function echoableId(value: unknown): string {
  return typeof value === "string" && ECHOABLE.test(value) ? value : "";
}

/**
 * Reads one CallbackRequest.
 *
 * @param packageData - the bytes of `package_data`, base64 taken off.
 * @param payload - the version that this node is configured for.
 * @throws UnusableRequest `REQUEST_ENCODING`, `REQUEST_JSON`, `REQUEST_DUPLICATE_KEY`, `REQUEST_TOO_DEEP`,
 *   `REQUEST_SCHEMA`, `REQUEST_TYPE_UNKNOWN`, `PAYLOAD_VERSION`, `REQUEST_LIST_LENGTHS`,
 *   `REQUEST_TASK_MISMATCH`.
 */
export function parseCallback(packageData: Uint8Array, payload: PayloadVersion): ParsedCallback {
  let echoId = "";
  try {
    const { value: outer, suspicious } = readStrictJson(decodeUtf8Strict(packageData));
    if (!isJsonObject(outer)) throw new Refusal("REQUEST_SCHEMA", "the request is not a JSON object");
    const { request_id: id } = outer;
    echoId = echoableId(id);
    return readRequest(outer, suspicious, payload);
  } catch (error) {
    if (error instanceof Refusal) throw new UnusableRequest(error, echoId);
    throw error;
  }
}

/** Nothing, in every spelling that a ping was seen or documented with. */
function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === "{}") return true;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function readRequest(outer: JsonObject, suspicious: boolean, payload: PayloadVersion): ParsedCallback {
  const { request_type: type, request_id: id, request_detail: detail, extra_info: extra } = outer;
  refuseOtherSpellings(outer, OUTER, "the request");
  const stated = type !== undefined && type !== null;
  if (stated && typeof type !== "number") {
    throw new Refusal("REQUEST_SCHEMA", "request_type: not spelled as a plain integer");
  }
  if (!stated || type === 0) {
    if (isEmpty(detail) && isEmpty(extra)) return readPing(id);
    throw new Refusal("REQUEST_SCHEMA", "request_type: a ping has neither request_detail nor extra_info");
  }
  const known = READERS.get(type);
  if (known === undefined) throw new Refusal("REQUEST_TYPE_UNKNOWN", `request_type: ${type} is unknown`);
  const requestId = echoableId(id);
  if (requestId === "") {
    throw new Refusal("REQUEST_SCHEMA", "request_id: not 1 to 128 printable ASCII characters");
  }
  const detailText = heldText(detail, "request_detail");
  const extraText = heldText(extra, "extra_info");
  const heldDetail = readHeldJson(detailText, "request_detail");
  const heldExtra = readHeldJson(extraText, "extra_info");
  const detailObject = objectIn(heldDetail, "request_detail");
  const extraObject = objectIn(heldExtra, "extra_info");
  refuseOtherSpellings(detailObject, DETAIL, "request_detail");
  // Looked for now, since the checks change the values, and refused last: see `readable.ts`.
  const { request_detail: _detail, extra_info: _extra, ...rest } = suspicious ? outer : {};
  const found = [
    unreadable(heldDetail, "request_detail"),
    unreadable(heldExtra, "extra_info"),
    unreadable({ value: rest, suspicious }, "the request"),
  ];
  const rawText = splice(outer, detailText, extraText);
  const identity = identityOf(type, detailObject);
  const task = known({ payload, requestId, identity, detail: detailObject, extra: extraObject, rawText });
  refuseUnreadable(...found);
  return task;
}

/** What will be signed, and nothing that is only told about it. */
function identityOf(type: number, detail: JsonObject): string {
  return hash("sha256", canonicalJson({ request_type: type, request_detail: detail }), "hex");
}

const OUTER: ReadonlySet<string> = new Set(["request_id", "request_type", "request_detail", "extra_info"]);
const DETAIL: ReadonlySet<string> = new Set(
  [DETAILS_V2.keyGen, DETAILS_V2.keySign, DETAILS_V2.keyReshare, keyShareSignDetail].flatMap(({ shape }) =>
    Object.keys(shape),
  ),
);

function readPing(id: JsonValue | undefined): Ping {
  if (id === undefined || id === null || id === "" || (isJsonObject(id) && Object.keys(id).length === 0)) {
    return { type: "ping" };
  }
  if (echoableId(id) === "") throw new Refusal("REQUEST_SCHEMA", "request_id: not printable or too long");
  return { type: "ping", id: echoableId(id) };
}

function heldText(value: JsonValue | undefined, where: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Refusal("REQUEST_SCHEMA", `${where}: not a string that holds a JSON object`);
}

function objectIn({ value }: ReadJson, where: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new Refusal("REQUEST_SCHEMA", `${where}: holds JSON, but no object`);
}

function splice(outer: JsonObject, detailText: string, extraText: string): string {
  const members = Object.keys(outer).map((key) => {
    const text =
      key === "request_detail"
        ? detailText
        : key === "extra_info"
          ? extraText
          : stringifyJson(outer[key] ?? null);
    return `${JSON.stringify(key)}:${text}`;
  });
  return `{${members.join(",")}}`;
}

/** A request whose two JSON texts were read and not yet held against their schemas. */
interface Unchecked {
  readonly payload: PayloadVersion;
  readonly requestId: string;
  readonly identity: string;
  readonly detail: JsonObject;
  readonly extra: JsonObject;
  readonly rawText: string;
}

const V2_ONLY = ["org", "project", "vault", "wallet", "transaction", "tss_request"] as const;
const V1_ONLY = ["cobo_id", "api_request_id", "transaction_type", "operation", "coin"] as const;

/** The two payloads share no member, so whichever the extra info has tells what it is. */
function checkVersion(extra: JsonObject, payload: PayloadVersion): void {
  const has = (names: readonly string[]): boolean => names.some((name) => (extra[name] ?? null) !== null);
  const other = payload === "v1" ? has(V2_ONLY) : has(V1_ONLY) && !has(V2_ONLY);
  if (other) {
    throw new Refusal(
      "PAYLOAD_VERSION",
      `extra_info is a ${payload === "v1" ? "v2" : "v1"} payload, this node is configured for ${payload}`,
    );
  }
}

function readKeyGen({ payload, requestId, identity, detail, extra, rawText }: Unchecked): KeyGeneration {
  checkVersion(extra, payload);
  const type = "key_generation";
  if (payload === "v1") {
    const checked = checkShape(DETAILS_V1.keyGen, detail, "request_detail");
    const about = checkShape(EXTRAS_V1.keyGen, extra, "extra_info");
    checkKeyGen(checked, undefined);
    return { type, payload, requestId, identity, detail: checked, extra: about, rawText };
  }
  const checked = checkShape(DETAILS_V2.keyGen, detail, "request_detail");
  const about = checkShape(EXTRAS_V2.keyGen, extra, "extra_info");
  checkKeyGen(checked, about);
  return { type, payload, requestId, identity, detail: checked, extra: about, rawText };
}

function readKeyReshare({ payload, requestId, identity, detail, extra, rawText }: Unchecked): KeyReshare {
  checkVersion(extra, payload);
  const type = "key_reshare";
  if (payload === "v1") {
    const checked = checkShape(DETAILS_V1.keyReshare, detail, "request_detail");
    const about = checkShape(EXTRAS_V1.keyReshare, extra, "extra_info");
    checkKeyReshare(checked, undefined);
    return { type, payload, requestId, identity, detail: checked, extra: about, rawText };
  }
  const checked = checkShape(DETAILS_V2.keyReshare, detail, "request_detail");
  const about = checkShape(EXTRAS_V2.keyReshare, extra, "extra_info");
  checkKeyReshare(checked, about);
  return { type, payload, requestId, identity, detail: checked, extra: about, rawText };
}

function readKeySign({
  payload,
  requestId,
  identity,
  detail,
  extra,
  rawText,
}: Unchecked): KeySignV1 | KeySignV2 {
  checkVersion(extra, payload);
  const type = "key_sign";
  if (payload === "v1") {
    const checked = checkShape(DETAILS_V1.keySign, detail, "request_detail");
    const about = readKeySignExtraV1(extra);
    checkSigningTask(checked);
    return { type, payload, requestId, identity, detail: checked, extra: about, rawText };
  }
  const checked = checkShape(DETAILS_V2.keySign, detail, "request_detail");
  const about = checkShape(EXTRAS_V2.keySign, extra, "extra_info");
  checkDestinationMembers(extra);
  checkKeySign(checked, about);
  return { type, payload, requestId, identity, detail: checked, extra: about, rawText };
}

function readKeySignExtraV1(extra: JsonObject): KeySignExtraV1 {
  const { to_address_details, extra_parameters, ...about } = checkShape(
    EXTRAS_V1.keySign,
    extra,
    "extra_info",
  );
  // Its shape is not documented; where it looks like JSON it has to be.
  if (/^\s*[[{]/.test(about.raw_tx_info ?? "")) {
    parseHeldJson(about.raw_tx_info ?? "", "extra_info.raw_tx_info");
  }
  const outputs = "extra_info.to_address_details";
  const parameters = "extra_info.extra_parameters";
  return {
    ...about,
    outputs: heldOrAbsent(toAddressDetails, to_address_details, outputs),
    parameters: heldOrAbsent(extraParameters, extra_parameters, parameters),
  };
}

/** A member that is a string of JSON; `null` in it is absent as it is elsewhere. */
function heldOrAbsent<T extends z.ZodType>(
  schema: T,
  text: string | undefined,
  where: string,
): z.infer<T> | undefined {
  const value = text ? parseHeldJson(text, where) : null;
  return value === null ? undefined : checkShape(schema, value, where);
}

function readKeyShareSign({ payload, requestId, identity, detail, extra, rawText }: Unchecked): KeyShareSign {
  checkVersion(extra, payload);
  if (payload === "v1") throw new Refusal("PAYLOAD_VERSION", "request_type: 5 has no v1 payload");
  const checked = checkShape(keyShareSignDetail, detail, "request_detail");
  const about = checkShape(EXTRAS_V2.keyShareSign, extra, "extra_info");
  checkKeyShareSign(about);
  return { type: "key_share_sign", payload, requestId, identity, detail: checked, extra: about, rawText };
}

const READERS: ReadonlyMap<number, (request: Unchecked) => ParsedTask> = new Map<
  number,
  (request: Unchecked) => ParsedTask
>([
  [1, readKeyGen],
  [2, readKeySign],
  [3, readKeyReshare],
  [5, readKeyShareSign],
]);
