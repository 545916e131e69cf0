/** What a push message says, in one set of words for both of its shapes; nothing of it is held against a release yet. */
import { amountFromText, amountFromUnits } from "../../input/amounts.ts";
import type { Document, PushStatus } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { shown } from "../shown.ts";

/** `custodial`: of Cobo's custodial wallets. `mpc`: of MPC wallets. */
export type PushShape = "custodial" | "mpc";

/**
 * How much, by the message alone.
 *
 * @property text - whole units, in the shortest spelling.
 * @property units, decimals - smallest units, and how many of them the message says make a whole one; both or none.
 */
export interface Quantity {
  readonly text: string;
  readonly units?: string | undefined;
  readonly decimals?: number | undefined;
}

/** @property address - as the message spells it, without a memo. */
export interface Output {
  readonly address: string | undefined;
  readonly memo: string | undefined;
  readonly amount: Quantity | undefined;
}

/** @property txHash, index - of the output that is spent; absent where the message doesn't say. */
export interface Input {
  readonly address: string | undefined;
  readonly txHash?: string | undefined;
  readonly index?: number | undefined;
  readonly amount?: Quantity | undefined;
}

/** @property code - Cobo's own, and unique; the rest is the message's word. */
export interface Coin {
  readonly code: string;
  readonly chain: string | undefined;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly decimals: number | undefined;
  readonly canDeposit?: boolean | undefined;
  readonly canWithdraw?: boolean | undefined;
  readonly threshold?: number | undefined;
  readonly dustThreshold?: string | undefined;
}

/** @property amount - how many of them. */
export interface Nft {
  readonly code: string | undefined;
  readonly tokenId: string | undefined;
  readonly contract: string | undefined;
  readonly amount: string | undefined;
}

/** @property chain - of the token, where the message says so. @property rate - smallest units a byte. */
export interface Fee {
  readonly token: string;
  readonly chain?: string | undefined;
  readonly amount?: Quantity | undefined;
  readonly gasLimit?: string | undefined;
  readonly rate?: string | undefined;
}

/**
 * @property awaitsApproval - the first status of all, in which a withdrawal can be asked about.
 * @property outputsUnread - the member that says who else is paid, where nobody understands it.
 * @property fee - what the chain took; @property maxFee - the most that it may take; @property serviceFee - what Cobo took,
 *   in the coin.
 * @property type - the document's `transaction.type`.
 * @property rawText - the message's own text.
 */
export interface ParsedPush {
  readonly shape: PushShape;
  readonly side: "deposit" | "withdrawal";
  readonly coboId: string | undefined;
  readonly requestId: string | undefined;
  readonly status: PushStatus;
  readonly awaitsApproval: boolean;
  readonly type: string | undefined;
  readonly initiator: NonNullable<Document["initiator"]>["type"];
  readonly coin: Coin | undefined;
  readonly chain: string | undefined;
  readonly nft: Nft | undefined;
  readonly outputs: readonly Output[];
  readonly outputsUnread?: string | undefined;
  readonly inputs: readonly Input[];
  readonly fee: Fee | undefined;
  readonly maxFee: Fee | undefined;
  readonly serviceFee: Quantity | undefined;
  readonly txHash: string | undefined;
  readonly index: number | undefined;
  readonly block: {
    readonly hash: string | undefined;
    readonly height: number | undefined;
    readonly at: number | undefined;
  };
  readonly confirmations: number | undefined;
  readonly threshold: number | undefined;
  readonly internal: boolean | undefined;
  readonly waitingAudit: boolean | undefined;
  readonly nonce: string | undefined;
  readonly replaces: NonNullable<Document["transaction"]>["replaces"];
  readonly remark: string | undefined;
  readonly failedReason: string | undefined;
  readonly requestedAt: number | undefined;
  readonly createdAt: number | undefined;
  readonly updatedAt: number | undefined;
  readonly rawText: string;
}

/** What a shape's reader finds: all but the text, which is the caller's. */
export type Told = Omit<ParsedPush, "rawText">;

/** @throws Refusal `REQUEST_SCHEMA`: the message contradicts itself, or lacks what nobody can do without. */
export function refuse(problem: string): never {
  throw new Refusal("REQUEST_SCHEMA", problem);
}

/** One of two members that state the same. @throws Refusal `REQUEST_SCHEMA` where they differ. */
export function agreed<T extends string | number>(
  [name, value]: readonly [string, T | undefined],
  [otherName, other]: readonly [string, T | undefined],
): T | undefined {
  if (value !== undefined && other !== undefined && value !== other) {
    refuse(`${name} and ${otherName} contradict each other: ${shown(value)}, ${shown(other)}`);
  }
  return value ?? other;
}

/** Smallest units of a token that has so many decimals. */
export function quantityOfUnits(units: string, decimals: number): Quantity {
  const { text = units } = amountFromUnits("", units, decimals);
  return { text, units, decimals };
}

function quantityOfWhole(name: string, text: string, decimals: number | undefined): Quantity {
  if (decimals === undefined) return { text };
  const [, fraction = ""] = text.split(".");
  if (fraction.length > decimals) refuse(`${name}: more than ${decimals} fraction digits: ${shown(text)}`);
  return { text, units: amountFromText("", text, decimals).units, decimals };
}

/**
 * An amount that is stated in smallest units, in whole units, or in both.
 *
 * @param whole - in its shortest spelling.
 * @throws Refusal `REQUEST_SCHEMA` where the two differ, or nobody can tell because the decimals are missing.
 */
export function quantityOf(
  [unitsName, units]: readonly [string, string | undefined],
  [wholeName, whole]: readonly [string, string | undefined],
  decimals: number | undefined,
): Quantity | undefined {
  if (units === undefined)
    return whole === undefined ? undefined : quantityOfWhole(wholeName, whole, decimals);
  if (decimals === undefined) return refuse(`${unitsName}: of a coin whose decimals are missing`);
  const quantity = quantityOfUnits(units, decimals);
  agreed([`${unitsName} with ${decimals} decimals`, quantity.text], [wholeName, whole]);
  return quantity;
}

/**
 * An address and the memo that goes with it: of some coins (XRP) Cobo writes both into the address, with `|` between.
 *
 * @throws Refusal `REQUEST_SCHEMA` where the member `memo` says something else.
 */
export function withMemo(
  name: string,
  stated: string | undefined,
  memo: string | undefined,
): Pick<Output, "address" | "memo"> {
  const at = stated?.indexOf("|") ?? -1;
  if (stated === undefined || at < 0) return { address: stated, memo };
  if (at === 0) refuse(`${name}: a memo without an address`);
  const appended = stated.slice(at + 1) || undefined;
  return {
    address: stated.slice(0, at),
    memo: agreed([`the memo in ${name}`, appended], ["memo", memo]),
  };
}

/** Those that paid, each once, in their order. A memo of theirs leads to nobody else and is left out. */
export function inputsOf(addresses: readonly (string | undefined)[]): Input[] {
  const distinct = new Set<string>();
  for (const address of addresses) {
    const [bare] = (address ?? "").split("|", 1);
    if (bare) distinct.add(bare);
  }
  return [...distinct].map((address) => ({ address }));
}
