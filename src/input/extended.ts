/**
 * `{...object, ...members}`, for what is made for each request.
 *
 * Where a literal begins with a spread and goes on with other members, V8 (in Node 20) gives each object that it
 * makes a hidden class of its own: half a microsecond a member, a kilobyte of old space, and no reader of such objects
 * stays fast. A literal that begins with a member does not have that, and neither does this.
 */
export function extended<T extends object, M extends object>(object: T, members: M): T & M {
  return Object.assign({}, object, members);
}
