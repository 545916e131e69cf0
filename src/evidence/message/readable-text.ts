/** Signed bytes as text, for people. */

/** The longest text that goes into a document. */
const MAX_TEXT = 4096;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Control characters but tab and line ends; marks that cannot be seen or that reorder; separators of lines. */
const UNREADABLE = /[\p{Cf}\p{Zl}\p{Zp}]|(?![\t\n\r])\p{Cc}/u;

/**
 * @returns the bytes as text, where people can read it whole: UTF-8 of at most 4096 characters, none of them
 *   invisible, a control character or one that turns the direction of writing. Undefined otherwise, and for no bytes.
 */
export function readableText(bytes: Uint8Array): string | undefined {
  // A character takes four bytes at most.
  if (bytes.length === 0 || bytes.length > 4 * MAX_TEXT) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  return text.length > MAX_TEXT || UNREADABLE.test(text) ? undefined : text;
}
