/**
 * The fact `flags` (design 3.8): the open flags that name an address or an outpoint of the document, and whether any
 * movement ever named it.
 */
import type { Amount, Document, FlagsAnswer } from "../input/document.ts";
import type { FactMember } from "../input/fact-shape.ts";
import type { FlagMark, Marked, Snapshot } from "../ledger/ledger.ts";
import { SEVERITIES } from "../severity.ts";

type MarkedFlag = Marked["open"][number];

/** What anybody may send thousands of must not make documents long: so many of each rule and role, the largest. */
const MAX_ALIKE = 16;

/** For one document, each address and outpoint looked up once. */
export class FlagFacts {
  readonly #document: Document;
  readonly #snapshot: Snapshot;
  readonly #known = new Map<string, FlagsAnswer>();

  constructor(document: Document, snapshot: Snapshot) {
    this.#document = document;
    this.#snapshot = snapshot;
  }

  /**
   * @param member - says what the values are: outpoints, or addresses.
   * @throws LedgerError where the ledger can't be read.
   */
  of(member: FactMember, values: readonly string[]): Readonly<Record<string, FlagsAnswer>> {
    const kind = member.endsWith(".outpoint") ? "outpoint" : "address";
    const isPaid = member === "transaction.destinations[].address";
    // A value may be `__proto__`: an assignment to that key would be lost.
    return Object.fromEntries(values.map((value) => [value, this.#answer(kind, value, isPaid)]));
  }

  #answer(kind: FlagMark["kind"], value: string, isPaid: boolean): FlagsAnswer {
    const key = `${kind} ${isPaid} ${value}`;
    let answer = this.#known.get(key);
    if (answer === undefined) {
      answer = answerOf(this.#snapshot.marked(kind, value), this.#document.transaction?.chain, isPaid);
      this.#known.set(key, answer);
    }
    return answer;
  }
}

function answerOf({ known, open }: Marked, chain: string | undefined, isPaid: boolean): FlagsAnswer {
  if (open.length === 0) return { known, open: [] };
  const counts = new Map<string, number>();
  const kept = open
    .filter((flag) => isHere(flag, chain) || (isPaid && isRobbery(flag)))
    .sort(largestFirst)
    .filter(({ rule, code, role }) => {
      const alike = `${role} ${rule ?? code}`;
      const count = (counts.get(alike) ?? 0) + 1;
      counts.set(alike, count);
      return count <= MAX_ALIKE;
    });
  return { known, open: kept.map(flagOf) };
}

/** What was paid into an address is there and nowhere else, also where another chain has the same one. */
function isHere({ role, chain: flagged }: MarkedFlag, chain: string | undefined): boolean {
  return role === "sender" || flagged === undefined || chain === undefined || flagged === chain;
}

/** Whoever got what nobody approved has the key of that address on other chains, too. */
function isRobbery({ code }: MarkedFlag): boolean {
  return code === "UNAPPROVED_WITHDRAWAL";
}

/** What nobody knows the worth of may be worth the most. */
function largestFirst(a: MarkedFlag, b: MarkedFlag): number {
  const [worth, other] = [worthOf(a), worthOf(b)];
  if (worth !== other) {
    if (worth === undefined || other === undefined) return worth === undefined ? -1 : 1;
    return worth > other ? -1 : 1;
  }
  const severity = SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
  if (severity !== 0) return severity;
  return a.id < b.id ? -1 : 1;
}

function worthOf({ usd_micros }: MarkedFlag): bigint | undefined {
  return usd_micros === undefined ? undefined : BigInt(usd_micros);
}

function flagOf(flag: MarkedFlag): FlagsAnswer["open"][number] {
  const { id, severity, rule, code, role, names, transaction } = flag;
  const [name] = names;
  const amount = amountOf(flag);
  return {
    id,
    severity,
    rule: rule ?? code,
    role,
    transaction: name === undefined ? String(transaction) : name.slice(name.indexOf(":") + 1),
    ...(amount === undefined ? {} : { amount }),
  };
}

function amountOf({ token, units, decimals, usd_micros }: MarkedFlag): Amount | undefined {
  if (token === undefined) return undefined;
  return {
    token,
    ...(units === undefined ? {} : { units }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(usd_micros === undefined ? {} : { usd_micros }),
  };
}
