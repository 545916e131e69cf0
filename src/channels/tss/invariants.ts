/**
 * The invariants that a request alone can break (design 3.7): `list_lengths`, `same_task`, `key_shape`, and
 * facts that one request states twice. No policy can switch them off.
 */
import { Refusal } from "../../input/refusal.ts";

/**
 * `list_lengths`: path, hash and tweak of one place belong together, so the lists have one length, at least 1.
 *
 * @param tweaks - may be absent or empty as a whole.
 * @throws Refusal `REQUEST_LIST_LENGTHS`.
 */
export function checkListLengths(
  paths: readonly string[] = [],
  hashes: readonly string[] = [],
  tweaks: readonly string[] = [],
): void {
  const fits =
    hashes.length > 0 &&
    paths.length === hashes.length &&
    (tweaks.length === 0 || tweaks.length === hashes.length);
  if (fits) return;
  throw new Refusal(
    "REQUEST_LIST_LENGTHS",
    `request_detail: ${paths.length} paths, ${hashes.length} hashes, ${tweaks.length} tweaks`,
  );
}

/**
 * `same_task`: what will be signed and what is said about it are of one task.
 *
 * @param businessId - `biz_task_id` of the detail.
 * @param describedId - the transaction's or the TSS request's id.
 * @param describedBy - the member that holds it, for the message.
 * @throws Refusal `REQUEST_TASK_MISMATCH`.
 */
export function checkSameTask(
  businessId: string | undefined,
  describedId: string,
  describedBy: string,
): void {
  if (businessId === describedId) return;
  throw new Refusal("REQUEST_TASK_MISMATCH", `request_detail.biz_task_id is not ${describedBy}`);
}

/**
 * `key_shape`: node ids distinct, 1 ≤ threshold ≤ their number. The curve is the schema's.
 *
 * @throws Refusal `REQUEST_SCHEMA`.
 */
export function checkKeyShape(
  threshold: number,
  nodes: readonly string[],
  names: { readonly threshold: string; readonly nodes: string },
): void {
  checkDistinct(nodes, `request_detail.${names.nodes}`);
  if (threshold >= 1 && threshold <= nodes.length) return;
  throw new Refusal(
    "REQUEST_SCHEMA",
    `request_detail.${names.threshold}: ${threshold} of ${nodes.length} ${names.nodes}`,
  );
}

/**
 * @throws Refusal `REQUEST_SCHEMA` where a node stands twice: counting nodes would count it twice.
 */
export function checkDistinct(nodes: readonly string[], where: string): void {
  if (new Set(nodes).size !== nodes.length)
    throw new Refusal("REQUEST_SCHEMA", `${where}: a node stands twice`);
}

/** A fact as one place of the request states it; absent, `""` and 0 state nothing. */
export type Statement = readonly [where: string, value: string | number | undefined];

/**
 * Facts that a request states twice. A contradiction is refused: a rule that reads one place would otherwise
 * not know of the other.
 *
 * @throws Refusal `REQUEST_SCHEMA`, naming both places.
 */
export function checkAgreement(...pairs: readonly (readonly [Statement, Statement])[]): void {
  for (const [[oneName, one], [otherName, other]] of pairs) {
    if (one && other && one !== other) {
      throw new Refusal("REQUEST_SCHEMA", `${oneName} and ${otherName} contradict each other`, {
        [oneName]: one,
        [otherName]: other,
      });
    }
  }
}
