/**
 * Members of rows, read by hand: a verification asks for them of each row of a ledger, and a schema takes longer for
 * it than all the rest of the row's verification. What is another than it must be is a {@link ShapeFault}.
 */

/** A member is another than it must be, or missing; the message is its path. */
export class ShapeFault extends Error {}

export type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function membersOf(value: unknown, path: string): Members {
  if (isMembers(value)) return value;
  throw new ShapeFault(path);
}

export function listOf<T>(
  value: unknown,
  path: string,
  item: (value: unknown, path: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw new ShapeFault(path);
  return value.map((one: unknown) => item(one, path));
}

export function optional<T>(value: unknown, of: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : of(value);
}

export function textOf(members: Members, name: string): string {
  return itemOf(members[name], name);
}

export function itemOf(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw new ShapeFault(path);
}

export function optionalText(members: Members, name: string): string | undefined {
  return members[name] === undefined ? undefined : textOf(members, name);
}

export function numberOf(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new ShapeFault(path);
}

export function booleanOf(members: Members, name: string): boolean {
  const value = members[name];
  if (typeof value === "boolean") return value;
  throw new ShapeFault(name);
}

export function oneOf<T extends string>(value: unknown, path: string, known: readonly T[]): T {
  return known.find((each) => each === value) ?? missing(path);
}

function missing(path: string): never {
  throw new ShapeFault(path);
}
