/** The priority of a thread of a proof. */
import { constants, getPriority, setPriority } from "node:os";

/**
 * Requests come first. On Linux the priority is this thread's, and that of each thread which it starts (sched(7));
 * elsewhere it would be the whole process's.
 */
export function giveWay(): void {
  if (process.platform !== "linux") return;
  const { PRIORITY_BELOW_NORMAL } = constants.priority;
  try {
    if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL);
  } catch {
    // Some sandbox forbids it: then it takes its turn like all others.
  }
}
