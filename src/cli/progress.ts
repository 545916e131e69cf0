/** Progress of long work: one line on standard error that is written over, on a terminal only. */
const EVERY_MS = 100;

/**
 * @param what - what is counted: `entries`.
 * @returns to be called with what is done; the last call has `done` equal to `total`, and ends the line.
 */
export function progressLine(what: string): (done: number, total: number) => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  const startedAt = performance.now();
  let shownAt = 0;
  return (done, total) => {
    const now = performance.now();
    const ended = done >= total;
    if (!ended && now - shownAt < EVERY_MS) return;
    shownAt = now;
    const rate = Math.round(done / ((now - startedAt) / 1_000 || 1));
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    stderr.write(`\r\u001b[K${done} of ${total} ${what}, ${percent} %, ${rate} a second${ended ? "\n" : ""}`);
  };
}
