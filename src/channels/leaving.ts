/** An approval on its way out, as a freeze sees it: see `decisions/freeze.ts`. */
import type { ServerResponse } from "node:http";
import type { Leaving } from "../decisions/freeze.ts";

/** @param outgoing - the answer to the client that the approval is for. */
export function leavingOf(outgoing: ServerResponse): Leaving {
  return {
    onDone: (callback) => {
      if (outgoing.writableFinished || outgoing.destroyed) callback();
      else outgoing.once("close", callback);
    },
    destroy: () => outgoing.destroy(),
  };
}
