/** Methods of collections of single tokens: ERC-721 and ERC-1155, where they differ from those of ERC-20. */
import { Undecodable } from "../undecodable.ts";
import { singleTokens, tokenAsset } from "./holdings.ts";
import { plainCall, type Reading, type Readings } from "./reading.ts";

function safeTransfer721(signature: string): Reading {
  return {
    signature,
    read: (values, { contract }) => ({
      effects: [
        {
          type: "transfer",
          from: values.address(0),
          to: values.address(1),
          ...singleTokens(contract, values.uint(2), 1n),
        },
      ],
    }),
  };
}

const SAFE_TRANSFER_1155: Reading = {
  signature: "safeTransferFrom(address from,address to,uint256 id,uint256 value,bytes data)",
  read: (values, { contract }) => ({
    effects: [
      {
        type: "transfer",
        from: values.address(0),
        to: values.address(1),
        ...singleTokens(contract, values.uint(2), values.uint(3)),
      },
    ],
  }),
};

const SAFE_BATCH_TRANSFER: Reading = {
  signature: "safeBatchTransferFrom(address from,address to,uint256[] ids,uint256[] values,bytes data)",
  read: (values, site) => {
    const units = values.elements(3);
    const ids = values.elements(2);
    if (ids.length !== units.length) throw new Undecodable("not as many values as ids");
    const moved = ids.map((id, index) => {
      const value = units[index];
      if (value === undefined) throw new Undecodable("not as many values as ids");
      return {
        type: "transfer" as const,
        from: values.address(0),
        to: values.address(1),
        ...singleTokens(site.contract, id.uint(0), value.uint(0)),
      };
    });
    return { effects: moved.length === 0 ? [plainCall(site)] : moved };
  },
};

const SET_APPROVAL_FOR_ALL: Reading = {
  signature: "setApprovalForAll(address operator,bool approved)",
  read: (values, site) => {
    const { contract, place, knowledge } = site;
    if (!values.flag(1)) return { effects: [plainCall(site)] };
    const asset = tokenAsset(knowledge, place.chain, contract);
    return { effects: [{ type: "operator_grant", asset, from: place.from, to: values.address(0) }] };
  },
};

export const COLLECTION_READINGS: Readings = [
  ["0x42842e0e", safeTransfer721("safeTransferFrom(address from,address to,uint256 tokenId)")],
  ["0xb88d4fde", safeTransfer721("safeTransferFrom(address from,address to,uint256 tokenId,bytes data)")],
  ["0xf242432a", SAFE_TRANSFER_1155],
  ["0x2eb2c2d6", SAFE_BATCH_TRANSFER],
  ["0xa22cb465", SET_APPROVAL_FOR_ALL],
];
