/** The addresses that deposits of the benchmark are paid into. */

const COUNT = 1_000;

/** One of them. @param at - any natural number. */
export function ownAddress(at: number): string {
  return `0x${(at % COUNT).toString(16).padStart(40, "a")}`;
}

/** All of them, as a list's file has them. */
export function ownAddresses(): string {
  return ["address", ...Array.from({ length: COUNT }, (_, at) => ownAddress(at)), ""].join("\n");
}
