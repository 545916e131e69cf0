/**
 * What makes the newer of two releases refuse less, or flag less, as far as that can be told without knowing what a rule
 * means: an approval more, a requirement less. A limit that rises, an entry in a list and a condition that was rewritten
 * can't be judged here; they are shown with all else that differs.
 */

export const LOOSENINGS = [
  "module",
  "approve_unverified",
  "rule_removed",
  "requirement_removed",
  "consequence",
  "kinds",
  "optional",
  "allow_empty",
  "mandatory",
  "severity",
  "flag_once",
  "mode",
  "approval_added",
  "approval_kinds",
  "case_removed",
] as const;

/**
 * @property rule - its name; absent where it is about the whole release.
 * @property message - one sentence, texts of the release's author included.
 */
export interface Loosening {
  readonly what: (typeof LOOSENINGS)[number];
  readonly rule?: string;
  readonly message: string;
}
