/**
 * The config file (design 3.2): YAML 1.2, so JSON too. One schema knows every key; an unknown one is refused
 * with its path, and so is one whose feature is not built yet. What comes out has durations in milliseconds,
 * sizes in bytes, rates per second and absolute paths, and is frozen.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { pushKeysOf } from "./channels/push/keys.ts";
import { applyEnvironment, type Environment } from "./config/environment.ts";
import { ConfigError, type ConfigProblem } from "./config/error.ts";
import { listsSchema, pricesSchema } from "./config/feeds.ts";
import { pushSchema } from "./config/push.ts";
import { describeKeys } from "./config/reference.ts";
import { fetchProblems, fetchSchema, isUrl, releaseSchema } from "./config/release.ts";
import { address, duration, network, notBuilt, rate, size, timeZone } from "./config/values.ts";

/** Names that become labels of metrics and the `request.source` of a document. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** A config file this large is a mistake. */
const MAX_CONFIG_BYTES = 1024 * 1024;

const name = z.string().regex(NAME, "1 to 64 letters, digits, dots, underscores or hyphens");
const digest = z.string().regex(SHA256, "64 lower-case hex digits");
const text = z.string().min(1);

/** Whom to believe about releases: any file, one file, or whoever holds keys. */
function trustSchema(path: z.ZodType<string, string>) {
  const pinned = z.strictObject({ sha256: digest });
  const signed = z.strictObject({
    keys: z.array(path).min(1),
    threshold: z.int().min(1).prefault(1),
    audience: name,
  });
  type Trust = "unsigned" | z.output<typeof pinned> | z.output<typeof signed>;
  return z.unknown().transform((value, context): Trust => {
    if (value === "unsigned") return value;
    const isSigned = typeof value === "object" && value !== null && Object.hasOwn(value, "keys");
    const result = isSigned ? signed.safeParse(value) : pinned.safeParse(value);
    if (result.success) return result.data;
    const [{ path: at, message } = { path: [], message: "" }] = result.error.issues;
    context.addIssue(
      isSigned
        ? [...at, message].join(": ")
        : "must be said: unsigned, {sha256: 64 lower-case hex digits}, or {keys: [files], threshold, audience}",
    );
    return z.NEVER;
  });
}

function listenSchema(path: z.ZodType<string, string>) {
  const listener = z.strictObject({
    address: address.describe("`host:port`; an IPv6 host in brackets; port 0 takes a free one"),
    tls: z
      .strictObject({
        cert: path.describe("certificate chain, PEM"),
        key: path.describe("its private key, PEM"),
        client_ca: path
          .optional()
          .describe("certificate authorities, PEM; given, every client must show a certificate of theirs"),
      })
      .optional()
      .describe("TLS 1.2 or later; absent: plain HTTP"),
    allow: z
      .array(network)
      .optional()
      .describe("networks that may connect (`10.0.0.0/8`); absent: all, empty: none"),
    rate: rate.optional().describe("requests a second of one address, or of one IPv6 /64; absent: no limit"),
  });
  return z.preprocess((value) => (typeof value === "string" ? { address: value } : value), listener);
}

/**
 * The schema, with relative paths resolved against `directory`.
 *
 * @param directory - where the config file lies.
 */
