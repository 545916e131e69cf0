/**
 * The ledger as the rest of the house sees it: what was decided is asked and written through this narrow
 * interface, and nobody outside the room knows of tables, threads or files.
 *
 * One process writes. It numbers its entries in the order in which it appends them, and tells its own readers
 * how far a reading reaches (`Snapshot.through`), so that what is on its way to the disk is counted exactly
 * once: from the snapshot or from the appender's own memory, never from both.
 *
 * Reading is synchronous, a few microseconds a question, from the calling thread. Writing is durable when its
 * promise resolves: one flush of the disk serves all entries that were waiting for it.
 */
import type { FactShape } from "../input/fact-shape.ts";
import type { Severity } from "../severity.ts";

/** What a ledger that can't be used answers with; `LEDGER_CORRUPT` stays until an operator did something. */
export type LedgerCode = "LEDGER_UNAVAILABLE" | "LEDGER_FULL" | "LEDGER_CORRUPT";

/** Thrown and rejected by everything below. The message names no path: it goes into the answer. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerCode;

  constructor(code: LedgerCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/**
 * The types of entries; a closed list.
 *
 * - `decision`: one answered request, with its document;
 * - `refusal`: an answer to a good token around an unusable request, without a document;
 * - `freeze`, `unfreeze`: the kill switch;
 * - `push`: a push message, as it was received, and what was found of it;
 * - `judgement`: a push that was judged again: when a release was live at last, or when it was asked about;
 * - `act`: what an operator did else: a reservation released, a price step accepted, a flag resolved;
 * - `release`: a policy release went live;
 * - `list`: a signed list came into force;
 * - `alarm`: what was alarmed;
 * - `mark`: the ledger's own: a start, a clean stop, a chain that goes on after it was found behind its anchor.
 */
export const ENTRY_TYPES = [
  "decision",
  "refusal",
  "push",
  "judgement",
  "freeze",
  "unfreeze",
  "act",
  "release",
  "list",
  "alarm",
  "mark",
] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

export const MOVEMENT_STATES = ["reserved", "signed", "broadcast", "settled", "released"] as const;
export type MovementState = (typeof MOVEMENT_STATES)[number];

/**
 * One effect of an approved transaction, or, unproven, one declared destination. A member that is not known is
 * absent.
 *
 * @property sources - addresses, without repetition; @property outpoints - `hash:index`, likewise.
 * @property units - exact integer of the smallest unit; @property usd_micros - at the price of the decision.
 */
export interface Movement {
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  readonly vault?: string | undefined;
  readonly wallet?: string | undefined;
  readonly chain?: string | undefined;
  readonly token?: string | undefined;
  readonly sources: readonly string[];
  readonly outpoints: readonly string[];
  readonly destination?: string | undefined;
  readonly initiator?: string | undefined;
  readonly kind: string;
  readonly direction: "in" | "out";
  readonly units?: string | undefined;
  readonly usd_micros?: string | undefined;
  readonly nonce?: string | undefined;
}

/**
 * @property number - its own number; @property entry - the chain's number of the decision that made it.
 * @property transaction - the ledger's number of its transaction.
 * @property signing - what was signed, @property slot - what it uses up: see {@link NewMovements}.
 * @property at - milliseconds since the epoch.
 */
export interface StoredMovement extends Movement {
  readonly number: number;
  readonly entry: number;
  readonly transaction: number;
  readonly signing: string;
  readonly slot?: string | undefined;
  readonly at: number;
  readonly state: MovementState;
}

/**
 * The names by which a transaction is known, each with its kind in front: `transaction:…`, `cobo:…`,
 * `request:…`. Entries that share one of them within an organization are of one transaction.
 */
export interface TransactionNames {
  readonly organization: string;
  readonly names: readonly string[];
}

/**
 * What a decision is found by.
 *
 * @property source - the node or key; @property requestId - as the request has it.
 * @property identity - SHA-256 in hex over what was asked (design 3.7).
 * @property isAnswer - whether it is the answer to its request from now on; failures and refusals of a changed
 *   request are not.
 * @property rules - names of the rules and codes of the reasons and alerts.
 */
