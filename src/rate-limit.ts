/** Token buckets by remote address, in bounded memory. */

/** So many addresses are remembered; the longest unseen goes first, and a full bucket is worth nothing. */
const MAX_ADDRESSES = 16_384;

interface Bucket {
  tokens: number;
  at: number;
}

export interface RateLimit {
  /** Takes one token of the address, and says whether there was one. */
  take(address: string): boolean;
  /** Whether a token is there, without taking it. */
  has(address: string): boolean;
}

/**
 * @param perSecond - how fast a bucket fills.
 * @param burst - what it holds; default one second's worth, at least one.
 * @param now - a monotonic clock in milliseconds.
 */
export function createRateLimit(
  perSecond: number,
  burst: number = Math.max(1, perSecond),
  now: () => number = () => performance.now(),
): RateLimit {
  const buckets = new Map<string, Bucket>();

  const filled = (key: string, at: number): number => {
    const bucket = buckets.get(key);
    return bucket === undefined
      ? burst
      : Math.min(burst, bucket.tokens + ((at - bucket.at) * perSecond) / 1_000);
  };

  return {
    take(address) {
      const key = rateKey(address);
      const at = now();
      const tokens = filled(key, at);
      // Deleted and set again: the map's order is then the order of last use.
      buckets.delete(key);
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      if (buckets.size > MAX_ADDRESSES) {
        const { value: oldest } = buckets.keys().next();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      return tokens >= 1;
    },
    has(address) {
      return filled(rateKey(address), now()) >= 1;
    },
  };
}

/** An IPv4 address, or the /64 of an IPv6 one: who has one address of a /64 has them all. */
export function rateKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=[0-9.]+$)/i, "").replace(/%.*$/, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  return [...front, ...Array<string>(missing).fill("0"), ...back].slice(0, 4).join(":");
}
