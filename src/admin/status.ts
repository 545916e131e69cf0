/** What `/v1/status` says. The shape is a contract with scripts; `countersign status` prints it for people. */
import { z } from "zod";
import { freezeSchema } from "./freezes.ts";

const milliseconds = z.int().min(0);

const releaseSchema = z.object({
  revision: z.string(),
  sequence: z.int(),
  sha256: z.string(),
  live_since: milliseconds,
  /** Where it was read from: a path. */
  source: z.string(),
  rules: z.int().min(0),
  /** Rules that `data.modes` keeps from refusing: `{"transfer/daily_limit": "warn"}`. */
  unenforced: z.record(z.string(), z.enum(["warn", "off"])),
  /** Transactions without verified evidence may be approved. */
  approve_unverified: z.boolean(),
  /** When its place was last looked at and had it, and when it will have gone unconfirmed for too long. */
  confirmed_at: milliseconds.optional(),
  stale_at: milliseconds.optional(),
  /** What was signed about it; absent where it was not. */
  audience: z.string().optional(),
  created_at: milliseconds.optional(),
  expires_at: milliseconds.optional(),
  /** Thumbprints of the keys. */
  signed_by: z.array(z.string()).readonly().optional(),
  /** What keeps it from deciding, or soon will. */
  age_warning: z.string().optional(),
  /** Who had it go live, and why, where its place has another one. */
  promoted: z.object({ by: z.string(), reason: z.string() }).optional(),
});

const count = z.int().min(0);

/** How often the candidate said what, by how it differs from what was decided. */
const shadowCountsSchema = z.object({
  since: milliseconds,
  /** The live release that it is held against. */
  against: z.object({ revision: z.string(), sequence: z.int(), sha256: z.string() }),
  /** Whether history is added up for all that its rules ask: until then what only they ask is absent. */
  prepared: z.boolean(),
  waiting: count,
  decisions: z.object({
    same: count,
    newly_approved: count,
    newly_refused: count,
    other_reasons: count,
    failed: count,
  }),
  pushes: z.object({
    same: count,
    no_longer_flagged: count,
    newly_flagged: count,
    other_reasons: count,
    failed: count,
  }),
  skipped: z.object({ behind: count, refused_by_host: count, failed_then: count, expired: count }),
});

/** The release that judges in the shadow. */
const candidateSchema = z.object({
  place: z.string(),
  state: z.enum(["absent", "proven", "live", "stopped"]),
  /** Absent where none is proven. */
  revision: z.string().optional(),
  sequence: z.int().optional(),
  sha256: z.string().optional(),
  expires_at: milliseconds.optional(),
  /** What it judged; absent where it does not judge now. */
  shadow: shadowCountsSchema.optional(),
  /** Why it does not judge. */
  why: z.string().optional(),
  /** Why what lies at its place now was not taken. */
  refused: z.object({ step: z.string(), message: z.string(), at: milliseconds }).optional(),
});

/** What a release is held against before it goes live. */
const gateSchema = z.object({
  replay_ms: z.int().min(0),
  max_newly_approved: count,
  /** The newest; absent where there was none since the start. */
  run: z
    .object({
      revision: z.string(),
      sequence: z.int(),
      sha256: z.string(),
      state: z.enum(["running", "passed", "refused", "late", "skipped"]),
      /** When it began or, once it has ended, when it did. */
      at: milliseconds,
      /** Entries of the ledger that were looked at. */
      done: count,
      total: count,
      replayed: count.optional(),
      newly_approved: count.optional(),
      newly_refused: count.optional(),
      failed: count.optional(),
      /** What could not be judged, and what no release has a say in. */
      pruned: count.optional(),
      unreadable: count.optional(),
      failed_then: count.optional(),
      refused_by_host: count.optional(),
      message: z.string().optional(),
    })
    .optional(),
});

/** Whose signatures count; `highest` is the newest release or list that was ever in force for this audience. */
const trustedSchema = z.object({
  audience: z.string(),
  threshold: z.int().min(1),
  keys: z.array(z.string()).readonly(),
  highest: z.object({ sequence: z.int(), sha256: z.string() }).optional(),
});

/** A release or list that was signed and is no good; a higher sequence lifts it. */
const quarantinedSchema = z.object({
  sha256: z.string(),
  sequence: z.int(),
  step: z.string(),
  message: z.string(),
  at: milliseconds,
});

const alarmSchema = z.object({
  code: z.string(),
  message: z.string(),
  first_at: milliseconds,
  last_at: milliseconds,
  count: z.int().min(1),
});

const ledgerSchema = z.object({
  ok: z.boolean(),
  /** What is answered while it is not: `LEDGER_UNAVAILABLE`, `LEDGER_FULL`, `LEDGER_CORRUPT`. */
  code: z.string().optional(),
  detail: z.string(),
  /** When the newest entry was; absent where there is none. */
  newest_at: milliseconds.optional(),
});

const listSchema = z.object({
  name: z.string(),
  /** Its file, or its URL. */
  path: z.string(),
  trust: z.enum(["unsigned", "keys"]),
  /** `absent`: rules that look into it refuse. `unread`: no rule of the live release does. */
  state: z.enum(["in_force", "absent", "unread"]),
  /** Absent while it was never read. */
  entries: z.int().min(0).optional(),
  loaded_at: milliseconds.optional(),
  sha256: z.string().optional(),
  /** What was signed about it; absent where it was not. */
  sequence: z.int().optional(),
  audience: z.string().optional(),
  created_at: milliseconds.optional(),
  expires_at: milliseconds.optional(),
  signed_by: z.array(z.string()).readonly().optional(),
  /** When its place was last looked at and had it, and when it will have gone unconfirmed for too long. */
  confirmed_at: milliseconds.optional(),
  stale_at: milliseconds.optional(),
  /** What keeps it from being looked into, or soon will. */
  age_warning: z.string().optional(),
  /** Why no rule reads it. */
  unread: z.string().optional(),
  /** Why what lies at its place is not in force; of a signed one with the step. */
  error: z.string().optional(),
  quarantined: z.array(quarantinedSchema).readonly().optional(),
  trusted: trustedSchema.optional(),
});

