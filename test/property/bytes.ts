/** Random changes to the bytes of a request's body, without any regard to what they mean. */
import fc from "fast-check";

interface ByteChange {
  /** A share of the length, or a place where the body changes its meaning. */
  readonly at: number | "name" | "header" | "claims" | "signature" | "end";
  readonly how: "flip" | "cut" | "drop" | "insert" | "repeat" | "graft";
  readonly length: number;
  readonly bytes: Uint8Array;
}

const changeArbitrary: fc.Arbitrary<ByteChange> = fc.record({
  at: fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(
      "name" as const,
      "header" as const,
      "claims" as const,
      "signature" as const,
      "end" as const,
    ),
  ),
  how: fc.constantFrom(
    "flip" as const,
    "cut" as const,
    "drop" as const,
    "insert" as const,
    "repeat" as const,
    "graft" as const,
  ),
  length: fc.nat({ max: 12 }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc
      .constantFrom(
        "&",
        "=",
        ".",
        "%00",
        "+",
        "%2E",
        "&TSS_JWT_MSG=",
        "TSS_JWT_MSG=&",
        "A",
        "\0",
        "\r\n",
        "==",
      )
      .map((text) => Buffer.from(text)),
  ),
});

export const byteChangesArbitrary = fc.array(changeArbitrary, { minLength: 1, maxLength: 4 });

/** Where in the body a change begins. */
function placeIn(body: Buffer, at: ByteChange["at"]): number {
  switch (at) {
    case "name":
      return 0;
    case "header":
      return body.indexOf("=") + 1;
    case "claims":
      return body.indexOf(".") + 1;
    case "signature":
      return body.lastIndexOf(".") + 1;
    case "end":
      return Math.max(0, body.length - 3);
    default:
      return Math.floor(at * body.length);
  }
}

/**
 * The body after the changes.
 *
 * @param other - another body, to take bytes from.
 */
export function changedBytes(body: string, changes: readonly ByteChange[], other: string): Buffer {
  let changed = Buffer.from(body);
  for (const { at, how, length, bytes } of changes) {
    const from = placeIn(changed, at) + (how === "flip" ? length : 0);
    const head = changed.subarray(0, from);
    const tail = changed.subarray(from);
    switch (how) {
      case "flip": {
        const [byte] = tail;
        if (byte !== undefined) changed.writeUInt8(byte ^ (1 << (length & 7)), from);
        break;
      }
      case "cut":
        changed = Buffer.from(head);
        break;
      case "drop":
        changed = Buffer.concat([head, tail.subarray(length + 1)]);
        break;
      case "insert":
        changed = Buffer.concat([head, bytes, tail]);
        break;
      case "repeat":
        changed = Buffer.concat([head, tail.subarray(0, length + 1), tail]);
        break;
      case "graft":
        changed = Buffer.concat([head, Buffer.from(other).subarray(placeIn(Buffer.from(other), at))]);
        break;
    }
  }
  return changed;
}
