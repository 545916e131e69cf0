/** A server that Cobo pushes to, with a small release of its own, as these tests start it, ask it and look at it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { connect, Statement } from "../../src/ledger/database.ts";
import { decodeSignedMessage } from "../../src/ledger/signed-message.ts";
import { buildRelease } from "../../src/policy/build/build.ts";
import { Site } from "../faults/site.ts";
import { addressOf, type Transfer } from "../faults/transfer.ts";
import { COBO, type Message, mpcConfirmation, mpcWithdrawal, PushDouble } from "../support/push-double.ts";
import { PAYS } from "../support/rego.ts";

/** What a wallet may be asked to confirm at most, in millionths of a dollar. */
const CONFIRMED_MICROS = 1_000_000;
/** Where every transfer of the tests goes. */
const DESTINATION = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";
/** On the list of sanctions of every installation. */
export const LISTED = "0x00000000000000000000000000000000deadbeef";

/** What is signed without being read is paid to one address only: no release may pay strangers so. */
const TO_DESTINATION = `
	every destination in input.transaction.destinations {
		destination.address == "${DESTINATION}"
	}
}
`;

const RULES = {
  "rules/transfer/pays/rule.rego": PAYS["rules/transfer/pays/rule.rego"].replace(/\n}\n$/, TO_DESTINATION),
  "rules/transfer/confirms/rule.rego": `# METADATA
# title: Confirmed
# description: A confirmation of a small withdrawal is answered with ok.
# custom:
#   severity: high
#   kinds: [withdrawal_confirmation]
#   requires: {CONFIRMED_CAP: deny}
#   approves: [CONFIRMS]
package rules.transfer.confirms

import data.lib.amount

require["CONFIRMED_CAP"] if amount.int(input.transaction.total_usd_micros) <= ${CONFIRMED_MICROS}

approve["CONFIRMS"] if {
	amount.int(input.transaction.total_usd_micros) >= 0
	every destination in input.transaction.destinations {
		destination.address == "${DESTINATION}"
	}
}
`,
  "rules/transfer/spent/rule.rego": `# METADATA
# title: Spent
# description: What was paid of a token before stands in the decision.
# custom:
#   severity: low
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {SPENT: alert}
package rules.transfer.spent

import data.lib.amount

facts["before"] := {"kind": "sum", "of": "usd_micros", "by": ["transaction.destinations[].address"]}

require["SPENT"] if {
	every destination in input.transaction.destinations {
		amount.int(input.facts.spent.before[destination.address]) >= 0
	}
}
`,
  "rules/deposit/listed/rule.rego": `# METADATA
# title: No listed sender
# description: No sender of a deposit is on the list of sanctions.
# custom:
#   severity: critical
#   kinds: [deposit]
#   requires: {LISTED: deny}
package rules.deposit.listed

require["LISTED"] if {
	every source in input.deposit.sources {
		not input.lists.sanctions[source.address]
	}
}

message["LISTED"] := "a sender is listed"
`,
  "data.yaml": `tokens:
  ETH: {chain: ETH, decimals: 18}
  ETH_USDT: {chain: ETH, contract: "0xdac17f958d2ee523a2206206994597c13d831ec7", decimals: 6}
  TRON: {chain: TRON, decimals: 6}
  XTN: {chain: XTN, decimals: 8}
chains:
  XTN: {family: bitcoin}
`,
};

