/** The sources that a request declares, by their addresses. */
import { listedAddress } from "../../input/address.ts";
import type { Document } from "../../input/document.ts";
import type { ChainFamily } from "../../policy/release.ts";
import { prefixOf } from "./addresses.ts";

/** Addresses of one network of Bitcoin begin in at most five ways. */
const MAX_PREFIXES = 5;

type Source = NonNullable<NonNullable<Document["transaction"]>["sources"]>[number];

export class DeclaredSources {
  readonly #sources: readonly Source[];
  /** In the spelling in which addresses are derived. */
  readonly #byAddress = new Map<string, [at: number, source: Source][]>();
  readonly #byPath = new Map<string, number>();
  readonly #taken = new Set<string>();
  readonly #prefixes = new Set<string>();

  /** @param sources - as they stand in the document; those without an address sign nothing that could be checked. */
  constructor(sources: readonly Source[], family: ChainFamily) {
    this.#sources = sources;
    for (const [at, source] of sources.entries()) {
      if (source.address === undefined) continue;
      if (source.path !== undefined && !this.#byPath.has(source.path)) this.#byPath.set(source.path, at);
      const spelling = listedAddress(source.address);
      if (this.#prefixes.size < MAX_PREFIXES) this.#prefixes.add(prefixOf(family, spelling));
      const same = this.#byAddress.get(spelling);
      if (same === undefined) this.#byAddress.set(spelling, [[at, source]]);
      else same.push([at, source]);
    }
  }

  /** How their addresses begin, as {@link prefixOf} has it. */
  get prefixes(): readonly string[] {
    return [...this.#prefixes];
  }

  has(address: string): boolean {
    return this.#byAddress.has(address);
  }

  /** Those of an address that signs. @property at - the place in the document. */
  take(address: string): readonly (readonly [at: number, source: Source])[] {
    this.#taken.add(address);
    return this.#byAddress.get(address) ?? [];
  }

  /** Whether some are left that were not taken, or that state no address. */
  get hasIdle(): boolean {
    return (
      this.#taken.size < this.#byAddress.size || this.#sources.some(({ address }) => address === undefined)
    );
  }

  /** The one that most likely stands for a signature: of its path, else at its place, else the first. */
  likeliest(
    index: number,
    path: string,
    signatures: number,
  ): { readonly at: number; readonly address: string } {
    const first = this.#sources.findIndex(({ address }) => address !== undefined);
    const at = this.#byPath.get(path) ?? (signatures === this.#sources.length ? index : first);
    const address = this.#sources[at]?.address;
    return address === undefined
      ? { at: first, address: this.#sources[first]?.address ?? "" }
      : { at, address };
  }
}