export function configSchema(directory: string) {
  const path = text.transform((relative) => resolve(directory, relative));
  const place = releaseSchema(directory, "lists.*.fetch");
  const listen = listenSchema(path);
  const node = z.strictObject({
    name: name.describe("what the node is called in documents, decisions, log and metrics"),
    callback_public_keys: z
      .array(path)
      .min(1)
      .describe("PEM files of the keys that sign its callbacks; several while rotating"),
    event_public_keys: notBuilt("node events"),
    node_id: text.optional().describe("its TSS node id; given, it must be among a request's participants"),
    payload: z
      .enum(["v1", "v2"])
      .prefault("v2")
      .describe("the shape of its requests; the path does not tell"),
    signing_key: path.optional().describe("the private key that signs replies to this node alone"),
  });

  return z.strictObject({
    listen: z
      .strictObject({
        nodes: listen.prefault("127.0.0.1:11020").describe("the co-signers' network"),
        push: listen.optional().describe("reachable by Cobo; absent: not started"),
        admin: listen.prefault("127.0.0.1:11021").describe("people and monitors"),
      })
      .prefault({})
      .describe("the listeners: an address each, or an object with the keys of `listen.*`"),
    state_dir: path
      .prefault("./state")
      .describe("the ledger, its anchor and keys, the last good release, and the admin token"),
    signing_key: path.describe(
      "the private key that signs replies, PEM (PKCS#1 or PKCS#8), 2048 bits or more",
    ),
    nodes: z.array(node).min(1).describe("the TSS Nodes that may ask"),
    scope: z
      .strictObject({
        organizations: z.array(text).optional().describe("organization ids"),
        vaults: z.array(text).optional().describe("vault ids"),
        wallets: z.array(text).optional().describe("wallet ids"),
      })
      .prefault({})
      .describe("whose requests are judged at all; an absent list admits all, an empty one none"),
    zone: timeZone.prefault("UTC").describe("the time zone of `input.now`"),
    token: z
      .strictObject({
        leeway: duration("0s", "5m")
          .prefault("60s")
          .describe("how far the clocks may differ at a token's `exp`"),
      })
      .prefault({}),
    reply: z
      .strictObject({
        detail: z
          .enum(["full", "code", "none"])
          .prefault("full")
          .describe("the reply's `error`: `CODE: message [ID]`, `CODE [ID]`, or nothing"),
        quoted: z.boolean().prefault(false).describe("send the reply's token inside JSON quotes"),
        issuer: z.string().max(128).prefault("countersign").describe("the reply's `iss`"),
        lifetime: duration("1s", "1h").prefault("2m").describe("the reply's `exp`, from now"),
      })
      .prefault({}),
    push: pushSchema(path).prefault({}).describe("what Cobo tells of deposits and withdrawals"),
    waas2: notBuilt("WaaS2 webhooks and callbacks"),
    policy: z
      .strictObject({
        release: releaseSchema(directory)
          .prefault("./bundles/default.tar.gz")
          .describe(
            "a release file, its URL (http or https), or a folder of Rego (development: built on every save)",
          ),
        fetch: fetchSchema(path).prefault({}).describe("how a URL is fetched"),
        trust: trustSchema(path).describe(
          "`unsigned` (any release that lies there), `{sha256: …}` (that very file), or `{keys: [files], threshold: 1, audience: NAME}` (what so many of these keys signed for this audience); never a default",
        ),
        poll: duration("100ms", "24h")
          .prefault("30s")
          .describe("how often the release is looked at for a change"),
        max_age: duration("1s", "365d")
          .prefault("24h")
          .describe("how long the live release may go without being found at its place; then all is refused"),
        max_lifetime: duration("1m", "3650d")
          .prefault("90d")
          .describe("how long a release's statement may last, from its making to its expiry"),
        candidate: releaseSchema(directory)
          .optional()
          .describe(
            "where a release lies that judges in the shadow and may be promoted, of the same kinds as `policy.release`; absent: none does",
          ),
        gate: z
          .strictObject({
            replay: duration("1m", "3650d").describe("decisions of so long ago and later are judged"),
            max_newly_approved: z
              .int()
              .min(0)
              .prefault(0)
              .describe("so many of them may be approved that were refused"),
            limit: duration("1s", "24h")
              .prefault("10m")
              .describe("how long that may take; what takes longer does not go live"),
          })
          .optional()
          .describe("what a release is held against before it goes live: past decisions; absent: nothing"),
      })
      .describe("the release in force"),
    lists: listsSchema(path, place, name)
      .optional()
      .describe(
        "lists of addresses by name, `input.lists.NAME`: a CSV file that nobody signs, or an object with the keys of `lists.*`",
      ),
    prices: pricesSchema(path)
      .optional()
      .describe("what tokens are worth, for `usd_micros`; absent: no amount has one"),
    alerts: notBuilt("alert sinks"),
    admin_tokens: z
      .array(
        z.strictObject({
          name: name.describe("who; `local` is the token of `state_dir/admin.token`"),
          sha256: digest.describe("SHA-256 of the token's text, in hex"),
          role: z.enum(["read", "operate"]).describe("`read` may only GET"),
        }),
      )
      .prefault([])
      .describe("bearer tokens of the admin listener, beside `state_dir/admin.token` (role operate)"),
    ledger: z
      .strictObject({
        retain_inputs: duration("1h", "3650d")
          .prefault("365d")
          .describe("how long requests and documents are kept; decisions and the chain stay for good"),
        min_free: size("0B", "16384GiB")
          .prefault("1GiB")
          .describe("`/readyz` turns red while less is free on the disk of `state_dir`"),
        checkpoint_every: z
          .int()
          .min(1)
          .max(1_000_000)
          .prefault(1000)
          .describe("entries between two signed checkpoints of the chain"),
      })
      .prefault({})
      .describe("the ledger, in `state_dir`"),
    limits: z
      .strictObject({
        body: size("1KiB", "64MiB").prefault("1MiB").describe("largest request body"),
        decision: duration("50ms", "60s").prefault("5s").describe("longest time for one answer"),
        evaluation: duration("10ms", "60s")
          .prefault("500ms")
          .describe("longest time for one policy evaluation"),
        in_flight: z
          .int()
          .min(1)
          .max(100_000)
          .prefault(256)
          .describe("requests at once, for each of the listeners `nodes` and `push`; more get 503"),
        reissue: duration("0s", "24h")
          .prefault("15m")
          .describe(
            "how long an approval is repeated to whoever asks the same again; later it is judged anew",
          ),
      })
      .prefault({}),
  });
}

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The config as the program uses it: keys as in the file, milliseconds, bytes, absolute paths; frozen. */
export type Config = DeepReadonly<z.output<ReturnType<typeof configSchema>>>;
export type ListenConfig = Config["listen"]["nodes"];
export type NodeConfig = Config["nodes"][number];

