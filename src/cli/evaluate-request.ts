/** One request through the whole decision, as the server would decide it, with a clock and facts of one's own. */
import { z } from "zod";
import { normalize, participantsOf } from "../channels/tss/normalize.ts";
import { parseCallback } from "../channels/tss/wire.ts";
import { decide, reasonOf } from "../decisions/decide.ts";
import type { Decision } from "../decisions/decision.ts";
import { decisionId } from "../decisions/decision-id.ts";
import { VerifiedRequest } from "../decisions/request.ts";
import { see } from "../evidence/evidence.ts";
import { FeedError } from "../feeds/feed-error.ts";
import { parsePrices } from "../feeds/price-file.ts";
import { nowMembers } from "../input/clock.ts";
import { type Document, documentSchema } from "../input/document.ts";
import { type Price, priceDocument, type Quote } from "../input/pricing.ts";
import { Refusal } from "../input/refusal.ts";
import { activate } from "../policy/activate.ts";
import { knowledgeOf } from "../policy/assets.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Reason } from "../policy/verdict.ts";
import { readGiven, readGivenOrInput } from "./given-file.ts";
import { UsageError } from "./output.ts";
import { releaseBytes } from "./release-file.ts";

const EVALUATION_MS = 2_000;
const DECISION_MS = 10_000;

export interface EvaluateOptions {
  /** A file's path, or `-` for standard input. */
  readonly request: string;
  readonly payload: "v1" | "v2";
  readonly facts?: string | undefined;
  readonly lists?: string | undefined;
  /** A file as `prices.file` of the config; the age of a price is not looked at. */
  readonly prices?: string | undefined;
  readonly nowMs: number;
}

/** A decision, or what makes the request unusable before there is a document to decide on. */
export type Evaluated =
  | Decision
  | { readonly id: string; readonly outcome: "unusable"; readonly reasons: readonly Reason[] };

/**
 * @param path - a release file, or a folder of Rego, which is built first.
 * @throws UsageError where a file cannot be read or used.
 * @throws ReleaseError where the release could not go live.
 */
export async function evaluateRequest(path: string, options: EvaluateOptions): Promise<Evaluated> {
  const given = await givenMembers(options);
  const quote = await quoteOf(options.prices);
  const packageData = await readGivenOrInput(options.request);
  const live = await activate(await releaseBytes(path), {
    trust: "unsigned",
    source: path,
    evaluationMs: EVALUATION_MS,
  });
  try {
    const request = requestOf(packageData, live, { members: given, quote }, options);
    const { decision } = await decide(request, { live, scope: {}, decisionMs: DECISION_MS });
    return decision;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { id: decisionId(), outcome: "unusable", reasons: [reasonOf(error)] };
  } finally {
    await live.engine.close();
  }
}

function requestOf(
  packageData: Uint8Array,
  live: LiveRelease,
  { members, quote }: { readonly members: Partial<Document>; readonly quote: Quote },
  { payload, nowMs, request }: EvaluateOptions,
): VerifiedRequest {
  const startedAt = performance.now();
  const parsed = parseCallback(packageData, payload);
  if (parsed.type === "ping") throw new UsageError(`${request} is a ping: it is answered without a policy`);
  const knowledge = knowledgeOf(live.hostData);
  const now = nowMembers(nowMs, "UTC");
  const normalized = normalize(parsed, { source: "eval", receivedAt: nowMs, now, ...knowledge });
  const document = see(normalized, knowledge);
  const { raw } = normalized;
  return new VerifiedRequest({
    input: { document: { ...priceDocument(document, quote), ...members }, raw },
    identity: parsed.identity,
    participants: participantsOf(parsed),
    startedAt,
    normalizeMs: performance.now() - startedAt,
  });
}

/** @throws UsageError for a file that is none of prices, or one token's that is no price. */
async function quoteOf(file: string | undefined): Promise<Quote> {
  if (file === undefined) return () => undefined;
  const bytes = await readGiven(file);
  const prices = new Map<string, Price>();
  try {
    for (const [token, statement] of parsePrices(bytes)) {
      if (!statement.ok) throw new FeedError(`${token}: ${statement.problem}`);
      prices.set(token, statement.stated.price);
    }
  } catch (error) {
    throw error instanceof FeedError ? new UsageError(`${file}: ${error.message}`, { cause: error }) : error;
  }
  return (token) => prices.get(token);
}

/** `facts` and `lists` from files, held against the document's own schema. */
async function givenMembers({ facts, lists }: EvaluateOptions): Promise<Partial<Document>> {
  const schema = z.strictObject({
    facts: documentSchema.shape.facts,
    lists: documentSchema.shape.lists,
  });
  const given = schema.safeParse({
    ...(facts === undefined ? {} : { facts: await readJson(facts) }),
    ...(lists === undefined ? {} : { lists: await readJson(lists) }),
  });
  if (!given.success) {
    const [issue] = given.error.issues;
    throw new UsageError(
      `${issue?.path.join(".") ?? "facts"}: ${issue?.message ?? "not of the document's shape"}`,
    );
  }
  const { facts: checkedFacts, lists: checkedLists } = given.data;
  return {
    ...(checkedFacts === undefined ? {} : { facts: checkedFacts }),
    ...(checkedLists === undefined ? {} : { lists: checkedLists }),
  };
}

async function readJson(file: string): Promise<unknown> {
  const bytes = await readGiven(file);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new UsageError(`${file}: not JSON`, { cause: error });
  }
}
