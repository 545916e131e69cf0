/**
 * A length as Bitcoin writes it: one byte below 253, else 253 and two bytes, or 254 and four, the lowest first.
 *
 * @param length - below 2^32.
 */
export function compactSize(length: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(5));
  if (length < 253) return Uint8Array.of(length);
  const isShort = length < 0x10000;
  bytes.setUint8(0, isShort ? 253 : 254);
  if (isShort) bytes.setUint16(1, length, true);
  else bytes.setUint32(1, length, true);
  return new Uint8Array(bytes.buffer, 0, isShort ? 3 : 5);
}
