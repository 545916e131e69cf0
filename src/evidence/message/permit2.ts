/**
 * Permits to Uniswap's Permit2, the contract that many owners let take any of their tokens: allowances that it keeps
 * (`PermitSingle`, `PermitBatch`), and transfers for which the signature is enough. The owner is who signs.
 */
import { z } from "zod";
import type { Effect } from "../../input/document.ts";
import { isPermit2 } from "../evm/permit2-calls.ts";
import { finished } from "../evm/unwrapping.ts";
import {
  argumentsOf,
  holdingOf,
  type MessageReader,
  messageReader,
  type SignedMessage,
} from "./signed-message.ts";

const DETAILS = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)";

const ALLOWANCE = { token: DETAILS, all: "(address spender,uint256 sigDeadline)" };

const detailsSchema = z.object({
  token: z.string(),
  amount: z.bigint(),
  expiration: z.bigint(),
  nonce: z.bigint(),
});

const allowance = messageReader(
  z.object({ details: detailsSchema, spender: z.string() }),
  ({ details, spender }, signed, contract) => permits(signed, contract, ALLOWANCE, [details], spender),
);

const allowances = messageReader(
  z.object({ details: z.array(detailsSchema), spender: z.string() }),
  ({ details, spender }, signed, contract) => permits(signed, contract, ALLOWANCE, details, spender),
);

const PERMISSIONS = "TokenPermissions(address token,uint256 amount)";

const TRANSFER = { token: PERMISSIONS, all: "(address spender,uint256 nonce,uint256 deadline)" };

const permissionsSchema = z.object({ token: z.string(), amount: z.bigint() });

const transfer = messageReader(
  z.object({ permitted: permissionsSchema, spender: z.string() }),
  ({ permitted, spender }, signed, contract) => permits(signed, contract, TRANSFER, [permitted], spender),
);

const transfers = messageReader(
  z.object({ permitted: z.array(permissionsSchema), spender: z.string() }),
  ({ permitted, spender }, signed, contract) => permits(signed, contract, TRANSFER, permitted, spender),
);

type Permitted = z.infer<typeof detailsSchema> | z.infer<typeof permissionsSchema>;

const MAX_TOKENS = 64;

/**
 * One permit a token, with its own arguments and those of all. Of no token, of more than anybody reads, or for a
 * contract that isn't Permit2, the message is not what it looks like.
 */
function permits(
  signed: SignedMessage,
  contract: string,
  shown: typeof ALLOWANCE,
  tokens: readonly Permitted[],
  to: string,
): readonly Effect[] | undefined {
  const { reading, signing, chain, knowledge } = signed;
  const { from } = signing;
  const isKnown = isPermit2({ contract, place: { chain, from, depth: 0 }, knowledge });
  if (!isKnown || tokens.length === 0 || tokens.length > MAX_TOKENS) return undefined;
  const shared = argumentsOf(shown.all, reading.message);
  return tokens.map((permitted) =>
    finished({ type: "permit", from, to, ...holdingOf(signed, permitted.token, permitted.amount) }, 0, {
      method: reading.messageType,
      arguments: [...argumentsOf(shown.token, permitted), ...shared],
    }),
  );
}

const MESSAGES: ReadonlyMap<string, MessageReader> = new Map([
  [`PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${DETAILS}`, allowance],
  [`PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${DETAILS}`, allowances],
  [
    `PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)${PERMISSIONS}`,
    transfer,
  ],
  [
    `PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)${PERMISSIONS}`,
    transfers,
  ],
]);

/**
 * A transfer bound to something that the spender's contract checks: one member more, of any type, and the types that it
 * refers to before and after the permissions.
 */
const WITNESSED =
  /^Permit(Batch)?WitnessTransferFrom\(TokenPermissions(\[\])? permitted,address spender,uint256 nonce,uint256 deadline,[^ ,()]+ [^ ,()]+\)/;

/**
 * What the spender's contract makes of the witness nobody knows: who gets what for the tokens, or anything that it does
 * for whoever signed, and were the tokens none.
 */
function withWitness(read: MessageReader): MessageReader {
  return (signed, contract) => {
    const effects = read(signed, contract);
    const [first] = effects ?? [];
    if (effects === undefined || first === undefined) return undefined;
    const { from, to, method = "" } = first;
    return [...effects, finished({ type: "unknown", from, to }, 0, { method })];
  };
}

/** @param type - EIP-712's `encodeType` of the message. */
export function permit2Reader(type: string): MessageReader | undefined {
  const witnessed = WITNESSED.exec(type);
  if (witnessed === null) return MESSAGES.get(type);
  const [, batch, list] = witnessed;
  if ((batch === undefined) !== (list === undefined) || !type.includes(`)${PERMISSIONS}`)) return undefined;
  return withWitness(batch === undefined ? transfer : transfers);
}
