/** What both payload versions say of a signature: the detail of KeySign. */

import type { Document } from "../../input/document.ts";
import { Refusal } from "../../input/refusal.ts";
import { present } from "../absent.ts";
import { canonicalHex } from "../canonical.ts";
import type { KeySignDetail } from "./wire-request.ts";

const ALGORITHMS = { 0: undefined, 1: "ecdsa", 2: "eddsa", 3: "schnorr" } as const;
const PROTOCOLS = { 0: undefined, 1: "gg18", 2: "lindell", 3: "eddsa_tss" } as const;

function hashOf(text: string, where: string, prefix: "required" | "optional"): string {
  const hash = canonicalHex(text, where, prefix);
  if (hash === "0x") throw new Refusal("REQUEST_SCHEMA", `${where}: has no bytes`);
  return hash;
}

/**
 * `signing`: hashes in lower-case hex with `0x` (for EdDSA it is the whole message), tweaks in the same order.
 *
 * @param prefix - version 2 writes hashes with `0x`, older nodes of version 1 may not; tweaks have no
 *   documented form.
 * @throws Refusal `REQUEST_SCHEMA` for what is not hex, and for a hash of no bytes.
 */
export function signingOf(
  detail: KeySignDetail,
  prefix: "required" | "optional",
): NonNullable<Document["signing"]> {
  const tweaks = detail.tweak_list ?? [];
  return present({
    hashes: (detail.msg_hash_list ?? []).map((hash, index) =>
      hashOf(hash, `request_detail.msg_hash_list.${index}`, prefix),
    ),
    paths: detail.bip32_path_list ?? [],
    tweaks: tweaks.every((tweak) => tweak === "")
      ? undefined
      : tweaks.map((tweak, index) => canonicalHex(tweak, `request_detail.tweak_list.${index}`, "optional")),
    algorithm: ALGORITHMS[detail.signature_type ?? 0],
    protocol: PROTOCOLS[detail.tss_protocol ?? 0],
  });
}
