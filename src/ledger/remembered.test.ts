/**
 * What is remembered of the ledger and what is asked for a group at once changes no answer: whatever is written, in
 * whatever groups, and whenever it is asked, the answers are those of a model that applies one entry after the other.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { entry, flag, judgement, movement, opened, push, stateDirectory } from "../../test/support/ledger.ts";
import { type FactShape, factKey } from "../input/fact-shape.ts";
import { NOTHING, plus } from "./fact-sums.ts";
import type {
  FactTotals,
  FlagMark,
  NewEntry,
  NewFlag,
  Snapshot,
  StoredMovement,
  TransactionNames,
} from "./ledger.ts";
import { MOVEMENT_STATES } from "./ledger.ts";
import { isCounted } from "./movement-rows.ts";
import { growthsOf } from "./slots.ts";

const START = 1_700_000_000_000;
const SHAPE: FactShape = { by: ["transaction.destinations[].address"], where: { direction: "out" } };
const SIGNED: FactShape = { by: [], where: { direction: "out", kind: "transaction_signing" } };
const SETTLED: FactShape = { by: [], where: { direction: "out", state: "settled" } };
const VALUES = ["0xa", "0xb", "0xc", "address 0xa"];
const KINDS = ["address", "outpoint"] as const;
const NAMES = ["transaction:1", "transaction:2", "cobo:1", "cobo:2", "request:a\0b", "request:a"];
const ORGANIZATIONS = ["", "one", "two"];
const digest = (text: string) => text.repeat(64);

/** The ledger after some entries, as they say it, one by one. */
class Model implements Answers {
  seq = 1;
  readonly #named = new Set<string>();
  readonly #names = new Map<string, number>();
  readonly #flags = new Map<string, { readonly flag: NewFlag; isOpen: boolean }>();
  readonly #movements: StoredMovement[] = [];

  /** Of movements. */
  get count(): number {
    return this.#movements.length;
  }

