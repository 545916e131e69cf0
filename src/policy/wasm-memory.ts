/** How much memory a policy gets. */

/** Bytes of a page of WebAssembly's. */
export const PAGE = 64 * 1024;
const BASE_BYTES = 2 * 1024 * 1024;
/** What one evaluation may add. Growing costs about a millisecond a page, so the deadline is reached first. */
const HEADROOM_BYTES = 64 * 1024 * 1024;
const MAX_PAGES = 32_768;
/** A value with its place in an object or array takes about this much, whatever it is. */
const BYTES_A_VALUE = 208;

/** By byte: 1 for a comma, a brace and a bracket. Looking it up takes a seventh of the time of comparing with each. */
const BEGINS_A_VALUE = new Uint8Array(256);
for (const sign of ",{[") BEGINS_A_VALUE[sign.charCodeAt(0)] = 1;

/** The memory of an instance, in pages of 64 KiB. */
export interface MemoryPages {
  readonly initial: number;
  readonly maximum: number;
}

/**
 * How much memory a release's data needs: its text, and each value again as parsed.
 *
 * @param json - `data.json` in UTF-8.
 * @throws Error where it needs more than 2 GiB.
 */
export function memoryFor(json: Uint8Array): MemoryPages {
  let values = 1;
  for (let at = 0; at < json.length; at += 1) values += BEGINS_A_VALUE[json[at] ?? 0] ?? 0;
  const bytes = BASE_BYTES + 2 * json.byteLength + BYTES_A_VALUE * values;
  const initial = Math.ceil(bytes / PAGE);
  const maximum = initial + HEADROOM_BYTES / PAGE;
  if (maximum > MAX_PAGES) {
    throw new Error(`the data has ${values} values: parsed, they take more memory than a policy may have`);
  }
  return { initial, maximum };
}
