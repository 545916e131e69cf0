/** For the tests: a push desk on a ledger of its own, beside a decision desk, with rules on pushes. */
import { join } from "node:path";
import type { Bench } from "../../src/decisions/desk.ts";
import { Freezes } from "../../src/decisions/freeze.ts";
import { Operations } from "../../src/decisions/operations.ts";
import { PushAgain } from "../../src/decisions/push-again.ts";
import { PushDesk, type PushDeskOptions, type Taken } from "../../src/decisions/push-desk.ts";
import type { Push } from "../../src/decisions/push-message.ts";
import { Tickets } from "../../src/decisions/tickets.ts";
import type { NewFlag, StoredFlag, StoredMovement } from "../../src/ledger/ledger.ts";
import type { SqliteLedger } from "../../src/ledger/open.ts";
import { type PushRow, parseRow } from "../../src/ledger/rows.ts";
import type { LiveRelease } from "../../src/policy/live.ts";
import { opened, stateDirectory } from "./ledger.ts";
import { PUSHED_AT } from "./pushes.ts";
import { PAYS } from "./rego.ts";

const rule = (group: string, name: string, custom: string, body: string) => ({
  [`rules/${group}/${name}/rule.rego`]: `# METADATA
# title: ${name}
# description: For the tests.
# custom:
${custom
  .split("\n")
  .map((line) => `#   ${line}`)
  .join("\n")}
package rules.${group}.${name}

${body}
`,
});

/** A denied sender, a reorganization after success, a third deposit in a day (an alert), and a rule that fails. */
export const PUSH_RULES = {
  ...PAYS,
  "data.yaml": 'denied: {"0xbad": {}}\n',
  ...rule(
    "deposit",
    "sender",
    "severity: high\nrequires: {SENDER_DENIED: deny}",
    `require["SENDER_DENIED"] if {
	every source in input.deposit.sources {
		not data.denied[source.address]
	}
}

values := {"sources": [source.address | some source in input.deposit.sources]}

message["SENDER_DENIED"] := "a denied address sent it"`,
  ),
  ...rule(
    "deposit",
    "reorganized",
    "severity: critical\nrequires: {REORGANIZED: hold}\noptional: [deposit.previously]",
    `require["REORGANIZED"] if stayed

stayed if not input.deposit.previously

stayed if input.deposit.previously in {"pending", "confirming", "failed", "reverting", "reorganized"}

stayed if input.deposit.status in {"pending", "confirming", "success", "failed", "reverting"}`,
  ),
  ...rule(
    "deposit",
    "often",
    "severity: low\nrequires: {OFTEN: alert}",
    `import data.lib.amount

facts["before"] := {"kind": "count", "by": ["transaction.destinations[].address"], "where": {"direction": "in"}, "window": "24h"}

require["OFTEN"] if {
	every destination in input.transaction.destinations {
		amount.int(input.facts.often.before[destination.address]) < 2
	}
}`,
  ),
  ...rule(
    "deposit",
    "fails",
    "severity: low\nrequires: {FAILS: deny}\noptional: [transaction.description]",
    `word := 1 if true

word := 2 if input.transaction.description == "fail"

require["FAILS"] if word == 1`,
  ),
  ...rule(
    "withdrawal",
    "fee",
    "severity: medium\nrequires: {FEE_UNKNOWN: alert}",
    `require["FEE_UNKNOWN"] if input.deposit.fee.token`,
  ),
};

export interface Desk {
  readonly directory: string;
  readonly ledger: SqliteLedger;
  readonly tickets: Tickets;
  readonly freezes: Freezes;
  readonly operations: Operations;
  readonly pushes: PushDesk;
  readonly again: PushAgain;
  readonly bench: Bench;
  readonly alarms: string[];
  readonly flagged: NewFlag[];
  readonly taken: Taken[];
  take(push: Push): Promise<Taken>;
  /** The newest push of a transaction, as it is stored. */
  stored(push: Push): PushRow;
  movements(push: Push): readonly StoredMovement[];
  flags(push: Push): readonly StoredFlag[];
  /** How many entries of a type there are. */
  count(type: "push" | "judgement" | "freeze"): number;
}

/** Closed when the test ends. */
export async function pushDesk(
  live: LiveRelease | undefined,
  options: Partial<PushDeskOptions> = {},
  directory: string = stateDirectory(),
): Promise<Desk> {
  const clock = () => PUSHED_AT;
  const { ledger } = await opened(directory, { now: clock });
  const queries = (live?.queries ?? []).filter(({ kind }) => kind !== "flags" && kind !== "movement");
  await ledger.keepShapes(queries.map(({ shape }) => shape));
  const freezes = new Freezes(join(directory, "FREEZE"));
  const operations = new Operations(ledger, freezes, clock);
  operations.restore();
  const tickets = new Tickets();
  const [alarms, flagged, taken]: [string[], NewFlag[], Taken[]] = [[], [], []];
  const events = {
    onAlarm: (code: string) => void alarms.push(code),
    onFlag: (flag: NewFlag) => void flagged.push(flag),
  };
  const pushes = new PushDesk({
    ...{ ledger, tickets, freezes, operations, onUnapproved: "flag", decisionMs: 5_000, ...events },
    onTaken: (each) => void taken.push(each),
    ...options,
  });
  const again = new PushAgain({
    ...{ ledger, tickets, turns: pushes.turns, decisionMs: 5_000, clock, ...events },
    enrich: (document) => ({ document }),
  });
  const bench = { live, refusedStep: undefined };
  const numbers = ({ names }: Push) =>
    names === undefined ? [] : ledger.read((snapshot) => snapshot.transactionsNamed(names));
  return {
    ...{ directory, ledger, tickets, freezes, operations, pushes, again, bench, alarms, flagged, taken },
    take: (push) => pushes.take(push, bench),
    stored: (push) => {
      const entries = numbers(push).flatMap(
        (each) => ledger.read((snapshot) => snapshot.newestPush(each)) ?? [],
      );
      const row = parseRow(entries[0]?.row ?? "{}");
      if (row.type !== "push") throw new Error("it is no push");
      return row;
    },
    movements: (push) =>
      numbers(push).flatMap((each) => ledger.read((snapshot) => snapshot.movementsOf(each))),
    flags: (push) => numbers(push).flatMap((each) => ledger.read((snapshot) => snapshot.flagsOf(each))),
    count: (type) => ledger.entriesOf([type]).length,
  };
}
