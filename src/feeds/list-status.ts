/** What is said of a list. */
import type { QuarantinedList } from "./list-store.ts";

/** @property highest - the newest that was ever in force. */
interface TrustedKeys {
  readonly audience: string;
  readonly threshold: number;
  readonly keys: readonly string[];
  readonly highest?: { readonly sequence: number; readonly sha256: string };
}

/**
 * Times are milliseconds since the epoch.
 *
 * @property path - its file, or its URL.
 * @property state - `absent` where what reads it refuses; `unread` where no rule of the live release does.
 * @property entries - with `loaded_at` and `sha256`: of what is in force, or was when it became too old.
 * @property sequence, audience, created_at, expires_at, signed_by - what was signed about it.
 * @property confirmed_at - when its source last had it; @property stale_at - when it will have gone so for too long.
 * @property age_warning - what keeps it from being looked into, or soon will. @property unread - why it is not read.
 * @property error - why what lies at its source is not in force; with the step where it is signed.
 */
export interface ListStatus {
  readonly name: string;
  readonly path: string;
  readonly trust: "unsigned" | "keys";
  readonly state: "in_force" | "absent" | "unread";
  readonly entries?: number;
  readonly loaded_at?: number;
  readonly sha256?: string;
  readonly sequence?: number;
  readonly audience?: string;
  readonly created_at?: number;
  readonly expires_at?: number;
  readonly signed_by?: readonly string[];
  readonly confirmed_at?: number;
  readonly stale_at?: number;
  readonly age_warning?: string;
  readonly unread?: string;
  readonly error?: string;
  readonly quarantined?: readonly QuarantinedList[];
  readonly trusted?: TrustedKeys;
}
