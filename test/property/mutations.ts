/** Random changes to a request. What a change does depends on the tree and three numbers alone: runs repeat. */
import fc from "fast-check";
import { copyOf, type Member, type Node, type Place, placesIn, textOf, treeOf } from "./json-tree.ts";

export interface Change {
  readonly at: number;
  readonly how: number;
  readonly pick: number;
  /** Whether only members that decide something are hit, and with what might pass there. */
  readonly aimed: boolean;
}

const changeArbitrary: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  how: fc.nat(),
  pick: fc.nat(),
  aimed: fc.nat({ max: 3 }).map((share) => share > 0),
});

export const changesArbitrary = fc.array(changeArbitrary, { minLength: 1, maxLength: 5 });

/** Members that a decision hangs on. */
const DECIDING: ReadonlySet<string> = new Set([
  "request_type",
  "request_id",
  "request_detail",
  "extra_info",
  "biz_task_id",
  "msg_hash_list",
  "bip32_path_list",
  "tweak_list",
  "signature_type",
  "tss_protocol",
  "threshold",
  "node_ids",
  "new_threshold",
  "new_node_ids",
  "curve",
  "transaction",
  "transaction_id",
  "wallet_id",
  "type",
  "chain_id",
  "token_id",
  "destination",
  "destination_type",
  "account_output",
  "utxo_outputs",
  "address",
  "amount",
  "tss_request_id",
  "coin",
  "decimal",
  "operation",
  "transaction_type",
  "to_address",
  "to_address_details",
]);

const LISTED = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";

/** Values that a mutation puts somewhere: what the demo's policy allows, what it almost allows, and junk. */
const POOL: readonly unknown[] = [
  LISTED,
  LISTED.toUpperCase(),
  `0X${LISTED.slice(2)}`,
  LISTED.replace("0f", "0F"),
  `${LISTED}0`,
  `${LISTED} `,
  "0x0000000000000000000000000000000000000001",
  "THKAcY3fvSyfkzbYxj2aAgxC5R6YAPMJqa",
  "1Cu32FVupVCgHkMMRJdYJugxwo2Aprgk7H",
  "16TZ8J6Q5iZKBWizWzFAYnrsaox5Z5aBRV",
  "__proto__",
  "constructor",
  "name",
  "cold wallet",
  "0",
  "0.0001",
  "0.000433333333333333",
  "0.000433333333333334",
  "0.3333",
  "0.3334",
  "1",
  "1.0",
  "1.000000000000000001",
  "0.05",
  "0.0500001",
  "5",
  "5000000",
  "5000001",
  "1000000000000000000",
  "1e1",
  "-1",
  "+1",
  "0x1",
  "1 ",
  "01",
  "1,0",
  "1\u0000",
  "Withdrawal",
  "withdrawal",
  "ContractCall",
  "MessageSign",
  "Deposit",
  "Stake",
  "Address",
  "CustodialWallet",
  "EVM_Contract",
  "Raw_Message_Signature",
  "ETH",
  "eth",
  "SETH",
  "TRON",
  "BTC",
  "SOL",
  "ETH_USDT",
  "TRON_USDT",
  "UNKNOWN",
  "main",
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  18,
  100,
  102,
  200,
  300,
  -1,
  true,
  false,
  null,
  "",
  [],
  {},
  [""],
  "{}",
  "[]",
  "null",
];

/** What may stand in a member that nobody knows: a NUL is refused wherever it stands. */
const IGNORED = POOL.filter((value) => typeof value !== "string" || !value.includes("\0"));

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  a: "\u0430",
  e: "\u0435",
  o: "\u043e",
  c: "\u0441",
  x: "\u0445",
  i: "\u0131",
  A: "\u0391",
  E: "\u0395",
  W: "\u051c",
  K: "\u212a",
  s: "\u017f",
  0: "\uff10",
  1: "\u0661",
  ".": "\u3002",
  _: "\uff3f",
  "-": "\u2010",
};

