/** What the server gives a request besides the request: prices, lists and history, for runs without a server. */
import { answerFacts } from "../../src/decisions/facts.ts";
import { movementsOf } from "../../src/decisions/movements.ts";
import type { VerifiedRequest } from "../../src/decisions/request.ts";
import { Ticket } from "../../src/decisions/tickets.ts";
import type { Document } from "../../src/input/document.ts";
import { parsePrice, priceDocument } from "../../src/input/pricing.ts";
import type { LiveRelease } from "../../src/policy/live.ts";
import { NO_HISTORY, withHistory } from "../../src/proof/history.ts";
import { PRICES } from "./installation.ts";

/** At the prices of every {@link Installation}, with none of the addresses on the list of sanctions. */
export function enriched(document: Document): Document {
  const priced = priceDocument(document, (token) => {
    const usd = PRICES[token];
    return usd === undefined ? undefined : parsePrice(usd);
  });
  return { ...priced, lists: { sanctions: {} } };
}

/** The request as the first of its ledger: what its rules ask of history was answered, and nothing had happened. */
export function withEmptyHistory(request: VerifiedRequest, live: LiveRelease): VerifiedRequest {
  return withHistory(request, live, NO_HISTORY);
}

/** The request after others that are counted, and nothing else. */
export function withEarlier(
  request: VerifiedRequest,
  live: LiveRelease,
  earlier: readonly VerifiedRequest[],
): VerifiedRequest {
  const { document } = request;
  const [own, before] = [ticketOf(request), earlier.map(ticketOf)];
  const { facts } = answerFacts(document, live.factQueries(document.kind), own, before, NO_HISTORY);
  return Object.keys(facts).length === 0 ? request : request.withFacts(facts);
}

function ticketOf({ document, identity }: VerifiedRequest): Ticket {
  return new Ticket(movementsOf(document, identity), document.now.ms);
}
