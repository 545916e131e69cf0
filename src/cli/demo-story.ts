/** The demo's second half: what a server that remembers does, told with the sample transfer. */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { ulid } from "ulid";
import { z } from "zod";
import { readAdminToken } from "../admin/tokens.ts";
import type { Anchor } from "../ledger/anchor-file.ts";
import { ledgerFiles } from "../ledger/files.ts";
import { verifyLedger } from "../ledger/verify.ts";
import { sendRequest } from "./http-request.ts";
import type { Reply } from "./node-client.ts";

/** One line of the demo. `ok` is whether all is as expected. */
export interface DemoResult {
  readonly title: string;
  readonly action: string;
  readonly error: string;
  readonly ok: boolean;
  /** From the first byte sent to the verified answer. */
  readonly ms: number;
}

/** @property listed - the sample transfer, which was approved once already. @property admin - `host:port`. */
export interface Stage {
  readonly listed: string;
  readonly stateDir: string;
  readonly admin: string;
  readonly ask: (request: string) => Promise<{ readonly reply: Reply; readonly ms: number }>;
}

/** The sample transfer is worth 0.30 dollars; with the one before, three of them stay within the limits of a day. */
const AT_ONCE = 6;
const FIT = 2;

const callbackSchema = z.looseObject({ request_detail: z.string(), extra_info: z.string() });
const detailSchema = z.looseObject({});
const extraSchema = z.looseObject({
  wallet: z.looseObject({ wallet_id: z.string() }),
  transaction: z.looseObject({
    raw_tx_info: z.looseObject({ unsigned_raw_tx: z.templateLiteral(["0x", z.string()]) }),
  }),
});
const itemsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      reasons: z.array(
        z.object({ rule: z.string().optional(), code: z.string(), values: z.unknown().optional() }),
      ),
    }),
  ),
});
const frozenSchema = z.object({ id: z.string() });

export async function tellStory(stage: Stage): Promise<DemoResult[]> {
  return [await retry(stage), ...(await manyAtOnce(stage)), ...(await freeze(stage))];
}

async function retry({ listed, ask }: Stage): Promise<DemoResult> {
  const { reply, ms } = await ask(listed);
  return {
    title: "the first transfer again, as a node that got no answer",
    action: reply.action ?? "",
    error: "the same answer, counted once",
    ok: reply.action === "APPROVE",
    ms,
  };
}

async function manyAtOnce(stage: Stage): Promise<DemoResult[]> {
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) => stage.ask(anotherOf(stage.listed, 1 + index))),
  );
  const approved = answers.filter(({ reply }) => reply.action === "APPROVE");
  const refused = answers.find(({ reply }) => reply.action === "REJECT");
  const ms = Math.max(...answers.map((answer) => answer.ms));
  const together: DemoResult = {
    title: `${AT_ONCE} more at once, of which ${FIT} fit the daily limit`,
    action: `${approved.length} of ${AT_ONCE}`,
    error: refused?.reply.error ?? "",
    ok: approved.length === FIT && /^DAILY_LIMIT/.test(refused?.reply.error ?? ""),
    ms,
  };
  const started = performance.now();
  const { body } = await operate(stage, "GET", "/v1/decisions?rule=DAILY_LIMIT&limit=1");
  const [item] = itemsSchema.parse(JSON.parse(body)).items;
  const reason = item?.reasons.find(({ code }) => code === "DAILY_LIMIT");
  const why: DemoResult = {
    title: "why? (countersign explain has all of it)",
    action: "EXPLAIN",
    error: `${item?.id ?? ""} ${reason?.rule ?? ""} ${JSON.stringify(reason?.values ?? {})}`,
    ok: reason?.rule === "transfer/daily_limit" && reason.values !== undefined,
    ms: performance.now() - started,
  };
  return [together, why];
}

async function freeze(stage: Stage): Promise<DemoResult[]> {
  const { wallet } = extraSchema.parse(JSON.parse(callbackSchema.parse(JSON.parse(stage.listed)).extra_info));
  const scope = `wallet:${wallet.wallet_id}`;
  const frozen = await operate(stage, "POST", "/v1/freeze", { scope, reason: "the demo says so" });
  const { id } = frozenSchema.parse(JSON.parse(frozen.body));
  const refused = await stage.ask(anotherOf(stage.listed, AT_ONCE + 1));
  await operate(stage, "POST", "/v1/unfreeze", { id, reason: "the demo is over" });
  const after = await stage.ask(anotherOf(stage.listed, AT_ONCE + 2));
  return [
    {
      title: "another one while the wallet is frozen",
      action: refused.reply.action ?? "",
      error: refused.reply.error,
      ok: refused.reply.action === "REJECT" && /^FROZEN/.test(refused.reply.error),
      ms: refused.ms,
    },
    {
      title: "and when it no longer is",
      action: after.reply.action ?? "",
      error: after.reply.error,
      ok: /^DAILY_LIMIT/.test(after.reply.error),
      ms: after.ms,
    },
  ];
}

/** What `countersign ledger verify` does, when the server has ended. */
export async function verifyChain(stateDir: string, anchor: Anchor | undefined): Promise<DemoResult> {
  const started = performance.now();
  const files = ledgerFiles(stateDir);
  const key = createPublicKey(readFileSync(files.checkpointPub));
  const result = await verifyLedger(files.database, { key, anchor, deep: true });
  const { ok, rows, head, anchored, problems } = result;
  return {
    title: "the chain of all that was decided",
    action: ok ? "VERIFIED" : "BROKEN",
    error: ok
      ? `${rows} entries, the last of them signed: ${head?.hash.slice(0, 16) ?? ""}`
      : problems.map(({ seq, what }) => `${seq}: ${what}`).join("; "),
    ok: ok && rows > AT_ONCE && anchored?.seq === head?.seq,
    ms: performance.now() - started,
  };
}

/** Where the sample's bytes have their nonce: it is 0, and in RLP 1 to 127 take as many bytes. */
const NONCE_AT = 1;

/**
 * The same transfer as another transaction: ids, nonce and hash of its own.
 *
 * @param nonce - 1 to 127.
 */
function anotherOf(listed: string, nonce: number): string {
  const callback = callbackSchema.parse(JSON.parse(listed));
  const detail = detailSchema.parse(JSON.parse(callback.request_detail));
  const extra = extraSchema.parse(JSON.parse(callback.extra_info));
  const id = ulid();
  const { raw_tx_info: raw } = extra.transaction;
  const bytes = Buffer.from(raw.unsigned_raw_tx.slice(2), "hex");
  bytes[NONCE_AT] = nonce;
  const hash = `0x${Buffer.from(keccak_256(bytes)).toString("hex")}`;
  return JSON.stringify({
    ...callback,
    request_id: `demo-${id}`,
    request_detail: JSON.stringify({ ...detail, msg_hash_list: [hash], biz_task_id: id }),
    extra_info: JSON.stringify({
      ...extra,
      transaction: {
        ...extra.transaction,
        raw_tx_info: { ...raw, used_nonce: nonce, unsigned_raw_tx: `0x${bytes.toString("hex")}` },
        transaction_id: id,
        cobo_id: `cobo-${id}`,
        request_id: `api-${id}`,
      },
    }),
  });
}

async function operate(
  { admin, stateDir }: Stage,
  method: "GET" | "POST",
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<{ readonly body: string }> {
  const token = await readAdminToken(stateDir);
  return await sendRequest({
    url: `http://${admin}${path}`,
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    timeoutMs: 10_000,
  });
}