const PADDING = [" ", "\t", "\n", "\u0000", "\u00a0", "\u200b", "\ufeff", "\u0301"];
const SPELLINGS = (digits: string): string[] => [
  `${digits}.0`,
  `${digits}e0`,
  `${digits}E+0`,
  `-${digits}`,
  `0${digits}`,
  `+${digits}`,
  `${digits}.`,
  "1e400",
  "-0",
  "9007199254740993",
  `"${digits}"`,
  `[${digits}]`,
  "NaN",
];

const at = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];
const text = (value: string): Node => ({ kind: "text", value });
const raw = (value: string): Node => ({ kind: "raw", text: value });

function mapText(place: Place, change: (value: string) => string): void {
  const node = place.get();
  if (node.kind === "text") place.set(text(change(node.value)));
  else if (node.kind === "held") place.set(text(change(textOf(node.inner))));
}

/** What a leaf spells, where it is one. */
function leafOf(node: Node): unknown {
  if (node.kind === "raw") return /^\d+$/.test(node.text) ? Number(node.text) : node.text === "true";
  return node.kind === "text" ? node.value : {};
}

/** The places that hold the same kind of thing. */
function alike(place: Place, places: readonly Place[]): readonly Place[] {
  const { kind } = place.get();
  return places.filter((other) => other.get().kind === kind);
}

type Operation = (place: Place, pick: number, places: readonly Place[], others: readonly Node[]) => void;

/** Changes that mean nothing: the request says the same in other words. */
export const HARMLESS: readonly Operation[] = [
  function reorder(place, pick) {
    const node = place.get();
    if (node.kind === "object") node.members = rotated(node.members, pick);
  },
  function spread(place) {
    const node = place.get();
    if (node.kind === "object" || node.kind === "array") node.space = true;
  },
  function escapeAll(place) {
    const node = place.get();
    if (node.kind === "text") node.escaped = true;
  },
  function addUnknown(place, pick) {
    const node = place.get();
    if (node.kind !== "object") return;
    const member = { key: `unknown_${pick}`, node: treeOf(at(IGNORED, pick)) };
    if (node.members.every(({ key }) => key !== member.key)) node.members.push(member);
  },
];

function rotated(members: readonly Member[], by: number): Member[] {
  const from = by % Math.max(1, members.length);
  return [...members.slice(from), ...members.slice(0, from)];
}

/** Changes that leave most of the request's shape alone, so that rules get to see what they make. */
const PLAUSIBLE: readonly Operation[] = [
  function duplicate(place, pick, _places, others) {
    const { parent } = place;
    const node = copyOf(place.get());
    if (parent.kind === "array") parent.items.splice(pick % (parent.items.length + 1), 0, node);
    if (parent.kind !== "object") return;
    const twin =
      pick % 3 === 0
        ? treeOf(at(POOL, pick))
        : pick % 3 === 1
          ? (graftOf(place.key, pick, others) ?? node)
          : node;
    parent.members.splice(pick % (parent.members.length + 1), 0, { key: place.key, node: twin });
  },
  function twinInOtherCase(place, pick, _places, others) {
    const { parent, key } = place;
    if (parent.kind !== "object") return;
    const spelled = pick % 2 === 0 ? key.toUpperCase() : key.replace(/^./, (first) => first.toUpperCase());
    const node = graftOf(key, pick, others) ?? treeOf(at(POOL, pick));
    parent.members.splice(pick % (parent.members.length + 1), 0, { key: spelled, node });
  },
  function swap(place, pick, places) {
    const other = at(alike(place, places), pick);
    if (other === undefined) return;
    const [one, two] = [copyOf(place.get()), copyOf(other.get())];
    place.set(two);
    other.set(one);
  },
  function copyFromElsewhere(place, pick, places) {
    const other = at(alike(place, places), pick);
    if (other !== undefined) place.set(copyOf(other.get()));
  },
  function changeCase(place, pick) {
    mapText(place, (value) => (pick % 2 === 0 ? value.toUpperCase() : value.toLowerCase()));
  },
  function pad(place, pick) {
    const padding = at(PADDING, pick) ?? " ";
    mapText(place, (value) => (pick % 2 === 0 ? padding + value : value + padding));
  },
  function lookAlike(place, pick) {
    mapText(place, (value) => {
      const found = [...value].findIndex(
        (character, index) => index >= pick % Math.max(1, value.length) && character in LOOK_ALIKES,
      );
      return [...value]
        .map((character, index) => (index === found ? LOOK_ALIKES[character] : character))
        .join("");
    });
  },
  function growText(place, pick) {
    mapText(
      place,
      (value) =>
        at(
          [
            `${value}0`,
            `0${value}`,
            `${value}.0`,
            `9${value}`,
            value.slice(1),
            value.slice(0, -1),
            value + value,
          ],
          pick,
        ) ?? value,
    );
  },
  function fromPool(place, pick) {
    const type = typeof leafOf(place.get());
    const fitting = POOL.filter((value) => typeof value === type);
    place.set(treeOf(at(pick % 4 === 0 || fitting.length === 0 ? POOL : fitting, pick >> 2)));
  },
  function graft(place, pick, _places, others) {
    const found = graftOf(place.key, pick, others);
    if (found !== undefined) place.set(found);
  },
];