  apply(entry: NewEntry): void {
    this.seq += 1;
    const { seq } = this;
    const names = entry.decision?.transaction ?? entry.push?.transaction ?? entry.transaction;
    const transaction = names === undefined ? seq : Math.min(seq, ...this.transactionsNamed(names));
    for (const name of names?.names ?? []) {
      const key = JSON.stringify([names?.organization, name]);
      if (!this.#names.has(key)) this.#names.set(key, transaction);
    }
    const { state: entered, movements: entering = [] } = entry.transition ?? {};
    for (const [at, each] of this.#movements.entries()) {
      if (entered !== undefined && entering.includes(each.number))
        this.#movements[at] = { ...each, state: entered };
    }
    this.#reserve(entry, transaction);
    for (const flag of entry.flags ?? []) {
      const key = flag.key ?? `${transaction} ${flag.rule ?? ""} ${flag.code}`;
      if (!this.#flags.has(key)) this.#flags.set(key, { flag, isOpen: true });
    }
    for (const known of this.#flags.values()) {
      if (entry.resolves?.includes(known.flag.id) === true) known.isOpen = false;
    }
  }

  #reserve({ movements, at }: NewEntry, transaction: number): void {
    if (movements === undefined) return;
    const { signing, slot, rows, state = "reserved" } = movements;
    for (const { destination = "", sources, outpoints } of rows) {
      for (const value of [destination, ...sources]) this.#named.add(`address ${value}`);
      for (const value of outpoints) this.#named.add(`outpoint ${value}`);
    }
    if (
      isCounted(
        this.#movements.filter((each) => each.signing === signing),
        rows,
      )
    )
      return;
    for (const row of rows) {
      const number = this.#movements.length + 1;
      this.#movements.push({ ...row, number, entry: this.seq, transaction, signing, slot, at, state });
    }
  }

  transactionsNamed({ organization, names }: TransactionNames): number[] {
    const found = new Set<number>();
    for (const name of names) {
      const isShared = name.startsWith("cobo:");
      const others = organization === "" ? ORGANIZATIONS : [""];
      for (const within of [organization, ...(isShared ? others : [])]) {
        const transaction = this.#names.get(JSON.stringify([within, name]));
        if (transaction !== undefined) found.add(transaction);
      }
    }
    return [...found].sort((a, b) => a - b);
  }

  marked(kind: FlagMark["kind"], value: string) {
    const open = [...this.#flags.values()]
      .filter(
        ({ flag, isOpen }) => isOpen && flag.marks.some((mark) => mark.kind === kind && mark.value === value),
      )
      .map(({ flag }) => flag);
    return { known: this.#named.has(`${kind} ${value}`), open };
  }

  confirmed(names: TransactionNames): number[] {
    const held = this.#movements.filter(
      ({ kind, state }) => kind === "withdrawal_confirmation" && state === "reserved",
    );
    return this.transactionsNamed(names).flatMap((named) =>
      held.filter(({ transaction }) => transaction === named).map(({ number }) => number),
    );
  }

  movementsOf(transaction: number): readonly StoredMovement[] {
    return this.#movements.filter((each) => each.transaction === transaction);
  }

  totals(shape: FactShape, key: string, after = 0): FactTotals {
    const slots = new Map<string, StoredMovement[]>();
    for (const each of this.#movements) {
      const slot = each.slot ?? String(each.number);
      slots.set(slot, [...(slots.get(slot) ?? []), each]);
    }
    let sum = NOTHING;
    for (const movements of slots.values()) {
      for (const [index, growths] of growthsOf(shape, movements).entries()) {
        if ((movements[index]?.at ?? 0) > after) sum = plus(sum, growths.get(key) ?? NOTHING);
      }
    }
    return sum;
  }
}

interface Asked {
  readonly names: TransactionNames;
  readonly after: number;
}

const namesOf = fc.record({
  organization: fc.constantFrom(...ORGANIZATIONS),
  names: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
});
const marks = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    value: fc.constantFrom(...VALUES),
    role: fc.constantFrom("paid_into" as const, "sender" as const),
  }),
  { maxLength: 2 },
);
/** Few, so that the same is often said again. */
const ROWS = [
  [movement({ destination: "0xa", sources: ["0xb"], kind: "withdrawal_confirmation", units: "1" })],
  [movement({ destination: "0xb", sources: [], outpoints: ["0xa", "address 0xa"], units: "2" })],
  [movement({ destination: "0xa", units: "3" }), movement({ destination: "0xc", sources: ["address 0xa"] })],
];
const WHATS = [
  "approve",
  "approve",
  "approve",
  "approve",
  "push",
  "judge",
  "ask",
  "settle",
  "settle",
] as const;
const step = fc.record({
  what: fc.constantFrom(...WHATS),
  names: namesOf,
  rows: fc.constantFrom(...ROWS),
  signing: fc.constantFrom("1", "2", "3", "4"),
  slot: fc.constantFrom(undefined, undefined, "a", "b"),
  marks,
  key: fc.constantFrom(undefined, "k1", "k2", "k3"),
  pick: fc.nat(),
  isSpoilt: fc.nat(15).map((number) => number === 0),
  state: fc.option(fc.constantFrom(...MOVEMENT_STATES), { nil: undefined, freq: 2 }),
  later: fc.nat(2),
});

