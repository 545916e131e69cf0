/** `check`: the key and certificate files of a config. */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { QueryKey, QueryKeyError } from "../channels/push/query-key.ts";
import { privateKeyFromPem, publicKeyFromPem } from "../channels/tss/keys.ts";
import type { Config, ListenConfig } from "../config.ts";
import { codeOf, messageOf } from "../thrown.ts";
import type { Finding } from "./finding.ts";

const DAY_MS = 86_400_000;
const CERTIFICATE_WARNING_DAYS = 14;

/** Reads every key once and holds them against each other. */
export async function checkKeys(config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  const error = (path: string, message: string): void => {
    findings.push({ severity: "error", path, message });
  };
  const servers = new Map<string, string>();
  const nodes = new Map<string, { readonly path: string; readonly node: string }>();

  const readSigningKey = async (path: string, file: string): Promise<void> => {
    const key = await readKey(file, privateKeyFromPem, (message) => error(path, message));
    findings.push(...(await checkMode(path, file)));
    if (key !== undefined) servers.set(fingerprint(createPublicKey(key)), path);
  };
  await readSigningKey("signing_key", config.signing_key);
  for (const [index, node] of config.nodes.entries()) {
    if (node.signing_key !== undefined) await readSigningKey(`nodes[${index}].signing_key`, node.signing_key);
  }
  const sharing = config.nodes.filter((node) => node.signing_key === undefined).map((node) => node.name);
  if (sharing.length > 1) {
    findings.push({
      severity: "warning",
      path: "signing_key",
      message: `signs for ${sharing.join(", ")}: an answer names its request and no node, so give each a signing_key of its own`,
    });
  }
  for (const [index, node] of config.nodes.entries()) {
    for (const [position, file] of node.callback_public_keys.entries()) {
      const path = `nodes[${index}].callback_public_keys[${position}]`;
      const key = await readKey(file, publicKeyFromPem, (message) => error(path, message));
      if (key === undefined) continue;
      const print = fingerprint(key);
      const [other, server] = [nodes.get(print), servers.get(print)];
      if (server !== undefined) error(path, `the public half of ${server}: a node has a key of its own`);
      if (other === undefined) nodes.set(print, { path, node: node.name });
      else if (other.node !== node.name) error(path, `the same key as ${other.path}, another node's`);
      else findings.push({ severity: "warning", path, message: `the same key as ${other.path}` });
    }
  }
  findings.push(...(await checkQueryKey(config.push.query)));
  const { bearer_file } = config.policy.fetch;
  if (bearer_file !== undefined) findings.push(...(await checkMode("policy.fetch.bearer_file", bearer_file)));
  for (const listener of ["nodes", "push", "admin"] as const) {
    const listen = config.listen[listener];
    if (listen !== undefined) findings.push(...(await checkTls(`listen.${listener}.tls`, listen)));
  }
  return findings;
}

/** The key with which Cobo is asked about pushes. */
async function checkQueryKey(query: Config["push"]["query"]): Promise<Finding[]> {
  if (query === undefined) return [];
  const path = "push.query.secret_file";
  const findings = await checkMode(path, query.secret_file);
  try {
    await QueryKey.read(query.key, query.secret_file);
  } catch (error) {
    const isMismatch = error instanceof QueryKeyError && error.isMismatch;
    findings.push({
      severity: "error",
      path: isMismatch ? "push.query.key" : path,
      message: fileProblem(query.secret_file, error),
    });
  }
  return findings;
}

async function readKey(
  file: string,
  parse: (pem: string, file: string) => KeyObject,
  refuse: (message: string) => void,
): Promise<KeyObject | undefined> {
  try {
    return parse(await readFile(file, "utf8"), file);
  } catch (error) {
    refuse(fileProblem(file, error));
    return undefined;
  }
}

/** An error of the file system by its code; an error of the key's by its message, which names the file. */
function fileProblem(file: string, error: unknown): string {
  const code = codeOf(error);
  return code !== undefined && /^E[A-Z]+$/.test(code)
    ? `${file}: cannot be read (${code})`
    : messageOf(error);
}

async function checkMode(path: string, file: string): Promise<Finding[]> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) === 0) return [];
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    return [{ severity: "warning", path, message: `${file}: open to other users (mode ${octal}); use 0600` }];
  } catch {
    // That it cannot be read was said where it was read.
    return [];
  }
}

async function checkTls(path: string, { tls }: ListenConfig): Promise<Finding[]> {
  if (tls === undefined) return [];
  const findings = await checkMode(`${path}.key`, tls.key);
  const read = async (key: string, file: string): Promise<Buffer | undefined> => {
    try {
      return await readFile(file);
    } catch (error) {
      findings.push({ severity: "error", path: `${path}.${key}`, message: fileProblem(file, error) });
      return undefined;
    }
  };
  const cert = await read("cert", tls.cert);
  const key = await read("key", tls.key);
  const ca = tls.client_ca === undefined ? undefined : await read("client_ca", tls.client_ca);
  if (cert === undefined || key === undefined) return findings;
  try {
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) });
    const days = (Date.parse(new X509Certificate(cert).validTo) - Date.now()) / DAY_MS;
    if (days < CERTIFICATE_WARNING_DAYS) {
      findings.push({
        severity: days < 0 ? "error" : "warning",
        path: `${path}.cert`,
        message: days < 0 ? `${tls.cert}: expired` : `${tls.cert}: expires in ${Math.floor(days)} days`,
      });
    }
  } catch {
    // OpenSSL's words may quote the file.
    findings.push({
      severity: "error",
      path,
      message: "certificate, key and authorities do not fit together",
    });
  }
  return findings;
}

function fingerprint(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}
