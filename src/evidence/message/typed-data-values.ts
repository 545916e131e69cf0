/**
 * A decoded value: an integer, a truth value, text, bytes or an address in lower-case hex, a list, or a struct. Structs
 * inherit nothing, so that a member may have any name.
 */
export type TypedValue = bigint | boolean | string | readonly TypedValue[] | TypedStruct;

export interface TypedStruct {
  readonly [member: string]: TypedValue;
}
