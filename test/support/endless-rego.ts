/**
 * For the tests: the lines of a Rego body that does not come to an end in time, a trillion steps. They go over a set, which is
 * made once: what a loop over arrays makes on its way fills the memory, and that ends it.
 *
 * @param never - what is none of the numbers from 1 to 1000.
 */
export function withoutEnd(never: string): string {
  const loops = ["a", "b", "c", "d"].map((name) => `some ${name} in xs`);
  return ["xs := {n | some n in numbers.range(1, 1000)}", ...loops, `d == ${never}`].join("\n\t");
}