const pricesSchema = z.object({
  path: z.string(),
  /** How many tokens have a price. */
  tokens: z.int().min(0),
  loaded_at: milliseconds.optional(),
  error: z.string().optional(),
  /** Tokens whose price in the file is refused; `usd` where an operator may accept it. */
  refused: z
    .array(z.object({ token: z.string(), problem: z.string(), usd: z.string().optional() }))
    .readonly(),
  /** Tokens whose accepted price is too old. */
  stale: z.array(z.string()).readonly(),
});

const pushSchema = z.object({
  /** Names of the keys that sign them; with none, each is refused. */
  keys: z.array(z.string()).readonly(),
  on_unapproved_withdrawal: z.enum(["flag", "freeze"]),
});

/** What the server knows of itself. Times are milliseconds since the epoch. */
const serverStateSchema = z.object({
  version: z.string(),
  started_at: milliseconds,
  /** Absent where nothing is live: everything but pings is refused. */
  release: releaseSchema.optional(),
  trust: z.enum(["unsigned", "sha256", "keys"]),
  /** Absent where trust is not by keys. */
  trusted: trustedSchema.optional(),
  quarantined: z.array(quarantinedSchema).readonly(),
  /** Absent where none is configured. */
  candidate: candidateSchema.optional(),
  gate: gateSchema.optional(),
  scope: z.object({
    organizations: z.array(z.string()).readonly().optional(),
    vaults: z.array(z.string()).readonly().optional(),
    wallets: z.array(z.string()).readonly().optional(),
  }),
  nodes: z.array(z.object({ name: z.string(), payload: z.string(), last_ping: milliseconds.optional() })),
  /** Absent where nothing listens for push messages. */
  push: pushSchema.optional(),
  alarms: z.array(alarmSchema).readonly(),
  /** What is frozen now, newest first. */
  freezes: z.array(freezeSchema).readonly(),
  ledger: ledgerSchema,
  lists: z.array(listSchema).readonly(),
  /** Absent where none are configured. */
  prices: pricesSchema.optional(),
  last_release_error: z.object({ step: z.string(), message: z.string(), at: milliseconds }).optional(),
});

/** How many flags are open. */
const flagsSchema = z.object({
  low: z.int().min(0),
  medium: z.int().min(0),
  high: z.int().min(0),
  critical: z.int().min(0),
});

export const statusSchema = serverStateSchema.extend({
  uptime_seconds: z.number().min(0),
  ready: z.boolean(),
  /** Open ones, by severity; absent where the ledger can't be asked now. */
  flags: flagsSchema.optional(),
  scope: serverStateSchema.shape.scope.extend({ open: z.boolean() }),
  /** What weakens the protection, in words, loudest first; empty where nothing does. */
  warnings: z.array(z.string()),
});

export type ServerState = z.infer<typeof serverStateSchema>;
export type Status = z.infer<typeof statusSchema>;

/** The answer of `/v1/status`. */
export function statusOf(
  state: ServerState,
  { ready, flags }: { readonly ready: boolean; readonly flags: Status["flags"] },
  now: number,
): Status {
  return {
    ...state,
    uptime_seconds: Math.max(0, Math.round((now - state.started_at) / 1_000)),
    ready,
    ...(flags === undefined ? {} : { flags }),
    scope: { ...state.scope, open: isOpen(state.scope) },
    warnings: warningsOf(state),
  };
}

/** No list at all: requests of any organization, vault and wallet are judged. */
function isOpen(scope: ServerState["scope"]): boolean {
  return scope.organizations === undefined && scope.vaults === undefined && scope.wallets === undefined;
}

function warningsOf({ release, trust, scope, push, lists }: ServerState): string[] {
  const warnings: string[] = [];
  if (release === undefined) warnings.push("NO RELEASE IS LIVE: everything but pings is refused");
  if (release?.age_warning !== undefined) warnings.push(release.age_warning);
  if (release?.promoted !== undefined) {
    warnings.push("PROMOTED: policy.release has another release than the one that is live; publish it there");
  }
  if (trust === "unsigned") warnings.push("UNSIGNED: whoever can write the release makes the policy");
  for (const list of lists) {
    if (list.age_warning !== undefined) warnings.push(`LIST ${list.name}: ${list.age_warning}`);
    // Where nothing is signed, that is said already.
    if (trust === "keys" && list.trust === "unsigned") {
      warnings.push(`UNSIGNED LIST ${list.name}: whoever writes ${list.path} says who is on it`);
    }
  }
  if (release?.approve_unverified === true) {
    warnings.push(
      "APPROVE_UNVERIFIED: transactions are approved by their description, not by what is signed",
    );
  }
  if (isOpen(scope)) warnings.push("OPEN SCOPE: any organization, vault and wallet is judged");
  if (push?.keys.length === 0) warnings.push("NO PUSH KEYS: every push message is refused");
  for (const [rule, mode] of Object.entries(release?.unenforced ?? {})) {
    warnings.push(`NOT ENFORCED: ${rule} is ${mode}`);
  }
  return warnings;
}
