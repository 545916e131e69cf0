/**
 * Where the log goes: a file descriptor, many lines at a time. Whoever reads it may stand still, and then a write waits in a
 * thread for as long as that takes: nothing else may wait for it, and it may not fill the memory.
 */
import { pino } from "pino";

/** Lines leave many at a time, after 50 ms at most: each write takes a turn of a thread. */
const GATHERED = { sync: false, minLength: 8_192, periodicFlush: 50 } as const;

const STANDARD_OUTPUT = 1;
/** Characters that may wait for a reader: an hour of ten lines a second. What comes after them is dropped, and counted. */
const MAX_WAITING = 16_777_216;

/** What a log writes to. */
export interface LogOutput {
  write(line: string): void;
  /** Begins to write what was gathered. Where the process ends by itself, it is written before. */
  flush?(): void;
  /** @param told - is called with how many lines were dropped, as soon as there is room again. */
  onLost?(told: (lines: number) => void): void;
}

/**
 * @param descriptor - open for writing; default standard output.
 * @param maxWaiting - characters that are kept for a reader that is slow.
 */
export function logOutput(descriptor = STANDARD_OUTPUT, maxWaiting = MAX_WAITING): LogOutput {
  const output = pino.destination({ ...GATHERED, dest: descriptor, maxLength: maxWaiting });
  let lost = 0;
  output.on("drop", () => {
    lost += 1;
  });
  return {
    write: (line) => void output.write(line),
    flush: () => output.flush(),
    onLost: (told) => {
      output.on("drain", () => {
        const lines = lost;
        lost = 0;
        if (lines > 0) told(lines);
      });
    },
  };
}
