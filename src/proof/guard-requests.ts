/**
 * Requests as nodes and Cobo send them, of a customer whom nobody knows (`stranger.ts`): as complete and as harmless as
 * can be, so that a rule which only looks for what is absent or too large finds nothing.
 */
import { randomInt } from "node:crypto";
import { chainNumberOf, familyOf, type Knowledge, nativeTokenOf } from "../policy/assets.ts";
import type { ChainFamily, Token } from "../policy/release.ts";
import { Custody, type Ids } from "./custody.ts";
import {
  type Account,
  oneOf,
  type RandomKeys,
  randomAddress,
  randomId,
  randomNode,
  transferCall,
  unsignedPayment,
} from "./stranger.ts";

/** What is paid. @property id - of the token, in the release's words. */
export interface Asset extends Token {
  readonly id: string;
  readonly family: ChainFamily | undefined;
}

/** The tokens that a release knows, and the one that everybody does. */
export function assetsOf(knowledge: Knowledge): readonly Asset[] {
  const ether: Token = { chain: "ETH", decimals: 18 };
  const tokens = Object.entries({ ETH: ether, ...knowledge.tokens });
  return tokens.map(([id, token]) => ({ ...token, id, family: familyOf(knowledge, token.chain) }));
}

/** What all of them are made from. */
export interface Made {
  readonly knowledge: Knowledge;
  readonly ids: Ids;
  readonly keys: RandomKeys;
}

/** Who may ask for a transaction. */
export const INITIATORS = ["API", "Web", "App"] as const;

/**
 * When and how a request comes about; what is absent is left to chance.
 *
 * @property nowMs - the server's clock. @property isUsual - as much as people pay, and not next to nothing.
 * @property isDescribed - somebody said what it is for.
 */
export interface Occasion {
  readonly nowMs: number;
  readonly initiator?: (typeof INITIATORS)[number];
  readonly isUsual?: boolean;
  readonly isDescribed?: boolean;
}

const byChance = (): boolean => randomInt(2) === 0;

/** All that a request says besides its signature, put together once for several that differ in little. */
export class Stranger {
  readonly asset: Asset;
  readonly account: Account;
  /** Whom nobody has listed. */
  readonly destination: string;
  readonly units: bigint;
  readonly nodes: readonly [string, string, string];
  readonly nowMs: number;
  readonly #initiator: string;
  readonly #description: string;
  readonly #custody: Custody;
  readonly #knowledge: Knowledge;

  constructor(asset: Asset, { knowledge, ids, keys }: Made, occasion: Occasion) {
    const { nowMs, initiator = oneOf(INITIATORS, "API") } = occasion;
    const { isUsual = byChance(), isDescribed = byChance() } = occasion;
    this.asset = asset;
    this.#initiator = initiator;
    this.#description = isDescribed ? `invoice ${randomInt(100_000)}` : "";
    this.account = keys.account(asset.family);
    this.destination = randomAddress(asset.family);
    this.units = isUsual
      ? BigInt(randomInt(10, 1_000)) * 10n ** BigInt(asset.decimals) + BigInt(randomInt(1, 1_000_000))
      : BigInt(randomInt(1, 1_000_000));
    this.nodes = [randomNode(), randomNode(), randomNode()];
    this.nowMs = nowMs;
    this.#knowledge = knowledge;
    this.#custody = new Custody(ids, keys, this.account);
  }

