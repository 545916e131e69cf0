/** What a release knows, and what typed data does by it, for tests of its effects. */
import { expect } from "vitest";
import { readTypedData } from "../../src/evidence/message/typed-data.ts";
import { effectsOfTypedData } from "../../src/evidence/message/typed-data-effects.ts";
import { documentSchema, type Effect } from "../../src/input/document.ts";
import type { Knowledge } from "../../src/policy/assets.ts";

export const USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
export const DAI = "0x6b175474e89094c44da98b954eedeac495271d0f";
export const PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3";
export const OTHER_PERMIT2 = "0x0000000000225e31d15943971f47ad3022f714fa";
export const MULTISEND = "0x40a2accbd92bca938b02010e17a5b8929b49130d";
export const SAFE = "0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4";
export const OWNER = "0x1111111111111111111111111111111111111111";
export const SPENDER = "0x2222222222222222222222222222222222222222";
export const PAYEE = "0x3333333333333333333333333333333333333333";
export const ZERO = "0x0000000000000000000000000000000000000000";

export const KNOWLEDGE: Knowledge = {
  tokens: {
    ETH: { chain: "ETH", decimals: 18 },
    ETH_USDC: { chain: "ETH", contract: USDC, decimals: 6 },
    ETH_DAI: { chain: "ETH", contract: DAI, decimals: 18 },
    MNT: { chain: "MNT", decimals: 18 },
  },
  chains: {
    BTC: { family: "bitcoin", id: 1 },
    ETH: { family: "evm", id: 1 },
    MNT: { family: "evm", id: 5000 },
    ZK: { family: "evm", id: 324 },
  },
  contracts: {
    ETH: { [MULTISEND]: { kind: "multisend" } },
    MNT: { "0x9641d764fc13c8b624c04430c7356c1c7c8102e2": { kind: "multisend" } },
    ZK: { [OTHER_PERMIT2]: { kind: "permit2" } },
  },
  methods: {},
};

const EFFECTS = documentSchema.shape.evidence.unwrap().shape.effects;

/** The effects of a JSON text, fit for a document. */
export function effectsOf(raw: string, signing = { chain: "ETH", from: OWNER }): readonly Effect[] {
  const effects = effectsOfTypedData(readTypedData(undefined, raw), signing, KNOWLEDGE);
  EFFECTS.parse(effects);
  return effects;
}

/** An amount of a token, whatever it is in whole units. */
export function amountOf(token: string, units: bigint, decimals: number) {
  return { token, units: units.toString(), decimals, text: expect.any(String) };
}
