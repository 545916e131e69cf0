/** Where the ledger's parts lie in `state_dir`. */
import { join } from "node:path";

export interface LedgerFiles {
  /** The database; `-wal` and `-shm` lie beside it while it is in use. */
  readonly database: string;
  /** One signed statement a line, outside of the database. */
  readonly anchor: string;
  /** Ed25519, PKCS#8 PEM, mode 0600. */
  readonly checkpointKey: string;
  /** Its public half, SPKI PEM: what others verify statements with. */
  readonly checkpointPub: string;
}

export function ledgerFiles(stateDir: string): LedgerFiles {
  return {
    database: join(stateDir, "ledger.db"),
    anchor: join(stateDir, "anchor"),
    checkpointKey: join(stateDir, "checkpoint.key"),
    checkpointPub: join(stateDir, "checkpoint.pub"),
  };
}