async function releaseBytes(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-push-"));
  try {
    for (const [name, content] of Object.entries(RULES)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return (await buildRelease(folder)).bytes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const rowSchema = z.looseObject({
  type: z.string(),
  id: z.string(),
  outcome: z.string().optional(),
  readable: z.boolean().optional(),
  kind: z.string().optional(),
  request_id: z.string().optional(),
  code: z.string().optional(),
  message_sha256: z.string().optional(),
  reasons: z.array(z.looseObject({ code: z.string() })).optional(),
  flags: z.array(z.looseObject({ id: z.string(), code: z.string() })).optional(),
});
/** @property body - of the signed message, as it is kept. */
type Entry = z.infer<typeof rowSchema> & { readonly seq: number; readonly body: string | undefined };

const statusSchema = z.looseObject({
  push: z.looseObject({ keys: z.array(z.string()) }),
  alarms: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  freezes: z.array(z.looseObject({ id: z.string(), scope: z.array(z.string()) })),
});

export class PushSite extends Site {
  constructor(overrides: Record<string, unknown> = {}) {
    super({
      listen: { nodes: "127.0.0.1:0", push: "127.0.0.1:0", admin: "127.0.0.1:0" },
      push: { keys: [COBO.point], on_unapproved_withdrawal: "freeze" },
      policy: { release: "./release.tar.gz", trust: "unsigned" },
      ...overrides,
    });
  }

  async startWithRules(environment: Record<string, string> = {}): Promise<void> {
    this.installation.write("release.tar.gz", await releaseBytes());
    await this.start(environment);
  }

  get url(): string {
    return `http://${this.running.addresses.push ?? ""}`;
  }

  get cobo(): PushDouble {
    return new PushDouble({ url: this.url });
  }

  /** The ledger as its file has it, beside the running server. */
  entries(): readonly Entry[] {
    const connection = connect(join(this.state, "ledger.db"), 5_000);
    try {
      const select = "SELECT entries.seq, row, CAST(token AS BLOB), encoding FROM entries";
      const rows = new Statement(
        connection,
        `${select} LEFT JOIN bodies ON bodies.seq = entries.seq ORDER BY entries.seq`,
      ).all([]);
      return rows.map((row) => {
        const token = row.optionalBytes(2);
        const message = token && decodeSignedMessage(Buffer.from(token).toString("utf8"));
        return {
          ...rowSchema.parse(JSON.parse(row.text(1))),
          seq: row.integer(0),
          body: message && Buffer.from(message.body).toString("utf8"),
        };
      });
    } finally {
      connection.close();
    }
  }

  /** What was asked and told since an entry; an alarm has an entry of its own, some time later. */
  since(seq: number): readonly Entry[] {
    return this.entries().filter((entry) => entry.seq > seq && entry.type !== "alarm");
  }

  get newest(): number {
    return this.entries().at(-1)?.seq ?? 0;
  }

  /** Movements as `kind direction state units`, in their order. */
  movements(): readonly string[] {
    const connection = connect(join(this.state, "ledger.db"), 5_000);
    try {
      const select = "SELECT kind, direction, state, units FROM movements ORDER BY number";
      return new Statement(connection, select)
        .all([])
        .map((row) => [row.text(0), row.text(1), row.text(2), row.optionalText(3) ?? "?"].join(" "));
    } finally {
      connection.close();
    }
  }

  /** Lines of the log, which come a moment late. */
  logged(message: string): readonly unknown[] {
    return this.running.log.filter(({ msg }) => msg === message);
  }

  async status(): Promise<z.infer<typeof statusSchema>> {
    return statusSchema.parse((await this.admin("/v1/status")).body);
  }

  /** The samples of a metric: what is in its braces, and its value. */
  async metric(name: string): Promise<Readonly<Record<string, number>>> {
    const response = await fetch(`http://${this.running.addresses.admin}/metrics`);
    const lines = (await response.text()).split("\n").filter((line) => /^[a-z]/.test(line));
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [, found, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        return found === `countersign_${name}` ? [[labels, Number(value)]] : [];
      }),
    );
  }
}

/** What Cobo says of a transfer that a node asks us to sign. */
function sayingOf({ id, wallet, tenThousandths }: Transfer): Message {
  const units = BigInt(tenThousandths) * 10n ** 14n;
  const whole = String(tenThousandths).padStart(5, "0");
  const text = `${whole.slice(0, -4)}.${whole.slice(-4)}`.replace(/\.?0+$/, "");
  return {
    cobo_id: `cobo-${id}`,
    request_id: `api-${id}`,
    from_address: addressOf(wallet),
    to_address: DESTINATION,
    amount_detail: { amount: String(units), abs_amount: text },
    created_time: Date.now(),
    updated_time: Date.now(),
  };
}

/** @param changes - of the message. */
export function confirmationOf(transfer: Transfer, changes: Message = {}): Message {
  return mpcConfirmation({ ...sayingOf(transfer), ...changes });
}

/** That it is final. */
export function withdrawalOf(transfer: Transfer, changes: Message = {}): Message {
  return mpcWithdrawal({ ...sayingOf(transfer), ...changes });
}
