import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeParams } from "./query-client.ts";
import { QueryKey, QueryKeyError } from "./query-key.ts";

const SECRET = "204b6ccb1088ae140fed36e2c622c212ff61dc09dabc2391912699db4675f436";
const POINT = "03353b3e51527dd260ef7ec248acf76e1f742575166686fb3303ebde2eefe3b800";
const ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

describe("refused", () => {
  test.each([
    ["nothing", ""],
    ["a digit too few", SECRET.slice(1)],
    ["a digit too many", `${SECRET}0`],
    ["a prefix", `0x${SECRET.slice(2)}`],
    ["letters", SECRET.replace("2", "g")],
    ["PEM", "-----BEGIN EC PRIVATE KEY-----"],
    ["two lines", `${SECRET}\n${SECRET}`],
    ["zero", "0".repeat(64)],
    ["the order of the group", ORDER],
  ])("a secret that is none: %s", (_what, text) => {
    expect(() => QueryKey.of(POINT, text, "waas1.key")).toThrow(QueryKeyError);
  });

  test("the secret of another key, without showing it", () => {
    const other = "11".repeat(32);
    try {
      QueryKey.of(POINT, other, "waas1.key");
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ isMismatch: true, message: expect.stringMatching(/^waas1\.key: /) });
      expect(String(error)).not.toContain(other);
    }
  });

  test("a file that is something else, without reading it into a message", async () => {
    const folder = await mkdtemp(join(tmpdir(), "query-key-"));
    const file = join(folder, "large");
    await writeFile(file, SECRET.repeat(100));
    await expect(QueryKey.read(POINT, file)).rejects.toThrow(`${file}: not 64 hex digits`);
    await expect(QueryKey.read(POINT, join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

test("a secret in any case, with a line end, from a file", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "query-key-")), "waas1.key");
  await writeFile(file, `${SECRET.toUpperCase()}\n`);
  expect((await QueryKey.read(POINT.toUpperCase(), file)).point).toBe(POINT);
});

describe("the published vectors", () => {
  const key = QueryKey.of(POINT, SECRET, "");
  test.each([
    [
      "/v1/custody/transaction/",
      { id: "20201207150724000192033000003701" },
      "304502210092fafb79c39954d1bff6a535ff613c70c8ea6ac2200dea091c8b3a4882eeed14022002833c2d52747e0a3ae02591d5181bfba4a00d18f9cd549b4fac68d2611b9c0a",
    ],
    [
      "/v1/custody/mpc/transactions_by_cobo_ids/",
      { cobo_ids: "20240117111135000139405000001665,20221222170157000336673000008161" },
      "30450220556deb5625026db6360f5522e5da95a2a3f7ebc9325f25ed23787be101f0aefd022100f7fb5a38b6a7c649e3ad4aaffe051e640c483fde20ddfeab413555c21209a9dc",
    ],
  ])("GET %s", (path, params, signature) => {
    const signed = { method: "GET", path, nonce: 1_700_000_000_000, params: encodeParams(params) } as const;
    expect(key.sign(signed)).toBe(signature);
  });

  test("POST /v1/custody/mpc/retry_double_check/", () => {
    const signed = {
      method: "POST",
      path: "/v1/custody/mpc/retry_double_check/",
      nonce: 1_700_000_000_000,
      params: encodeParams({ request_id: "r 1" }),
    } as const;
    expect(signed.params).toBe("request_id=r+1");
    expect(key.sign(signed)).toBe(
      "3045022100a19fcbb596afec44764601f39d91c8d70bc36f2d978555936ce357d686428599022073726b13509bd2f58aca39c932a61e4dc7e0e630505fc2f9c31a7644e3a89403",
    );
  });
});

test("what is signed is sorted by name, whatever the order in which it is given", () => {
  expect(
    encodeParams({ type: "limit", amount: "100.0", symbol: "btcusdt", side: "buy", price: "100.0" }),
  ).toBe("amount=100.0&price=100.0&side=buy&symbol=btcusdt&type=limit");
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.stringMatching(/^[\w-]{0,12}$/)),
      (params) => {
        const reversed = Object.fromEntries(Object.entries(params).reverse());
        expect(encodeParams(reversed)).toBe(encodeParams(params));
        expect(Object.fromEntries(new URLSearchParams(encodeParams(params)))).toEqual(params);
      },
    ),
  );
});
