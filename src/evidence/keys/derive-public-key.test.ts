/**
 * Vectors of secp256k1: BIP-32 (BSD-2-Clause), test vectors 1, 2 and 5; and the example of `AddressInfo` in Cobo's API
 * description (dev_openapi.yaml of CoboGlobal/developer-site). Vectors of Ed25519 were made by running Cobo's recovery
 * kit (CoboGlobal/cobo-mpc-recovery-kits at 7b819a9) over root keys of ours.
 */
import { createHash, createHmac } from "node:crypto";
import { HDNodeWallet, hexlify } from "ethers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { derivePublicKey } from "./derive-public-key.ts";
import { type ExtendedKey, extendedKeyText } from "./extended-key.ts";

const ROOT =
  "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB";

function keyAt(root: string, path: string): ExtendedKey {
  const key = derivePublicKey(root, path);
  if ("unusable" in key) throw new TypeError(key.why);
  return key;
}

test.each([
  ["m/44'/60/0/0/0", "unknown", "a hardened path"],
  ["m/44h/60", "unknown", "a hardened path"],
  ["m/2147483648", "unknown", "a hardened path"],
  ["m/0/0/0/0/0/0/0/0/0/0/0", "unknown", "a path of 11 levels"],
  ["m", "broken", "no path"],
  ["", "broken", "no path"],
  ["m/", "broken", "no path"],
  ["m//0", "broken", "no path"],
  ["44/60/0/0/0", "broken", "no path"],
  ["m/44/60/0/0/00", "broken", "no path"],
  ["m/44/60/0/0/-1", "broken", "no path"],
  ["m/44/60/0/0/0 ", "broken", "no path"],
  ["m/44/60/0/0/0x1", "broken", "no path"],
  ["m/12345678901", "broken", "no path"],
  ["M/44", "broken", "no path"],
])("derives nothing at %j", (path, unusable, why) => {
  expect(derivePublicKey(ROOT, path)).toEqual({ unusable, why, of: "path" });
});

const CHECKSUM = "no extended key: wrong characters, length or checksum";

test.each([
  ["", "broken", CHECKSUM],
  ["xpub", "broken", CHECKSUM],
  [`${ROOT} `, "broken", CHECKSUM],
  [`${ROOT.slice(0, -1)}C`, "broken", CHECKSUM],
  [
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
    "broken",
    "an extended private key",
  ],
  [
    "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm",
    "broken",
    "an extended key that holds no public key",
  ],
  [
    "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvFn",
    "broken",
    "an extended key that holds no public key",
  ],
  [
    "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyULY",
    "broken",
    "an extended key that holds no public key",
  ],
  [
    "xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT91XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj6znwMfQkhRYHRLpJ",
    "broken",
    "an extended key of depth 0 that has a parent",
  ],
  [
    "xpub661MyMwAuDcm6CRQ5N4qiHKrJ39Xe1R1NyfouMKTTWcguwVcfrZJaNvhpebzGerh7gucBvzEQWRugZDuDXjNDRmXzSZe4c7mnTK97pTvGS8",
    "broken",
    "an extended key of depth 0 that has a parent",
  ],
  [
    "DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHGMQzT7ayAmfo4z3gY5KfbrZWZ6St24UVf2Qgo6oujFktLHdHY4",
    "unknown",
    "an extended key of another version",
  ],
  [
    "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
    "unknown",
    "an extended key that is no root",
  ],
])("takes %j for no root", (root, unusable, why) => {
  expect(derivePublicKey(root, "m/0")).toEqual({ unusable, why, of: "root" });
});

test("takes a megabyte for no root, at once", () => {
  expect(derivePublicKey("1".repeat(1_000_000), "m/0")).toEqual({
    unusable: "broken",
    why: CHECKSUM,
    of: "root",
  });
});

test("gives away nothing of a private key", () => {
  const secret = HDNodeWallet.fromSeed(createHash("sha256").update("secret").digest()).extendedKey;
  expect(JSON.stringify(derivePublicKey(secret, "m/0"))).not.toContain(secret.slice(4, 12));
});

test.each([
  [
    ROOT,
    "m/0",
    "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
  ],
  [
    "xpub661MyMwAqRbcG4vPNi58VQJrXW8D9VzmauuRq2rTY3oUVnKGuLTxQxvvoEXgLvZ7N9GQXQkWVgKn1rzEUUEm4NdvrBKUqjpNJEnn2UL4rYq",
    "m/44/0/2/0/0",
    "xpub6HFaEKt4XdwgEQrQmWr8AEAZ7XBSGh7QYFspwdE86sJn6PjkqsPwVQc2poriBdizqXnTB3UWurJJAZpFnD2DAp9vFTmM2gQ264AArYtFWLH",
  ],
])("derives on secp256k1 as BIP-32 and Cobo do", (root, path, child) => {
  expect(extendedKeyText(keyAt(root, path))).toBe(child);
});

const CPUB =
  "cpubGCmTMqXYTnzkc9uLgpoTEk2YUVcFsHKSsXKaatDU9tr4p5uccFkPBvyVTdHDYsHAWZEMJvMzJDHVRy6VynG5rzRwuvuW37fabuGpVxAKPFx";

