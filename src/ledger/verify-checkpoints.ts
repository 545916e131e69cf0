/** The chain against what was stated of it: its own checkpoints, and the anchor that lies outside. */
import type { KeyObject } from "node:crypto";
import { type Anchor, type AnchorLine, inForce } from "./anchor-file.ts";
import { GENESIS } from "./chain.ts";
import { verifyStatement } from "./checkpoint-statement.ts";
import { integer, PagedRows, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

const PAGE = 256;

/** @property key - what statements are verified with. @property anchor - absent where there is none. */
export interface Outside {
  readonly key: KeyObject | undefined;
  readonly anchor: Anchor | undefined;
}

export class CheckpointVerifier {
  readonly #stored: PagedRows<{ readonly seq: number; readonly statement: string }>;
  readonly #anchored = new Map<number, AnchorLine[]>();
  readonly #outside: Outside;
  readonly #problems: Problems;
  #newest: AnchorLine | undefined;
  count = 0;

  constructor(database: Connection, outside: Outside, problems: Problems) {
    this.#outside = outside;
    this.#problems = problems;
    this.#stored = new PagedRows(
      database,
      { select: "seq, statement FROM checkpoints", key: "seq", size: PAGE },
      ([seq, statement]) => ({ seq: integer(seq), statement: text(statement) }),
    );
    for (const line of inForce(outside.anchor?.lines ?? [])) {
      const { seq } = line.says;
      this.#anchored.set(seq, [...(this.#anchored.get(seq) ?? []), line]);
      this.#newest = line;
    }
    this.#atEntry(0, GENESIS.toString("hex"));
  }

  /** What the newest line of the anchor says, whether the chain has it or not. */
  get anchored(): { readonly seq: number; readonly hash: string; readonly at: number } | undefined {
    if (this.#newest === undefined) return undefined;
    const { seq, hash, at } = this.#newest.says;
    return { seq, hash, at };
  }

  /** @param hash - asked only where something is stated of this entry. */
  verify(seq: number, hash: () => string): void {
    if (this.#anchored.has(seq)) this.#atEntry(seq, hash());
    while (this.#stored.next !== undefined && this.#stored.next.seq <= seq) {
      const { seq: stated, statement } = this.#stored.take() ?? { seq: 0, statement: "" };
      this.count += 1;
      if (stated < seq) this.#problems.add(stated, "a checkpoint states an entry that is not there");
      else this.#check(seq, statement, hash(), "the checkpoint");
    }
  }

  end(head: number): void {
    while (this.#stored.next !== undefined) {
      this.count += 1;
      const what = "a checkpoint states an entry that is not there";
      this.#problems.add(this.#stored.take()?.seq ?? 0, what);
    }
    const lost = [...this.#anchored.keys()].filter((seq) => seq > head);
    if (lost.length > 0) {
      const most = Math.max(...lost);
      this.#problems.add(
        most,
        `the anchor states entry ${most}, the ledger ends at ${head}: its end was cut off, or it is an older copy`,
      );
    }
    for (const seq of this.#anchored.keys()) {
      if (seq <= head) this.#problems.add(seq, "the anchor states an entry that is not there");
    }
    if (this.count > 0 && this.#outside.anchor === undefined) {
      this.#problems.add(0, "there is no anchor: an end that was cut off would not be found");
    }
    const stated = this.count > 0 || this.#newest !== undefined;
    if (stated && this.#outside.key === undefined) {
      this.#problems.add(0, "there is no public key: no checkpoint's signature could be verified");
    }
  }

  #atEntry(seq: number, hash: string): void {
    for (const { statement } of this.#anchored.get(seq) ?? [])
      this.#check(seq, statement, hash, "the anchor");
    this.#anchored.delete(seq);
  }

  #check(seq: number, statement: string, hash: string, where: string): void {
    const { key } = this.#outside;
    if (key === undefined) return;
    try {
      const says = verifyStatement(statement, key);
      if (says.seq !== seq || says.hash !== hash)
        this.#problems.add(seq, `${where} states another entry here`);
    } catch (error) {
      this.#problems.add(seq, `${where}: ${error instanceof Error ? error.message : "cannot be read"}`);
    }
  }
}
