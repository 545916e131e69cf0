/**
 * What no release may approve (design 3.10), put to it before it goes live, each through the whole decision: the
 * normalizer, the evidence, the invariants, the engine and the combination. Two kinds of requests:
 *
 * - what the **policy** has to refuse, since nothing else would: payments to somebody whom nobody has listed and of
 *   which there are no bytes, or none that can be read, be it that a node asks or that Cobo wants them confirmed; messages
 *   of which nobody shows what they say; calls of contracts that nobody has listed; keys for nodes that nobody has listed;
 * - what the **host** refuses whatever the policy says: what is frozen, of a type that there is not, contradicted by its
 *   bytes, out of scope, or of others. A release decides here as well: its tables say which chain is read as what.
 *
 * Whoever writes a release knows these lines. So nothing in a request tells that it is the guard's: all ids, names,
 * keys and addresses are made up anew, as an installation has them, for a node and a scope of this one; the time is some
 * time of the next weeks; the tokens are those of the release's own table. History is once that of a wallet that
 * never paid, once that of one which pays every day. All lists are loaded, and nobody is on any.
 */
import { randomInt } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { type DecideContext, decide } from "../decisions/decide.ts";
import type { Scope } from "../decisions/invariants.ts";
import { nowMembers } from "../input/clock.ts";
import { parsePrice, priceDocument } from "../input/pricing.ts";
import { Refusal } from "../input/refusal.ts";
import type { Snapshot } from "../ledger/ledger.ts";
import { knowledgeOf } from "../policy/assets.ts";
import type { LiveRelease } from "../policy/live.ts";
import { chainsOf, type HostData, LateReleaseError, ReleaseError } from "../policy/release.ts";
import type { CaseChannel } from "../policy/self-tests.ts";
import type { Reason } from "../policy/verdict.ts";
import { dryRequest } from "./dry-run.ts";
import { type Asset, assetsOf, INITIATORS, type Made, type Occasion, Stranger } from "./guard-requests.ts";
import { NO_HISTORY, withEmptyLists, withHistory } from "./history.ts";
import { oneOf, RandomKeys, randomAddress, randomNode } from "./stranger.ts";

/**
 * @property sources - the names of the configured nodes. @property zone - the config's. @property scope - the config's.
 */
export interface GuardContext {
  readonly sources?: readonly string[];
  readonly zone?: string;
  readonly scope?: Scope;
}

/** All of them together take some tenths of a second. */
const BUDGET_MS = 20_000;
/** Of each case, whatever the machine is busy with. */
const DECISION_MS = 10_000;
/** A release may know thousands of tokens: those of its first chains and some others stand for all then. */
const MAX_ASSETS = 64;
const DAY_MS = 86_400_000;
const MAX_AHEAD_MS = 28 * DAY_MS;

/**
 * @property what - is asked for, in words for who reads why a release was refused.
 * @property host - the code by which the host refuses it, where the policy need not.
 * @property body - the request. @property to - whom it pays, where it does.
 */
interface GuardCase {
  readonly what: string;
  readonly host?: string;
  readonly channel: CaseChannel;
  readonly body: string;
  readonly to: string;
  readonly nowMs: number;
  readonly isRegular?: boolean;
  readonly participant?: string;
  readonly context?: Partial<Pick<DecideContext, "frozen" | "scope">>;
}

/** @property reasons - by which it was refused. */
export interface GuardFinding {
  readonly what: string;
  readonly host?: string | undefined;
  readonly outcome: string;
  readonly reasons: readonly Reason[];
}

/**
 * @param cases - from {@link casesFor}, for the tables of this release and this context; absent: they are made now.
 * @throws ReleaseError step `guard` where it approves any of them, fails on one, or its tables make one that the policy
 *   has to refuse unreadable, so that nobody asked; a LateReleaseError where that took
 *   too long.
 */
