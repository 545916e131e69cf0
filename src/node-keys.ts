/** The keys of an installation, read once at start. */
import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { privateKeyFromPem, publicKeyFromPem } from "./channels/tss/keys.ts";
import type { TssNode } from "./channels/tss/routes.ts";
import type { Config, NodeConfig } from "./config.ts";

/** @property own - signs the answers to whoever could not prove to be a node, and to nodes without a key. */
export interface Keys {
  readonly own: KeyObject;
  readonly nodes: readonly TssNode[];
}

/** @throws KeyFileError, or the system's error where a file cannot be read. */
export async function loadKeys(config: Config): Promise<Keys> {
  const own = await privateKey(config.signing_key);
  return { own, nodes: await Promise.all(config.nodes.map((node) => loadNode(node, own))) };
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
