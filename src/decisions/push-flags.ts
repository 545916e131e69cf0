/** The flags that a push raises: for each requirement that was not met, and for what the host itself found. */
import type { Amount, Document } from "../input/document.ts";
import { extended } from "../input/extended.ts";
import type { FlagCode } from "../input/refusal.ts";
import type { FlagMark, NewFlag, Snapshot, TransactionNames } from "../ledger/ledger.ts";
import { familyOf, knowledgeOf } from "../policy/assets.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Reason } from "../policy/verdict.ts";
import { flagId } from "./decision-id.ts";
import { sourcesOf } from "./push-claims.ts";

/** What a flag is about, whoever raises it. */
export type About = Pick<NewFlag, "marks" | "chain" | "token" | "units" | "decimals" | "usd_micros">;

/** @param live - says which chains have outpoints. */
export function aboutOf(document: Document, live: LiveRelease | undefined): About {
  const { chain, token } = document.transaction ?? {};
  const amount = wholeOf(document);
  return {
    marks: marksOf(document, live),
    chain,
    token: amount?.token ?? token,
    units: amount?.units,
    decimals: amount?.decimals,
    usd_micros: amount?.usd_micros,
  };
}

/** All that is moved, where that is one token. */
function wholeOf({ transaction }: Document): Amount | undefined {
  const [amount, ...others] = Object.values(transaction?.totals ?? {});
  return others.length === 0 ? amount : undefined;
}

/** What is paid into, and who sent it. Of a deposit the outpoint too, on chains where that is spent by itself. */
function marksOf(document: Document, live: LiveRelease | undefined): FlagMark[] {
  const { kind, transaction, deposit } = document;
  const paid = (transaction?.destinations ?? []).flatMap(({ address }) => address ?? []);
  const marks: FlagMark[] = [...new Set(paid)].map((value) => ({
    kind: "address",
    value,
    role: "paid_into",
  }));
  const { hash, index } = deposit?.outpoint ?? {};
  const hasOutpoints = familyOf(knowledgeOf(live?.hostData), transaction?.chain) === "bitcoin";
  if (kind === "deposit" && hasOutpoints && hash !== undefined && index !== undefined) {
    marks.push({ kind: "outpoint", value: `${hash}:${index}`, role: "paid_into" });
  }
  for (const value of sourcesOf(document)) marks.push({ kind: "address", value, role: "sender" });
  return marks;
}

/** One for each requirement that was not met. */
export function ruleFlags(
  document: Document,
  about: About,
  reasons: readonly Reason[],
  live: LiveRelease | undefined,
): NewFlag[] {
  return reasons.map(({ rule, code, message, severity, values, absent }) => ({
    id: flagId(),
    severity,
    rule,
    code,
    message,
    key: onceKey(document, rule, code, live),
    values: absent === undefined ? values : extended(values ?? {}, { absent }),
    ...about,
  }));
}

/** Of a rule that floods would trip: one flag of each token and day. */
function onceKey(
  { transaction, deposit, now }: Document,
  rule: string | undefined,
  code: string,
  live: LiveRelease | undefined,
): string | undefined {
  const indexed = live?.index.rules.find(({ name }) => name === rule);
  if (indexed?.flag_once === undefined) return undefined;
  const token = deposit?.nft?.contract ?? transaction?.contract?.address ?? transaction?.token ?? "";
  return `${rule} ${code} ${transaction?.chain ?? ""} ${token} ${now.date}`;
}

/**
 * What the host found.
 *
 * @property key - see `NewFlag`; @property values - what was compared.
 */
export interface HostFinding {
  readonly code: FlagCode;
  readonly severity: NewFlag["severity"];
  readonly message: string;
  readonly key?: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

export function hostFlag({ code, severity, message, key, values }: HostFinding, about: About): NewFlag {
  return { id: flagId(), severity, code, message, key, values, ...about };
}

/**
 * Those that the ledger will raise: of a key there is one flag, open or resolved. Without a key there is one of each
 * thing that is said of each address: who resolved "the list is not loaded" did not look at a listed sender.
 *
 * @throws LedgerError where the ledger can't be read.
 */
export function raisedOf(
  flags: readonly NewFlag[],
  names: TransactionNames | undefined,
  snapshot: Snapshot,
): readonly NewFlag[] {
  if (flags.length === 0) return flags;
  // The entry will be of the oldest transaction that any of its names is known for.
  const [transaction] = names === undefined ? [] : snapshot.transactionsNamed(names);
  const stored = transaction === undefined ? [] : snapshot.flagsOf(transaction);
  return flags.flatMap((flag) => {
    if (flag.key !== undefined) return snapshot.isFlagged(flag.key) ? [] : [flag];
    const alike = stored.filter(({ rule, code }) => rule === flag.rule && code === flag.code);
    if (alike.length === 0) return [flag];
    const key = `${flag.rule ?? ""} ${flag.code} ${flag.id}`;
    return isSaid(flag, alike) ? [] : [extended(flag, { key })];
  });
}

/** Whether flags say the same, and of the same addresses and outpoints. */
function isSaid({ message, marks }: NewFlag, alike: readonly NewFlag[]): boolean {
  const same = alike.filter((flag) => flag.message === message);
  const marked = new Set(same.flatMap((flag) => flag.marks.map(textOf)));
  return same.length > 0 && marks.every((mark) => marked.has(textOf(mark)));
}

function textOf({ kind, role, value }: FlagMark): string {
  return `${kind} ${role} ${value}`;
}

/** Before they are on the disk: who has to know must not wait for it. */
export function alarmCritical(
  flags: readonly NewFlag[],
  onAlarm: (code: string, message: string) => void,
): void {
  for (const { severity, code, message } of flags) if (severity === "critical") onAlarm(code, message);
}
