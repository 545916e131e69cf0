/**
 * What a token takes by signature: permits (ERC-2612, and Dai's own, which is older) and transfers (ERC-3009). Each is
 * read as what it is only where its type is the standard's to the letter, order of members included.
 */
import { z } from "zod";
import type { Effect } from "../../input/document.ts";
import type { OwnEffect } from "../evm/reading.ts";
import { finished } from "../evm/unwrapping.ts";
import {
  argumentsOf,
  holdingOf,
  type MessageReader,
  messageReader,
  type SignedMessage,
} from "./signed-message.ts";

const UNLIMITED = 2n ** 256n - 1n;

const permit = messageReader(
  z.object({ owner: z.string(), spender: z.string(), value: z.bigint() }),
  ({ owner, spender, value }, signed, token) => [permitOf(signed, token, owner, spender, value)],
);

/** Dai's permit has no amount: all of it, for as long as the owner doesn't take it back, or none. */
const daiPermit = messageReader(
  z.object({ holder: z.string(), spender: z.string(), allowed: z.boolean() }),
  ({ holder, spender, allowed }, signed, token) => [
    permitOf(signed, token, holder, spender, allowed ? UNLIMITED : 0n),
  ],
);

function permitOf(signed: SignedMessage, token: string, from: string, to: string, units: bigint): Effect {
  return effectOf(signed, { type: "permit", from, to, ...holdingOf(signed, token, units) });
}

/** ERC-3009: whoever has the signature may make the transfer, or nobody but the payee. */
const authorizedTransfer = messageReader(
  z.object({ from: z.string(), to: z.string(), value: z.bigint() }),
  ({ from, to, value }, signed, token) => [
    effectOf(signed, { type: "transfer", from, to, ...holdingOf(signed, token, value) }),
  ],
);

const canceledAuthorization = messageReader(
  z.object({ authorizer: z.string() }),
  ({ authorizer }, signed, token) => [effectOf(signed, { type: "call", from: authorizer, to: token })],
);

function effectOf({ reading }: SignedMessage, effect: OwnEffect): Effect {
  const { messageType, message } = reading;
  return finished(effect, 0, { method: messageType, arguments: argumentsOf(messageType, message) });
}

const AUTHORIZATION =
  "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce";

/** @property owner - the member that says whose tokens they are. */
export interface TokenMessage {
  readonly owner: string;
  readonly read: MessageReader;
}

/** By EIP-712's `encodeType`. */
export const TOKEN_MESSAGES: ReadonlyMap<string, TokenMessage> = new Map([
  [
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
    { owner: "owner", read: permit },
  ],
  [
    "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)",
    { owner: "holder", read: daiPermit },
  ],
  [`TransferWithAuthorization(${AUTHORIZATION})`, { owner: "from", read: authorizedTransfer }],
  [`ReceiveWithAuthorization(${AUTHORIZATION})`, { owner: "from", read: authorizedTransfer }],
  [
    "CancelAuthorization(address authorizer,bytes32 nonce)",
    { owner: "authorizer", read: canceledAuthorization },
  ],
]);
