/**
 * For zod, of what a process reads once: by default it writes a function for each object of a schema, which takes longer
 * than all that such functions are used for.
 */
export const READ_ONCE = { jitless: true } as const;