test("answers are those of entries applied one by one, however they are grouped and asked", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const { ledger } = await opened(stateDirectory());
      await ledger.append(entry({ type: "mark", at: START })).durable;
      await ledger.keepShapes([SHAPE, SIGNED, SETTLED]);
      const appended: { readonly order: number; readonly entry: NewEntry; readonly isGood: boolean }[] = [];
      const durable: Promise<unknown>[] = [];
      const flags: NewFlag[] = [];
      const whole = new Model();
      let at = START;

      const modelOf = (through: number) => {
        const model = new Model();
        for (const { order, entry, isGood } of appended) if (isGood && order <= through) model.apply(entry);
        return model;
      };
      const write = (made: NewEntry, isGood = true) => {
        const { order, durable: written } = ledger.append(made);
        appended.push({ order, entry: made, isGood });
        if (isGood) whole.apply(made);
        durable.push(isGood ? written : expect(written).rejects.toThrow());
      };
      const ask = (asked: Asked, isSettled: boolean) => {
        for (const question of questions(asked)) {
          ledger.read((snapshot) => {
            const model = modelOf(snapshot.through);
            if (isSettled) expect(model.seq).toBe(whole.seq);
            expect(question(snapshot)).toEqual(question(model));
          });
        }
        const held = ledger.read((snapshot) => snapshot.confirmed(asked.names)).map(({ number }) => number);
        // While entries are on their way, one that is on its way out of the state is out already: see `reader.ts`.
        if (isSettled) expect(held).toEqual(whole.confirmed(asked.names));
      };

      for (const { what, names: transaction, pick, state, isSpoilt, ...made } of steps) {
        at += made.later;
        const movements = {
          signing: digest(made.signing),
          ...(made.slot === undefined ? {} : { slot: digest(made.slot) }),
          rows: made.rows,
        };
        const numbers = [1 + (pick % (whole.count + 1))];
        const isThere = whole.count >= (numbers[0] ?? 0);
        const transition =
          isThere && state !== undefined ? { transition: { movements: numbers, state } } : {};
        const raised = flag({ marks: made.marks, key: made.key, code: `C${pick % 3}` });
        const resolved = flags[pick % (flags.length + 1)];
        const found = { flags: [raised], resolves: resolved === undefined ? [] : [resolved.id] };
        if (what === "approve" && isSpoilt) {
          const spoilt = [
            { movements: { ...movements, signing: "no digest" } },
            { transition: { movements: [1_000_000], state: "released" as const } },
            { flags: [raised, raised].map((each, index) => ({ ...each, key: `${each.id} ${index}` })) },
          ][pick % 3];
          write(entry({ at, decision: { transaction }, movements, ...spoilt }), false);
        } else if (what === "approve")
          write(entry({ at, decision: { transaction }, movements, ...transition }));
        else if (what === "push") write(push({ at, push: { transaction }, ...found, ...transition }));
        else if (what === "judge") write(judgement({ at, transaction, ...found }));
        else {
          if (what === "settle") await Promise.all(durable.splice(0));
          ask({ names: transaction, after: at - made.later - 3 }, durable.length === 0);
        }
        if (what === "push" || what === "judge") flags.push(raised);
      }
      await Promise.all(durable);
      for (const organization of ORGANIZATIONS)
        ask({ names: { organization, names: NAMES }, after: START }, true);
      await ledger.close();
    }),
    { numRuns: 15, endOnFailure: true },
  );
}, 60_000);

/** What a model can answer as well, in the same form. */
interface Answers {
  marked(
    kind: FlagMark["kind"],
    value: string,
  ): { readonly known: boolean; readonly open: readonly { readonly id: string }[] };
  transactionsNamed: Snapshot["transactionsNamed"];
  movementsOf: Snapshot["movementsOf"];
  totals: Snapshot["totals"];
}

/** Each is asked in a reading of its own: where one is stale, all of its reading is asked of the disk. */
function questions({ names, after }: Asked): readonly ((answers: Answers) => unknown)[] {
  return [
    ...KINDS.flatMap((kind) =>
      VALUES.map((value) => (answers: Answers) => {
        const { known, open } = answers.marked(kind, value);
        return { known, open: [...new Set(open.map(({ id }) => id))].sort() };
      }),
    ),
    ...[after, undefined].flatMap((from) => [
      (answers: Answers) => answers.totals(SETTLED, factKey([]), from),
      (answers: Answers) => answers.totals(SIGNED, factKey([]), from),
      ...VALUES.map((value) => (answers: Answers) => answers.totals(SHAPE, factKey([value]), from)),
    ]),
    (answers) =>
      answers.transactionsNamed(names).map((transaction) => ({
        transaction,
        movements: answers.movementsOf(transaction).map(({ number, state }) => ({ number, state })),
      })),
  ];
}