export async function proveGuarded(
  live: LiveRelease,
  context: GuardContext = {},
  cases = casesFor(live.hostData, context),
): Promise<void> {
  const until = performance.now() + BUDGET_MS;
  for await (const { what, host, outcome, reasons } of guardFindings(live, context, cases)) {
    if (outcome === "approved") throw new ReleaseError("guard", `the policy approves ${what}`);
    const [reason] = reasons;
    if (outcome === "unusable" && host === undefined) {
      const why = `${reason?.code ?? ""}: ${reason?.message ?? ""}`;
      throw new ReleaseError("guard", `with the release's tables nobody can read ${what}: ${why}`);
    }
    if (outcome === "failed") {
      const why = `the policy fails on ${what}: ${reason?.code ?? ""}: ${reason?.message ?? ""}`;
      const isLate = reason?.code === "POLICY_TIMEOUT" || reason?.code === "OVERLOADED";
      throw isLate ? new LateReleaseError("guard", why) : new ReleaseError("guard", why);
    }
    if (performance.now() > until) {
      throw new LateReleaseError("guard", `what no release may approve takes longer than ${BUDGET_MS} ms`);
    }
    await turn();
  }
}

/** While the policy judges some, the next ones are made and read. */
const IN_FLIGHT = 8;

/** What comes of each of them, in their order. */
export async function* guardFindings(
  live: LiveRelease,
  context: GuardContext = {},
  cases = casesFor(live.hostData, context),
): AsyncGenerator<GuardFinding> {
  const asked: Promise<GuardFinding>[] = [];
  for (const each of cases) {
    const { what, host } = each;
    const finding = askedFor(each, live, context).then((found) => ({ what, host, ...found }));
    // Where an earlier one ends it, nobody waits for this.
    finding.catch(() => {});
    asked.push(finding);
    const [first] = asked;
    if (first === undefined || asked.length < IN_FLIGHT) continue;
    yield await first;
    asked.shift();
  }
  for (const finding of asked) yield await finding;
}

async function askedFor(
  guard: GuardCase,
  live: LiveRelease,
  { sources = [], zone }: GuardContext,
): Promise<Pick<GuardFinding, "outcome" | "reasons">> {
  const { channel, body, to, nowMs, participant, context } = guard;
  try {
    const request = await dryRequest(Buffer.from(body), channel, live, {
      nowMs,
      zone,
      participant,
      source: oneOf(sources, "node-1"),
      complete: (document) =>
        withEmptyLists(
          priceDocument(document, () => parsePrice("1")),
          live,
        ),
    });
    if (request === undefined) throw new Refusal("INTERNAL", "the guard asks for nothing");
    const history = guard.isRegular === true ? regular(to, nowMs) : NO_HISTORY;
    const { decision } = await decide(withHistory(request, live, history), {
      live,
      scope: {},
      decisionMs: DECISION_MS,
      ...context,
    });
    return decision;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message } = error;
    return { outcome: "unusable", reasons: [{ code, message, severity: "critical", consequence: "deny" }] };
  }
}

/** Of somebody who pays every day, though never that one. */
function regular(to: string, nowMs: number): Snapshot {
  const count = randomInt(1, 6);
  const paid = { count, usdMicros: BigInt(count), unpriced: 0, units: BigInt(count), unmeasured: 0 };
  const isThem = (by: readonly string[]): boolean => by.includes("transaction.destinations[].address");
  return {
    ...NO_HISTORY,
    totals: ({ by }, key, after) =>
      isThem(by) ? NO_HISTORY.totals({ by, where: { direction: "out" } }, key, after) : paid,
    bound: (which, { by }) =>
      isThem(by) ? undefined : nowMs - (which === "first" ? 90 * DAY_MS : randomInt(1, DAY_MS)),
    marked: (_kind, value) => ({ known: value !== to, open: [] }),
  };
}