const OPERATIONS: readonly Operation[] = [
  ...HARMLESS,
  ...PLAUSIBLE,
  function remove(place) {
    place.remove();
  },
  function toNull(place) {
    place.set(raw("null"));
  },
  function toEmpty(place, pick) {
    place.set(treeOf(at(["", {}, [], 0, false], pick)));
  },
  function toOtherType(place, pick) {
    const node = place.get();
    const wrapped: readonly Node[] = [
      { kind: "array", items: [node] },
      { kind: "object", members: [{ key: place.key || "value", node }] },
      { kind: "held", inner: node },
      { kind: "text", value: textOf(node) },
      raw("true"),
      raw("7"),
    ];
    place.set(at(wrapped, pick) ?? node);
  },
  function unnest(place) {
    const node = place.get();
    if (node.kind === "held") place.set(node.inner);
    if (node.kind === "array" && node.items[0] !== undefined) place.set(node.items[0]);
  },
  function spellNumber(place, pick) {
    const node = place.get();
    const digits = node.kind === "raw" ? node.text : node.kind === "text" ? node.value : "1";
    place.set(raw(at(SPELLINGS(/^\d+$/.test(digits) ? digits : "2"), pick) ?? "2"));
  },
  function renameKey(place, pick) {
    const { parent, key } = place;
    if (parent.kind !== "object") return;
    const member = parent.members.find((one) => one.key === key);
    const names = [
      key.toUpperCase(),
      `${key} `,
      `_${key}`,
      key.replace("e", "\u0435"),
      "__proto__",
      "amount",
      "address",
    ];
    if (member !== undefined) member.key = at(names, pick) ?? key;
  },
];

/** What another request has under the same name. */
function graftOf(key: string, pick: number, others: readonly Node[]): Node | undefined {
  const other = at(others, pick);
  if (key === "" || other === undefined) return undefined;
  const found = at(
    placesIn(other).filter((place) => place.key === key),
    pick >> 4,
  );
  return found === undefined ? undefined : copyOf(found.get());
}

/**
 * The request after the changes.
 *
 * @param others - other requests, to take parts from.
 * @param operations - all, where nothing else is said.
 */
export function mutated(
  request: Node,
  changes: readonly Change[],
  others: readonly Node[],
  operations?: readonly Operation[],
): Node {
  const root: Node = { kind: "array", items: [copyOf(request)] };
  for (const { at: where, how, pick, aimed } of changes) {
    const places = placesIn(root);
    const deciding = places.filter(({ key }) => DECIDING.has(key));
    const place = at(aimed && deciding.length > 0 ? deciding : places, where);
    const possible = operations ?? (aimed ? PLAUSIBLE : OPERATIONS);
    if (place !== undefined) at(possible, how)?.(place, pick, aimed ? deciding : places, others);
  }
  return root.items[0] ?? { kind: "raw", text: "" };
}
