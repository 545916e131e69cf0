/** A push in words: what was received, what was found of it, what is flagged, what stands now, and what to do. */
import { z } from "zod";
import type { FlagCode } from "../input/refusal.ts";
import type { FullPush } from "../ledger/full-push.ts";
import { amountSchema, amountText, listLines, plain, reasonLines } from "./explanation-lines.ts";
import { flagLines } from "./flag-words.ts";

const INDENT = "          ";
/** Of a message that nobody could read so much is shown; `--json` has all of it. */
const MAX_MESSAGE = 2_000;

const text = z.string().optional();
const count = z.int().optional();
const documentSchema = z.object({
  transaction: z
    .object({
      chain: text,
      destinations: z
        .array(z.object({ address: text, memo: text, amount: amountSchema.optional() }))
        .optional(),
    })
    .optional(),
  deposit: z
    .object({
      previously: text,
      confirmations: count,
      threshold: count,
      block: z.object({ height: count, hash: text }).optional(),
      outpoint: z.object({ hash: z.string(), index: count }).optional(),
      sources: z.array(z.object({ address: z.string() })).optional(),
    })
    .optional(),
});

export function pushExplanation(found: FullPush): string {
  const { push, judgements, flags } = found;
  const newest = judgements.at(-1) ?? push;
  const raised = new Set([push, ...judgements].flatMap((entry) => entry.flags.map(({ id }) => id)));
  return plain([
    `${newest.outcome.toUpperCase()}  ${push.kind ?? "a message that could not be read"}  ${push.id}`,
    "",
    ...receivedLines(found),
    "",
    ...newest.reasons.flatMap((reason) => reasonLines("found", reason)),
    ...newest.alerts.flatMap((alert) => reasonLines("noted", alert)),
    ...Object.entries(newest.facts ?? {}).map(
      ([rule, answers]) => `history   ${rule}: ${JSON.stringify(answers)}`,
    ),
    ...judgements.map(
      ({ at, why, outcome, seq }) =>
        `judged    again at ${new Date(at).toISOString()}, by ${why}: ${outcome} (entry ${seq})`,
    ),
    ...flags.flatMap((flag) => labelled(raised.has(flag.id) ? "flag" : "also", flagLines(flag))),
    ...standsLines(found),
    releaseLine(newest.release),
    ...listLines(newest.lists),
    `ledger    entry ${found.seq}, ${found.hash}`,
    "",
    ...labelled("next", nextSteps(found)),
  ]);
}

function labelled(label: string, lines: readonly string[]): string[] {
  return lines.map((line, at) => `${(at === 0 ? label : "").padEnd(10)}${line}`);
}

function receivedLines({ push, document, request }: FullPush): string[] {
  const { at, channel, source, status, late, readable, transaction: named } = push;
  const { transaction, deposit } = documentSchema.safeParse(document).data ?? {};
  const { confirmations, threshold, block, outpoint, previously, sources = [] } = deposit ?? {};
  const confirmed =
    confirmations === undefined ? "" : `, ${confirmations} of ${threshold ?? "?"} confirmations`;
  const message = request === undefined ? "pruned: only its digest is left" : request.slice(0, MAX_MESSAGE);
  return [
    `received  ${new Date(at).toISOString()} by ${channel}, signed by ${source}`,
    ...(status === undefined ? [] : [`${INDENT}${status}${confirmed}`]),
    ...(previously === undefined ? [] : [`${INDENT}before it: ${previously}`]),
    ...(late
      ? [`${INDENT}late: it tells of an earlier time than a message before it, and changes nothing`]
      : []),
    ...(named === undefined ? [] : [`${INDENT}transaction ${named.names.join(", ")}`]),
    ...(outpoint === undefined
      ? []
      : [
          `${INDENT}hash ${outpoint.hash}${outpoint.index === undefined ? "" : `, output ${outpoint.index}`}`,
        ]),
    ...(block === undefined ? [] : [`${INDENT}block ${[block.height, block.hash].join(" ").trim()}`]),
    ...sources.map(({ address }) => `${INDENT}from ${address}`),
    ...(transaction?.destinations ?? []).map(
      ({ address, memo, amount }) =>
        `${INDENT}to ${address ?? "an unknown address"}${memo === undefined ? "" : ` memo ${memo}`}: ${amountText(amount)} on ${transaction?.chain ?? "?"}`,
    ),
    ...(readable && request !== undefined ? [] : [`${INDENT}message: ${message}`]),
  ];
}

function standsLines({ push, stands }: FullPush): string[] {
  if (stands === undefined) return ["stands    nothing: no message of it could be read"];
  const by = stands.id === push.id ? "by this message" : `by ${stands.id}`;
  return [`stands    ${stands.status ?? "?"}, ${by}`];
}

function releaseLine(release: FullPush["push"]["release"]): string {
  return release === undefined
    ? "release   none judged it"
    : `release   ${release.revision}, sequence ${release.sequence}, ${release.sha256}`;
}

const STEPS: Readonly<Record<FlagCode, string>> = {
  UNAPPROVED_WITHDRAWAL:
    "freeze the wallet, if countersign status does not show that it is; then find out who signed without this server",
  UNDECIDED_SIGNING: "freeze the wallet; then find out who signed without this server",
  QUERY_MISMATCH:
    "book nothing of it: Cobo, asked, says something else than this message; ask Cobo by another way",
  QUERY_UNANSWERED: "book nothing of it until Cobo answers: look at push.query, its key and the network",
  UNREADABLE_PUSH: "Cobo has its ok and does not send it again: look the transaction up at Cobo",
  ILLEGAL_TRANSITION: "undo a booking that stands on it, and ask Cobo which of the two is true",
  UNDECIDED: "no rule could be asked: countersign status says why; it is judged as soon as one can be",
};

function nextSteps({ push, judgements, flags }: FullPush): string[] {
  const open = flags.filter(({ state }) => state === "open");
  const steps = new Set(
    open.flatMap(({ code }) => Object.entries(STEPS).find(([known]) => known === code)?.[1] ?? []),
  );
  const toResolve = open.filter(({ code }) => code !== "UNDECIDED");
  if (open.some(({ rule }) => rule !== undefined)) steps.add("the readme of the rule says what to look at");
  for (const { id } of toResolve)
    steps.add(`once somebody looked: countersign flags resolve ${id} --reason WHY`);
  if (steps.size > 0) return [...steps];
  const { outcome } = judgements.at(-1) ?? push;
  if (outcome === "flagged" && flags.length === 0) {
    return ["book nothing of it: what was found is flagged once, with the first transaction of its kind"];
  }
  const [name] = push.transaction?.names ?? [];
  return name === undefined ? ["nothing"] : [`nothing; ask before booking: GET /v1/transactions/${name}`];
}
