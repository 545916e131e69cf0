/** The keys of an installation, read once at start. */
import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { QueryKey } from "./channels/push/query-key.ts";
import { privateKeyFromPem, publicKeyFromPem } from "./channels/tss/keys.ts";
import type { TssNode } from "./channels/tss/routes.ts";
import type { Config, NodeConfig } from "./config.ts";

/**
 * @property own - signs the answers to whoever could not prove to be a node, and to nodes without a key.
 * @property query - signs the questions to Cobo; absent where it is not asked.
 */
export interface Keys {
  readonly own: KeyObject;
  readonly nodes: readonly TssNode[];
  readonly query: QueryKey | undefined;
}

/**
 * @throws KeyFileError, QueryKeyError, the system's error where a file cannot be read, or Error where one public key is two
 *   nodes': a token would be the first one's, with its payload and its id.
 */
export async function loadKeys(config: Config): Promise<Keys> {
  const own = await privateKey(config.signing_key);
  const nodes = await Promise.all(config.nodes.map((node) => loadNode(node, own)));
  const known: { readonly key: KeyObject; readonly node: string }[] = [];
  for (const { name, publicKeys } of nodes) {
    for (const key of publicKeys) {
      const other = known.find((each) => each.node !== name && each.key.equals(key));
      if (other !== undefined) throw new Error(`nodes ${other.node} and ${name} have the same public key`);
      known.push({ key, node: name });
    }
  }
  const { query } = config.push;
  return { own, nodes, query: query && (await QueryKey.read(query.key, query.secret_file)) };
}

async function loadNode(node: NodeConfig, own: KeyObject): Promise<TssNode> {
  const publicKeys = await Promise.all(
    node.callback_public_keys.map(async (file) => publicKeyFromPem(await readFile(file, "utf8"), file)),
  );
  return {
    name: node.name,
    nodeId: node.node_id,
    payload: node.payload,
    publicKeys,
    signingKey: node.signing_key === undefined ? own : await privateKey(node.signing_key),
  };
}

async function privateKey(file: string): Promise<KeyObject> {
  return privateKeyFromPem(await readFile(file, "utf8"), file);
}
