/** The release in the shadow and the gate, as lines for people. */
import type { Status } from "../admin/status.ts";
import { age } from "./age.ts";

type Shadow = NonNullable<NonNullable<Status["candidate"]>["shadow"]>;

/** @param now - milliseconds since the epoch. */
export function candidateLines(candidate: Status["candidate"], now: number): string[] {
  if (candidate === undefined) return [];
  const { revision, sequence, sha256, state, place, why, refused, shadow } = candidate;
  const name = revision === undefined ? state : `${revision}, sequence ${sequence ?? 0}`;
  return [
    `candidate ${name}${why === undefined ? "" : `: it does not judge: ${why}`}`,
    ...(sha256 === undefined ? [] : [`          ${sha256}`]),
    `          ${place}`,
    ...(refused === undefined
      ? []
      : [`          refused ${age(now - refused.at)} ago, at ${refused.step}: ${refused.message}`]),
    ...(shadow === undefined ? [] : shadowLines(shadow, now)),
  ];
}

function shadowLines(
  { since, against, decisions, pushes, skipped, prepared }: Shadow,
  now: number,
): string[] {
  const pushed = Object.values(pushes).some((times) => times > 0);
  const left = countText({
    "while it was behind": skipped.behind,
    "refused by the host": skipped.refused_by_host,
    failed: skipped.failed_then,
    "after it expired": skipped.expired,
  });
  return [
    `          judges for ${age(now - since)} what ${against.revision} decides${prepared ? "" : ", while history is being added up for it"}`,
    `          decisions: ${countText({
      "newly approved": decisions.newly_approved,
      "newly refused": decisions.newly_refused,
      "for other reasons": decisions.other_reasons,
      failed: decisions.failed,
      same: decisions.same,
    })}`,
    ...(pushed
      ? [
          `          pushes: ${countText({
            "no longer flagged": pushes.no_longer_flagged,
            "newly flagged": pushes.newly_flagged,
            "for other reasons": pushes.other_reasons,
            failed: pushes.failed,
            same: pushes.same,
          })}`,
        ]
      : []),
    ...(left === "none" ? [] : [`          left out: ${left}`]),
  ];
}

/** @param now - milliseconds since the epoch. */
export function gateLines(gate: Status["gate"], now: number): string[] {
  if (gate === undefined) return [];
  const { replay_ms, max_newly_approved, run } = gate;
  const what = `gate      the last ${age(replay_ms)}, at most ${max_newly_approved} newly approved`;
  if (run === undefined) return [what];
  const { state, revision, sequence, at, done, total, replayed, message } = run;
  const when =
    state === "running"
      ? `at work for ${age(now - at)}, ${done} of ${total} entries`
      : `${state} ${age(now - at)} ago${replayed === undefined ? "" : `, ${replayed} decisions judged`}`;
  return [
    what,
    `          ${revision}, sequence ${sequence}: ${when}${message === undefined ? "" : `: ${message}`}`,
  ];
}

/** Those that there are. */
function countText(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, times]) => times > 0);
  return some.length === 0 ? "none" : some.map(([what, times]) => `${times} ${what}`).join(", ");
}
