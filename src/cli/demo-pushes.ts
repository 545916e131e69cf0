/**
 * The demo's third part: what Cobo tells of deposits and withdrawals, and how that matters for what is signed. A deposit
 * from a listed address blocks its own sweep until a person resolves the flag; a withdrawal that nobody here approved
 * freezes its wallet.
 */
import { randomBytes } from "node:crypto";
import { ulid } from "ulid";
import { z } from "zod";
import { type DemoResult, itemsOf, operate, refusalOf, type Stage } from "./demo-stage.ts";
import { anotherOf, walletOf } from "./demo-transfer.ts";
import { postPush } from "./push-client.ts";

/** Who is on the demo's list of sanctions. */
export const LISTED = "0x00000000000000000000000000000000deadbeef";
/** Whose transfers the samples sign: the address that their key has. */
export const OWN = "0xdc05cb2b67b790903807bf106148a1a62b048b30";
/** Nobody's: the samples' nonces are below. */
const SWEEP_NONCE = 100;
const FROZEN_NONCE = 102;

/** @property push - `host:port`; @property pushKey - Cobo's, 32 bytes in hex. */
export interface PushStage extends Stage {
  readonly push: string;
  readonly pushKey: string;
}

const flagSchema = z.object({ id: z.string(), code: z.string(), severity: z.string() });

export async function tellOfPushes(stage: PushStage): Promise<DemoResult[]> {
  return [...(await flaggedDeposit(stage)), ...(await unapprovedWithdrawal(stage))];
}

async function flaggedDeposit(stage: PushStage): Promise<DemoResult[]> {
  const told = await push(stage, "a deposit from a listed address is pushed", depositOf(LISTED));
  const started = performance.now();
  const [flag] = await itemsOf(stage, `/v1/flags?state=open&address=${OWN}&severity=critical`, flagSchema);
  const flagged: DemoResult = {
    title: "and flagged",
    action: flag === undefined ? "" : "FLAGGED",
    error: `${flag?.code ?? ""} ${flag?.severity ?? ""} ${flag?.id ?? ""}`,
    ok: flag?.code === "SANCTIONED_SOURCE",
    ms: performance.now() - started,
  };
  const swept = await stage.ask(anotherOf(stage.listed, SWEEP_NONCE));
  const resolved = await operate(stage, "POST", `/v1/flags/${flag?.id ?? ""}/resolve`, {
    reason: "compliance has looked at it: a false hit",
  });
  const again = await stage.ask(anotherOf(stage.listed, SWEEP_NONCE + 1));
  return [
    told,
    flagged,
    refusalOf("its sweep", swept, "FLAGGED_FUNDS", flag?.id),
    {
      title: "when a person has resolved it, the sweep asked for anew",
      action: again.reply.action ?? "",
      error: again.reply.error,
      ok: resolved.status === 200 && again.reply.action === "APPROVE",
      ms: again.ms,
    },
  ];
}

async function unapprovedWithdrawal(stage: PushStage): Promise<DemoResult[]> {
  const told = await push(stage, "a withdrawal that nobody here approved is pushed", withdrawalOf());
  const started = performance.now();
  const [flag] = await itemsOf(stage, `/v1/flags?state=open&address=${OWN}&severity=critical`, flagSchema);
  const wallet = `wallet:${walletOf(stage.listed)}`;
  const freezes = await itemsOf(
    stage,
    "/v1/freezes",
    z.object({ id: z.string(), scope: z.array(z.string()), reason: z.string() }),
  );
  const freeze = freezes.find(({ scope }) => scope.includes(wallet));
  const alarmed: DemoResult = {
    title: "alarmed, and the wallet frozen",
    action: freeze === undefined ? "" : "FROZEN",
    error: freeze?.reason ?? "",
    ok: flag?.code === "UNAPPROVED_WITHDRAWAL" && freeze !== undefined,
    ms: performance.now() - started,
  };
  const refused = await stage.ask(anotherOf(stage.listed, FROZEN_NONCE));
  await operate(stage, "POST", `/v1/flags/${flag?.id ?? ""}/resolve`, { reason: "the demo goes on" });
  await operate(stage, "POST", "/v1/unfreeze", { id: freeze?.id ?? "", reason: "the demo goes on" });
  return [told, alarmed, refusalOf("whatever else it is asked to sign", refused, "FROZEN")];
}

async function push(stage: PushStage, title: string, message: unknown): Promise<DemoResult> {
  const started = performance.now();
  const { status, body } = await postPush({
    url: `http://${stage.push}/push`,
    body: JSON.stringify(message),
    privateKey: stage.pushKey,
  });
  const ok = status === 200 && body === "ok";
  return { title, action: ok ? "OK" : String(status), error: "", ok, ms: performance.now() - started };
}

function hashOf(): string {
  return `0x${randomBytes(32).toString("hex")}`;
}

/** One ETH, from a custodial wallet's point of view. */
function depositOf(from: string): unknown {
  const now = Date.now();
  const txid = hashOf();
  return {
    ...{ id: `demo${ulid()}`, coin: "ETH", display_code: "ETH", description: "Ethereum", decimal: 18 },
    ...{ address: OWN, source_address: from, source_address_detail: from, side: "deposit" },
    ...{ amount: "1000000000000000000", abs_amount: "1", abs_cobo_fee: "0", txid, vout_n: 0 },
    ...{ request_id: null, status: "success", type: "external", memo: "" },
    ...{ created_time: now, last_time: now, request_created_time: now },
    ...{ confirmed_num: 64, confirming_threshold: 64 },
    tx_detail: { txid, blocknum: 21_000_000, blockhash: hashOf(), hexstr: "" },
  };
}

/** 250 ETH that leave the samples' own address for a stranger, from an MPC wallet's point of view. */
function withdrawalOf(): unknown {
  const now = Date.now();
  const hash = hashOf();
  const coin = { coin: "ETH", chain_code: "ETH", display_code: "ETH", description: "Ethereum", decimal: 18 };
  const details = { ...coin, can_deposit: true, can_withdraw: true, confirming_threshold: 64 };
  return {
    ...{ cobo_id: `demo${ulid()}`, request_id: `demo-${ulid()}`, status: 501, transaction_type: 100 },
    coin_detail: details,
    amount_detail: { amount: "250000000000000000000", abs_amount: "250", nft_amount: 0 },
    fee_detail: { fee_coin_detail: details, gas_price: 0, gas_limit: 0, fee_used: 0, fee: 0 },
    ...{ source_addresses: null, from_address: OWN, to_address: `0x${"66".repeat(20)}`, memo: "" },
    ...{ tx_hash: hash, vout_n: 0, nonce: 103, confirmed_number: 3, replace_cobo_id: "" },
    block_detail: { block_hash: hashOf(), block_height: 21_000_001, block_time: now },
    tx_detail: { tx_hash: hash },
    ...{ created_time: now, updated_time: now, failed_reason: "", extra_parameters: "" },
  };
}
