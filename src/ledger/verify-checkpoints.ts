/** The chain against what was stated of it: its own checkpoints, and the anchor that lies outside. */
import type { KeyObject } from "node:crypto";
import { messageOf } from "../thrown.ts";
import { type Anchor, inForce } from "./anchor-file.ts";
import { GENESIS } from "./chain.ts";
import { verifyStatement } from "./checkpoint-statement.ts";
import { castText, integer, PagedRows, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

const PAGE = 256;

/** @property key - what statements are verified with. @property anchor - absent where there is none. */
export interface Outside {
  readonly key: KeyObject | undefined;
  readonly anchor: Anchor | undefined;
}

/**
 * @property count - checkpoints of the ledger.
 * @property anchored - what the newest line of the anchor says, whether the chain has it or not.
 */
export interface Stated {
  readonly count: number;
  readonly anchored: { readonly seq: number; readonly hash: string; readonly at: number } | undefined;
}

/**
 * Each statement against the hash of the entry that it states. That the hashes are the chain's is not looked at here.
 *
 * @param head - the number of the last entry; 0 where there is none.
 */
export function verifyCheckpoints(
  database: Connection,
  outside: Outside,
  head: number,
  problems: Problems,
): Stated {
  const lines = inForce(outside.anchor?.lines ?? []);
  const find = database.prepare("SELECT lower(hex(hash)) FROM entries WHERE seq = ?").raw(true);
  const hashOf = (seq: number) => {
    if (seq === 0) return GENESIS.toString("hex");
    const [found] = find.all(seq).flat();
    return found === undefined ? undefined : text(found);
  };
  for (const { statement, says } of lines) {
    const hash = hashOf(says.seq);
    if (hash !== undefined) check(says.seq, statement, hash, "the anchor", outside, problems);
    else if (says.seq <= head) problems.add(says.seq, "the anchor states an entry that is not there");
  }
  const most = Math.max(...lines.map(({ says }) => says.seq));
  if (most > head) {
    problems.add(
      most,
      `the anchor states entry ${most}, the ledger ends at ${head}: its end was cut off, or it is an older copy`,
    );
  }
  const stored = new PagedRows(
    database,
    { select: "seq, CAST(statement AS BLOB) FROM checkpoints", key: "seq", size: PAGE },
    ([seq, statement]) => ({ seq: integer(seq), statement: castText(statement) }),
  );
  let count = 0;
  for (let next = stored.take(); next !== undefined; next = stored.take()) {
    count += 1;
    const hash = hashOf(next.seq);
    if (hash !== undefined) check(next.seq, next.statement, hash, "the checkpoint", outside, problems);
    else problems.add(next.seq, "a checkpoint states an entry that is not there");
  }
  const newest = lines.at(-1)?.says;
  if (count > 0 && outside.anchor === undefined) {
    problems.add(0, "there is no anchor: an end that was cut off would not be found");
  }
  if ((count > 0 || newest !== undefined) && outside.key === undefined) {
    problems.add(0, "there is no public key: no checkpoint's signature could be verified");
  }
  return { count, anchored: newest && { seq: newest.seq, hash: newest.hash, at: newest.at } };
}

function check(
  seq: number,
  statement: string,
  hash: string,
  where: string,
  { key }: Outside,
  problems: Problems,
): void {
  if (key === undefined) return;
  try {
    const says = verifyStatement(statement, key);
    if (says.seq !== seq || says.hash !== hash) problems.add(seq, `${where} states another entry here`);
  } catch (error) {
    problems.add(seq, `${where}: ${messageOf(error)}`);
  }
}