/**
 * Reads and checks a config file.
 *
 * @param file - its path; relative paths in it are relative to its folder.
 * @param environment - where `COUNTERSIGN_…` scalars come from.
 * @throws ConfigError with every problem found.
 */
export async function loadConfig(file: string, environment: Environment = process.env): Promise<Config> {
  return parseConfig(await readConfig(file), dirname(resolve(file)), environment);
}

/** The text of a config file. @throws ConfigError */
export async function readConfig(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new ConfigError([
      { path: "", message: `${file}: cannot be read (${String(member(error, "code"))})` },
    ]);
  }
  if (bytes.length > MAX_CONFIG_BYTES) throw new ConfigError([{ path: "", message: `${file}: over 1 MiB` }]);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([{ path: "", message: `${file}: not UTF-8` }]);
  }
}

/** The config of a text: see {@link loadConfig}. */
export function parseConfig(source: string, directory: string, environment: Environment = {}): Config {
  return checkConfig(parseYaml(source), directory, environment);
}

/**
 * As much of a config as can be had without what {@link parseConfig} refused, so that `check` can look at the
 * rest as well. What is refused is left out, or, where it is required, has a {@link standIn}. Nothing may ever
 * be served from it, and what is found at a refused path means nothing.
 *
 * @returns undefined where nothing can be had.
 */
export function salvageConfig(source: string, directory: string, refused: ConfigError): Config | undefined {
  let raw: unknown;
  try {
    raw = parseYaml(source);
  } catch {
    return undefined;
  }
  // What is left out may be required: that is the next round's problem.
  let problems = refused.problems;
  for (let round = 0; round < SALVAGE_ROUNDS; round += 1) {
    // The last first: an element that goes must not move the others.
    for (const { path } of problems.toReversed()) mend(raw, path.match(/[^.[\]]+/g) ?? [], standIn(path));
    try {
      return checkConfig(raw, directory, {});
    } catch (error) {
      if (!(error instanceof ConfigError)) return undefined;
      problems = error.problems;
    }
  }
  return undefined;
}

