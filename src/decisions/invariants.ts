/**
 * What must hold of every request whatever the policy says (design 3.7). No data and no mode switches these
 * off. Those that need only the wire (token, strict JSON, list lengths, same task, shape of a key) are checked
 * by the channel before a document exists; those here read the finished document.
 */
import type { Difference, Document } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";
import type { ChainFamily } from "../policy/release.ts";

/** What this server answers for. An absent list admits all, an empty one none. */
export interface Scope {
  readonly organizations?: readonly string[] | undefined;
  readonly vaults?: readonly string[] | undefined;
  readonly wallets?: readonly string[] | undefined;
}

/**
 * @throws Refusal `OUT_OF_SCOPE` where a configured list does not name the document's member, or the document
 *   lacks the member that the list is about: what can't be seen to be inside is outside. Key events belong to
 *   no wallet, so the list of wallets does not concern them.
 */
export function assertInScope(document: Document, scope: Scope): void {
  assertListed("organization", document.organization?.id, scope.organizations);
  assertListed("vault", document.vault?.id, scope.vaults);
  if (document.group !== "key") assertListed("wallet", document.wallet?.id, scope.wallets);
}

function assertListed(member: string, id: string | undefined, list: readonly string[] | undefined): void {
  if (list === undefined || (id !== undefined && list.includes(id))) return;
  throw new Refusal("OUT_OF_SCOPE", `${member} ${id ?? "(not stated)"} is not in this server's scope`, {
    member,
    ...(id === undefined ? {} : { stated: id }),
    configured: list.length,
  });
}

/** @throws Refusal `NOT_A_PARTICIPANT` where the config names the node's id and the request does not. */
export function assertParticipant(own: string | undefined, participants: readonly string[]): void {
  if (own === undefined || participants.includes(own)) return;
  throw new Refusal("NOT_A_PARTICIPANT", `node ${own} is not among the nodes that the request names`, {
    node: own,
    named: participants.slice(0, 20),
  });
}

type Algorithm = NonNullable<NonNullable<Document["signing"]>["algorithm"]>;

const ALGORITHMS = ["ecdsa", "schnorr", "eddsa"] as const satisfies readonly Algorithm[];

/** Which curve and which protocols an algorithm goes with (wire dossier 2.1, seed 000). */
const FITS: Readonly<Record<Algorithm, { curve: string; protocols: readonly string[] }>> = {
  ecdsa: { curve: "secp256k1", protocols: ["gg18", "lindell"] },
  schnorr: { curve: "secp256k1", protocols: ["gg18", "lindell"] },
  eddsa: { curve: "ed25519", protocols: ["eddsa_tss"] },
};

/** Which algorithms a family of chains verifies at all. A family not listed here is not checked. */
const ALGORITHMS_OF: Partial<Record<ChainFamily, readonly Algorithm[]>> = {
  evm: ["ecdsa"],
  tron: ["ecdsa"],
  bitcoin: ["ecdsa", "schnorr"],
  solana: ["eddsa"],
  stellar: ["eddsa"],
};

/**
 * The algorithms that the signature can be of: the stated one, else those that fit what is stated of curve,
 * protocol and chain. A request that leaves the algorithm out must not get past what it would be held against.
 */
function possibleAlgorithms({ key, signing, evidence }: Document): readonly Algorithm[] {
  if (signing?.algorithm !== undefined) return [signing.algorithm];
  const accepted = evidence?.family === undefined ? undefined : ALGORITHMS_OF[evidence.family];
  return (accepted ?? ALGORITHMS).filter((algorithm) => {
    const { curve, protocols } = FITS[algorithm];
    return (
      (key?.curve === undefined || key.curve === curve) &&
      (signing?.protocol === undefined || protocols.includes(signing.protocol))
    );
  });
}

/** ECDSA and Schnorr sign a digest of 32 bytes: `0x` and 64 hex digits. EdDSA signs the message itself. */
const DIGEST_LENGTH = 66;

