/** The document's rule of absence: a member that could not be established is not there. */

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _key in value) return false;
  return true;
}

/**
 * The members that are there: without those that are undefined, `null`, `""`, `[]` or `{}`. Not deep: whoever
 * builds a document builds it from the inside out.
 */
export function present<T extends object>(members: T): Present<T> {
  // The one cast of the normalizer: what is returned is what the type says, and `decide` holds the finished
  // document against its schema all the same.
  const left = {} as Record<keyof T, unknown> & Present<T>;
  for (const key in members) {
    const value = members[key];
    if (!isAbsent(value)) left[key] = value;
  }
  return left;
}

/** {@link present}, and absent as a whole where nothing is left. */
export function presentOrAbsent<T extends object>(members: T): Present<T> | undefined {
  const left = present(members);
  return isAbsent(left) ? undefined : left;
}
