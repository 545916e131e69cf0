/** Methods of fungible tokens: ERC-20, its extensions ERC-2612, ERC-3009, ERC-1363 and ERC-677, and ERC-777. */

import { tokenAsset, tokensOrSingle } from "./holdings.ts";
import type { Arguments, OwnEffect, Reading, Readings, Site } from "./reading.ts";
import { plainCall } from "./reading.ts";

type Position = number;

const UNLIMITED = 2n ** 256n - 1n;

/** What moves `amount`, from the caller where no position says from whom. */
function transfer(signature: string, at: { from?: Position; to: Position; amount: Position }): Reading {
  return { signature, read: (values, site) => ({ effects: [moved(values, site, at)] }) };
}

/** What moves an amount and calls whom it goes to. */
function transferAndCall(
  signature: string,
  at: { from?: Position; to: Position; amount: Position },
): Reading {
  return { signature, read: (values, site) => ({ effects: [moved(values, site, at), plainCall(site)] }) };
}

function moved(
  values: Arguments,
  site: Site,
  { from, to, amount }: { from?: Position; to: Position; amount: Position },
): OwnEffect {
  return {
    type: "transfer",
    from: from === undefined ? site.place.from : values.address(from),
    to: values.address(to),
    ...holdingOf(site, values.uint(amount)),
  };
}

/** What lets the first argument take the second. */
function approval(signature: string): Reading {
  return { signature, read: (values, site) => ({ effects: [approved(values, site)] }) };
}

function approveAndCall(signature: string): Reading {
  return { signature, read: (values, site) => ({ effects: [approved(values, site), plainCall(site)] }) };
}

function approved(values: Arguments, site: Site): OwnEffect {
  const held = holdingOf(site, values.uint(1));
  return { type: "approve", from: site.place.from, to: values.address(0), ...held };
}

/** ERC-2612, in either form of the signature. */
function permit(signature: string): Reading {
  return {
    signature,
    read: (values, site) => {
      const held = holdingOf(site, values.uint(2));
      return { effects: [{ type: "permit", from: values.address(0), to: values.address(1), ...held }] };
    },
  };
}

/** DAI's own permit: all, as the contract writes it, or nothing. */
const PERMIT_ALL: Reading = {
  signature:
    "permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed,uint8 v,bytes32 r,bytes32 s)",
  read: (values, site) => {
    const held = holdingOf(site, values.flag(4) ? UNLIMITED : 0n);
    return { effects: [{ type: "permit", from: values.address(0), to: values.address(1), ...held }] };
  },
};

/** ERC-777: an operator may move all of the caller's. */
const AUTHORIZE_OPERATOR: Reading = {
  signature: "authorizeOperator(address operator)",
  read: (values, site) => ({
    effects: [{ type: "operator_grant", asset: assetOf(site), from: site.place.from, to: values.address(0) }],
  }),
};

function assetOf({ contract, place, knowledge }: Site): string {
  return tokenAsset(knowledge, place.chain, contract);
}

function holdingOf({ contract, place, knowledge }: Site, number: bigint) {
  return tokensOrSingle(knowledge, place.chain, contract, number);
}

const AUTHORIZATION =
  "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce";
const AUTHORIZED = { from: 0, to: 1, amount: 2 };

export const TOKEN_READINGS: Readings = [
  ["0xa9059cbb", transfer("transfer(address to,uint256 amount)", { to: 0, amount: 1 })],
  [
    "0x23b872dd",
    transfer("transferFrom(address from,address to,uint256 amount)", { from: 0, to: 1, amount: 2 }),
  ],
  ["0x095ea7b3", approval("approve(address spender,uint256 amount)")],
  ["0x39509351", approval("increaseAllowance(address spender,uint256 addedValue)")],
  ["0xd73dd623", approval("increaseApproval(address spender,uint256 addedValue)")],
  [
    "0xd505accf",
    permit(
      "permit(address owner,address spender,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)",
    ),
  ],
  [
    "0x9fd5a6cf",
    permit("permit(address owner,address spender,uint256 value,uint256 deadline,bytes signature)"),
  ],
  ["0x8fcbaf0c", PERMIT_ALL],
  [
    "0xe3ee160e",
    transfer(`transferWithAuthorization(${AUTHORIZATION},uint8 v,bytes32 r,bytes32 s)`, AUTHORIZED),
  ],
  ["0xcf092995", transfer(`transferWithAuthorization(${AUTHORIZATION},bytes signature)`, AUTHORIZED)],
  [
    "0xef55bec6",
    transfer(`receiveWithAuthorization(${AUTHORIZATION},uint8 v,bytes32 r,bytes32 s)`, AUTHORIZED),
  ],
  ["0x88b7ab63", transfer(`receiveWithAuthorization(${AUTHORIZATION},bytes signature)`, AUTHORIZED)],
  ["0x1296ee62", transferAndCall("transferAndCall(address to,uint256 amount)", { to: 0, amount: 1 })],
  [
    "0x4000aea0",
    transferAndCall("transferAndCall(address to,uint256 amount,bytes data)", { to: 0, amount: 1 }),
  ],
  [
    "0xd8fbe994",
    transferAndCall("transferFromAndCall(address from,address to,uint256 amount)", {
      from: 0,
      to: 1,
      amount: 2,
    }),
  ],
  [
    "0xc1d34b89",
    transferAndCall("transferFromAndCall(address from,address to,uint256 amount,bytes data)", {
      from: 0,
      to: 1,
      amount: 2,
    }),
  ],
  ["0x3177029f", approveAndCall("approveAndCall(address spender,uint256 amount)")],
  ["0xcae9ca51", approveAndCall("approveAndCall(address spender,uint256 amount,bytes data)")],
  ["0x9bd9bbc6", transferAndCall("send(address to,uint256 amount,bytes data)", { to: 0, amount: 1 })],
  [
    "0x62ad1b83",
    transferAndCall("operatorSend(address from,address to,uint256 amount,bytes data,bytes operatorData)", {
      from: 0,
      to: 1,
      amount: 2,
    }),
  ],
  ["0x959b8c3f", AUTHORIZE_OPERATOR],
];