const SALVAGE_ROUNDS = 4;

/** What takes the place of a required value that is refused; undefined where it can be left out. */
function standIn(path: string): unknown {
  const [, index = "0"] = /^[a-z_]+\[(\d+)\]/.exec(path) ?? [];
  const node = { name: `nodes-${index}`, callback_public_keys: ["refused"] };
  switch (path.replace(/\[\d+\]/g, "[]").replace(/^(listen|lists)\.[a-z0-9_]+\./, "$1.*.")) {
    case "nodes":
      return [node];
    case "nodes[]":
      return node;
    case "nodes[].name":
      return node.name;
    case "nodes[].callback_public_keys":
      return node.callback_public_keys;
    case "nodes[].callback_public_keys[]":
    case "signing_key":
    case "prices.file":
    case "lists.*.source":
    case "push.query.secret_file":
    case "listen.*.tls.cert":
    case "listen.*.tls.key":
      return "refused";
    case "listen.*.address":
      return "127.0.0.1:0";
    case "policy":
      return { trust: "unsigned" };
    case "policy.trust":
      return "unsigned";
    case "lists.*.trust":
      return { keys: ["refused"], audience: "refused" };
    case "push.query.api":
      return "waas1";
    case "push.query.base_url":
      return "https://refused.invalid";
    case "push.query.key":
      return `02${"0".repeat(64)}`;
    case "admin_tokens[].name":
      return `admin_tokens-${index}`;
    case "admin_tokens[].sha256":
      return "0".repeat(64);
    case "admin_tokens[].role":
      return "read";
    case "scope.organizations":
    case "scope.vaults":
    case "scope.wallets":
      return [];
    default:
      return undefined;
  }
}

function checkConfig(raw: unknown, directory: string, environment: Environment): Config {
  const schema = configSchema(directory);
  const { value, problems } = applyEnvironment(raw, environment, describeKeys(schema));
  const result = schema.safeParse(value);
  if (!result.success) problems.push(...result.error.issues.flatMap((issue) => problemsOf(issue, value)));
  else problems.push(...contradictions(result.data));
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return deepFreeze(result.data);
}

/** Puts a value at a path, or, for `undefined`, takes away what is there. */
function mend(value: unknown, path: readonly string[], replacement: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null) return;
  if (rest.length > 0) mend(member(value, key), rest, replacement);
  else if (replacement !== undefined) Reflect.set(value, key, replacement);
  else if (Array.isArray(value)) value.splice(Number(key), 1);
  else Reflect.deleteProperty(value, key);
}

