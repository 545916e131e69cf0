/** All that a release has to show before it goes live, besides that it loads and runs (design 3.10). */
import type { Prover } from "../policy/prover.ts";
import { Ahead } from "./ahead.ts";
import { casesFor, type GuardContext, proveGuarded } from "./guard.ts";
import { TwoThreads } from "./proof-aside.ts";
import { proveSelfTests } from "./self-tests.ts";

/**
 * @param context - what this installation's requests look like, so that nobody could tell the host's from them; absent
 *   where there is no installation.
 */
export function proverOf(context: GuardContext = {}): Prover {
  return {
    prepare: (hostData) => {
      const ahead = new Ahead(casesFor(hostData, context));
      return async (candidate, cases) => {
        await proveSelfTests(candidate, cases);
        await proveGuarded(candidate, context, ahead);
      };
    },
    aside: (archive, sha256, givesWay, load) => new TwoThreads({ archive, sha256, context, givesWay }, load),
  };
}

/** What of a config shows in its requests. */
interface Installation {
  readonly nodes: readonly { readonly name: string }[];
  readonly zone: string;
  readonly scope: GuardContext["scope"] & object;
}

/** The context of an installation, from its config. */
export function guardContextOf({ nodes, zone, scope }: Installation): GuardContext {
  return { sources: nodes.map(({ name }) => name), zone, scope };
}