test.each([
  [
    "m/0",
    "cpubGGJeQi9oveDCQ9eYHCL17E4k3P9q6Qjr1mabMebyxwqAm4gsAGtbS44cT11XxhT8SKS18SEkQPDM29kcTwA2YZtqU5Si9BBr3hMN71JetJ4",
  ],
  [
    "m/44/501/0/0/3",
    "cpubGPqB8acPVVpUx7xh4kf7Y4JbiG7mwAQHn725LgzX8Gieff5AiRe5kD8Xx7kyp2W2BJhV2Q3g5cNxKsEK2PPL5rp4QnnuuT1Ker21tV4pHnB",
  ],
  [
    "m/2147483647/1",
    "cpubGHZyF1vyrEAK8xL1prcMTSTPmaU5nfHVQ7xQiFivzYP5dXUm5NjQSWVE2EcdkoAYZckoxKwDQq6LN6u8hXCHvgBuxgF5BZ3rY2uN7KxnE1M",
  ],
])("derives on Ed25519 as Cobo's recovery kit does, at %s", (path, child) => {
  expect(extendedKeyText(keyAt(CPUB, path))).toBe(child);
});

const indexes = fc.array(fc.nat(0x7fffffff), { minLength: 1, maxLength: 5 });

test("agrees with ethers on secp256k1, wherever a path begins to differ", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), indexes, fc.nat(9), (seed, levels, last) => {
      const wallet = HDNodeWallet.fromSeed(seed).neuter();
      for (const path of [`m/${levels.join("/")}`, `m/${levels.slice(0, -1).concat(last).join("/")}`]) {
        expect(extendedKeyText(keyAt(wallet.extendedKey, path))).toBe(wallet.derivePath(path).extendedKey);
      }
    }),
    { numRuns: 20 },
  );
});

/** The same for Ed25519, from the curve's addition law, with a common denominator (RFC 8032, 5.1). */
const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
const BASE: Point = [
  15112221349535400772501151409588531511454012693041857206046113283949847762202n,
  46316835694926478169428394003475163141307993866256225615783033603165251855960n,
  1n,
];

type Point = readonly [x: bigint, y: bigint, z: bigint];

function mod(value: bigint, by = P): bigint {
  return ((value % by) + by) % by;
}

function inverse(value: bigint): bigint {
  let result = 1n;
  for (let [left, square] = [P - 2n, mod(value)]; left > 0n; left >>= 1n, square = mod(square * square)) {
    if (left & 1n) result = mod(result * square);
  }
  return result;
}

/** x = (x1y2 + x2y1) / (1 + dx1x2y1y2), y = (y1y2 + x1x2) / (1 - dx1x2y1y2). */
function sum([x1, y1, z1]: Point, [x2, y2, z2]: Point): Point {
  const z = mod(z1 * z2);
  const square = z * z;
  const product = D * mod(x1 * x2) * mod(y1 * y2);
  const [plus, minus] = [mod(square + product), mod(square - product)];
  return [mod(z * mod(x1 * y2 + x2 * y1) * minus), mod(z * mod(y1 * y2 + x1 * x2) * plus), mod(plus * minus)];
}

function times(scalar: bigint): Point {
  let result: Point = [0n, 1n, 1n];
  for (let [left, double] = [scalar, BASE]; left > 0n; left >>= 1n, double = sum(double, double)) {
    if (left & 1n) result = sum(result, double);
  }
  return result;
}

function encoded([x, y, z]: Point): Buffer {
  const bytes = Buffer.from(
    mod(y * inverse(z))
      .toString(16)
      .padStart(64, "0"),
    "hex",
  ).reverse();
  bytes.writeUInt8(bytes.readUInt8(31) | Number((mod(x * inverse(z)) & 1n) << 7n), 31);
  return bytes;
}

test("agrees with the addition law on Ed25519, from the private side", () => {
  fc.assert(
    fc.property(
      fc.bigInt(1n, ORDER - 1n),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.array(fc.nat(0x7fffffff), { minLength: 1, maxLength: 3 }),
      (secret, chainCode, levels) => {
        let [scalar, code] = [secret, Buffer.from(chainCode)];
        const root = extendedKeyText({
          curve: "ed25519",
          bytes: encoded(times(scalar)),
          chainCode,
          depth: 0,
        });
        for (const level of levels) {
          const index = Buffer.alloc(4);
          index.writeUInt32BE(level);
          const mac = createHmac("sha512", code);
          const digest = mac.update(Buffer.concat([Buffer.alloc(1), encoded(times(scalar)), index])).digest();
          scalar = mod(scalar + BigInt(hexlify(digest.subarray(0, 32))), ORDER);
          code = digest.subarray(32);
        }
        const child = keyAt(root, `m/${levels.join("/")}`);
        expect(Buffer.from(child.bytes)).toEqual(encoded(times(scalar)));
        expect(Buffer.from(child.chainCode)).toEqual(Buffer.from(code));
      },
    ),
    { numRuns: 10 },
  );
});
