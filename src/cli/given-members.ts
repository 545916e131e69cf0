/** What a server would give a request, from files that a command line names instead. */
import { z } from "zod";
import { FeedError } from "../feeds/feed-error.ts";
import { parsePrices } from "../feeds/price-file.ts";
import { type Document, documentSchema } from "../input/document.ts";
import { type Price, priceDocument, type Quote } from "../input/pricing.ts";
import { readGiven } from "./given-file.ts";
import { UsageError } from "./output.ts";

/** Paths of files. */
export interface GivenFiles {
  readonly facts?: string | undefined;
  readonly lists?: string | undefined;
  /** As `prices.file` of the config; the age of a price is not looked at. */
  readonly prices?: string | undefined;
}

/**
 * Reads the files.
 *
 * @returns what completes a document: its prices, then facts and list hits as they are given.
 * @throws UsageError where one cannot be read or used.
 */
export async function givenMembers(files: GivenFiles): Promise<(document: Document) => Document> {
  const members = await factsAndLists(files);
  const quote = await quoteOf(files.prices);
  return (document) => ({ ...priceDocument(document, quote), ...members });
}

/** @throws UsageError for a file that is none of prices, or one token's that is no price. */
async function quoteOf(file: string | undefined): Promise<Quote> {
  if (file === undefined) return () => undefined;
  const bytes = await readGiven(file);
  const prices = new Map<string, Price>();
  try {
    for (const [token, statement] of parsePrices(bytes)) {
      if (!statement.ok) throw new FeedError(`${token}: ${statement.problem}`);
      prices.set(token, statement.stated.price);
    }
  } catch (error) {
    throw error instanceof FeedError ? new UsageError(`${file}: ${error.message}`, { cause: error }) : error;
  }
  return (token) => prices.get(token);
}

/** `facts` and `lists` from files, held against the document's own schema. */
async function factsAndLists({ facts, lists }: GivenFiles): Promise<Partial<Document>> {
  const schema = z.strictObject({
    facts: documentSchema.shape.facts,
    lists: documentSchema.shape.lists,
  });
  const given = schema.safeParse({
    ...(facts === undefined ? {} : { facts: await readJson(facts) }),
    ...(lists === undefined ? {} : { lists: await readJson(lists) }),
  });
  if (!given.success) {
    const [issue] = given.error.issues;
    throw new UsageError(
      `${issue?.path.join(".") ?? "facts"}: ${issue?.message ?? "not of the document's shape"}`,
    );
  }
  const { facts: checkedFacts, lists: checkedLists } = given.data;
  return {
    ...(checkedFacts === undefined ? {} : { facts: checkedFacts }),
    ...(checkedLists === undefined ? {} : { lists: checkedLists }),
  };
}

async function readJson(file: string): Promise<unknown> {
  const bytes = await readGiven(file);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new UsageError(`${file}: not JSON`, { cause: error });
  }
}
