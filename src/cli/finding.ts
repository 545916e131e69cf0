/** What `check` found. */

/**
 * @property severity - an error keeps the server from doing its work; a warning weakens it.
 * @property path - the key of the config it belongs to, or the environment's variable.
 */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly path: string;
  readonly message: string;
}
