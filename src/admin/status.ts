/** What `/v1/status` says. The shape is a contract with scripts; `countersign status` prints it for people. */
import { z } from "zod";

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
});

const alarmSchema = z.object({
  code: z.string(),
  message: z.string(),
  first_at: milliseconds,
  last_at: milliseconds,
  count: z.int().min(1),
});

/** What the server knows of itself. Times are milliseconds since the epoch. */
const serverStateSchema = z.object({
  version: z.string(),
  started_at: milliseconds,
  /** Absent where nothing is live: everything but pings is refused. */
  release: releaseSchema.optional(),
  trust: z.enum(["unsigned", "sha256"]),
  scope: z.object({
    organizations: z.array(z.string()).readonly().optional(),
    vaults: z.array(z.string()).readonly().optional(),
    wallets: z.array(z.string()).readonly().optional(),
  }),
  nodes: z.array(z.object({ name: z.string(), payload: z.string(), last_ping: milliseconds.optional() })),
  alarms: z.array(alarmSchema).readonly(),
  last_release_error: z.object({ step: z.string(), message: z.string(), at: milliseconds }).optional(),
});

export const statusSchema = serverStateSchema.extend({
  uptime_seconds: z.number().min(0),
  ready: z.boolean(),
  scope: serverStateSchema.shape.scope.extend({ open: z.boolean() }),
  /** What weakens the protection, in words, loudest first; empty where nothing does. */
  warnings: z.array(z.string()),
});

export type ServerState = z.infer<typeof serverStateSchema>;
export type Status = z.infer<typeof statusSchema>;

/** The answer of `/v1/status`. */
export function statusOf(state: ServerState, ready: boolean, now: number): Status {
  return {
    ...state,
    uptime_seconds: Math.max(0, Math.round((now - state.started_at) / 1_000)),
    ready,
    scope: { ...state.scope, open: isOpen(state.scope) },
    warnings: warningsOf(state),
  };
}

/** No list at all: requests of any organization, vault and wallet are judged. */
function isOpen(scope: ServerState["scope"]): boolean {
  return scope.organizations === undefined && scope.vaults === undefined && scope.wallets === undefined;
}

function warningsOf({ release, trust, scope }: ServerState): string[] {
  const warnings: string[] = [];
  if (release === undefined) warnings.push("NO RELEASE IS LIVE: everything but pings is refused");
  if (trust === "unsigned") warnings.push("UNSIGNED: whoever writes the release file makes the policy");
  if (release?.approve_unverified === true) {
    warnings.push(
      "APPROVE_UNVERIFIED: transactions are approved by their description, not by what is signed",
    );
  }
  if (isOpen(scope)) warnings.push("OPEN SCOPE: any organization, vault and wallet is judged");
  for (const [rule, mode] of Object.entries(release?.unenforced ?? {})) {
    warnings.push(`NOT ENFORCED: ${rule} is ${mode}`);
  }
  return warnings;
}