export interface DecisionKeys {
  readonly source: string;
  readonly requestId: string;
  readonly identity: string;
  readonly isAnswer: boolean;
  readonly outcome: string;
  readonly wallet?: string;
  readonly rules: readonly string[];
  readonly transaction?: TransactionNames;
}

/** The bulky part: it enters the chain by digest alone and may be pruned. */
export interface EntryBody {
  /** The request's compact token, the node's own signature. */
  readonly token?: string;
  /** The evaluated document's text, without the original (which is in the token). */
  readonly document?: string;
}

/**
 * What an approval reserves. The entry's `decision.transaction` says of which transaction.
 *
 * @property signing - SHA-256 in hex over key, paths, tweaks and hashes: the same bytes signed with the same
 *   keys are one movement, whoever asks and however often.
 * @property slot - SHA-256 in hex over what the bytes prove to be used up by the first transaction that settles; absent
 *   where they prove nothing. Of all signings with one slot the largest counts, see `slots.ts`.
 * @property state - in which they begin; absent: `reserved`.
 */
export interface NewMovements {
  readonly signing: string;
  readonly slot?: string | undefined;
  readonly state?: MovementState | undefined;
  readonly rows: readonly Movement[];
}

/** What a push is found by. @property identity - SHA-256 in hex over the message's bytes. */
export interface PushKeys {
  readonly source: string;
  readonly identity: string;
  readonly transaction?: TransactionNames;
}

export const FLAG_ROLES = ["paid_into", "sender"] as const;
export type FlagRole = (typeof FLAG_ROLES)[number];

/**
 * What a flag is found by: an address in the spelling of documents, or an outpoint, `hash:index`.
 *
 * @property role - `paid_into`: it got what is suspicious; `sender`: it sent it.
 */
export interface FlagMark {
  readonly kind: "address" | "outpoint";
  readonly value: string;
  readonly role: FlagRole;
}

/**
 * A flag that an entry raises.
 *
 * @property id - `g_` and a ULID. @property rule - `<group>/<rule>`; absent where the host raised it.
 * @property key - there is one flag of a key, open or resolved: where there is one already, this one is not raised.
 *   Absent: one for each transaction, rule and code.
 * @property values - what was compared. @property marks - who or what it is about.
 * @property token, units, decimals, usd_micros - of what was moved, as far as it is known.
 */
export interface NewFlag {
  readonly id: string;
  readonly severity: Severity;
  readonly rule?: string | undefined;
  readonly code: string;
  readonly message: string;
  readonly key?: string | undefined;
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  readonly marks: readonly FlagMark[];
  readonly chain?: string | undefined;
  readonly token?: string | undefined;
  readonly units?: string | undefined;
  readonly decimals?: number | undefined;
  readonly usd_micros?: string | undefined;
}

/**
 * @property transaction - the ledger's number; @property entry - the chain's number of the entry that raised it.
 * @property names - of the transaction, as the entry that raised it has them: `cobo:…` and so on.
 * @property resolved - the chain's number of the entry that resolved it; absent while it is open.
 */
export interface StoredFlag extends NewFlag {
  readonly transaction: number;
  readonly names: readonly string[];
  readonly entry: number;
  readonly at: number;
  readonly resolved?: number | undefined;
}

/**
 * What is known of an address or an outpoint.
 *
 * @property known - whether any movement ever named it.
 * @property open - its open flags, at most {@link MAX_MARKED} of each role, rule and chain: those first of which nobody
 *   knows what was moved, then those of the largest worth, then the most severe.
 */
export const MAX_MARKED = 16;
export interface Marked {
  readonly known: boolean;
  readonly open: readonly (StoredFlag & { readonly role: FlagRole })[];
}

