/** `status`: what a running server says of itself. */
import type { Command } from "commander";
import type { Status } from "../admin/status.ts";
import { age } from "./age.ts";
import { candidateLines, gateLines } from "./candidate-text.ts";
import { type AdminOptions, callAdmin, configOf, withAdminOptions } from "./operator.ts";
import { EXIT, printable, printJson, runCommand } from "./output.ts";

export function registerStatus(program: Command): void {
  withAdminOptions(
    program
      .command("status")
      .description(
        "the release in force, freezes, ledger, lists, prices, nodes and alarms of the running server",
      ),
  ).action((options: AdminOptions) =>
    runCommand(options.json === true, async () => {
      const [config, { statusSchema: schema }] = await Promise.all([
        configOf(options),
        import("../admin/status.ts"),
      ]);
      const status = await callAdmin(config, options, { path: "/v1/status", schema });
      if (options.json) printJson(status);
      else console.log(statusText(status, Date.now()));
      return EXIT.done;
    }),
  );
}

/** The status as lines for people, what is loudest first. */
function statusText(status: Status, now: number): string {
  const { release, last_release_error: refused } = status;
  const lines = [
    `countersign ${status.version}, up ${age(status.uptime_seconds * 1_000)}, ${status.ready ? "ready" : "NOT READY"}`,
    ...status.warnings.map((warning) => `! ${warning}`),
    ...status.freezes.map(
      ({ id, scope, at, by, reason }) =>
        `frozen    ${scope.join(" ")}${at === undefined ? "" : ` since ${age(now - at)}, by ${by}`}: ${reason} (${id})`,
    ),
    ...flagLine(status.flags),
    release === undefined
      ? "release   none"
      : `release   ${release.revision}, sequence ${release.sequence}, ${release.rules} rules, live for ${age(now - release.live_since)}`,
    ...(release === undefined ? [] : [`          ${release.sha256}`, `          ${release.source}`]),
    ...signedLines(release),
    ...(release?.promoted === undefined
      ? []
      : [`          promoted by ${release.promoted.by}: ${release.promoted.reason}`]),
    ...(refused === undefined
      ? []
      : [`refused   ${age(now - refused.at)} ago, at ${refused.step}: ${refused.message}`]),
    trustLine(status),
    ...status.quarantined.map(
      ({ sha256, sequence, step, message, at }) =>
        `quarantine ${sha256}, sequence ${sequence}, ${age(now - at)} ago, at ${step}: ${message}`,
    ),
    ...candidateLines(status.candidate, now),
    ...gateLines(status.gate, now),
    ledgerLine(status.ledger, now),
    ...status.lists.flatMap((list) => listLines(list, now)),
    ...(status.prices === undefined ? [] : priceLines(status.prices, now)),
    ...status.nodes.map(
      ({ name, payload, last_ping }) =>
        `node      ${name} (${payload}), ${last_ping === undefined ? "no ping seen" : `last ping ${age(now - last_ping)} ago`}`,
    ),
    ...(status.push === undefined
      ? []
      : [
          `push      keys: ${status.push.keys.join(" ") || "none"}; an unapproved withdrawal: ${status.push.on_unapproved_withdrawal}`,
        ]),
    ...status.alarms.map(
      ({ code, message, last_at, count }) =>
        `alarm     ${age(now - last_at)} ago${count > 1 ? `, ${count} times` : ""}: ${code} ${message}`,
    ),
  ];
  // A message may come from a release's author.
  return lines.map(printable).join("\n");
}

function flagLine(flags: Status["flags"]): string[] {
  if (flags === undefined) return ["flags     how many are open can't be read now"];
  const { critical, high, medium, low } = flags;
  const counts = Object.entries({ critical, high, medium, low }).filter(([, count]) => count > 0);
  if (counts.length === 0) return [];
  const open = counts.map(([severity, count]) => `${count} ${severity}`).join(", ");
  return [`flags     open: ${open}; countersign flags list`];
}

function signedLines(release: Status["release"]): string[] {
  const { expires_at, audience, signed_by = [] } = release ?? {};
  if (expires_at === undefined) return [];
  const until = new Date(expires_at).toISOString();
  return [`          for ${audience}, until ${until}, signed by ${signed_by.join(", ")}`];
}

function trustLine({ trust, trusted }: Status): string {
  if (trusted === undefined) return `trust     ${trust}`;
  const { threshold, keys, audience, highest } = trusted;
  const live = highest === undefined ? "" : `, highest sequence ${highest.sequence}`;
  return `trust     ${threshold} of ${keys.length} keys, for ${audience}${live}`;
}

function ledgerLine({ code, detail, newest_at }: Status["ledger"], now: number): string {
  const newest = newest_at === undefined ? "no entry yet" : `newest entry ${age(now - newest_at)} ago`;
  return `ledger    ${code === undefined ? "" : `${code}: `}${detail}, ${newest}`;
}

function listLines(list: Status["lists"][number], now: number): string[] {
  const { name, trust, state, entries, loaded_at, sequence, expires_at, audience, signed_by = [] } = list;
  const { unread, age_warning, error, quarantined = [] } = list;
  const what = entries === undefined ? "none was ever read" : `${entries} entries`;
  const numbered = sequence === undefined ? "" : `, sequence ${sequence}`;
  const unsigned = trust === "unsigned" ? ", unsigned" : "";
  const gone = state === "absent" && entries !== undefined ? "ABSENT, it had " : "";
  return [
    `list      ${name}: ${gone}${what}${numbered}${unsigned}${read(loaded_at, error, now)}`,
    ...(expires_at === undefined
      ? []
      : [
          `          for ${audience}, until ${new Date(expires_at).toISOString()}, signed by ${signed_by.join(", ")}`,
        ]),
    ...(unread === undefined ? [] : [`          not in force: ${unread}`]),
    ...(age_warning === undefined ? [] : [`          ${age_warning}`]),
    ...quarantined.map(
      ({ sha256, sequence: signed, step, message, at }) =>
        `          quarantine ${sha256}, sequence ${signed}, ${age(now - at)} ago, at ${step}: ${message}`,
    ),
  ];
}

function priceLines(prices: NonNullable<Status["prices"]>, now: number): string[] {
  const { tokens, loaded_at, error, refused, stale } = prices;
  return [
    `prices    of ${tokens} tokens${read(loaded_at, error, now)}`,
    ...refused.map(({ token, problem, usd }) => {
      const wait = usd === undefined ? "" : `; ${usd} USD waits for: countersign prices accept ${token}`;
      return `          ${token} has none: ${problem}${wait}`;
    }),
    ...(stale.length === 0 ? [] : [`          too old: ${stale.join(" ")}`]),
  ];
}

/** When a file was read, and what is wrong with it now. */
function read(at: number | undefined, error: string | undefined, now: number): string {
  const when = at === undefined ? "" : `, read ${age(now - at)} ago`;
  return error === undefined ? when : `${when}; NOT READ NOW: ${error}`;
}
