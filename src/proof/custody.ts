/** Where a stranger's money is kept: organization, project, vault, wallet, and the groups that hold its keys. */
import { randomInt } from "node:crypto";
import { type Account, oneOf, type RandomKeys, randomId, randomText } from "./stranger.ts";

const DAY_MS = 86_400_000;
const SUBTYPES = ["Org-Controlled", "User-Controlled"] as const;
const HOLDERS = ["Cobo", "API", "Mobile"];

/** Ids that a server answers for, by its config; empty where it answers for all. */
export interface Ids {
  readonly organizations: readonly string[];
  readonly vaults: readonly string[];
  readonly wallets: readonly string[];
}

export class Custody {
  readonly wallet: string;
  readonly subtype = oneOf<string>(SUBTYPES, "Org-Controlled");
  /** That of the account's key. */
  readonly keyGroup = randomText(20);
  readonly #organization: string;
  readonly #project = randomId.uuid();
  readonly #vault: string;
  readonly #names = { project: randomText(8), vault: randomText(8) };
  /** When each was made, the older ones first, long before what is asked now. */
  readonly #made = [360, 240, 120, 30].map((days) => Date.now() - days * DAY_MS - randomInt(90 * DAY_MS));
  readonly #account: Account;
  /** A vault has a key for either kind of chain. */
  readonly #roots: readonly { readonly root_pubkey: string; readonly curve: string }[];

  constructor(ids: Ids, keys: RandomKeys, account: Account) {
    this.wallet = oneOf(ids.wallets, randomId.uuid());
    this.#organization = oneOf(ids.organizations, randomId.uuid());
    this.#vault = oneOf(ids.vaults, randomText(20));
    this.#account = account;
    const accounts = [keys.account("evm"), keys.account("solana")];
    this.#roots = accounts.map(({ root, curve }) => ({ root_pubkey: root, curve: curve.toUpperCase() }));
  }

  /** @param hasKeys - the vault has keys already. */
  members(hasKeys = false): Record<string, unknown> {
    const [organization, project, vault] = this.#made;
    return {
      org: { org_id: this.#organization, name: randomText(8), created_timestamp: organization },
      project: {
        project_id: this.#project,
        org_id: this.#organization,
        name: this.#names.project,
        participants: 3,
        threshold: 2,
        created_timestamp: project,
      },
      vault: {
        vault_id: this.#vault,
        project_id: this.#project,
        name: this.#names.vault,
        type: this.subtype,
        root_pubkeys: hasKeys ? this.#roots : [],
        created_timestamp: vault,
      },
    };
  }

  walletMembers(): Record<string, unknown> {
    return {
      wallet_id: this.wallet,
      wallet_type: "MPC",
      wallet_subtype: this.subtype,
      name: randomText(8),
      org_id: this.#organization,
      project_id: this.#project,
      project_name: this.#names.project,
      vault_id: this.#vault,
      vault_name: this.#names.vault,
    };
  }

  /** The group that holds its keys. */
  group(nodes: readonly string[]) {
    const keys = this.#roots.map((root) => ({
      tss_key_share_group_id: root.root_pubkey === this.#account.root ? this.keyGroup : randomText(20),
      ...root,
    }));
    return { ...holders(nodes, "Valid", this.#made[3]), tss_key_share_groups: keys };
  }

  /** A group that is to get keys. */
  newGroup(nodes: readonly string[], nowMs: number) {
    return { ...holders(nodes, "New", nowMs - randomInt(10_000, 60_000)), tss_key_share_groups: [] };
  }
}

function holders(nodes: readonly string[], status: "New" | "Valid", created_timestamp: number | undefined) {
  return {
    key_share_holder_group_id: randomId.uuid(),
    type: "MainGroup",
    key_share_holders: nodes.map((node, at) => ({
      name: randomText(8),
      type: HOLDERS[at],
      tss_node_id: node,
      online: true,
      signer: true,
      status: "Valid",
    })),
    participants: 3,
    threshold: 2,
    status,
    created_timestamp,
  };
}