/** One after the other, each made when it is asked for: a key costs a millisecond. */
export function* casesFor(
  hostData: HostData,
  { scope = {}, zone = "UTC" }: GuardContext,
): Iterable<GuardCase> {
  const knowledge = knowledgeOf(hostData);
  const ids = {
    organizations: scope.organizations ?? [],
    vaults: scope.vaults ?? [],
    wallets: scope.wallets ?? [],
  };
  const made: Made = { knowledge, ids, keys: new RandomKeys() };
  const stranger = (asset: Asset): Stranger => new Stranger(asset, made, { nowMs: someTime(zone) });
  const assets = chosen(assetsOf(knowledge));
  for (const asset of assets) {
    const usual = new Stranger(asset, made, usualOccasion(zone));
    yield* transfers(usual, true);
    yield* transfers(stranger(asset), false);
    yield* unread(usual);
  }
  for (const asset of assets.slice(0, 1)) {
    for (const { isRegular, ...occasion } of occasions(zone)) {
      yield* transfers(new Stranger(asset, made, occasion), isRegular);
    }
    yield* refusedByPolicy(stranger(asset));
    yield* refusedByHost(stranger(asset));
  }
  for (const asset of readable(hostData)) yield* contradicted(stranger(asset));
}

type Fits = (now: ReturnType<typeof nowMembers>) => boolean;

const AT_WORK: Fits = ({ weekday, hour }) => !isWeekend(weekday) && hour >= 9 && hour < 17;
const TIMES: readonly Fits[] = [
  AT_WORK,
  ({ weekday, hour }) => !isWeekend(weekday) && (hour < 6 || hour >= 20),
  ({ weekday }) => isWeekend(weekday),
];

function someTime(zone: string, fits: Fits = () => true): number {
  for (;;) {
    const nowMs = Date.now() + randomInt(MAX_AHEAD_MS);
    if (fits(nowMembers(nowMs, zone))) return nowMs;
  }
}

/** What conditions are made for that are to let ordinary payments through. */
function usualOccasion(zone: string): Occasion {
  return { nowMs: someTime(zone, AT_WORK), initiator: "API", isUsual: true, isDescribed: true };
}

function isWeekend(weekday: string): boolean {
  return weekday === "sat" || weekday === "sun";
}

/**
 * At work, at night and on a weekend; by a program and by people; much and next to nothing; of who never paid, and of who
 * always does. A rule that approves strangers on one of these occasions alone would else pass by luck.
 */
function* occasions(zone: string): Generator<Occasion & { readonly isRegular: boolean }> {
  for (const fits of TIMES) {
    for (const initiator of INITIATORS) {
      for (const isUsual of [false, true]) {
        for (const isRegular of [false, true]) {
          yield { nowMs: someTime(zone, fits), initiator, isUsual, isDescribed: true, isRegular };
        }
      }
    }
  }
}

/**
 * Tokens whose bytes can be held against the words: one on a chain that the host knows itself, whatever the release's
 * tables say of it, and one on another.
 */
function readable({ tokens = {}, chains = {} }: HostData): readonly Asset[] {
  const known = chainsOf(undefined);
  const isHosts = (chain: string): boolean => known[chain]?.family === "evm";
  const all = Object.entries(tokens).map(([id, token]): Asset => ({ ...token, id, family: "evm" }));
  const others = all.filter(({ chain }) => !isHosts(chain) && chains[chain]?.family === "evm");
  return [...all.filter(({ chain }) => isHosts(chain)).slice(0, 1), ...others.slice(0, 1)];
}

/** The coin that all know, the first token of each chain, and of the rest any. */
function chosen(assets: readonly Asset[]): readonly Asset[] {
  const chains = new Set<string>();
  const picked: Asset[] = [];
  const rest: Asset[] = [];
  for (const asset of assets) {
    if (chains.has(asset.chain)) rest.push(asset);
    else if (chains.add(asset.chain).size <= MAX_ASSETS) picked.push(asset);
  }
  while (picked.length < MAX_ASSETS && rest.length > 0)
    picked.push(...rest.splice(randomInt(rest.length), 1));
  return picked;
}

