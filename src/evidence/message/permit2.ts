/**
 * Permits to Uniswap's Permit2, the contract that many owners let take any of their tokens: allowances that it keeps
 * (`PermitSingle`, `PermitBatch`), and transfers for which the signature is enough. The owner is who signs.
 */
import { z } from "zod";
import type { Effect } from "../../input/document.ts";
import { contractOf } from "../../policy/assets.ts";
import {
  argumentsOf,
  assetOf,
  type MessageReader,
  messageReader,
  type SignedMessage,
} from "./signed-message.ts";

const DETAILS = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)";

const detailsSchema = z.object({
  token: z.string(),
  amount: z.bigint(),
  expiration: z.bigint(),
  nonce: z.bigint(),
});

const allowance = messageReader(
  z.object({ details: detailsSchema, spender: z.string() }),
  ({ details, spender }, signed, contract) => permits(signed, contract, DETAILS, [details], spender),
);

const allowances = messageReader(
  z.object({ details: z.array(detailsSchema), spender: z.string() }),
  ({ details, spender }, signed, contract) => permits(signed, contract, DETAILS, details, spender),
);

const PERMISSIONS = "TokenPermissions(address token,uint256 amount)";

const permissionsSchema = z.object({ token: z.string(), amount: z.bigint() });

const transfer = messageReader(
  z.object({ permitted: permissionsSchema, spender: z.string() }),
  ({ permitted, spender }, signed, contract) => permits(signed, contract, PERMISSIONS, [permitted], spender),
);

const transfers = messageReader(
  z.object({ permitted: z.array(permissionsSchema), spender: z.string() }),
  ({ permitted, spender }, signed, contract) => permits(signed, contract, PERMISSIONS, permitted, spender),
);

type Permitted = z.infer<typeof detailsSchema> | z.infer<typeof permissionsSchema>;

/** One permit a token. Of no token, or to a contract that isn't known to be Permit2, it is not what it looks like. */
function permits(
  signed: SignedMessage,
  contract: string,
  type: string,
  tokens: readonly Permitted[],
  spender: string,
): readonly Effect[] | undefined {
  const { reading, signing, chain, knowledge } = signed;
  if (tokens.length === 0 || contractOf(knowledge, chain, contract)?.kind !== "permit2") return undefined;
  const shared = argumentsOf(reading.messageType, reading.message);
  return tokens.map((permitted) => ({
    type: "permit",
    ...assetOf(signed, permitted.token, permitted.amount),
    ...(signing.from === undefined ? {} : { from: signing.from }),
    to: spender,
    method: reading.messageType,
    arguments: [...argumentsOf(type, permitted), ...shared],
    depth: 0,
  }));
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

/** @param type - EIP-712's `encodeType` of the message. */
export function permit2Reader(type: string): MessageReader | undefined {
  const witnessed = WITNESSED.exec(type);
  if (witnessed === null) return MESSAGES.get(type);
  const [, batch, list] = witnessed;
  if ((batch === undefined) !== (list === undefined) || !type.includes(`)${PERMISSIONS}`)) return undefined;
  return batch === undefined ? transfer : transfers;
}