/** Chains whose transaction has one signature of one key, so one hash. */
const ONE_HASH: readonly (ChainFamily | undefined)[] = ["evm", "tron"];

/**
 * @throws Refusal `SIGNATURE_KIND` where a hash can't be one of the algorithm's, or there are several for a
 *   transaction that has one: what the rules see would be one of them, and the others anything.
 */
export function assertHashesFit(document: Document): void {
  const { kind, signing, evidence } = document;
  const hashes = signing?.hashes ?? [];
  const algorithms = possibleAlgorithms(document);
  const odd = algorithms.includes("eddsa") ? undefined : hashes.find((hash) => hash.length !== DIGEST_LENGTH);
  if (odd !== undefined) {
    throw new Refusal(
      "SIGNATURE_KIND",
      `${algorithms.join(" or ")} signs digests of 32 bytes, one has ${odd.length / 2 - 1}`,
      {
        algorithms,
        hash: odd.slice(0, DIGEST_LENGTH),
      },
    );
  }
  if (kind === "transaction_signing" && ONE_HASH.includes(evidence?.family) && hashes.length > 1) {
    throw new Refusal(
      "SIGNATURE_KIND",
      `one ${evidence?.family} transaction has one hash, not ${hashes.length}`,
      {
        family: evidence?.family,
        hashes: hashes.slice(0, 10),
      },
    );
  }
}

/** That many differences stand in the words of a refusal; all of them stand in its values. */
const SAID = 3;

/**
 * What the bytes contradict is refused, whatever a policy says of it.
 *
 * @throws Refusal `EVIDENCE_MISMATCH` with both values of each member that differs.
 */
export function assertEvidence({ evidence }: Document): void {
  if (evidence === undefined) return;
  const { status, key, differences = [] } = evidence;
  if (status !== "mismatch" && key !== "mismatch" && differences.length === 0) return;
  const said = differences.slice(0, SAID).map(differenceText);
  throw new Refusal("EVIDENCE_MISMATCH", said.join("; "), { differences });
}

/** Short: an answer has 256 bytes, and address and amount go into one. */
function differenceText({ field, declared = "nothing", decoded = "nothing" }: Difference): string {
  return `${field.replace(/^transaction\./, "")} ${declared} but signed ${decoded}`;
}

/**
 * @throws Refusal `SIGNATURE_KIND` where the signature asked for can't belong to the curve, the protocol or the
 *   chain that the request states, or where none can. A member that is not stated is not compared.
 */
export function assertSignatureFits(document: Document): void {
  const algorithm = document.signing?.algorithm;
  const stated = { curve: document.key?.curve, protocol: document.signing?.protocol };
  if (algorithm === undefined) {
    if (document.signing === undefined || possibleAlgorithms(document).length > 0) return;
    throw new Refusal("SIGNATURE_KIND", "no signature goes with this curve, protocol and chain", {
      ...stated,
      family: document.evidence?.family,
    });
  }
  const { curve, protocols } = FITS[algorithm];
  if (stated.curve !== undefined && stated.curve !== curve) {
    throw new Refusal("SIGNATURE_KIND", `${algorithm} signs with ${curve}, the key is on ${stated.curve}`, {
      algorithm,
      curve: stated.curve,
    });
  }
  if (stated.protocol !== undefined && !protocols.includes(stated.protocol)) {
    throw new Refusal("SIGNATURE_KIND", `${stated.protocol} does not make ${algorithm} signatures`, {
      algorithm,
      protocol: stated.protocol,
    });
  }
  const family = document.evidence?.family;
  const accepted = family === undefined ? undefined : ALGORITHMS_OF[family];
  if (family !== undefined && accepted !== undefined && !accepted.includes(algorithm)) {
    throw new Refusal("SIGNATURE_KIND", `a ${family} chain takes no ${algorithm} signature`, {
      algorithm,
      family,
    });
  }
}
