/**
 * What a candidate's rules ask of history, for a document that the live release decides.
 *
 * What both ask is answered once: the candidate sees the live release's answer. What only the candidate asks is read in
 * the same moment as that, so that neither sees what the other doesn't; it is absent until history is prepared for it,
 * which goes on in the background, and where it can't be had. Nothing of it touches the tickets: who decides counts
 * exactly what he would count without it.
 */
import type { Document, Kind } from "../input/document.ts";
import { extended } from "../input/extended.ts";
import { shapeId } from "../input/fact-shape.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { FactQuery } from "../policy/fact-queries.ts";
import type { LiveRelease } from "../policy/live.ts";
import { answerFacts } from "./facts.ts";
import { VerifiedRequest } from "./request.ts";
import { Ticket } from "./tickets.ts";

type Facts = NonNullable<Document["facts"]>;

/**
 * @property shared - queries of both, the live release's as it names it.
 * @property extra - queries of the candidate alone.
 * @property isSame - whether both ask the same, under the same names: then the document stays as it is.
 */
interface Plan {
  readonly shared: readonly { readonly query: FactQuery; readonly lives: FactQuery }[];
  readonly extra: readonly FactQuery[];
  readonly isSame: boolean;
}

/** History that can't be prepared now is asked for again after this. */
const AGAIN_MS = 5_000;

export class ShadowFacts {
  readonly #candidate: LiveRelease;
  readonly #ledger: Ledger;
  readonly #onPrepared: () => void;
  readonly #plans = new WeakMap<LiveRelease, Map<Kind, Plan>>();
  #isPrepared = false;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  /** Begins to prepare history. @param onPrepared - it is, and what was absent is no more. */
  constructor(candidate: LiveRelease, ledger: Ledger, onPrepared: () => void) {
    this.#candidate = candidate;
    this.#ledger = ledger;
    this.#onPrepared = onPrepared;
    this.#prepare();
  }

  /** Whether history is added up for all that its rules ask. */
  get isPrepared(): boolean {
    return this.#isPrepared;
  }

  /**
   * What only the candidate asks, as of now. Never throws.
   *
   * @param document - without facts. @param own - the ticket of what it moves. @param earlier - those before it.
   */
  look(document: Document, live: LiveRelease, own: Ticket, earlier: readonly Ticket[]): Facts {
    const { extra } = this.#planOf(live, document.kind);
    const queries = this.#isPrepared ? extra : extra.filter((query) => !needsHistory(query));
    if (queries.length === 0) return {};
    try {
      const ticket = new Ticket(own.movements, own.at, own.names);
      ticket.takeOver(own.takesOver);
      return this.#ledger.read((snapshot) => answerFacts(document, queries, ticket, earlier, snapshot)).facts;
    } catch {
      return {};
    }
  }

  /**
   * The request as the candidate's rules see it.
   *
   * @param request - with the live release's facts. @param extra - from {@link look}.
   */
  requestFor(request: VerifiedRequest, live: LiveRelease, extra: Facts): VerifiedRequest {
    const { document } = request;
    const { shared, isSame } = this.#planOf(live, document.kind);
    if (isSame) return request;
    const facts: Record<string, Record<string, Facts[string][string]>> = {};
    const put = (rule: string, name: string, value: Facts[string][string]) => {
      facts[rule] = { ...facts[rule], [name]: value };
    };
    for (const { query, lives } of shared) {
      const value = document.facts?.[lives.rule]?.[lives.name];
      if (value !== undefined) put(query.rule, query.name, value);
    }
    for (const [rule, answers] of Object.entries(extra)) {
      for (const [name, value] of Object.entries(answers)) put(rule, name, value);
    }
    const { facts: _, ...rest } = document;
    const seen = Object.keys(facts).length === 0 ? rest : extended(rest, { facts });
    const { identity, participants, startedAt, normalizeMs } = request;
    const input = { document: seen, raw: request.input.raw };
    return new VerifiedRequest({ input, identity, participants, startedAt, normalizeMs });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
  }

  /** Nobody waits for it: decisions take turns with it in the thread that writes. */
  #prepare(): void {
    const shapes = this.#candidate.queries.filter(needsHistory).map(({ shape }) => shape);
    const prepared = async (): Promise<void> => await this.#ledger.keepShapes(shapes);
    prepared().then(
      () => {
        this.#isPrepared = true;
        this.#onPrepared();
      },
      () => {
        if (this.#closed) return;
        this.#again = setTimeout(() => this.#prepare(), AGAIN_MS);
        this.#again.unref();
      },
    );
  }

  #planOf(live: LiveRelease, kind: Kind): Plan {
    let plans = this.#plans.get(live);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(live, plans);
    }
    let plan = plans.get(kind);
    if (plan === undefined) {
      plan = planFor(live.factQueries(kind), this.#candidate.factQueries(kind));
      plans.set(kind, plan);
    }
    return plan;
  }
}

function planFor(lives: readonly FactQuery[], candidates: readonly FactQuery[]): Plan {
  const known = new Map(lives.map((query) => [meaningOf(query), query]));
  const shared: { query: FactQuery; lives: FactQuery }[] = [];
  const extra: FactQuery[] = [];
  for (const query of candidates) {
    const same = known.get(meaningOf(query));
    if (same === undefined) extra.push(query);
    else shared.push({ query, lives: same });
  }
  const names = (queries: readonly FactQuery[]) => queries.map(namedMeaning).sort().join("\n");
  return { shared, extra, isSame: names(lives) === names(candidates) };
}

function meaningOf({ kind, of, shape, window }: FactQuery): string {
  return JSON.stringify([kind, of, shapeId(shape), window]);
}

function namedMeaning(query: FactQuery): string {
  return JSON.stringify([query.rule, query.name, meaningOf(query)]);
}

/** Whether it is answered from sums over all of history. */
export function needsHistory({ kind }: FactQuery): boolean {
  return kind !== "flags" && kind !== "movement";
}