const UNKNOWN = "to an unknown destination";

function transfers(stranger: Stranger, isRegular: boolean): readonly GuardCase[] {
  const { asset, destination, nowMs } = stranger;
  const common = { to: destination, nowMs, isRegular };
  return [
    {
      ...common,
      what: `a transfer ${UNKNOWN} without evidence (${asset.id})`,
      channel: "tss.v2",
      body: stranger.transfer("none"),
    },
    {
      ...common,
      what: `a confirmation of a withdrawal ${UNKNOWN} (${asset.id})`,
      channel: "confirm.waas1",
      body: stranger.confirmation(),
    },
  ];
}

function unread(stranger: Stranger): readonly GuardCase[] {
  const { asset, destination, nowMs } = stranger;
  const common = { to: destination, nowMs, isRegular: true };
  return [
    {
      ...common,
      channel: "tss.v1",
      what: `a transfer ${UNKNOWN} without evidence, by the version 1 payload (${asset.id})`,
      body: stranger.transferV1(),
    },
    {
      ...common,
      channel: "tss.v2",
      what: `a transfer ${UNKNOWN} whose bytes nobody can read (${asset.id})`,
      body: stranger.transfer("nonsense"),
    },
  ];
}

function refusedByPolicy(stranger: Stranger): readonly GuardCase[] {
  const { destination, nowMs } = stranger;
  const common = { to: destination, nowMs, channel: "tss.v2" } as const;
  return [
    { ...common, what: "a call of an unknown contract without evidence", body: stranger.call() },
    { ...common, what: "a message of which nobody shows what it says", body: stranger.message() },
    { ...common, what: "a key for unknown nodes", body: stranger.keyGeneration() },
    {
      ...common,
      what: "the shares of a key for unknown nodes",
      body: stranger.keyReshare("KeyGenFromKeyGroup"),
    },
    {
      ...common,
      what: "the shares of a key for unknown nodes, to recover it",
      body: stranger.keyReshare("Recovery"),
    },
  ];
}

function contradicted(stranger: Stranger): readonly GuardCase[] {
  const { asset, destination, nowMs, units } = stranger;
  const common = { to: destination, nowMs, channel: "tss.v2", host: "EVIDENCE_MISMATCH" } as const;
  const account_output = { address: randomAddress(asset.family), amount: stranger.text(units) };
  return [
    {
      ...common,
      what: `a transfer whose bytes say another amount and destination (${asset.id})`,
      body: stranger.transfer("other"),
    },
    {
      ...common,
      what: `a transfer whose bytes pay somebody else (${asset.id})`,
      body: stranger.transfer("real", { destination: { destination_type: "Address", account_output } }),
    },
  ];
}

function refusedByHost(stranger: Stranger): readonly GuardCase[] {
  const { destination, nowMs } = stranger;
  const common = { to: destination, nowMs, channel: "tss.v2", body: stranger.transfer("real") } as const;
  return [
    {
      ...common,
      what: "a transfer while everything is frozen",
      host: "FROZEN",
      context: { frozen: () => new Refusal("FROZEN", "everything is frozen") },
    },
    {
      ...common,
      what: "a transfer of a wallet that is out of scope",
      host: "OUT_OF_SCOPE",
      context: { scope: { wallets: [] } },
    },
    {
      ...common,
      what: "a transfer that names other nodes",
      host: "NOT_A_PARTICIPANT",
      participant: randomNode(),
    },
    {
      ...common,
      what: "a request of an unknown type",
      host: "REQUEST_TYPE_UNKNOWN",
      body: stranger.unknownType(),
    },
    {
      ...common,
      what: "a transaction of an unknown kind",
      host: "KIND_UNKNOWN",
      body: stranger.transfer("real", { type: "Deposit" }),
    },
  ];
}