/** YAML 1.2 core, one document, without aliases, tags of one's own, merge keys or a key twice. */
function parseYaml(source: string): unknown {
  const document = parseDocument(source, { version: "1.2", schema: "core", merge: false, uniqueKeys: true });
  const problems: ConfigProblem[] = [...document.errors, ...document.warnings].map(({ linePos, code }) => ({
    path: "",
    message: `line ${linePos?.[0].line ?? "?"}: not the YAML expected here (${code})`,
  }));
  // A directive would turn the file into YAML 1.1, where `no` is false and 0777 is octal.
  const version = document.directives?.yaml.version;
  if (version !== undefined && version !== "1.2")
    problems.push({ path: "", message: "YAML 1.2 is expected" });
  if (problems.length > 0) throw new ConfigError(problems);
  try {
    // An empty file is told what it lacks.
    return document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch {
    throw new ConfigError([{ path: "", message: "aliases (*name) are not taken" }]);
  }
}

/** What each key alone cannot tell. */
function contradictions(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const repeated = (names: readonly string[], path: (index: number) => string): void => {
    for (const [index, entry] of names.entries()) {
      if (names.indexOf(entry) < index)
        problems.push({ path: path(index), message: `the name ${entry} twice` });
    }
  };
  repeated(
    config.nodes.map((node) => node.name),
    (index) => `nodes[${index}].name`,
  );
  // Who asked is told apart by name alone.
  const pushKeys = new Set(pushKeysOf(config.push.keys).map((key) => key.name));
  for (const [index, node] of config.nodes.entries()) {
    if (pushKeys.has(node.name)) {
      problems.push({ path: `nodes[${index}].name`, message: "the name of a key of push.keys" });
    }
  }
  if (config.push.query !== undefined && config.push.keys.length === 0) {
    problems.push({ path: "push.query", message: "without push.keys no answer can be believed" });
  }
  repeated(
    ["local", ...config.admin_tokens.map((token) => token.name)],
    (index) => `admin_tokens[${index - 1}].name`,
  );
  problems.push(...listContradictions(config.lists));
  const { trust, poll, max_age, release, candidate, gate } = config.policy;
  if (candidate === release) {
    problems.push({ path: "policy.candidate", message: "the place of policy.release" });
  }
  if (gate !== undefined && gate.replay > config.ledger.retain_inputs) {
    problems.push({ path: "policy.gate.replay", message: "longer than ledger.retain_inputs" });
  }
  // While a gate is at work nobody confirms what is live.
  if (gate !== undefined && max_age <= gate.limit) {
    problems.push({ path: "policy.max_age", message: "not longer than policy.gate.limit" });
  }
  if (typeof trust === "object" && "keys" in trust && trust.threshold > trust.keys.length) {
    problems.push({
      path: "policy.trust",
      message: `threshold: ${trust.threshold} of ${trust.keys.length} keys can never sign`,
    });
  }
  problems.push(...fetchProblems(config.policy));
  if (max_age <= poll) problems.push({ path: "policy.max_age", message: "not longer than policy.poll" });
  const taken = new Map<string, string>();
  for (const [listener, value] of Object.entries(config.listen)) {
    if (value === undefined || value.address.port === 0) continue;
    const where = `${value.address.host} ${value.address.port}`;
    const other = taken.get(where);
    if (other !== undefined) {
      problems.push({ path: `listen.${listener}`, message: `the address of listen.${other}` });
    }
    taken.set(where, listener);
  }
  return problems;
}

function listContradictions(lists: Config["lists"] = {}): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [list, value] of Object.entries(lists)) {
    const path = `lists.${list}`;
    if (typeof value === "string") {
      // Its own file would be looked for.
      if (isUrl(value))
        problems.push({ path, message: "from a URL only what is signed: trust must be said" });
      continue;
    }
    const { source: release, trust, fetch } = value;
    for (const problem of fetchProblems({ release, trust, fetch })) {
      problems.push({ ...problem, path: problem.path.replace(/^policy/, path) });
    }
    const { threshold, keys } = trust;
    if (threshold > keys.length) {
      const message = `threshold: ${threshold} of ${keys.length} keys can never sign`;
      problems.push({ path: `${path}.trust`, message });
    }
    if (value.max_age <= value.poll) {
      problems.push({ path: `${path}.max_age`, message: `not longer than ${path}.poll` });
    }
  }
  return problems;
}

function problemsOf(issue: z.core.$ZodIssue, root: unknown): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key], root), message: "unknown key" }));
  }
  const message =
    issue.code === "invalid_type" && issue.input === undefined && !hasKey(root, issue.path)
      ? "required"
      : issue.message;
  return [{ path: pathText(issue.path, root), message }];
}

/** A listener may be written as a string: then the path ends there, not at the `address` it stands for. */
function pathText(path: readonly PropertyKey[], root: unknown): string {
  let value = root;
  let text = "";
  for (const key of path) {
    if (typeof value === "string") break;
    text += typeof key === "number" ? `[${key}]` : `${text === "" ? "" : "."}${String(key)}`;
    value = member(value, key);
  }
  return text;
}

function hasKey(root: unknown, path: readonly PropertyKey[]): boolean {
  let value = root;
  for (const key of path) value = member(value, key);
  return value !== undefined;
}

function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