/**
 * @property id - unique: `d_`, `f_`, `a_`… and a ULID.
 * @property at - milliseconds since the epoch; never before the newest entry's.
 * @property row - canonical JSON (RFC 8785) of the whole entry: what the chain hashes, verbatim.
 */
export interface NewEntry {
  readonly type: EntryType;
  readonly id: string;
  readonly at: number;
  readonly row: string;
  readonly decision?: DecisionKeys;
  /** Of a push. An entry has this or `decision`, or neither. */
  readonly push?: PushKeys;
  readonly body?: EntryBody;
  readonly movements?: NewMovements;
  /**
   * Movements that enter a state by this entry: `released` by an operator's act or by what takes them over, and what a
   * push tells of its transaction. Applied before the entry's own movements are added.
   */
  readonly transition?: { readonly movements: readonly number[]; readonly state: MovementState };
  /** Of a push or a judgement. */
  readonly flags?: readonly NewFlag[];
  /**
   * Flags that this entry resolves, by id: an act's, or a judgement's. One that is resolved already stays so, and one
   * that was not raised, since there was one of its key, is none.
   */
  readonly resolves?: readonly string[];
  /** Addresses that a decision names as those that are paid from, whatever it says: they are watched from here on. */
  readonly governs?: { readonly addresses: readonly string[]; readonly wallet?: string };
  /** Of a judgement: the names that the push has which was judged again. */
  readonly transaction?: TransactionNames;
}

/**
 * An entry on its way to the disk.
 *
 * @property order - its number in the order of this process: see {@link Snapshot.through}.
 * @property durable - resolves with its number in the chain when it is on the disk; rejects with
 *   {@link LedgerError} where it is not, and then it never will be.
 */
export interface Appended {
  readonly order: number;
  readonly durable: Promise<number>;
}

/** A chained entry as it is stored. `hash` is hex: SHA-256 over the previous entry's hash (32 bytes) and `row`. */
export interface StoredEntry {
  readonly seq: number;
  readonly at: number;
  readonly type: EntryType;
  readonly id: string;
  readonly row: string;
  readonly hash: string;
}

/** The answer that a request has got. `document` is absent where it was pruned. */
export interface StoredAnswer extends StoredEntry {
  readonly identity: string;
  readonly body: EntryBody;
}

/**
 * What a fact key adds up to. Counts are of movements that are not released.
 *
 * @property usdMicros - sum of those that have one; @property unpriced - how many have none.
 * @property units - likewise, meaningful where the shape names the token; @property unmeasured - without units.
 */
export interface FactTotals {
  readonly count: number;
  readonly usdMicros: bigint;
  readonly unpriced: number;
  readonly units: bigint;
  readonly unmeasured: number;
}

/** One consistent reading. Everything in it sees the same state of the ledger. */
export interface Snapshot {
  /** Entries of this process with an `order` up to this are in it, later ones are not. */
  readonly through: number;
  /**
   * @param key - from `factKeys`.
   * @param after - milliseconds: only movements later than this; absent: all of them.
   * @throws LedgerError `LEDGER_UNAVAILABLE` where the shape is not kept, see {@link Ledger.keepShapes}.
   */
  totals(shape: FactShape, key: string, after?: number): FactTotals;
  /**
   * When the oldest or newest movement of a key was, of those not released and not in `without` (numbers).
   *
   * @param after - only movements later than this.
   */
  bound(
    which: "first" | "last",
    shape: FactShape,
    key: string,
    without: ReadonlySet<number>,
    after?: number,
  ): number | undefined;
  /** The movements of one signing, and all others of a slot where one is given; released ones too, by number. */
  signed(signing: string, slot?: string): readonly StoredMovement[];
  /**
   * The numbers of the transactions that are known by any of these names, the oldest first. `cobo:` ids are Cobo's own:
   * what is known by one within no organization is of any, and who asks within none asks all of them.
   */
  transactionsNamed(names: TransactionNames): readonly number[];
  /** The movements of a transaction, by its number: in the order in which they came, released ones too. */
  movementsOf(transaction: number): readonly StoredMovement[];
  /** What confirmations of a transaction that is known by any of these names reserve, and nobody has taken over yet. */
  confirmed(names: TransactionNames): readonly StoredMovement[];
  /** When the first entry of the ledger was, milliseconds since the epoch; undefined where there is none. */
  firstAt(): number | undefined;
  /** The push of exactly these bytes, by their SHA-256 in hex; of several the newest. */
  push(identity: string): StoredEntry | undefined;
  /** The newest push of a transaction, by its number. */
  newestPush(transaction: number): StoredEntry | undefined;
  /** The flags of a transaction, resolved ones too: in the order in which they came. */
  flagsOf(transaction: number): readonly StoredFlag[];
  /** Whether there is a flag of this key, open or resolved. */
  isFlagged(key: string): boolean;
  /** The newest decision about a transaction, by its number, that refused it; no failure is one. */
  newestRefusal(transaction: number): StoredEntry | undefined;
  /** What is known of an address, in the spelling of documents, or of an outpoint. */
  marked(kind: FlagMark["kind"], value: string): Marked;
  /** Whether a decision named this address as one that is paid from, and of which wallet the first such was. */
  governed(address: string): { readonly wallet?: string } | undefined;
}

