/**
 * What a release's data knows of tokens, chains, contracts and methods, looked up. All ids, addresses and selectors
 * come from outside, so that `constructor` must not find what every object has.
 */
import {
  type ChainFamily,
  type Contract,
  chainsOf,
  type HostData,
  type Method,
  type Token,
} from "./release.ts";

/** The tokens and chains of a release: enough to read what a request states. */
export interface Assets {
  readonly tokens: Readonly<NonNullable<HostData["tokens"]>>;
  readonly chains: Readonly<NonNullable<HostData["chains"]>>;
}

/** All of it: enough to say what bytes do. Addresses and selectors are in lower case. */
export interface Knowledge extends Assets {
  readonly contracts: Readonly<NonNullable<HostData["contracts"]>>;
  readonly methods: Readonly<NonNullable<HostData["methods"]>>;
}

const known = new WeakMap<HostData, Knowledge>();
const NOTHING_KNOWN: Knowledge = { tokens: {}, chains: chainsOf(undefined), contracts: {}, methods: {} };

/** What a release knows, its chains over the built-in ones. Without a release only those. */
export function knowledgeOf(hostData: HostData | undefined): Knowledge {
  if (hostData === undefined) return NOTHING_KNOWN;
  let knowledge = known.get(hostData);
  if (knowledge === undefined) {
    const { tokens = {}, contracts = {}, methods = {} } = hostData;
    knowledge = { tokens, chains: chainsOf(hostData), contracts, methods };
    known.set(hostData, knowledge);
  }
  return knowledge;
}

function own<T>(table: Readonly<Record<string, T>> | undefined, key: string | undefined): T | undefined {
  return table !== undefined && key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

export function tokenOf({ tokens }: Assets, id: string | undefined): Token | undefined {
  return own(tokens, id);
}

export function familyOf({ chains }: Assets, id: string | undefined): ChainFamily | undefined {
  return own(chains, id)?.family;
}

/** The EVM chain id, as EIP-155 has it; undefined where the release doesn't say. */
export function chainNumberOf({ chains }: Assets, id: string | undefined): number | undefined {
  return own(chains, id)?.id;
}

/** @param address - in lower case. */
export function contractOf(
  { contracts }: Knowledge,
  chain: string | undefined,
  address: string | undefined,
): Contract | undefined {
  return own(own(contracts, chain), address);
}

/** @param selector - `0x` and 8 hex digits in lower case. */
export function methodOf({ methods }: Knowledge, selector: string | undefined): Method | undefined {
  return own(methods, selector);
}

interface TokenTables {
  /** A chain's own coin: the one token of it that has no contract; undefined where there are several. */
  readonly natives: ReadonlyMap<string, string | undefined>;
  /** By chain and contract, EVM contracts in lower case; undefined where two tokens claim one contract. */
  readonly byContract: ReadonlyMap<string, string | undefined>;
}

const tables = new WeakMap<Assets["tokens"], TokenTables>();

function tablesOf({ tokens, chains }: Assets): TokenTables {
  const known = tables.get(tokens);
  if (known !== undefined) return known;
  const natives = new Map<string, string | undefined>();
  const byContract = new Map<string, string | undefined>();
  const put = (map: Map<string, string | undefined>, key: string, id: string) =>
    map.set(key, map.has(key) ? undefined : id);
  for (const [id, { chain, contract }] of Object.entries(tokens)) {
    if (contract === undefined) put(natives, chain, id);
    else {
      const family = own(chains, chain)?.family;
      put(byContract, `${chain} ${family === "evm" ? contract.toLowerCase() : contract}`, id);
    }
  }
  const made = { natives, byContract };
  tables.set(tokens, made);
  return made;
}

/** A chain's own coin. Absent where there is none, or several. */
export function nativeTokenOf(assets: Assets, chain: string | undefined): string | undefined {
  return chain === undefined ? undefined : tablesOf(assets).natives.get(chain);
}

/** The token that a contract is. Absent where nobody knows it, or two tokens claim the same contract. */
export function tokenAt(assets: Assets, chain: string | undefined, contract: string): string | undefined {
  return chain === undefined ? undefined : tablesOf(assets).byContract.get(`${chain} ${contract}`);
}
