/** Typed data as a wallet is asked to sign it, put together for tests. */

export type Fields = readonly { readonly name: string; readonly type: string }[];

export interface TypedDataParts {
  readonly types: Readonly<Record<string, Fields>>;
  readonly primaryType: string;
  readonly domain: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
}

const DOMAIN_TYPES = {
  name: "string",
  version: "string",
  chainId: "uint256",
  verifyingContract: "address",
  salt: "bytes32",
};

/** The type of a domain: EIP-712's members in EIP-712's order, as far as the domain has them. */
export function domainFields(domain: TypedDataParts["domain"]): Fields {
  return Object.entries(DOMAIN_TYPES)
    .filter(([name]) => domain[name] !== undefined)
    .map(([name, type]) => ({ name, type }));
}

/** Members from how Solidity writes them: `address to,uint256 value`. */
export function fields(spelled: string): Fields {
  if (spelled === "") return [];
  return spelled.split(",").map((member) => {
    const [type = "", name = ""] = member.split(" ");
    return { name, type };
  });
}

/** The JSON text of typed data; the domain's type is made from the domain. */
export function typedDataText({ types, ...rest }: TypedDataParts): string {
  return JSON.stringify({ types: { EIP712Domain: domainFields(rest.domain), ...types }, ...rest });
}
