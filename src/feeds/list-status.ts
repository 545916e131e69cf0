/** What is said of a list. */
import type { ListError } from "../policy/list-error.ts";
import type { ListTrust } from "../policy/list-trust.ts";
import type { ListInForce } from "./list-activation.ts";
import type { AgeWords } from "./list-age.ts";
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

/** What a signed list's status is made of. @property refusal - of what lies at its source now. */
export interface SignedListState {
  readonly name: string;
  readonly source: string;
  readonly trust: ListTrust;
  readonly inForce: ListInForce | undefined;
  readonly quarantined: readonly QuarantinedList[];
  readonly words: AgeWords | undefined;
  readonly refusal: ListError | undefined;
  readonly unread: string | undefined;
}

/** The status of a list that is signed. */
export function statusOf(list: SignedListState): ListStatus {
  const { name, source, trust, inForce, quarantined, words, refusal, unread } = list;
  const isAbsent = inForce === undefined || words?.isOver === true;
  return {
    name,
    path: source,
    trust: "keys",
    state: unread !== undefined ? "unread" : isAbsent ? "absent" : "in_force",
    ...(inForce === undefined ? {} : shown(inForce)),
    ...(words === undefined ? {} : { age_warning: `${words.code}: ${words.message}` }),
    ...(unread === undefined ? {} : { unread }),
    ...(refusal === undefined ? {} : { error: `${refusal.step}: ${refusal.message}` }),
    quarantined,
    trusted: {
      audience: trust.audience,
      threshold: trust.threshold,
      keys: trust.keys.map(({ kid }) => kid),
      ...(trust.highest === undefined ? {} : { highest: trust.highest }),
    },
  };
}

function shown({ table, version, statement, loadedAt, age }: ListInForce): Partial<ListStatus> {
  const { audience, created_at, expires_at, signedBy } = statement;
  return {
    entries: table.entries,
    loaded_at: loadedAt,
    ...version,
    ...{ audience, created_at, expires_at, signed_by: signedBy },
    confirmed_at: age.confirmedAt,
    stale_at: age.staleAt,
  };
}
