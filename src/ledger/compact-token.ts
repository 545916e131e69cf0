/**
 * A request's token without its two layers of base64: four sevenths of its length, and a page less to be written
 * for a decision. The form is taken only where it gives back the very text; a token that is spelled as no node
 * spells it is left to be stored as it is.
 *
 * The form: four lengths (header, before, after: 16 bits each; data: 32 bits; big-endian), then the header's text,
 * the claims' JSON before and after the value of `package_data`, that value's bytes, and the signature's.
 */

const LENGTHS = 10;
const MAX_TEXT = 0xffff;
const MEMBER = '"package_data":"';

/** @returns `undefined` where the token is of another kind. */
export function compactToken(token: string): Buffer | undefined {
  const first = token.indexOf(".");
  const second = token.indexOf(".", first + 1);
  if (first < 0 || second < 0) return undefined;
  const claims = decoded(token.slice(first + 1, second), "base64url");
  const signature = decoded(token.slice(second + 1), "base64url");
  if (claims === undefined || signature === undefined) return undefined;
  const text = claims.toString("latin1");
  const member = text.indexOf(MEMBER);
  const from = member + MEMBER.length;
  const to = text.indexOf('"', from);
  if (member < 0 || to < 0) return undefined;
  const data = decoded(text.slice(from, to), "base64");
  const header = Buffer.from(token.slice(0, first));
  if (data === undefined || Math.max(header.length, from, claims.length - to) > MAX_TEXT) return undefined;
  const lengths = Buffer.alloc(LENGTHS);
  lengths.writeUInt16BE(header.length, 0);
  lengths.writeUInt16BE(from, 2);
  lengths.writeUInt16BE(claims.length - to, 4);
  lengths.writeUInt32BE(data.length, 6);
  return Buffer.concat([lengths, header, claims.subarray(0, from), claims.subarray(to), data, signature]);
}

/** The token of which {@link compactToken} made this. */
export function tokenOf(compact: Buffer): string {
  let at = LENGTHS;
  const take = (length: number) => {
    at += length;
    return compact.subarray(at - length, at);
  };
  const header = take(compact.readUInt16BE(0));
  const before = take(compact.readUInt16BE(2));
  const after = take(compact.readUInt16BE(4));
  const data = take(compact.readUInt32BE(6));
  const claims = Buffer.concat([before, Buffer.from(data.toString("base64")), after]);
  return `${header.toString()}.${claims.toString("base64url")}.${compact.subarray(at).toString("base64url")}`;
}

/** `undefined` where the same bytes are spelled otherwise: with other letters, padding or bits that mean nothing. */
function decoded(text: string, encoding: "base64" | "base64url"): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}