/** What is accepted as the price of a token. */
export interface AcceptedPrice {
  /** Whole dollars for a whole unit, a plain decimal. */
  readonly usd: string;
  /** When the price was of, milliseconds since the epoch. */
  readonly at: number;
}

export interface LedgerHealth {
  readonly ok: boolean;
  /** Absent where all is well. */
  readonly code?: LedgerCode;
  readonly detail: string;
}

export interface Ledger {
  /** How it is now. Where it is not ok, `append` and the readings fail at once with the same code. */
  health(): LedgerHealth;
  /** When the newest entry was, appended ones included; 0 for an empty ledger. Time never runs back past it. */
  newestAt(): number;
  /** @throws LedgerError */
  answer(source: string, requestId: string): StoredAnswer | undefined;
  /** @throws LedgerError */
  read<T>(work: (snapshot: Snapshot) => T): T;
  /** Takes its place in the order now; see {@link Appended}. Never throws. */
  append(entry: NewEntry): Appended;
  /** Tells whether entries will be appended in a moment: those that wait to be written wait a little for them. */
  gather(isMoreComing: () => boolean): void;
  /** Resolves when these shapes are added up from the first movement on; then they are kept for good. */
  keepShapes(shapes: readonly FactShape[]): Promise<void>;
  /** Entries of these types, oldest first: what is in force is read from them at the start. @throws LedgerError */
  entriesOf(types: readonly EntryType[]): readonly StoredEntry[];
  /** Entries of a type (not of decisions) whose number is below `before`, the newest first. @throws LedgerError */
  newestOf(type: Exclude<EntryType, "decision">, before: number, limit: number): readonly StoredEntry[];
  /** Open flags of a code, the oldest first. @throws LedgerError */
  openFlags(code: string, limit: number): readonly StoredFlag[];
  /** A flag by its id. @throws LedgerError */
  flag(id: string): StoredFlag | undefined;
  /** The number of an entry, by its id. @throws LedgerError */
  seqOf(id: string): number | undefined;
  /** An entry by its number, with its body as far as that is kept. @throws LedgerError */
  entry(seq: number): (StoredEntry & { readonly body: EntryBody }) | undefined;
  acceptedPrices(): ReadonlyMap<string, AcceptedPrice>;
  /** Durable when it resolves. */
  savePrices(prices: ReadonlyMap<string, AcceptedPrice>): Promise<void>;
  /** Whether the ledger was found behind its anchor when it was opened: an older copy, or its end cut off. */
  readonly behindAnchor: { readonly message: string } | undefined;
  /** Takes the present head for good, after an operator said so: from now on the anchor follows it. */
  acceptHead(): Promise<void>;
  /** Writes what waits, checkpoints the head, and ends the thread. */
  close(): Promise<void>;
}
