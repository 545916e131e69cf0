/** One push message, from bytes to a checked and typed value. */
import type { FlagMark, TransactionNames } from "../../ledger/ledger.ts";

export type PushShape = "custodial" | "mpc";

export interface ParsedPush {
  readonly shape: PushShape;
  readonly rawText: string;
}

/** A well signed message that nobody understands. @property problem - why, for people. */
export class UnreadablePush extends Error {
  override readonly name = "UnreadablePush";
  readonly problem: string;
  readonly names: TransactionNames | undefined;
  readonly marks: readonly FlagMark[];

  constructor(problem: string, names: TransactionNames | undefined, marks: readonly FlagMark[]) {
    super(problem);
    this.problem = problem;
    this.names = names;
    this.marks = marks;
  }
}

/** @throws UnreadablePush */
export function parsePush(_body: Uint8Array, _shape: PushShape | "either"): ParsedPush {
  throw new UnreadablePush("not built yet", undefined, []);
}
