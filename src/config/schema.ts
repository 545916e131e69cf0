/** The one schema of the config file, which knows every key. */
import { resolve } from "node:path";
import { z } from "zod";
import { sha256Text } from "../sha256.ts";
import { listsSchema, pricesSchema } from "./feeds.ts";
import { policySchema } from "./policy.ts";
import { pushSchema } from "./push.ts";
import { releaseSchema } from "./release.ts";
import { address, duration, label, network, notBuilt, rate, size, someText, timeZone } from "./values.ts";

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
  const path = someText.transform((relative) => resolve(directory, relative));
  const place = releaseSchema(directory, "lists.*.fetch");
  const listen = listenSchema(path);
  const node = z.strictObject({
    name: label.describe("what the node is called in documents, decisions, log and metrics"),
    callback_public_keys: z
      .array(path)
      .min(1)
      .describe("PEM files of the keys that sign its callbacks; several while rotating"),
    event_public_keys: notBuilt("node events"),
    node_id: someText
      .optional()
      .describe("its TSS node id; given, it must be among a request's participants"),
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
        organizations: z.array(someText).optional().describe("organization ids"),
        vaults: z.array(someText).optional().describe("vault ids"),
        wallets: z.array(someText).optional().describe("wallet ids"),
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
    policy: policySchema(directory, path).describe("the release in force"),
    lists: listsSchema(path, place)
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
          name: label.describe("who; `local` is the token of `state_dir/admin.token`"),
          sha256: sha256Text.describe("SHA-256 of the token's text, in hex"),
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