  /**
   * A transfer to {@link destination}.
   *
   * @param bytes - what there is to be signed: nothing, nonsense, the payment itself, or another one.
   * @param members - of the transaction, over those that it has.
   */
  transfer(bytes: "none" | "nonsense" | "real" | "other", members: Record<string, unknown> = {}): string {
    const { asset, destination, units } = this;
    const { hash, ...raw } = this.#bytes(bytes);
    return this.#signing(hash, {
      type: "Withdrawal",
      chain_id: asset.chain,
      token_id: asset.id,
      asset_id: asset.id,
      destination: {
        destination_type: "Address",
        account_output: { address: destination, amount: this.text(units) },
        force_internal: false,
        force_external: false,
      },
      raw_tx_info: { used_nonce: this.#nonce, selected_utxos: [], ...raw },
      fee: this.#fee(bytes === "real" || bytes === "other"),
      ...members,
    });
  }

  /** The same as nodes of the first version ask for it: without organization, wallet and chain, and without bytes. */
  transferV1(): string {
    const { asset, account, destination, units } = this;
    return this.#callback(2, this.#detail(`0x${randomId.hex(32)}`, undefined), {
      cobo_id: randomId.numbered(this.nowMs),
      api_request_id: `pay-${randomId.hex(6)}`,
      transaction_type: 102,
      operation: 100,
      coin: asset.id,
      decimal: asset.decimals,
      from_address: account.address,
      amount: String(units),
      to_address: destination,
      to_address_details: "",
      fee: 0,
      gas_price: randomInt(1_000_000, 9_000_000),
      gas_limit: this.#gasLimit,
      extra_parameters: "",
      api_key: randomId.hex(33),
      note: "",
    });
  }

  /** A call of a contract that nobody has listed, of which there are no bytes. */
  call(): string {
    const { asset } = this;
    const to = randomAddress("evm");
    const data = `0x${Buffer.from(transferCall(randomAddress("evm"), this.units)).toString("hex")}`;
    return this.#signing(`0x${randomId.hex(32)}`, {
      type: "ContractCall",
      chain_id: asset.chain,
      token_id: asset.id,
      asset_id: asset.id,
      destination: { destination_type: "EVM_Contract", address: to, value: "0", calldata: data },
      raw_tx_info: { used_nonce: this.#nonce, selected_utxos: [] },
      fee: this.#fee(false),
    });
  }

  /** A message of which nobody shows what it says. */
  message(): string {
    const { asset } = this;
    const destination = { destination_type: "EVM_EIP_191_Signature" };
    return this.#signing(`0x${randomId.hex(32)}`, {
      type: "MessageSign",
      chain_id: asset.chain,
      destination,
    });
  }

  /** A withdrawal that Cobo asks about before there are bytes: of no wallet, by no co-signer. */
  confirmation(): string {
    const { asset, destination, units, account } = this;
    return JSON.stringify({
      id: "",
      coin: asset.id,
      display_code: asset.id,
      description: asset.id,
      address: destination,
      source_address: account.address,
      side: "withdraw",
      amount: String(units),
      decimal: asset.decimals,
      abs_amount: this.text(units),
      txid: "",
      vout_n: 0,
      request_id: `web_send_by_user_${randomInt(10_000)}_${this.nowMs - randomInt(5_000)}`,
      status: "pending",
      created_time: this.nowMs,
      last_time: this.nowMs,
      memo: "",
      confirming_threshold: randomInt(1, 64),
      confirmed_num: 0,
      type: "external",
    });
  }

  /** A key for nodes that nobody has listed. */
  keyGeneration(): string {
    const id = randomId.numbered(this.nowMs);
    const target = this.#custody.newGroup(this.nodes, this.nowMs);
    const detail = {
      threshold: 2,
      node_ids: this.nodes,
      curve: 0,
      task_id: randomId.numbered(this.nowMs),
      biz_task_id: id,
    };
    return this.#callback(1, detail, {
      ...this.#custody.members(),
      target_key_share_holder_group: target,
      tss_request: {
        ...this.#request("KeyGen", id),
        target_key_share_holder_group_id: target.key_share_holder_group_id,
      },
    });
  }

  /**
   * The shares of a key given to nodes that nobody has listed.
   *
   * @param type - for one more group, or since a share was lost.
   */
  keyReshare(type: "KeyGenFromKeyGroup" | "Recovery"): string {
    const id = randomId.numbered(this.nowMs);
    const [first, second, third] = this.nodes;
    const source = this.#custody.group(this.nodes);
    const nodes = [first, third, randomNode()];
    const target = this.#custody.newGroup(nodes, this.nowMs);
    const detail = {
      old_group_id: this.#custody.keyGroup,
      root_pub_key: this.account.root,
      curve: this.account.curve === "ed25519" ? 2 : 0,
      used_node_ids: [first, second],
      old_threshold: 2,
      new_threshold: 2,
      new_node_ids: nodes,
      task_id: randomId.numbered(this.nowMs),
      biz_task_id: id,
    };
    return this.#callback(3, detail, {
      ...this.#custody.members(true),
      source_key_share_holder_group: source,
      target_key_share_holder_group: target,
      tss_request: {
        ...this.#request(type, id),
        source_key_share_holder_group: {
          key_share_holder_group_id: source.key_share_holder_group_id,
          tss_node_ids: [first, second],
        },
        target_key_share_holder_group_id: target.key_share_holder_group_id,
      },
    });
  }

  /** A request of a type that there is not. */
  unknownType(): string {
    return this.#callback(
      randomInt(6, 1_000),
      this.#detail(`0x${randomId.hex(32)}`, randomId.uuid()),
      this.#custody.members(),
    );
  }

  /** In whole units. */
  text(units: bigint): string {
    const { decimals } = this.asset;
    const digits = String(units).padStart(decimals + 1, "0");
    const whole = digits.slice(0, digits.length - decimals);
    const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
    return fraction === "" ? whole : `${whole}.${fraction}`;
  }

  readonly #nonce = randomInt(10_000);
  readonly #maxFee = BigInt(randomInt(1_000_000_000, 9_000_000_000));
  readonly #tip = BigInt(randomInt(1_000_000, 100_000_000));
  readonly #gasLimit = randomInt(21_000, 120_000);

  #bytes(which: "none" | "nonsense" | "real" | "other"): {
    readonly hash: string;
    readonly unsigned_raw_tx?: string;
  } {
    if (which === "none") return { hash: `0x${randomId.hex(32)}` };
    if (which === "nonsense")
      return { hash: `0x${randomId.hex(32)}`, unsigned_raw_tx: `0x02${randomId.hex(80)}` };
    const { asset, destination, units } = this;
    const [to, amount] = which === "real" ? [destination, units] : [randomAddress("evm"), units * 40n];
    const { unsigned, hash } = unsignedPayment({
      chainId: chainNumberOf(this.#knowledge, asset.chain) ?? 1,
      nonce: this.#nonce,
      tip: this.#tip,
      maxFee: this.#maxFee,
      gasLimit: this.#gasLimit,
      ...(asset.contract === undefined
        ? { to, units: amount, data: new Uint8Array() }
        : { to: asset.contract.toLowerCase(), units: 0n, data: transferCall(to, amount) }),
    });
    return { hash, unsigned_raw_tx: unsigned };
  }

  #signing(hash: string, transaction: Record<string, unknown>): string {
    const { account, asset, nowMs } = this;
    const id = randomId.uuid();
    const source = {
      address: account.address,
      chain_id: asset.chain,
      path: account.path,
      encoding: "ENCODING_DEFAULT",
      root_pubkey: account.root,
    };
    const group = this.#custody.group(this.nodes);
    return this.#callback(2, this.#detail(hash, id), {
      ...this.#custody.members(true),
      wallet: this.#custody.walletMembers(),
      signer_key_share_holder_group: group,
      source_addresses: [source],
      transaction: {
        transaction_id: id,
        cobo_id: randomId.numbered(nowMs),
        request_id: `api-${randomInt(100_000)}`,
        wallet_id: this.#custody.wallet,
        status: "PendingSignature",
        sub_status: "PendingSignerApproval",
        source: {
          source_type: this.#custody.subtype,
          wallet_id: this.#custody.wallet,
          address: account.address,
          signer_key_share_holder_group_id: group.key_share_holder_group_id,
        },
        initiator: randomId.hex(16),
        initiator_type: this.#initiator,
        confirmed_num: 0,
        confirming_threshold: randomInt(1, 64),
        category: [],
        description: this.#description,
        is_loop: false,
        cobo_category: [],
        transaction_process_type: "AutoProcess",
        created_timestamp: nowMs - randomInt(10_000, 60_000),
        updated_timestamp: nowMs - randomInt(10_000),
        ...transaction,
      },
    });
  }

  /** @param isFixed - the one that the bytes say. */
  #fee(isFixed: boolean): Record<string, string> {
    const { family, chain } = this.asset;
    const token = { token_id: nativeTokenOf(this.#knowledge, chain) ?? chain };
    if (family === "evm" && !isFixed && byChance()) {
      return {
        fee_type: "EVM_Legacy",
        ...token,
        gas_price: String(this.#maxFee),
        gas_limit: String(this.#gasLimit),
      };
    }
    if (family === "evm") {
      return {
        fee_type: "EVM_EIP_1559",
        ...token,
        max_fee_per_gas: String(this.#maxFee),
        max_priority_fee_per_gas: String(this.#tip),
        gas_limit: String(this.#gasLimit),
      };
    }
    const max_fee_amount = String(randomInt(1, 40));
    if (family === "solana") return { fee_type: "SOL", ...token };
    if (family === "bitcoin")
      return { fee_type: "UTXO", ...token, max_fee_amount, fee_rate: String(randomInt(1, 90)) };
    return { fee_type: "Fixed", ...token, max_fee_amount };
  }

  #detail(hash: string, task: string | undefined): Record<string, unknown> {
    const { account, nodes } = this;
    const isEdwards = account.curve === "ed25519";
    return {
      group_id: this.#custody.keyGroup,
      root_pub_key: account.root,
      used_node_ids: nodes.slice(0, 2),
      bip32_path_list: [account.path],
      msg_hash_list: [hash],
      tweak_list: [""],
      signature_type: isEdwards ? 2 : 1,
      tss_protocol: isEdwards ? 3 : 2,
      task_id: randomId.numbered(this.nowMs),
      ...(task === undefined ? {} : { biz_task_id: task }),
    };
  }

  #request(type: string, id: string): Record<string, unknown> {
    return {
      tss_request_id: id,
      type,
      status: "MPCProcessing",
      description: this.#description,
      created_timestamp: this.nowMs - randomInt(1_000, 10_000),
    };
  }

  #callback(type: number, detail: Record<string, unknown>, extra: Record<string, unknown>): string {
    return JSON.stringify({
      request_id: `${randomId.numbered(this.nowMs)}:1`,
      request_type: type,
      request_detail: JSON.stringify(detail),
      extra_info: JSON.stringify(extra),
    });
  }
}
