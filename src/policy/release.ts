/**
 * A release as it stands in memory after its archive was read and every static check passed.
 */
import { z } from "zod";
import type { RuleIndex } from "./rule-index.ts";
import type { SelfTest } from "./self-tests.ts";
import { StepError } from "./step-error.ts";

/** A release may carry this much `data.json`; a larger one is refused when it is read. */
export const MAX_DATA_BYTES = 24 * 1024 * 1024;

/** The largest archive that is read at all. */
export const MAX_RELEASE_BYTES = 64 * 1024 * 1024;

/** One token of `data.tokens`: the exact decimals, and the contract that is the token. */
const tokenSchema = z.object({
  chain: z.string().min(1),
  contract: z.string().min(1).optional(),
  decimals: z.int().min(0).max(255),
});

const chainSchema = z.object({
  family: z.enum(["evm", "bitcoin", "tron", "solana", "cosmos", "stellar"]),
  id: z.int().min(0).optional(),
});

const evmAddress = z.string().regex(/^0x[0-9a-f]{40}$/, "an EVM address in lower case");
const selector = z.string().regex(/^0x[0-9a-f]{8}$/, "a selector: 0x and 8 hex digits in lower case");

/**
 * One contract of `data.contracts`. `kind` says how its calls are read, where their bytes alone don't tell; all
 * else in an entry is the rules' own.
 *
 * - `multisend`: what a Safe delegates to for several calls at once; its packed calls are read one by one.
 * - `permit2`: Permit2 at another address than its own on most chains.
 * - `erc721`: what is transferred are single tokens, not amounts: their calls are those of ERC-20.
 */
const contractSchema = z.object({
  name: z.string().min(1).optional(),
  kind: z.enum(["multisend", "permit2", "erc721"]).optional(),
});

/**
 * One method of `data.methods`: its signature as Solidity writes it, names of parameters included where they are
 * to be shown, and what calling it does. It may say `admin` of a method, never make one harmless that the host knows.
 */
const methodSchema = z.object({
  signature: z.string().min(1).max(2_000),
  effect: z.enum(["call", "admin"]).optional(),
});

/** The parts of a release's data that the host reads itself (design 3.5). All else is the rules' own. */
export const hostDataSchema = z.object({
  tokens: z.record(z.string(), tokenSchema).optional(),
  chains: z.record(z.string(), chainSchema).optional(),
  contracts: z.record(z.string(), z.record(evmAddress, contractSchema)).optional(),
  methods: z.record(selector, methodSchema).optional(),
  modes: z.record(z.string(), z.enum(["enforce", "warn", "off"])).optional(),
  approve_unverified: z.boolean().optional(),
});

export type HostData = z.infer<typeof hostDataSchema>;
export type Token = z.infer<typeof tokenSchema>;
export type Contract = z.infer<typeof contractSchema>;
export type Method = z.infer<typeof methodSchema>;
export type ChainFamily = z.infer<typeof chainSchema>["family"];

/** What a decision records of the release that made it. `sequence` is 0 until statements carry one. */
export interface ReleaseIdentity {
  readonly revision: string;
  readonly sequence: number;
  readonly sha256: string;
}

/**
 * @property data - `data.json` in UTF-8, in memory that all workers share; numbers keep their spelling.
 * @property hostData - what the host reads of it.
 * @property cases - what has to come of which request.
 */
export interface Release {
  readonly identity: ReleaseIdentity;
  readonly index: RuleIndex;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<SharedArrayBuffer>;
  readonly hostData: HostData;
  readonly cases: readonly SelfTest[];
}

/** What a decision needs besides an engine. */
export type Provable = Omit<Release, "wasm" | "data">;

/** What an engine is made of. */
export type Runnable = Pick<Release, "wasm" | "data" | "index">;

/** A copy of UTF-8 as {@link Release.data} has it. */
export function sharedBytes(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
}

/** Why a release did not go live. The text names file, rule and line where one is at fault. */
export class ReleaseError extends StepError<ReleaseStep> {
  override readonly name = "ReleaseError";
}

/** What refused it is not the candidate, and passes: the very same one may be good a moment later. */
export class PassingReleaseError extends ReleaseError {}

/** There is nothing at its place. */
export class AbsentReleaseError extends ReleaseError {}

/**
 * It took too long. That may be the candidate's fault or a busy machine's, which anybody can make busy: it says nothing
 * of the candidate that would last.
 */
export class LateReleaseError extends ReleaseError {}

/** The steps up to matched: they look at the way of a release and at its statement. */
const ADMITTING_STEPS = [
  "source",
  "download",
  "statement",
  "signatures",
  "payload",
  "audience",
  "sequence",
  "time",
  "digest",
  "quarantine",
] as const;

/** The steps from matched to proven: they look at the archive itself, and what they refuse is its fault. */
export const PROVING_STEPS = [
  "archive",
  "builtins",
  "entrypoints",
  "index",
  "data",
  "facts",
  "self_test",
  "guard",
  "warm_up",
] as const;

/** The steps of going live, in their order (design 3.10). */
export const RELEASE_STEPS = [...ADMITTING_STEPS, ...PROVING_STEPS, "gate", "store", "ledger"] as const;
export type ReleaseStep = (typeof RELEASE_STEPS)[number];

/** Whether a step looks at the archive itself. */
export function isProving(step: ReleaseStep): boolean {
  return PROVING_STEPS.some((each) => each === step);
}

/** What the host knows of chains without being told; a release's `data.chains` goes over it. */
const KNOWN_CHAINS: NonNullable<HostData["chains"]> = {
  ETH: { family: "evm", id: 1 },
  SETH: { family: "evm", id: 11_155_111 },
  MNT: { family: "evm", id: 5000 },
  BTC: { family: "bitcoin" },
  TRON: { family: "tron" },
  SOL: { family: "solana" },
};

/** The chains that a release knows: the built-in table and, over it, its own. Without a release the former. */
export function chainsOf(hostData: HostData | undefined): NonNullable<HostData["chains"]> {
  return { ...KNOWN_CHAINS, ...hostData?.chains };
}
