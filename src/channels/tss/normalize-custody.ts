/** Who and what a version 2 request is about: organization, project, vault, wallet, groups of holders. */
import type { Document } from "../../input/document.ts";
import { present } from "../absent.ts";
import type { CustodyV2, GroupV2, KeyGenExtraV2, KeyReshareExtraV2 } from "./wire-v2.ts";

type Key = NonNullable<Document["key"]>;
type Group = NonNullable<Key["group"]>;
type Custody = Pick<Document, "organization" | "project" | "vault" | "wallet">;

const CURVES = { SECP256K1: "secp256k1", ED25519: "ed25519" } as const;

function curveOf(curve: keyof typeof CURVES | "" | undefined): Key["curve"] {
  return curve ? CURVES[curve] : undefined;
}

/** `organization`, `project`, `vault` and `wallet`; one whose id is not stated is absent as a whole. */
export function custodyOf({ org, project, vault, wallet }: CustodyV2): Custody {
  return present({
    organization: present({ id: org.org_id, name: org.name, created_at: org.created_timestamp || undefined }),
    project: project?.project_id
      ? present({
          id: project.project_id,
          name: project.name,
          organization_id: project.org_id,
          participants: project.participants || undefined,
          threshold: project.threshold || undefined,
          created_at: project.created_timestamp || undefined,
        })
      : undefined,
    vault: vault?.vault_id
      ? present({
          id: vault.vault_id,
          name: vault.name,
          type: vault.type,
          project_id: vault.project_id,
          root_public_keys: stating(
            vault.root_pubkeys?.map(({ root_pubkey, curve }) =>
              present({ key: root_pubkey, curve: curveOf(curve) }),
            ),
          ),
          created_at: vault.created_timestamp || undefined,
        })
      : undefined,
    wallet:
      wallet === undefined
        ? undefined
        : present({
            id: wallet.wallet_id,
            name: wallet.name,
            type: wallet.wallet_type,
            subtype: wallet.wallet_subtype,
            organization_id: wallet.org_id,
            project_id: wallet.project_id,
            project_name: wallet.project_name,
            vault_id: wallet.vault_id,
            vault_name: wallet.vault_name,
            auto_sweep: wallet.enable_auto_sweep,
          }),
  });
}

/** A group of key share holders; absent where its id is not stated. */
export function groupOf(group: GroupV2 | undefined): Group | undefined {
  if (!group?.key_share_holder_group_id) return undefined;
  const holders = (group.key_share_holders ?? []).map((holder) =>
    present({
      node: holder.tss_node_id,
      name: holder.name,
      type: holder.type,
      status: holder.status,
      signer: holder.signer,
      online: holder.online,
    }),
  );
  return present({
    id: group.key_share_holder_group_id,
    type: group.type,
    status: group.status,
    threshold: group.threshold || undefined,
    participants: group.participants || undefined,
    holders: stating(holders),
    keys: stating(
      group.tss_key_share_groups?.map((key) =>
        present({
          group_id: key.tss_key_share_group_id,
          curve: curveOf(key.curve),
          root_public_key: key.root_pubkey,
        }),
      ),
    ),
    created_at: group.created_timestamp || undefined,
  });
}

/** The entries that state something: a key that is still to be made may stand there without its parts. */
function stating<T extends object>(entries: readonly T[] | undefined): T[] | undefined {
  return entries?.filter((entry) => Object.keys(entry).length > 0);
}

/** Nodes with what a group says of their holders. */
export function participantsIn(
  nodes: readonly string[],
  group: GroupV2 | undefined,
): NonNullable<Key["participants"]> {
  const holders = new Map((group?.key_share_holders ?? []).map((holder) => [holder.tss_node_id, holder]));
  return nodes.map((node) => {
    const holder = holders.get(node);
    return present({ node, name: holder?.name, type: holder?.type, status: holder?.status });
  });
}

/** The curve of a root key as a group states it; absent where it doesn't, or says two things. */
export function curveIn(group: GroupV2 | undefined, rootPublicKey: string): Key["curve"] {
  const curves = new Set(
    (group?.tss_key_share_groups ?? [])
      .filter(({ root_pubkey }) => root_pubkey === rootPublicKey)
      .flatMap(({ curve }) => curveOf(curve) ?? []),
  );
  const [curve] = curves;
  return curves.size === 1 ? curve : undefined;
}

export function tssRequestOf(
  request: KeyGenExtraV2["tss_request"] | KeyReshareExtraV2["tss_request"],
): NonNullable<Document["tss_request"]> {
  const source = request.source_key_share_holder_group;
  return present({
    id: request.tss_request_id,
    type: request.type,
    status: request.status,
    source_group: source?.key_share_holder_group_id
      ? present({ id: source.key_share_holder_group_id, nodes: source.tss_node_ids })
      : undefined,
    target_group: request.target_key_share_holder_group_id,
    description: request.description,
    created_at: request.created_timestamp || undefined,
  });
}
