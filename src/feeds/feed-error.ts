import { codeOf, messageOf } from "../thrown.ts";

/** What is wrong with a file of prices or of a list, in words for an operator; never what stands in it. */
export class FeedError extends Error {
  override readonly name = "FeedError";
}

/** Reading failed, which says nothing of the file: it took too long, or the machine has no thread to give. */
export class UnreadFeedError extends FeedError {}

/** The words for any error, a system's own by its code: its message may name what it should not. */
export function problemOf(error: unknown): string {
  if (error instanceof FeedError) return error.message;
  const code = codeOf(error);
  if (code !== undefined) return `it cannot be read (${code})`;
  return messageOf(error);
}
