/**
 * Methods of Permit2, which moves and approves ERC-20 tokens for those who approved it once. By its canonical address or
 * a release's word a contract is Permit2; any other that has such methods is called as well as read, so that rules on
 * contracts hold for it.
 */
import { contractOf } from "../../policy/assets.ts";
import { Undecodable } from "../undecodable.ts";
import { tokens } from "./holdings.ts";
import {
  type Arguments,
  type OwnEffect,
  plainCall,
  type Reading,
  type Readings,
  type Site,
} from "./reading.ts";

/** Deployed at the same address on every chain (Uniswap's Permit2 repository). */
const PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3";

function reading(
  signature: string,
  effects: (values: Arguments, site: Site) => readonly OwnEffect[],
): Reading {
  return {
    signature,
    read: (values, site) => {
      const own = effects(values, site);
      return { effects: own.length > 0 && isPermit2(site) ? own : [...own, plainCall(site)] };
    },
  };
}

/** Whether a contract is Permit2, or the release says so. */
export function isPermit2({ contract, place, knowledge }: Site): boolean {
  return contract === PERMIT2 || contractOf(knowledge, place.chain, contract)?.kind === "permit2";
}

interface Move {
  readonly token: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly units: bigint;
}

function effect(type: "transfer" | "approve" | "permit", { place, knowledge }: Site, move: Move): OwnEffect {
  const { from, to, token, units } = move;
  return { type, from, to, ...tokens(knowledge, place.chain, token, units) };
}

const APPROVE = reading(
  "approve(address token,address spender,uint160 amount,uint48 expiration)",
  (values, site) => [
    effect("approve", site, {
      token: values.address(0),
      from: site.place.from,
      to: values.address(1),
      units: values.uint(2),
    }),
  ],
);

/** `(address from,address to,uint160 amount,address token)`, as arguments or as a tuple. */
function allowanceTransfer(values: Arguments, site: Site): OwnEffect {
  return effect("transfer", site, {
    token: values.address(3),
    from: values.address(0),
    to: values.address(1),
    units: values.uint(2),
  });
}

const ALLOWANCE_TRANSFER = "address from,address to,uint160 amount,address token";
const TRANSFER_FROM = reading(`transferFrom(${ALLOWANCE_TRANSFER})`, (values, site) => [
  allowanceTransfer(values, site),
]);
const TRANSFER_FROM_BATCH = reading(
  `transferFrom((${ALLOWANCE_TRANSFER})[] transferDetails)`,
  (values, site) => values.tuples(0).map((details) => allowanceTransfer(details, site)),
);

const DETAILS = "(address token,uint160 amount,uint48 expiration,uint48 nonce)";

/** @param details - one of {@link DETAILS}. */
function permitted(owner: string, spender: string, details: Arguments, site: Site): OwnEffect {
  const units = details.uint(1);
  return effect("permit", site, { token: details.address(0), from: owner, to: spender, units });
}

const PERMIT = reading(
  `permit(address owner,(${DETAILS} details,address spender,uint256 sigDeadline) permitSingle,bytes signature)`,
  (values, site) => {
    const single = values.tuple(1);
    return [permitted(values.address(0), single.address(1), single.tuple(0), site)];
  },
);

const PERMIT_BATCH = reading(
  `permit(address owner,(${DETAILS}[] details,address spender,uint256 sigDeadline) permitBatch,bytes signature)`,
  (values, site) => {
    const batch = values.tuple(1);
    return batch.tuples(0).map((details) => permitted(values.address(0), batch.address(1), details, site));
  },
);

const PERMITTED = "(address token,uint256 amount)";
const REQUESTED = "(address to,uint256 requestedAmount)";
const SINGLE = `(${PERMITTED} permitted,uint256 nonce,uint256 deadline) permit,${REQUESTED} transferDetails`;
const BATCH = `(${PERMITTED}[] permitted,uint256 nonce,uint256 deadline) permit,${REQUESTED}[] transferDetails`;
const WITNESS = "bytes32 witness,string witnessTypeString,bytes signature";

/** A signed transfer of one token: of {@link PERMITTED} so much as {@link REQUESTED} says. */
function requested(owner: string, from: Arguments, to: Arguments, site: Site): OwnEffect {
  return effect("transfer", site, {
    token: from.address(0),
    from: owner,
    to: to.address(0),
    units: to.uint(1),
  });
}

function single(values: Arguments, site: Site): readonly OwnEffect[] {
  return [requested(values.address(2), values.tuple(0).tuple(0), values.tuple(1), site)];
}

function batch(values: Arguments, site: Site): readonly OwnEffect[] {
  const sources = values.tuple(0).tuples(0);
  const details = values.tuples(1);
  if (sources.length !== details.length) throw new Undecodable("not as many transfers as permits");
  return sources.map((source, index) => {
    const detail = details[index];
    if (detail === undefined) throw new Undecodable("not as many transfers as permits");
    return requested(values.address(2), source, detail, site);
  });
}

export const PERMIT2_READINGS: Readings = [
  ["0x87517c45", APPROVE],
  ["0x36c78516", TRANSFER_FROM],
  ["0x0d58b1db", TRANSFER_FROM_BATCH],
  ["0x2b67b570", PERMIT],
  ["0x2a2d80d1", PERMIT_BATCH],
  ["0x30f28b7a", reading(`permitTransferFrom(${SINGLE},address owner,bytes signature)`, single)],
  ["0xedd9444b", reading(`permitTransferFrom(${BATCH},address owner,bytes signature)`, batch)],
  ["0x137c29fe", reading(`permitWitnessTransferFrom(${SINGLE},address owner,${WITNESS})`, single)],
  ["0xfe8ec1a7", reading(`permitWitnessTransferFrom(${BATCH},address owner,${WITNESS})`, batch)],
];
