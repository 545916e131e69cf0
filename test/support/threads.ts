/** For the tests: how much each thread of this process gives way to others. On Linux alone. */
import { readdirSync, readFileSync } from "node:fs";
import { onTestFinished } from "vitest";

/** Looks at them each millisecond from now on. @returns what was seen last of each thread's niceness, by its id. */
export function watchedNiceness(): Map<string, number> {
  const niceness = new Map<string, number>();
  const look = setInterval(() => {
    for (const [id, nice] of threadsNow()) niceness.set(id, nice);
  }, 1);
  onTestFinished(() => clearInterval(look));
  return niceness;
}

/** By thread, its niceness: the 19th field in proc_pid_stat(5). */
function threadsNow(): [string, number][] {
  return readdirSync("/proc/self/task").flatMap((id): [string, number][] => {
    try {
      const fields = readFileSync(`/proc/self/task/${id}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return [[id, Number(fields[16])]];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}
