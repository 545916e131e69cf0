/** The demo's second half: what a server that remembers does, told with the sample transfer. */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Anchor } from "../ledger/anchor-file.ts";
import { ledgerFiles } from "../ledger/files.ts";
import { verifyLedger } from "../ledger/verify.ts";
import { type PushStage, tellOfPushes } from "./demo-pushes.ts";
import { type ReleasePlace, tellOfReleases } from "./demo-releases.ts";
import { type DemoResult, itemsOf, operate, refusalOf, type Stage } from "./demo-stage.ts";
import { anotherOf, walletOf } from "./demo-transfer.ts";

/** The sample transfer is worth 0.30 dollars; with the two before, four of them stay within the limits of a day. */
const AT_ONCE = 6;
const FIT = 2;

const decisionSchema = z.object({
  id: z.string(),
  reasons: z.array(
    z.object({ rule: z.string().optional(), code: z.string(), values: z.unknown().optional() }),
  ),
});
const frozenSchema = z.object({ id: z.string() });

/** @property place - where the server's release lies. */
export interface StoryStage extends PushStage {
  readonly place: ReleasePlace;
}

export async function tellStory(stage: StoryStage): Promise<DemoResult[]> {
  return [
    await retry(stage),
    ...(await tellOfPushes(stage)),
    ...(await tellOfReleases(stage, stage.place)),
    ...(await manyAtOnce(stage)),
    ...(await freeze(stage)),
  ];
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
  const [item] = await itemsOf(stage, "/v1/decisions?rule=DAILY_LIMIT&limit=1", decisionSchema);
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
  const scope = `wallet:${walletOf(stage.listed)}`;
  const frozen = await operate(stage, "POST", "/v1/freeze", { scope, reason: "the demo says so" });
  const { id } = frozenSchema.parse(JSON.parse(frozen.body));
  const refused = await stage.ask(anotherOf(stage.listed, AT_ONCE + 1));
  await operate(stage, "POST", "/v1/unfreeze", { id, reason: "the demo is over" });
  const after = await stage.ask(anotherOf(stage.listed, AT_ONCE + 2));
  return [
    refusalOf("another one while the wallet is frozen", refused, "FROZEN"),
    refusalOf("and when it no longer is", after, "DAILY_LIMIT"),
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
